//! One process at a time on a data directory.

use crate::StoreError;
use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

/// A data directory that this process holds, as long as the value lives. The log is opened through
/// it, so two processes can never write to the same one.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Takes the directory, which is made if there is none.
    pub fn lock(path: &Path) -> Result<Self, StoreError> {
        let failed = |error: std::io::Error| {
            StoreError::Unavailable(format!("cannot use {}: {error}", path.display()))
        };
        fs::create_dir_all(path).map_err(failed)?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join("lock"))
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                path: path.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse(path.display().to_string())),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}
