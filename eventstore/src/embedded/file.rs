//! The log's file: what it looks like, how it is opened, and how its errors read.

use crate::StoreError;
use eventstore_schema::{EventId, Metadata, Position, RecordedEvent, StreamName};
use rusqlite::{Connection, ErrorCode, OpenFlags, Row};
use std::{path::Path, time::Duration};
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

/// Opens the log to write, or makes a new one. A file that is anything else is left as it is.
pub(super) fn open_to_write(file: &Path) -> Result<Connection, StoreError> {
    let fail = |error| fault(file, error);
    let mut connection = Connection::open(file).map_err(fail)?;
    connection
        .busy_timeout(Duration::from_secs(10))
        .map_err(fail)?;
    if !is_fresh(&connection).map_err(fail)? {
        check(&connection, file)?;
    }
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
        .map_err(fail)?;
    if is_fresh(&connection).map_err(fail)? {
        let transaction = connection.transaction().map_err(fail)?;
        transaction.execute_batch(SCHEMA).map_err(fail)?;
        transaction
            .execute_batch(&format!(
                "PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION};"
            ))
            .map_err(fail)?;
        transaction.commit().map_err(fail)?;
    }
    Ok(connection)
}

/// Opens the log to read.
pub(super) fn open_to_read(file: &Path) -> Result<Connection, StoreError> {
    let fail = |error| fault(file, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(fail)?;
    connection
        .busy_timeout(Duration::from_secs(10))
        .map_err(fail)?;
    check(&connection, file)?;
    Ok(connection)
}

fn is_fresh(connection: &Connection) -> rusqlite::Result<bool> {
    let objects: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(objects == 0 && application_id(connection)? == 0)
}

fn application_id(connection: &Connection) -> rusqlite::Result<i32> {
    connection.query_row("PRAGMA application_id", [], |row| row.get(0))
}

fn check(connection: &Connection, file: &Path) -> Result<(), StoreError> {
    let fail = |error| fault(file, error);
    if application_id(connection).map_err(fail)? != APPLICATION_ID {
        return Err(StoreError::Foreign(format!(
            "{} is a database of another program, not a log of Pawl's",
            file.display()
        )));
    }
    let version: i32 = connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(fail)?;
    if version != VERSION {
        return Err(StoreError::Foreign(format!(
            "{} is a log of version {version}; this Pawl knows version {VERSION}",
            file.display()
        )));
    }
    Ok(())
}

/// Says what failed in words that an operator can act on.
pub(super) fn fault(file: &Path, error: rusqlite::Error) -> StoreError {
    let name = file.display();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full,
        Some(ErrorCode::NotADatabase) => {
            StoreError::Foreign(format!("{name} is not a log of Pawl's"))
        }
        Some(ErrorCode::DatabaseCorrupt) => StoreError::Corrupt(format!(
            "{name} is damaged; restore it from a backup ({error})"
        )),
        _ => StoreError::Unavailable(format!("{name}: {error}")),
    }
}

/// The columns that [`event_from`] reads.
pub(super) const COLUMNS: &str = "position, id, stream, revision, type, metadata, data";

pub(super) fn event_from(row: &Row<'_>) -> rusqlite::Result<Result<RecordedEvent, Position>> {
    let position = Position(unsigned(row.get(0)?));
    let metadata: String = row.get(5)?;
    let Ok(metadata) = serde_json::from_str::<Metadata>(&metadata) else {
        return Ok(Err(position));
    };
    Ok(Ok(RecordedEvent {
        position,
        id: EventId(Uuid::from_bytes(row.get(1)?)),
        stream: StreamName::named(row.get::<_, String>(2)?),
        revision: unsigned(row.get(3)?),
        event_type: row.get(4)?,
        metadata,
        data: row.get(6)?,
    }))
}

/// SQLite's integers have a sign; positions and revisions never use it.
pub(super) fn unsigned(integer: i64) -> u64 {
    u64::try_from(integer).unwrap_or(0)
}

/// The other way; what is out of range is beyond every event.
pub(super) fn signed(integer: u64) -> i64 {
    i64::try_from(integer).unwrap_or(i64::MAX)
}
