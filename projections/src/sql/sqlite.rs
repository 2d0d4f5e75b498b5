//! The read models in SQLite: the file `projections.db`, which needs no server.

use super::{BadValue, Columns, Connection, Parameters, Purpose, Row, SqlError, ToColumn, Value};
use crate::{DatabaseError, Table};
use rusqlite::{
    ErrorCode, OpenFlags, Statement,
    types::{ToSqlOutput, ValueRef},
};
use std::path::Path;

/// "PAWP" in ASCII: marks the file as Pawl's projections.
const APPLICATION_ID: i32 = 0x5041_5750;

/// As many statements as all read models and their queries have, and some more.
const CACHED_STATEMENTS: usize = 256;

/// Pages (of 4 KiB) of the write-ahead log after which it is moved into the file.
const CHECKPOINT_EVERY: i64 = 16_000;

/// What is kept in memory of the file, in KiB: about as much as a batch changes. What does not fit is
/// written, and read again, before the batch is over.
const CACHE: i64 = 8 * 1024;

/// A connection to the file.
pub(crate) struct Sqlite(rusqlite::Connection);

impl Sqlite {
    /// Opens the file to read and write it, and makes it where there is none.
    pub(crate) fn open_writable(file: &Path) -> Result<Self, DatabaseError> {
        let open = || {
            let connection = rusqlite::Connection::open(file)?;
            if is_empty(&connection)? {
                connection.pragma_update(None, "application_id", APPLICATION_ID)?;
            }
            expect_ours(&connection, file)?;
            connection.pragma_update(None, "journal_mode", "wal")?;
            // In WAL mode a power loss can undo the last commits under NORMAL, but leaves the file
            // whole. That is enough here: rows and checkpoint go back together and are projected
            // again.
            connection.pragma_update(None, "synchronous", "normal")?;
            // The transaction that fills it up also empties it, which takes two fsyncs. With SQLite's
            // own thousand pages that is more than one in a hundred, and a build does little else.
            connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_EVERY)?;
            connection.pragma_update(None, "cache_size", -CACHE)?;
            Ok(Self::with(connection))
        };
        open().map_err(|error| name_file(error, file))
    }

    /// Opens an existing file to read it only, whether or not another process writes it.
    pub(crate) fn open_read_only(file: &Path) -> Result<Self, DatabaseError> {
        let open = || {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = rusqlite::Connection::open_with_flags(file, flags)?;
            expect_ours(&connection, file)?;
            Ok(Self::with(connection))
        };
        open().map_err(|error| name_file(error, file))
    }

    /// A database that is gone when it is dropped.
    #[cfg(test)]
    pub(crate) fn in_memory() -> Self {
        Self::with(rusqlite::Connection::open_in_memory().unwrap())
    }

    fn with(connection: rusqlite::Connection) -> Self {
        connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
        Self(connection)
    }

    fn names(&mut self, kind: &str) -> Result<Vec<String>, SqlError> {
        let connection: &mut dyn Connection = self;
        connection.all(
            "SELECT name FROM sqlite_schema WHERE type = ?1 AND name NOT LIKE 'sqlite%'
             ORDER BY name",
            super::params![kind],
            |row| row.at(0),
        )
    }
}

impl Connection for Sqlite {
    fn execute(&mut self, sql: &str, parameters: Parameters<'_>) -> Result<usize, SqlError> {
        let mut statement = self.0.prepare_cached(sql)?;
        bind(&mut statement, parameters)?;
        Ok(statement.raw_execute()?)
    }

    fn send(
        &mut self,
        sql: &str,
        rows: &mut dyn Iterator<Item = Vec<&dyn ToColumn>>,
        must_change: bool,
    ) -> Result<(), SqlError> {
        let mut statement = self.0.prepare_cached(sql)?;
        for parameters in rows {
            bind(&mut statement, &parameters)?;
            if statement.raw_execute()? == 0 && must_change {
                return Err(SqlError::NothingChanged);
            }
        }
        Ok(())
    }

    /// Every statement has ended by the time that it was sent.
    fn finish(&mut self) -> Result<(), (usize, SqlError)> {
        Ok(())
    }

    fn query(
        &mut self,
        sql: &str,
        parameters: Parameters<'_>,
        each: &mut dyn FnMut(&Row<'_>) -> Result<bool, SqlError>,
    ) -> Result<(), SqlError> {
        let mut statement = self.0.prepare_cached(sql)?;
        bind(&mut statement, parameters)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            if !each(&Row(row))? {
                break;
            }
        }
        Ok(())
    }

    fn script(&mut self, sql: &str) -> Result<(), SqlError> {
        Ok(self.0.execute_batch(sql)?)
    }

    fn begin(&mut self, purpose: Purpose) -> Result<(), SqlError> {
        self.execute(
            match purpose {
                Purpose::Reading => "BEGIN",
                Purpose::Writing | Purpose::Replacing => "BEGIN IMMEDIATE",
            },
            &[],
        )?;
        Ok(())
    }

    fn create_table(&self, name: &str, table: &Table) -> String {
        let key = table.key.join(", ");
        let columns = table.columns;
        format!("CREATE TABLE {name} ({columns}, PRIMARY KEY ({key})) WITHOUT ROWID")
    }

    fn now(&self) -> &'static str {
        "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')"
    }

    fn tables(&mut self) -> Result<Vec<String>, SqlError> {
        self.names("table")
    }

    fn has_column(&mut self, table: &str, column: &str) -> Result<bool, SqlError> {
        let connection: &mut dyn Connection = self;
        let sql = "SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2";
        let found = connection.first(sql, super::params![table, column], |row| row.at::<i64>(0));
        Ok(found?.is_some())
    }

    fn views(&mut self) -> Result<Vec<String>, SqlError> {
        self.names("view")
    }

    /// Readers cannot empty the write-ahead log when they close.
    fn settle(&mut self) -> Result<(), SqlError> {
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        Ok(self.0.query_row(checkpoint, [], |_| Ok(()))?)
    }
}

fn bind(statement: &mut Statement<'_>, parameters: Parameters<'_>) -> Result<(), SqlError> {
    for (index, parameter) in parameters.iter().enumerate() {
        let value = parameter.to_column()?;
        statement.raw_bind_parameter(index + 1, &value)?;
    }
    Ok(())
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

impl Columns for rusqlite::Row<'_> {
    fn count(&self) -> usize {
        self.as_ref().column_count()
    }

    fn at(&self, index: usize) -> Result<Value<'_>, SqlError> {
        let value = match self.get_ref(index)? {
            ValueRef::Null => Some(Value::Null),
            ValueRef::Integer(number) => Some(Value::Integer(number)),
            ValueRef::Text(text) => str::from_utf8(text)
                .ok()
                .map(|text| Value::Text(text.into())),
            ValueRef::Real(_) | ValueRef::Blob(_) => None,
        };
        value.ok_or_else(|| SqlError::Column {
            column: index.to_string(),
            problem: BadValue("it is neither text nor a whole number".to_owned()),
        })
    }

    fn named(&self, name: &str) -> Result<Value<'_>, SqlError> {
        self.at(self.as_ref().column_index(name)?)
    }
}

fn is_empty(connection: &rusqlite::Connection) -> rusqlite::Result<bool> {
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(tables == 0 && application_id(connection)? == 0)
}

fn application_id(connection: &rusqlite::Connection) -> rusqlite::Result<i32> {
    connection.pragma_query_value(None, "application_id", |row| row.get(0))
}

fn expect_ours(connection: &rusqlite::Connection, file: &Path) -> Result<(), DatabaseError> {
    if application_id(connection).map_err(SqlError::from)? == APPLICATION_ID {
        Ok(())
    } else {
        Err(DatabaseError::Foreign(file.to_owned()))
    }
}

/// Says which file is damaged; SQLite only says that one is.
fn name_file(error: DatabaseError, file: &Path) -> DatabaseError {
    match &error {
        DatabaseError::Sql(SqlError::Sqlite(sqlite)) => match sqlite.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                DatabaseError::Damaged(file.to_owned())
            }
            _ => error,
        },
        _ => error,
    }
}

/// Whether the database itself failed, so that another event would fare no better.
pub(super) fn is_outage(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::CannotOpen
                | ErrorCode::PermissionDenied
                | ErrorCode::ReadOnly
                | ErrorCode::OutOfMemory
                | ErrorCode::OperationInterrupted
                | ErrorCode::FileLockingProtocolFailed
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn opened(file: &Path) -> [Result<Sqlite, DatabaseError>; 2] {
        [Sqlite::open_writable(file), Sqlite::open_read_only(file)]
    }

    #[test]
    fn a_database_of_something_else_is_left_alone() {
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("projections.db");
        let other = rusqlite::Connection::open(&file).unwrap();
        other.execute_batch("CREATE TABLE theirs (id)").unwrap();

        for opened in opened(&file) {
            assert!(matches!(opened, Err(DatabaseError::Foreign(name)) if name == file));
        }
        other
            .execute_batch("INSERT INTO theirs VALUES (1)")
            .unwrap();
    }

    #[test]
    fn a_damaged_file_is_named_with_what_to_do() {
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("projections.db");
        std::fs::write(&file, [7; 4096]).unwrap();

        for opened in opened(&file) {
            let error = opened.err().unwrap();
            assert!(
                matches!(&error, DatabaseError::Damaged(name) if *name == file),
                "{error}"
            );
        }
    }
}
