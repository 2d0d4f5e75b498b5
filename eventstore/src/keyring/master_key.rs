//! The key above all keys, in its file: one version of it, or two while it is being changed.

use super::KeyringError;
use data_encoding::HEXLOWER_PERMISSIVE;
use hkdf::Hkdf;
use sha2::Sha256;
use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// 256 random bits, under which every other key of an installation is kept.
type Bytes = Zeroizing<[u8; 32]>;

/// The master key, and where it is.
pub struct MasterKey {
    file: PathBuf,
    versions: BTreeMap<u32, Bytes>,
}

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
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        let versions: Option<BTreeMap<_, _>> = lines.map(version_from).collect();
        let versions = versions.filter(|versions| !versions.is_empty());
        Ok(Self {
            file: file.to_owned(),
            versions: versions.ok_or_else(|| {
                KeyringError::MasterKey(format!(
                    "{} is no master key: it should hold 64 hexadecimal digits",
                    file.display()
                ))
            })?,
        })
    }

    fn create(file: &Path) -> Result<Self, KeyringError> {
        let key = Self {
            file: file.to_owned(),
            versions: BTreeMap::from([(1, random_key()?)]),
        };
        let mut made = new_file(file, true).map_err(|error| unwritable(file, &error))?;
        key.write(&mut made, file)?;
        Ok(key)
    }

    /// Where it is.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// Its versions, the oldest first.
    pub(super) fn versions(&self) -> impl Iterator<Item = u32> {
        self.versions.keys().copied()
    }

    /// The newest version, and whether another stands beside it.
    pub(super) fn newest(&self) -> (u32, bool) {
        let newest = self.versions.keys().next_back().copied();
        (newest.unwrap_or_default(), self.versions.len() > 1)
    }

    /// Puts one more version beside the newest.
    pub(super) fn add_version(&mut self) -> Result<(), KeyringError> {
        let (newest, _) = self.newest();
        self.versions.insert(newest + 1, random_key()?);
        self.replace_file()
    }

    /// Forgets all versions but the newest.
    pub(super) fn drop_older(&mut self) -> Result<(), KeyringError> {
        let (newest, _) = self.newest();
        self.versions.retain(|version, _| *version == newest);
        self.replace_file()
    }

    /// A key for one purpose, from one of the versions (HKDF-SHA256, RFC 5869).
    pub(super) fn derive(&self, version: u32, purpose: &str) -> Result<Bytes, KeyringError> {
        let master = self.versions.get(&version).ok_or_else(|| {
            let held: Vec<_> = self.versions().map(|held| held.to_string()).collect();
            KeyringError::MasterKey(format!(
                "the keyring was made with version {version} of the master key, and {} holds \
                 version {}: it is a copy from another time than the master key; put back the two \
                 of the same time",
                self.file.display(),
                held.join(" and ")
            ))
        })?;
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(None, master.as_slice())
            .expand(format!("pawl/1/{purpose}").as_bytes(), key.as_mut_slice())
            .map_err(|error| KeyringError::MasterKey(error.to_string()))?;
        Ok(key)
    }

    /// Puts a new file in the place of the old one, whole or not at all.
    fn replace_file(&self) -> Result<(), KeyringError> {
        let failed = |error| unwritable(&self.file, &error);
        // Where the name is a link, the old key lies at its end.
        let file = fs::canonicalize(&self.file).map_err(failed)?;
        let old = fs::metadata(&file).map_err(failed)?;
        let unfinished = file.with_added_extension("new");
        let mut made = new_file(&unfinished, false).map_err(failed)?;
        // Whoever runs the server reads it, whoever runs the command.
        fchown(&made, Some(old.uid()), Some(old.gid())).map_err(failed)?;
        self.write(&mut made, &file)?;
        fs::rename(&unfinished, &file).map_err(failed)?;
        sync_folder(&file).map_err(failed)
    }

    fn write(&self, made: &mut File, file: &Path) -> Result<(), KeyringError> {
        let mut text = Zeroizing::new(String::new());
        for (version, key) in &self.versions {
            let digits = Zeroizing::new(HEXLOWER_PERMISSIVE.encode(key.as_slice()));
            let _ = match version {
                1 => writeln!(text, "{}", *digits),
                _ => writeln!(text, "{version} {}", *digits),
            };
        }
        made.write_all(text.as_bytes())
            .and_then(|()| made.sync_all())
            .and_then(|()| sync_folder(file))
            .map_err(|error| unwritable(file, &error))
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

/// A line of the file: the digits of a version behind its number, which the first need not say.
fn version_from(line: &str) -> Option<(u32, Bytes)> {
    let (version, digits) = match line.trim().split_once(' ') {
        Some((version, digits)) => (version.parse().ok()?, digits),
        None => (1, line),
    };
    let bytes = HEXLOWER_PERMISSIVE.decode(digits.trim().as_bytes()).ok()?;
    let bytes = Zeroizing::new(bytes);
    let key: [u8; 32] = bytes.as_slice().try_into().ok()?;
    Some((version, Zeroizing::new(key)))
}

fn random_key() -> Result<Bytes, KeyringError> {
    let mut key = Zeroizing::new([0; 32]);
    getrandom::fill(key.as_mut_slice())
        .map_err(|error| KeyringError::MasterKey(format!("no randomness: {error}")))?;
    Ok(key)
}

fn new_file(file: &Path, must_be_new: bool) -> std::io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .create_new(must_be_new)
        .truncate(true)
        .mode(0o600)
        .open(file)
}

/// The name of the file must survive a power loss too.
fn sync_folder(file: &Path) -> std::io::Result<()> {
    let folder = file
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()
}

fn unreadable(file: &Path, error: &std::io::Error) -> KeyringError {
    KeyringError::MasterKey(format!(
        "cannot read the master key {}: {error}",
        file.display()
    ))
}

fn unwritable(file: &Path, error: &std::io::Error) -> KeyringError {
    KeyringError::MasterKey(format!("cannot write {}: {error}", file.display()))
}
