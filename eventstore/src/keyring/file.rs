//! The file of the keyring: made, brought up to date, and opened.

use super::{
    KeyringError, MasterKey,
    boxes::{decrypt, encrypt, random},
    wrapping::wrapping_of,
};
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, TransactionBehavior, params};
use std::{path::Path, time::Duration};
use zeroize::Zeroizing;

/// Marks the file as a keyring of Pawl's (`PwlK`).
pub(super) const APPLICATION_ID: i32 = 0x5077_6c4b;
const VERSION: i32 = 2;

/// What the key of the keyed hashes is bound to. No name of a key is like it.
pub(super) const MAC: &str = "mac";

const TABLES: &str = "
    CREATE TABLE mac_key (master_key INTEGER NOT NULL, wrapped BLOB NOT NULL) STRICT;
    CREATE TABLE carried_out (position INTEGER NOT NULL, event_id TEXT NOT NULL) STRICT;
";

/// Opens the file for writing. One that is not there, or is older, is made what it should be.
pub(super) fn open_file(file: &Path, master: &MasterKey) -> Result<Connection, KeyringError> {
    let mut connection = open_connection(file)?;
    let version = version_of(&connection, file)?;
    if version < VERSION {
        let made = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
        // Another node may have been faster.
        match version_of(&made, file)? {
            0 => make(&made, master)?,
            1 => bring_up_to_date(&made, file, master)?,
            _ => {}
        }
        made.commit()?;
    } else if version > VERSION {
        return Err(KeyringError::Foreign(format!(
            "{} is a keyring of version {version}; this Pawl knows version {VERSION}",
            file.display()
        )));
    }
    connection.execute_batch("PRAGMA journal_mode = WAL")?;
    // What a copy that broke off, or another node, left there.
    let _ = forget_past(&connection);
    Ok(connection)
}

fn open_connection(file: &Path) -> Result<Connection, KeyringError> {
    let connection = Connection::open(file).map_err(|error| foreign(file, error))?;
    connection.busy_timeout(Duration::from_secs(10))?;
    // Deleted content is overwritten: a destroyed key must not linger.
    connection
        .execute_batch("PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;")
        .map_err(|error| foreign(file, error))?;
    Ok(connection)
}

/// The version of the file, 0 where there is nothing in it.
fn version_of(connection: &Connection, file: &Path) -> Result<i32, KeyringError> {
    let number = |sql| {
        let number: rusqlite::Result<i32> = connection.query_row(sql, [], |row| row.get(0));
        number.map_err(|error| foreign(file, error))
    };
    let id = number("PRAGMA application_id")?;
    if id == 0 && number("SELECT count(*) FROM sqlite_schema")? == 0 {
        Ok(0)
    } else if id == APPLICATION_ID {
        number("PRAGMA user_version")
    } else {
        Err(KeyringError::Foreign(format!(
            "{} is a database of another program, not a keyring of Pawl's",
            file.display()
        )))
    }
}

fn foreign(file: &Path, error: rusqlite::Error) -> KeyringError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            KeyringError::Foreign(format!(
                "{} is not a keyring of Pawl's, or is damaged",
                file.display()
            ))
        }
        _ => KeyringError::from(error),
    }
}

fn make(connection: &Connection, master: &MasterKey) -> Result<(), KeyringError> {
    connection.execute_batch(&format!(
        "PRAGMA application_id = {APPLICATION_ID};
         PRAGMA user_version = {VERSION};
         CREATE TABLE keys (
             name TEXT PRIMARY KEY,
             wrapped BLOB,
             master_key INTEGER NOT NULL DEFAULT 1
         ) STRICT, WITHOUT ROWID;
         {TABLES}"
    ))?;
    let (newest, _) = master.newest();
    keep_mac_key(connection, master, newest, &random::<32>()?)
}

/// A keyring of the first version knew one master key for ever, and made the keyed hashes with it.
fn bring_up_to_date(
    connection: &Connection,
    file: &Path,
    master: &MasterKey,
) -> Result<(), KeyringError> {
    let wrapping = wrapping_of(master, 1)?;
    let check: Option<Vec<u8>> = connection
        .query_row("SELECT value FROM master_key_check", [], |row| row.get(0))
        .optional()?;
    if check.is_some_and(|check| decrypt(&wrapping, "check", &check).is_none()) {
        return Err(KeyringError::WrongMasterKey(file.display().to_string()));
    }
    connection.execute_batch(&format!(
        "ALTER TABLE keys ADD COLUMN master_key INTEGER NOT NULL DEFAULT 1;
         DROP TABLE master_key_check;
         PRAGMA user_version = {VERSION};
         {TABLES}"
    ))?;
    keep_mac_key(connection, master, 1, &master.derive(1, "mac")?)
}

fn keep_mac_key(
    connection: &Connection,
    master: &MasterKey,
    version: u32,
    key: &Zeroizing<[u8; 32]>,
) -> Result<(), KeyringError> {
    let wrapped = encrypt(&wrapping_of(master, version)?, MAC, key.as_slice())?;
    connection.execute(
        "INSERT INTO mac_key (master_key, wrapped) VALUES (?1, ?2)",
        params![version, wrapped],
    )?;
    Ok(())
}

/// Empties the write-ahead log, in which a key may stand that has been destroyed since. It waits
/// for readers that still look at it, but not for ever.
pub(super) fn forget_past(connection: &Connection) -> Result<(), KeyringError> {
    let busy: bool =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if busy {
        return Err(KeyringError::Unavailable(
            "somebody holds on to an older state of it".to_owned(),
        ));
    }
    Ok(())
}
