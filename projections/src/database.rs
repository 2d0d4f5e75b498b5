//! The file `projections.db`: how it is opened and recognised.

use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::path::{Path, PathBuf};

/// "PAWP" in ASCII: marks the file as Pawl's projections.
const APPLICATION_ID: i32 = 0x5041_5750;

/// As many statements as all read models and their queries have, and some more.
const CACHED_STATEMENTS: usize = 64;

/// A file of read models that cannot be used. Each sentence is written for the operator.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// It is a database of something else.
    #[error("{0} is not a file of Pawl's projections; choose another data directory")]
    Foreign(PathBuf),
    /// It is no database, or a damaged one.
    #[error(
        "{0} is damaged; stop Pawl and delete the file: everything in it is built again from the log"
    )]
    Damaged(PathBuf),
    /// Somebody else moved the checkpoint of the read model with this name.
    #[error("another process writes the read model {0} too; stop one of them")]
    Raced(&'static str),
    /// There is no read model with this name.
    #[error("there is no read model {0}")]
    UnknownProjection(String),
    /// SQLite failed, for instance because the disk is full.
    #[error("the database of the projections failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

/// Opens the file to read and write it, and makes it where there is none.
pub(crate) fn open_writable(file: &Path) -> Result<Connection, DatabaseError> {
    prepare_writable(file).map_err(|error| name_file(error, file))
}

fn prepare_writable(file: &Path) -> Result<Connection, DatabaseError> {
    let connection = Connection::open(file)?;
    if is_empty(&connection)? {
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    expect_ours(&connection, file)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // In WAL mode a power loss can undo the last commits under NORMAL, but leaves the file whole.
    // That is enough here: rows and checkpoint go back together and are projected again.
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS checkpoints (
             projection TEXT PRIMARY KEY,
             version BIGINT NOT NULL,
             position BIGINT NOT NULL
         ) WITHOUT ROWID",
    )?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    Ok(connection)
}

/// Opens an existing file to read it only, whether or not another process writes it.
pub(crate) fn open_read_only(file: &Path) -> Result<Connection, DatabaseError> {
    let open = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags)?;
        expect_ours(&connection, file)?;
        connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
        Ok(connection)
    };
    open().map_err(|error| name_file(error, file))
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(tables == 0 && application_id(connection)? == 0)
}

fn application_id(connection: &Connection) -> rusqlite::Result<i32> {
    connection.pragma_query_value(None, "application_id", |row| row.get(0))
}

fn expect_ours(connection: &Connection, file: &Path) -> Result<(), DatabaseError> {
    if application_id(connection)? == APPLICATION_ID {
        Ok(())
    } else {
        Err(DatabaseError::Foreign(file.to_owned()))
    }
}

/// Says which file is damaged; SQLite only says that one is.
fn name_file(error: DatabaseError, file: &Path) -> DatabaseError {
    match &error {
        DatabaseError::Sqlite(sqlite) => match sqlite.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                DatabaseError::Damaged(file.to_owned())
            }
            _ => error,
        },
        _ => error,
    }
}

/// Whether the database itself failed, so that another event would fare no better.
pub(crate) fn is_outage(error: &rusqlite::Error) -> bool {
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

    #[test]
    fn a_database_of_something_else_is_left_alone() {
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("projections.db");
        let other = Connection::open(&file).unwrap();
        other.execute_batch("CREATE TABLE theirs (id)").unwrap();

        for opened in [open_writable(&file), open_read_only(&file)] {
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

        for opened in [open_writable(&file), open_read_only(&file)] {
            let error = opened.unwrap_err();
            assert!(
                matches!(&error, DatabaseError::Damaged(name) if *name == file),
                "{error}"
            );
        }
    }
}
