//! A digest of a read model's rows, by which a rebuilt one is compared with the one in use.

use crate::{DatabaseError, Projection, READ_MODELS, Readers, value::Whole};
use data_encoding::HEXLOWER;
use eventstore_schema::Position;
use rusqlite::{Connection, types::ValueRef};
use sha2::{Digest, Sha256};

/// What a read model holds, in short. Two that have seen the same log have the same.
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
        self.read(|transaction| Ok(digest(transaction, *projection)?))
    }
}

fn digest(connection: &Connection, projection: &dyn Projection) -> rusqlite::Result<ModelDigest> {
    let Whole(position) = connection.query_row(
        "SELECT position FROM checkpoints WHERE projection = ?1",
        [projection.name()],
        |row| row.get(0),
    )?;
    let mut hash = Sha256::new();
    for table in projection.tables() {
        hash_value(&mut hash, b't', table.name.as_bytes());
        hash_rows(&mut hash, connection, table.name)?;
    }
    Ok(ModelDigest {
        position: Position(position),
        sha256: HEXLOWER.encode(&hash.finalize()),
    })
}

fn hash_rows(hash: &mut Sha256, connection: &Connection, table: &str) -> rusqlite::Result<()> {
    let key: Vec<String> = connection
        .prepare("SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk")?
        .query_map([table], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut statement = connection.prepare(&format!(
        "SELECT * FROM {table} ORDER BY {}",
        key.join(", ")
    ))?;
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        for column in 0..columns {
            match row.get_ref(column)? {
                ValueRef::Null => hash_value(hash, b'n', &[]),
                ValueRef::Integer(number) => hash_value(hash, b'i', &number.to_be_bytes()),
                ValueRef::Real(number) => hash_value(hash, b'r', &number.to_be_bytes()),
                ValueRef::Text(text) => hash_value(hash, b's', text),
                ValueRef::Blob(bytes) => hash_value(hash, b'b', bytes),
            }
        }
    }
    Ok(())
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

    fn digest_of(rows: &str) -> String {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE t (a TEXT, b TEXT, c, PRIMARY KEY (b, a)) WITHOUT ROWID")
            .unwrap();
        connection.execute_batch(rows).unwrap();
        let mut hash = Sha256::new();
        hash_rows(&mut hash, &connection, "t").unwrap();
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
            "INSERT INTO t VALUES ('a', 'b', '1'), ('b', 'a', NULL)",
            "INSERT INTO t VALUES ('ab', '', 1), ('b', 'a', NULL)",
            "INSERT INTO t VALUES ('a', 'b', 1)",
        ] {
            assert_ne!(one, digest_of(other), "{other}");
        }
    }
}
