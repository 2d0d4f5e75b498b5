//! The keyring: one key for each person, password and authenticator, kept apart from the log.
//! Destroying a key makes what was sealed under it unreadable in the log and in every copy of it.

mod master_key;
#[cfg(test)]
mod tests;

pub use master_key::MasterKey;

use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use data_encoding::BASE64URL_NOPAD;
use eventstore_schema::{KeyName, Sealed};
use hmac::{Hmac, Mac as _};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, params};
use sha2::Sha256;
use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use zeroize::Zeroizing;

/// Marks the file as a keyring of Pawl's (`PwlK`).
const APPLICATION_ID: i32 = 0x5077_6c4b;
const VERSION: i32 = 1;
const CHECK: &[u8] = b"the master key fits";
const NONCE: usize = 24;

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
    wrapping: XChaCha20Poly1305,
    macs: Zeroizing<[u8; 32]>,
}

impl Keyring {
    /// Opens the keyring in this file, or makes one.
    pub fn open(file: &Path, master: &MasterKey) -> Result<Self, KeyringError> {
        let writer = open_file(file)?;
        let reader = Connection::open_with_flags(
            file,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        let wrapping = XChaCha20Poly1305::new(&(*master.derive("wrap")?).into());
        let keyring = Self(Arc::new(Inner {
            writer: Mutex::new(writer),
            reader: Mutex::new(reader),
            wrapping,
            macs: master.derive("mac")?,
        }));
        keyring.check_master_key(file)?;
        Ok(keyring)
    }

    /// Makes the keys that do not exist yet. They are durable when it answers.
    pub async fn create(&self, names: &[KeyName]) -> Result<(), KeyringError> {
        let (keyring, names) = (self.clone(), names.to_vec());
        blocking(move || {
            let mut writer = locked(&keyring.0.writer);
            let transaction = writer.transaction()?;
            for name in &names {
                let key = random::<32>()?;
                let wrapped = encrypt(&keyring.0.wrapping, name.as_str(), key.as_slice())?;
                let made = transaction
                    .prepare_cached("INSERT OR IGNORE INTO keys (name, wrapped) VALUES (?1, ?2)")?
                    .execute(params![name.as_str(), wrapped])?;
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
            let transaction = writer.transaction()?;
            for name in &names {
                transaction.execute(
                    "INSERT INTO keys (name, wrapped) VALUES (?1, NULL)
                     ON CONFLICT (name) DO UPDATE SET wrapped = NULL",
                    [name.as_str()],
                )?;
            }
            transaction.commit()?;
            Ok(forget_past(&writer)?)
        })
        .await
    }

    /// Whether no key was ever made.
    pub fn is_empty(&self) -> Result<bool, KeyringError> {
        let none = "SELECT NOT EXISTS (SELECT 1 FROM keys)";
        Ok(locked(&self.0.reader).query_row(none, [], |row| row.get(0))?)
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
        let mut reader = locked(&self.0.reader);
        let transaction = reader.transaction()?;
        let mut last: Option<(&KeyName, XChaCha20Poly1305)> = None;
        let mut opened = Vec::with_capacity(values.len());
        for (field, sealed) in values {
            let cipher = match last.take() {
                Some((name, cipher)) if *name == sealed.key => Ok(cipher),
                _ => wrapped_key(&transaction, &sealed.key)
                    .and_then(|wrapped| self.unwrapped(&sealed.key, &wrapped)),
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
        let keyed = |key: &[u8; 32], message: &[u8]| -> [u8; 32] {
            // A key shorter than the block is padded with zeros (RFC 2104 section 2).
            let mut block = Zeroizing::new([0; 64]);
            block[..32].copy_from_slice(key);
            let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new(&(*block).into());
            mac.update(message);
            mac.finalize().into_bytes().into()
        };
        keyed(
            &Zeroizing::new(keyed(&self.0.macs, purpose.as_bytes())),
            message,
        )
    }

    fn cipher(&self, name: &KeyName) -> Result<XChaCha20Poly1305, KeyringError> {
        let wrapped = wrapped_key(&locked(&self.0.reader), name)?;
        self.unwrapped(name, &wrapped)
    }

    fn unwrapped(&self, name: &KeyName, wrapped: &[u8]) -> Result<XChaCha20Poly1305, KeyringError> {
        let tampered = || KeyringError::Tampered {
            name: name.to_string(),
        };
        let key = decrypt(&self.0.wrapping, name.as_str(), wrapped).ok_or_else(tampered)?;
        XChaCha20Poly1305::new_from_slice(&key).map_err(|_| tampered())
    }

    /// The first opening leaves a value that only the same master key opens again.
    fn check_master_key(&self, file: &Path) -> Result<(), KeyringError> {
        let connection = locked(&self.0.writer);
        let found: Option<Vec<u8>> = connection
            .query_row("SELECT value FROM master_key_check", [], |row| row.get(0))
            .optional()?;
        match found {
            Some(value) if decrypt(&self.0.wrapping, "check", &value).is_some() => Ok(()),
            Some(_) => Err(KeyringError::WrongMasterKey(file.display().to_string())),
            None => {
                let value = encrypt(&self.0.wrapping, "check", CHECK)?;
                connection.execute("INSERT INTO master_key_check (value) VALUES (?1)", [value])?;
                Ok(())
            }
        }
    }
}

fn locked(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Empties the write-ahead log, in which a key may stand that has been destroyed since. It waits
/// for readers that still look at it.
fn forget_past(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

fn open_file(file: &Path) -> Result<Connection, KeyringError> {
    let foreign = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            KeyringError::Foreign(format!(
                "{} is not a keyring of Pawl's, or is damaged",
                file.display()
            ))
        }
        _ => KeyringError::from(error),
    };
    let connection = Connection::open(file).map_err(foreign)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    // Deleted content is overwritten: a destroyed key must not linger.
    connection
        .execute_batch("PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;")
        .map_err(foreign)?;
    let id: i32 = connection
        .query_row("PRAGMA application_id", [], |row| row.get(0))
        .map_err(foreign)?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(foreign)?;
    if id == 0 && tables == 0 {
        connection.execute_batch(&format!(
            "BEGIN;
             PRAGMA application_id = {APPLICATION_ID};
             PRAGMA user_version = {VERSION};
             CREATE TABLE keys (name TEXT PRIMARY KEY, wrapped BLOB) STRICT, WITHOUT ROWID;
             CREATE TABLE master_key_check (value BLOB NOT NULL) STRICT;
             COMMIT;"
        ))?;
    } else if id != APPLICATION_ID {
        return Err(KeyringError::Foreign(format!(
            "{} is a database of another program, not a keyring of Pawl's",
            file.display()
        )));
    }
    let version: i32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version != VERSION {
        return Err(KeyringError::Foreign(format!(
            "{} is a keyring of version {version}; this Pawl knows version {VERSION}",
            file.display()
        )));
    }
    connection.execute_batch("PRAGMA journal_mode = WAL")?;
    forget_past(&connection)?;
    Ok(connection)
}

fn wrapped_key(connection: &Connection, name: &KeyName) -> Result<Vec<u8>, KeyringError> {
    let found: Option<Option<Vec<u8>>> = connection
        .prepare_cached("SELECT wrapped FROM keys WHERE name = ?1")?
        .query_row([name.as_str()], |row| row.get(0))
        .optional()?;
    match found {
        Some(Some(wrapped)) => Ok(wrapped),
        Some(None) => Err(KeyringError::Destroyed {
            name: name.to_string(),
        }),
        None => Err(KeyringError::Missing {
            name: name.to_string(),
        }),
    }
}

fn open_with(cipher: &XChaCha20Poly1305, field: &str, sealed: &Sealed) -> Opened {
    let tampered = || KeyringError::Tampered {
        name: sealed.key.to_string(),
    };
    let bytes = BASE64URL_NOPAD
        .decode(sealed.ciphertext.as_bytes())
        .map_err(|_| tampered())?;
    decrypt(cipher, &bound(&sealed.key, field), &bytes).ok_or_else(tampered)
}

fn bound(key: &KeyName, field: &str) -> String {
    format!("{key}\n{field}")
}

fn encrypt(
    cipher: &XChaCha20Poly1305,
    bound: &str,
    plaintext: &[u8],
) -> Result<Vec<u8>, KeyringError> {
    let nonce = random::<NONCE>()?;
    let payload = Payload {
        msg: plaintext,
        aad: bound.as_bytes(),
    };
    let ciphertext = cipher
        .encrypt(&XNonce::from(*nonce), payload)
        .map_err(|error| KeyringError::Unavailable(error.to_string()))?;
    Ok([nonce.as_slice(), &ciphertext].concat())
}

fn decrypt(cipher: &XChaCha20Poly1305, bound: &str, bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, ciphertext) = bytes.split_first_chunk::<NONCE>()?;
    let payload = Payload {
        msg: ciphertext,
        aad: bound.as_bytes(),
    };
    cipher
        .decrypt(&XNonce::from(*nonce), payload)
        .ok()
        .map(Zeroizing::new)
}

fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, KeyringError> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut_slice())
        .map_err(|error| KeyringError::Unavailable(format!("no randomness: {error}")))?;
    Ok(bytes)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, KeyringError> + Send + 'static,
) -> Result<T, KeyringError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| KeyringError::Unavailable(error.to_string()))?
}
