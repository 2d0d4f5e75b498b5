//! Changing the master key, while servers run or not. First the file holds the old version and a new
//! one; then the keyring says that the new one wraps, so that no server wraps with the old one any
//! more; then everything is wrapped anew; then the old version is dropped from the file. Whatever is
//! cut off, the same again goes on from there.

use super::{
    KeyringError, MasterKey,
    file::{MAC, forget_past, open_file},
    wrapping::{Look, Wrapped, Wrappings},
};
use rusqlite::{Connection, TransactionBehavior, params};
use std::{
    fs::File,
    path::{Path, PathBuf},
};

/// Keys that are wrapped anew at a time. Whoever needs a new key meanwhile waits.
const BATCH: u32 = 500;

/// What a change of the master key came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// The version that wraps now.
    pub version: u32,
    /// Keys that were wrapped anew.
    pub keys: u64,
}

/// Changes the master key in this file, and wraps anew what is in that keyring. `progress` is told
/// how many keys are done, and of how many. It works through the whole keyring and does not return soon.
pub fn rotate(
    keyring: &Path,
    master_key: &Path,
    mut progress: impl FnMut(u64, u64),
) -> Result<Rotated, KeyringError> {
    let _lock = only_one(keyring)?;
    let mut rotation = Rotation::begin(keyring, master_key)?;
    rotation.announce()?;
    let (mut keys, all) = (0, rotation.left()?);
    loop {
        match rotation.wrap_some()? {
            0 => break,
            some => keys += some,
        }
        progress(keys, all.max(keys));
    }
    let version = rotation.finish()?;
    Ok(Rotated { version, keys })
}

/// A keyring that is not there is not made, and one is changed by one process at a time.
fn only_one(keyring: &Path) -> Result<File, KeyringError> {
    if !keyring.exists() {
        let missing = format!("there is no keyring {}", keyring.display());
        return Err(KeyringError::Foreign(missing));
    }
    let lock = PathBuf::from(keyring).with_added_extension("lock");
    let opened = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&lock)
        .map_err(|error| KeyringError::Unavailable(format!("{}: {error}", lock.display())))?;
    opened.try_lock().map_err(|_| {
        KeyringError::Unavailable("another process is changing the master key".to_owned())
    })?;
    Ok(opened)
}

/// A change under way.
pub(super) struct Rotation {
    master: MasterKey,
    wrappings: Wrappings,
    connection: Connection,
    /// The version that is to wrap.
    target: u32,
}

impl Rotation {
    /// Puts a new version into the file, unless there is one that an earlier attempt put there.
    pub(super) fn begin(keyring: &Path, master_key: &Path) -> Result<Self, KeyringError> {
        let mut master = MasterKey::load_or_create(master_key, false)?;
        // Nothing is added to a master key that does not fit this keyring.
        let connection = open_file(keyring, &master)?;
        mac_key(&connection, &mut Wrappings::of(&master)?.look(), keyring)?;
        let (_, under_way) = master.newest();
        if !under_way {
            master.add_version()?;
        }
        Ok(Self {
            wrappings: Wrappings::of(&master)?,
            target: master.newest().0,
            master,
            connection,
        })
    }

    /// From here on every process wraps with the new version.
    pub(super) fn announce(&mut self) -> Result<(), KeyringError> {
        let mut look = self.wrappings.look();
        let change = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let wrapped = wrapped_mac_key(&change)?;
        if wrapped.master_key != self.target {
            let key = look.unwrap(MAC, &wrapped)?;
            let wrapped = look.wrap(self.target, MAC, &key)?;
            change.execute(
                "UPDATE mac_key SET master_key = ?1, wrapped = ?2",
                params![self.target, wrapped],
            )?;
        }
        Ok(change.commit()?)
    }

    /// How many keys the old version wraps.
    fn left(&self) -> Result<u64, KeyringError> {
        let left: i64 = self.connection.query_row(
            "SELECT count(*) FROM keys WHERE master_key <> ?1 AND wrapped IS NOT NULL",
            [self.target],
            |row| row.get(0),
        )?;
        Ok(left.try_into().unwrap_or_default())
    }

    /// Wraps some keys anew; how many.
    pub(super) fn wrap_some(&mut self) -> Result<u64, KeyringError> {
        let mut look = self.wrappings.look();
        let change = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let old = keys_wrapped_before(&change, self.target)?;
        for (name, wrapped) in &old {
            let key = look.unwrap(name, wrapped)?;
            let anew = look.wrap(self.target, name, &key)?;
            change
                .prepare_cached("UPDATE keys SET master_key = ?2, wrapped = ?3 WHERE name = ?1")?
                .execute(params![name, self.target, anew])?;
        }
        change.commit()?;
        Ok(old.len() as u64)
    }

    /// Drops the old version, once nothing is wrapped with it, nor stands in what SQLite keeps
    /// beside the file.
    pub(super) fn finish(&mut self) -> Result<u32, KeyringError> {
        forget_past(&self.connection)?;
        if keys_wrapped_before(&self.connection, self.target)?.is_empty() {
            self.master.drop_older()?;
            Ok(self.target)
        } else {
            Err(KeyringError::Unavailable(
                "some keys are not wrapped anew yet; run the same again".to_owned(),
            ))
        }
    }
}

fn keys_wrapped_before(
    connection: &Connection,
    target: u32,
) -> Result<Vec<(String, Wrapped)>, KeyringError> {
    let keys = connection
        .prepare_cached(
            "SELECT name, master_key, wrapped FROM keys
             WHERE master_key <> ?1 AND wrapped IS NOT NULL LIMIT ?2",
        )?
        .query_map(params![target, BATCH], |row| {
            let (master_key, key) = (row.get(1)?, row.get(2)?);
            Ok((row.get(0)?, Wrapped { master_key, key }))
        })?
        .collect::<Result<_, _>>()?;
    Ok(keys)
}

/// The key of the keyed hashes as it is kept. Its version is that which wraps.
pub(super) fn wrapped_mac_key(connection: &Connection) -> Result<Wrapped, KeyringError> {
    let wrapped = connection
        .prepare_cached("SELECT master_key, wrapped FROM mac_key")?
        .query_row([], |row| {
            let (master_key, key) = (row.get(0)?, row.get(1)?);
            Ok(Wrapped { master_key, key })
        })?;
    Ok(wrapped)
}

/// The key of the keyed hashes. That it opens says that the master key is the right one.
pub(super) fn mac_key(
    connection: &Connection,
    look: &mut Look<'_>,
    file: &Path,
) -> Result<zeroize::Zeroizing<Vec<u8>>, KeyringError> {
    match look.unwrap(MAC, &wrapped_mac_key(connection)?) {
        Err(KeyringError::Tampered { .. }) => {
            Err(KeyringError::WrongMasterKey(file.display().to_string()))
        }
        // Refused in the words of who reads the file again.
        Err(KeyringError::Unavailable(sentence)) => Err(KeyringError::MasterKey(sentence)),
        key => key,
    }
}
