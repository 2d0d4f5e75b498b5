//! The key above all keys.

use super::KeyringError;
use data_encoding::HEXLOWER_PERMISSIVE;
use hkdf::Hkdf;
use sha2::Sha256;
use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};
use zeroize::Zeroizing;

/// 256 random bits from which every other key of an installation is derived or under which it is
/// kept.
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    /// Reads the key from its file. Makes the file, readable by its owner alone, if there is none
    /// and it may.
    pub fn load_or_create(file: &Path, may_create: bool) -> Result<Self, KeyringError> {
        match fs::metadata(file) {
            Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => {
                Err(KeyringError::MasterKey(format!(
                    "the master key {} can be read by others; run: chmod 600 {0}",
                    file.display()
                )))
            }
            Ok(_) => Self::read(file),
            Err(error) if error.kind() == ErrorKind::NotFound && may_create => Self::create(file),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(KeyringError::MasterKey(format!(
                    "the master key {} is missing, and without it nothing that was sealed can be \
                     read; put it back",
                    file.display()
                )))
            }
            Err(error) => Err(unreadable(file, &error)),
        }
    }

    fn read(file: &Path) -> Result<Self, KeyringError> {
        let text = Zeroizing::new(fs::read_to_string(file).map_err(|e| unreadable(file, &e))?);
        let malformed = || {
            KeyringError::MasterKey(format!(
                "{} is no master key: it should hold 64 hexadecimal digits",
                file.display()
            ))
        };
        let bytes = HEXLOWER_PERMISSIVE
            .decode(text.trim().as_bytes())
            .map_err(|_| malformed())?;
        let bytes = Zeroizing::new(bytes);
        let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| malformed())?;
        Ok(Self(Zeroizing::new(key)))
    }

    fn create(file: &Path) -> Result<Self, KeyringError> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(key.as_mut_slice())
            .map_err(|error| KeyringError::MasterKey(format!("no randomness: {error}")))?;
        let mut text = Zeroizing::new(HEXLOWER_PERMISSIVE.encode(key.as_slice()));
        text.push('\n');
        let write = || -> std::io::Result<()> {
            let mut made = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(file)?;
            made.write_all(text.as_bytes())?;
            made.sync_all()?;
            // The name of the file must survive a power loss too.
            let directory = file
                .parent()
                .filter(|parent| !parent.as_os_str().is_empty());
            File::open(directory.unwrap_or_else(|| Path::new(".")))?.sync_all()
        };
        write().map_err(|error| {
            KeyringError::MasterKey(format!("cannot write {}: {error}", file.display()))
        })?;
        Ok(Self(key))
    }

    /// A key for one purpose (HKDF-SHA256, RFC 5869).
    pub(super) fn derive(&self, purpose: &str) -> Result<Zeroizing<[u8; 32]>, KeyringError> {
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(None, self.0.as_slice())
            .expand(format!("pawl/1/{purpose}").as_bytes(), key.as_mut_slice())
            .map_err(|error| KeyringError::MasterKey(error.to_string()))?;
        Ok(key)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

fn unreadable(file: &Path, error: &std::io::Error) -> KeyringError {
    KeyringError::MasterKey(format!(
        "cannot read the master key {}: {error}",
        file.display()
    ))
}
