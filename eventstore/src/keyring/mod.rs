//! The keyring: one key for each person, password and authenticator, kept apart from the log, and those
//! that sign the audit log's checkpoints.
//! Destroying a key makes what was sealed under it unreadable in the log and in every copy of it.

mod boxes;
mod file;
mod master_key;
mod rotation;
#[cfg(test)]
mod rotation_tests;
#[cfg(test)]
mod tests;
mod wrapping;

pub use master_key::MasterKey;
pub use rotation::{Rotated, rotate};

use boxes::{bound, encrypt, open_with, random};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use data_encoding::BASE64URL_NOPAD;
use eventstore_schema::{CHECKPOINT_SIGNER, EventId, KeyName, Position, Sealed};
use file::{forget_past, open_file};
use hmac::{Hmac, Mac as _};
use rotation::{mac_key, wrapped_mac_key};
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension as _, TransactionBehavior, params,
};
use sha2::Sha256;
use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use wrapping::{Wrapped, Wrappings};
use zeroize::Zeroizing;

/// Why the keyring cannot seal or open.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The master key is missing, malformed or readable by others; the sentence says which.
    #[error("{0}")]
    MasterKey(String),
    /// The keyring was made with another master key.
    #[error("this is not the master key that the keyring {0} was made with")]
    WrongMasterKey(String),
    /// The file is not a keyring of Pawl's.
    #[error("{0}")]
    Foreign(String),
    /// The key has been destroyed, for good.
    #[error("the key {name} has been destroyed")]
    Destroyed {
        /// The key.
        name: String,
    },
    /// The key was never made, or the keyring was restored from before it was.
    #[error("the key {name} is missing from the keyring")]
    Missing {
        /// The key.
        name: String,
    },
    /// The sealed value is not what was sealed under this key for this field.
    #[error("a value sealed under {name} has been tampered with")]
    Tampered {
        /// The key.
        name: String,
    },
    /// There is no room for more keys.
    #[error("the disk that holds the keyring is full; free some room and repeat the command")]
    Full,
    /// The file failed.
    #[error("the keyring is not available: {0}")]
    Unavailable(String),
}

/// A value decrypted, or why it cannot be.
pub type Opened = Result<Zeroizing<Vec<u8>>, KeyringError>;

impl From<rusqlite::Error> for KeyringError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

/// The keys of an installation.
#[derive(Clone)]
pub struct Keyring(Arc<Inner>);

struct Inner {
    /// Apart, so that whoever needs a key does not wait for the fsync of somebody else's new one;
    /// and first, so that the writer closes last and leaves one whole file.
    reader: Mutex<Connection>,
    writer: Mutex<Connection>,
    wrappings: Wrappings,
    /// What keyed hashes are made with: the same for as long as the keyring lives.
    macs: Zeroizing<Vec<u8>>,
}

/// Up to where in the log destruction has been carried out: an event, and its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CarriedOut {
    /// Where it stands.
    pub position: Position,
    /// Which event stands there. In another log it is another, and nothing is known of that log.
    pub event: EventId,
}

impl Keyring {
    /// Opens the keyring in this file, or makes one.
    pub fn open(file: &Path, master: &MasterKey) -> Result<Self, KeyringError> {
        let writer = open_file(file, master)?;
        let reader = Connection::open_with_flags(
            file,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        let wrappings = Wrappings::of(master)?;
        let macs = mac_key(&writer, &mut wrappings.look(), file)?;
        Ok(Self(Arc::new(Inner {
            reader: Mutex::new(reader),
            writer: Mutex::new(writer),
            wrappings,
            macs,
        })))
    }

    /// Makes the keys that do not exist yet. They are durable when it answers.
    pub async fn create(&self, names: &[KeyName]) -> Result<(), KeyringError> {
        let (keyring, names) = (self.clone(), names.to_vec());
        blocking(move || {
            let mut look = keyring.0.wrappings.look();
            let mut writer = locked(&keyring.0.writer);
            let transaction = at_once(&mut writer)?;
            // The version that wraps while this transaction lasts.
            let master_key = wrapped_mac_key(&transaction)?.master_key;
            for name in &names {
                let key = random::<32>()?;
                let wrapped = look.wrap(master_key, name.as_str(), key.as_slice())?;
                let made = transaction
                    .prepare_cached(
                        "INSERT OR IGNORE INTO keys (name, master_key, wrapped) VALUES (?1, ?2, ?3)",
                    )?
                    .execute(params![name.as_str(), master_key, wrapped])?;
                if made == 0 {
                    wrapped_key(&transaction, name)?;
                }
            }
            Ok(transaction.commit()?)
        })
        .await
    }

    /// Destroys keys, for good: a destroyed name cannot be made again.
    pub async fn destroy(&self, names: &[KeyName]) -> Result<(), KeyringError> {
        let (keyring, names) = (self.clone(), names.to_vec());
        blocking(move || {
            let mut writer = locked(&keyring.0.writer);
            let transaction = at_once(&mut writer)?;
            for name in &names {
                transaction.execute(
                    "INSERT INTO keys (name, wrapped) VALUES (?1, NULL)
                     ON CONFLICT (name) DO UPDATE SET wrapped = NULL",
                    [name.as_str()],
                )?;
            }
            transaction.commit()?;
            forget_past(&writer)
        })
        .await
    }

    /// Whether this key has been destroyed.
    pub fn is_destroyed(&self, name: &KeyName) -> Result<bool, KeyringError> {
        match wrapped_key(&locked(&self.0.reader), name) {
            Err(KeyringError::Destroyed { .. }) => Ok(true),
            Err(KeyringError::Missing { .. }) | Ok(_) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Up to where in the log destruction has been carried out, as this keyring knows. One that was
    /// put back from a copy knows of less.
    pub fn carried_out(&self) -> Result<Option<CarriedOut>, KeyringError> {
        let found: Option<(i64, String)> = locked(&self.0.reader)
            .query_row("SELECT position, event_id FROM carried_out", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        Ok(found.and_then(|(position, event)| {
            Some(CarriedOut {
                position: Position(position.try_into().ok()?),
                event: event.parse().ok()?,
            })
        }))
    }

    /// Notes up to where destruction has been carried out.
    pub async fn note_carried_out(&self, at: CarriedOut) -> Result<(), KeyringError> {
        let keyring = self.clone();
        blocking(move || {
            let position = i64::try_from(at.position.0)
                .map_err(|error| KeyringError::Unavailable(error.to_string()))?;
            let mut writer = locked(&keyring.0.writer);
            let transaction = at_once(&mut writer)?;
            transaction.execute("DELETE FROM carried_out", [])?;
            transaction.execute(
                "INSERT INTO carried_out (position, event_id) VALUES (?1, ?2)",
                params![position, at.event.to_string()],
            )?;
            Ok(transaction.commit()?)
        })
        .await
    }

    /// Whether no key was ever made for something that the log holds. The keys that sign
    /// checkpoints are there before the first event.
    pub fn is_empty(&self) -> Result<bool, KeyringError> {
        let none = "SELECT NOT EXISTS (SELECT 1 FROM keys WHERE name NOT GLOB ?1 || '*')";
        Ok(locked(&self.0.reader).query_row(none, [CHECKPOINT_SIGNER], |row| row.get(0))?)
    }

    /// A secret for one purpose from this key (HMAC-SHA256, RFC 2104), the same as long as the key
    /// exists. The key itself never leaves the keyring.
    pub fn derive(
        &self,
        name: &KeyName,
        purpose: &str,
    ) -> Result<Zeroizing<[u8; 32]>, KeyringError> {
        again(|| {
            let mut look = self.0.wrappings.look();
            let wrapped = wrapped_key(&locked(&self.0.reader), name)?;
            let key = look.unwrap(name.as_str(), &wrapped)?;
            Ok(Zeroizing::new(keyed(&key, purpose.as_bytes())))
        })
    }

    /// Encrypts a value under a key, bound to the name of the field it stands in.
    pub fn seal(
        &self,
        key: &KeyName,
        field: &str,
        plaintext: &[u8],
    ) -> Result<Sealed, KeyringError> {
        let cipher = self.cipher(key)?;
        let sealed = encrypt(&cipher, &bound(key, field), plaintext)?;
        Ok(Sealed {
            key: key.clone(),
            ciphertext: BASE64URL_NOPAD.encode(&sealed),
        })
    }

    /// Decrypts what was sealed for this field.
    pub fn open_sealed(&self, field: &str, sealed: &Sealed) -> Opened {
        open_with(&self.cipher(&sealed.key)?, field, sealed)
    }

    /// Decrypts many values, each sealed for its field, for much less than one by one, most of all
    /// where those under one key stand together. Whoever needs a key meanwhile waits: give it some
    /// hundreds at a time.
    pub fn open_many(&self, values: &[(&str, &Sealed)]) -> Result<Vec<Opened>, KeyringError> {
        again(|| {
            let opened = self.open_each(values)?;
            for value in &opened {
                if let Err(KeyringError::Unavailable(why)) = value {
                    return Err(KeyringError::Unavailable(why.clone()));
                }
            }
            Ok(opened)
        })
    }

    fn open_each(&self, values: &[(&str, &Sealed)]) -> Result<Vec<Opened>, KeyringError> {
        let mut look = self.0.wrappings.look();
        let mut reader = locked(&self.0.reader);
        let transaction = reader.transaction()?;
        let mut last: Option<(&KeyName, XChaCha20Poly1305)> = None;
        let mut opened = Vec::with_capacity(values.len());
        for (field, sealed) in values {
            let cipher = match last.take() {
                Some((name, cipher)) if *name == sealed.key => Ok(cipher),
                _ => wrapped_key(&transaction, &sealed.key)
                    .and_then(|wrapped| cipher_of(&look.unwrap(sealed.key.as_str(), &wrapped)?)),
            };
            opened.push(cipher.and_then(|cipher| {
                let value = open_with(&cipher, field, sealed);
                last = Some((&sealed.key, cipher));
                value
            }));
        }
        Ok(opened)
    }

    /// A keyed hash for one purpose (HMAC-SHA256, RFC 2104), the same whenever it is asked for.
    #[must_use]
    pub fn mac(&self, purpose: &str, message: &[u8]) -> [u8; 32] {
        keyed(
            &*Zeroizing::new(keyed(&self.0.macs, purpose.as_bytes())),
            message,
        )
    }

    fn cipher(&self, name: &KeyName) -> Result<XChaCha20Poly1305, KeyringError> {
        again(|| {
            let mut look = self.0.wrappings.look();
            let wrapped = wrapped_key(&locked(&self.0.reader), name)?;
            cipher_of(&look.unwrap(name.as_str(), &wrapped)?)
        })
    }
}

/// Looks again a few times: between a look at a key and one at the master key, the master key may
/// have been changed, and the key wrapped anew.
fn again<T>(mut look: impl FnMut() -> Result<T, KeyringError>) -> Result<T, KeyringError> {
    for _ in 0..2 {
        match look() {
            Err(KeyringError::Unavailable(_)) => {}
            found => return found,
        }
    }
    look()
}

/// HMAC-SHA256 under a key of 64 bytes at most.
fn keyed(key: &[u8], message: &[u8]) -> [u8; 32] {
    // A key shorter than the block is padded with zeros (RFC 2104 section 2).
    let mut block = Zeroizing::new([0; 64]);
    block[..key.len()].copy_from_slice(key);
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new(&(*block).into());
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn cipher_of(key: &[u8]) -> Result<XChaCha20Poly1305, KeyringError> {
    XChaCha20Poly1305::new_from_slice(key)
        .map_err(|error| KeyringError::Unavailable(error.to_string()))
}

/// A transaction that nobody else's comes into.
fn at_once(writer: &mut Connection) -> rusqlite::Result<rusqlite::Transaction<'_>> {
    writer.transaction_with_behavior(TransactionBehavior::Immediate)
}

fn locked(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wrapped_key(connection: &Connection, name: &KeyName) -> Result<Wrapped, KeyringError> {
    let found: Option<(u32, Option<Vec<u8>>)> = connection
        .prepare_cached("SELECT master_key, wrapped FROM keys WHERE name = ?1")?
        .query_row([name.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let name = || name.to_string();
    match found {
        Some((master_key, Some(key))) => Ok(Wrapped { master_key, key }),
        Some((_, None)) => Err(KeyringError::Destroyed { name: name() }),
        None => Err(KeyringError::Missing { name: name() }),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, KeyringError> + Send + 'static,
) -> Result<T, KeyringError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| KeyringError::Unavailable(error.to_string()))?
}
