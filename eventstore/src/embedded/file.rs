//! The log's file: what it looks like, how it is opened, and how its errors read. A file that is
//! not a sound log of Pawl's is left as it was found.

use crate::StoreError;
use eventstore_schema::{EventId, Position, RecordedEvent, StreamName};
use rusqlite::{Connection, ErrorCode, OpenFlags, Row, config::DbConfig};
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::Duration,
};
use uuid::Uuid;

/// Marks the file as a log of Pawl's ("Pawl").
const APPLICATION_ID: i32 = 0x5061_776c;
const VERSION: i32 = 1;

/// The triggers refuse what the port does not offer anyway: whoever reaches the file with a SQL
/// shell must at least know what they are doing (invariant I1).
const SCHEMA: &str = "
    CREATE TABLE events (
        position INTEGER PRIMARY KEY,
        id BLOB NOT NULL UNIQUE,
        stream TEXT NOT NULL,
        revision INTEGER NOT NULL,
        type TEXT NOT NULL,
        metadata TEXT NOT NULL,
        data TEXT NOT NULL,
        UNIQUE (stream, revision)
    ) STRICT;
    CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
        BEGIN SELECT RAISE(ABORT, 'an event is never changed'); END;
    CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
        BEGIN SELECT RAISE(ABORT, 'an event is never deleted'); END;";

/// Opens the log to write, or makes a new one where there is none.
pub(super) fn open_to_write(file: &Path) -> Result<Connection, StoreError> {
    let fail = |error| fault(file, &error);
    if !exists(file)? {
        create(file)?;
    }
    let connection = open(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // Closing a database folds its WAL into it, which would change what may not be ours.
    let folds_when_closed = |folds: bool| {
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !folds)
            .map_err(fail)
    };
    folds_when_closed(!exists(&beside(file, "-wal"))?)?;
    check(&connection, file)?;
    folds_when_closed(true)?;
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
        .map_err(fail)?;
    Ok(connection)
}

/// Opens the log to read.
pub(super) fn open_to_read(file: &Path) -> Result<Connection, StoreError> {
    if !exists(file)? {
        let name = file.display();
        return Err(StoreError::Unavailable(format!("there is no {name}")));
    }
    let connection = open(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    check(&connection, file)?;
    Ok(connection)
}

fn open(file: &Path, access: OpenFlags) -> Result<Connection, StoreError> {
    let fail = |error| fault(file, &error);
    // SQLite takes an empty file for a new database, and throws its WAL away.
    let metadata = fs::metadata(file).map_err(|error| unusable(file, &error))?;
    if metadata.len() == 0 {
        let name = file.display();
        return Err(StoreError::Corrupt(format!(
            "{name} is empty, which a log never is; restore it from a backup"
        )));
    }
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(fail)?;
    connection
        .busy_timeout(Duration::from_secs(10))
        .map_err(fail)?;
    Ok(connection)
}

/// Makes a new log beside its place and moves it there when it is whole: under its name there is
/// never half a log, so an empty or foreign file there is always worth a second look.
fn create(file: &Path) -> Result<(), StoreError> {
    let wal = beside(file, "-wal");
    if exists(&wal)? {
        return Err(StoreError::Corrupt(format!(
            "{} is missing, but its {} is there; restore both from a backup",
            file.display(),
            wal.display()
        )));
    }
    let draft = beside(file, ".new");
    let fail = |error| fault(&draft, &error);
    for leftover in [&draft, &beside(&draft, "-journal")] {
        if exists(leftover)? {
            fs::remove_file(leftover).map_err(|error| unusable(leftover, &error))?;
        }
    }
    let mut connection = Connection::open(&draft).map_err(fail)?;
    let transaction = connection.transaction().map_err(fail)?;
    transaction.execute_batch(SCHEMA).map_err(fail)?;
    transaction
        .execute_batch(&format!(
            "PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION};"
        ))
        .map_err(fail)?;
    transaction.commit().map_err(fail)?;
    connection.close().map_err(|(_, error)| fail(error))?;
    fs::rename(&draft, file).map_err(|error| unusable(file, &error))?;
    // The new name must survive a power loss as well as the events that follow.
    let directory = file.parent().filter(|path| *path != Path::new(""));
    let directory = directory.unwrap_or(Path::new("."));
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| unusable(directory, &error))
}

/// The file whose name goes on with this.
fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn exists(file: &Path) -> Result<bool, StoreError> {
    file.try_exists().map_err(|error| unusable(file, &error))
}

fn unusable(path: &Path, error: &io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full,
        _ => StoreError::Unavailable(format!("cannot use {}: {error}", path.display())),
    }
}

fn check(connection: &Connection, file: &Path) -> Result<(), StoreError> {
    let number = |pragma: &str| -> Result<i32, StoreError> {
        connection
            .query_row(pragma, [], |row| row.get(0))
            .map_err(|error| fault(file, &error))
    };
    let name = file.display();
    if number("PRAGMA application_id")? != APPLICATION_ID {
        return Err(StoreError::Foreign(format!(
            "{name} is a database of another program, not a log of Pawl's; \
             choose another data directory"
        )));
    }
    let version = number("PRAGMA user_version")?;
    if version != VERSION {
        return Err(StoreError::Foreign(format!(
            "{name} is a log of version {version}, and this Pawl knows version {VERSION}; \
             use the Pawl that wrote it, or a newer one"
        )));
    }
    Ok(())
}

/// Looks through the whole file for damage.
pub(super) fn check_integrity(connection: &Connection, file: &Path) -> Result<(), StoreError> {
    let found: String = connection
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(|error| fault(file, &error))?;
    if found == "ok" {
        return Ok(());
    }
    let name = file.display();
    Err(StoreError::Corrupt(format!(
        "{name} is damaged; restore it from a backup ({found})"
    )))
}

/// Says what failed in words that an operator can act on.
pub(super) fn fault(file: &Path, error: &rusqlite::Error) -> StoreError {
    let name = file.display();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full,
        Some(ErrorCode::NotADatabase) => StoreError::Foreign(format!(
            "{name} is not a log of Pawl's; choose another data directory"
        )),
        Some(ErrorCode::DatabaseCorrupt) => StoreError::Corrupt(format!(
            "{name} is damaged; restore it from a backup ({error})"
        )),
        // The writer asks before it inserts, so the file contradicts itself or what it said before.
        Some(ErrorCode::ConstraintViolation) => StoreError::Corrupt(format!(
            "{name} is damaged, or was changed by another program; \
             restore it from a backup ({error})"
        )),
        _ => StoreError::Unavailable(format!("{name}: {error}")),
    }
}

/// The columns that [`event_from`] reads.
pub(super) const COLUMNS: &str = "position, id, stream, revision, type, metadata, data";

/// Reads an event; SQLite itself does not notice when bytes of its columns have changed.
pub(super) fn event_from(file: &Path, row: &Row<'_>) -> Result<RecordedEvent, StoreError> {
    let position = row
        .get(0)
        .map(unsigned)
        .map_err(|error| fault(file, &error))?;
    columns_from(row, Position(position)).map_err(|error| {
        StoreError::Corrupt(format!(
            "the event at position {position} in {} cannot be read; \
             restore the log from a backup ({error})",
            file.display()
        ))
    })
}

fn columns_from(row: &Row<'_>, position: Position) -> rusqlite::Result<RecordedEvent> {
    Ok(RecordedEvent {
        position,
        id: EventId(Uuid::from_bytes(row.get(1)?)),
        stream: StreamName::named(row.get::<_, String>(2)?),
        revision: unsigned(row.get(3)?),
        event_type: row.get(4)?,
        metadata: row.get(5)?,
        data: row.get(6)?,
    })
}

/// SQLite's integers have a sign; positions and revisions never use it.
pub(super) fn unsigned(integer: i64) -> u64 {
    u64::try_from(integer).unwrap_or(0)
}

/// The other way; what is out of range is beyond every event.
pub(super) fn signed(integer: u64) -> i64 {
    i64::try_from(integer).unwrap_or(i64::MAX)
}
