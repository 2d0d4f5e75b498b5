//! A digest of a read model's rows, by which a rebuilt one is compared with the one in use.

use crate::{
    DatabaseError, Projection, READ_MODELS, Readers, Table,
    readers::View,
    sql::{SqlError, Value, params, value::Whole},
};
use data_encoding::HEXLOWER;
use eventstore_schema::Position;
use sha2::{Digest, Sha256};

/// What a read model holds, in short. Two that have seen the same log have the same, whichever database
/// they are in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelDigest {
    /// The last event that the read model has seen.
    pub position: Position,
    /// The SHA-256 of all its rows, in lower-case hexadecimal.
    pub sha256: String,
}

impl Readers {
    /// The digest of the read model with this name.
    pub fn digest(&self, name: &str) -> Result<ModelDigest, DatabaseError> {
        let projection = READ_MODELS
            .iter()
            .find(|projection| projection.name() == name)
            .ok_or_else(|| DatabaseError::UnknownProjection(name.to_owned()))?;
        self.read(|view| Ok(digest(view, *projection)?))
    }
}

fn digest(view: &mut View<'_>, projection: &dyn Projection) -> Result<ModelDigest, SqlError> {
    let position = view.first(
        "SELECT position FROM read_models WHERE projection = ?1 AND side = 'live'",
        params![projection.name()],
        |row| row.get::<Whole>("position"),
    )?;
    let mut hash = Sha256::new();
    for table in projection.tables() {
        hash_value(&mut hash, b't', table.name.as_bytes());
        hash_rows(&mut hash, view, table)?;
    }
    Ok(ModelDigest {
        position: Position(position.map_or(0, |position| position.0)),
        sha256: HEXLOWER.encode(&hash.finalize()),
    })
}

fn hash_rows(hash: &mut Sha256, view: &mut View<'_>, table: &Table) -> Result<(), SqlError> {
    let columns: Vec<_> = table.column_names().collect();
    let sql = format!(
        "SELECT {} FROM {} ORDER BY {}",
        columns.join(", "),
        table.name,
        table.key.join(", ")
    );
    view.each(&sql, &[], |row| {
        for value in row.values() {
            match value? {
                Value::Null => hash_value(hash, b'n', &[]),
                Value::Integer(number) => hash_value(hash, b'i', &number.to_be_bytes()),
                Value::Text(text) => hash_value(hash, b's', text.as_bytes()),
            }
        }
        Ok(true)
    })
}

/// Kind and length go before the value, so that no two different rows hash the same bytes.
fn hash_value(hash: &mut Sha256, kind: u8, value: &[u8]) {
    hash.update([kind]);
    hash.update((value.len() as u64).to_be_bytes());
    hash.update(value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Home,
        sql::{Connection, sqlite::Sqlite},
    };
    use tempfile::TempDir;

    fn digest_of(rows: &str) -> String {
        let table = Table {
            name: "t",
            columns: "a TEXT NOT NULL, b TEXT NOT NULL, c BIGINT",
            key: &["b", "a"],
            indexes: &[],
        };
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("projections.db");
        let mut connection = Sqlite::open_writable(&file).unwrap();
        let create = connection.create_table("t", &table);
        connection.script(&create).unwrap();
        connection.script(rows).unwrap();
        let readers = Readers::open(&Home::Sqlite(file)).unwrap();
        let mut hash = Sha256::new();
        readers
            .read(|view| Ok(hash_rows(&mut hash, view, &table)?))
            .unwrap();
        HEXLOWER.encode(&hash.finalize())
    }

    #[test]
    fn the_digest_depends_on_the_rows_and_not_on_how_they_came_about() {
        let one = digest_of("INSERT INTO t VALUES ('a', 'b', 1), ('b', 'a', NULL)");
        let same = digest_of(
            "INSERT INTO t VALUES ('b', 'a', 2), ('x', 'x', 3), ('a', 'b', 1);
             DELETE FROM t WHERE a = 'x'; UPDATE t SET c = NULL WHERE a = 'b'",
        );
        assert_eq!(one, same);
        for other in [
            "INSERT INTO t VALUES ('a', 'b', 1), ('b', 'a', 0)",
            "INSERT INTO t VALUES ('ab', '', 1), ('b', 'a', NULL)",
            "INSERT INTO t VALUES ('a', 'b', 1)",
        ] {
            assert_ne!(one, digest_of(other), "{other}");
        }
    }
}
