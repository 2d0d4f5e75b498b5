//! One process at a time on a data directory.

use crate::StoreError;
use std::{
    fs::{DirBuilder, File, TryLockError},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::watch;

/// A data directory that this process holds, as long as the value or a log opened through it lives.
/// So two processes can never write to the same log.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    lock: Arc<File>,
    /// Has a receiver for every log that is open in it.
    logs: watch::Sender<()>,
}

/// What a log holds of its directory, until its last connection is closed. The lock goes first: whoever
/// hears that nobody watches any more finds it free.
pub(super) struct Held {
    _lock: Arc<File>,
    _watched: watch::Receiver<()>,
}

impl DataDir {
    /// Takes the directory, which is made, for its owner alone, if there is none.
    pub fn lock(path: &Path) -> Result<Self, StoreError> {
        let failed = |error: std::io::Error| {
            StoreError::Unavailable(format!("cannot use {}: {error}", path.display()))
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(failed)?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join("lock"))
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                path: path.to_owned(),
                lock: Arc::new(lock),
                logs: watch::Sender::new(()),
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

    /// Keeps the directory locked for as long as the log that is opened in it.
    pub(super) fn held(&self) -> Held {
        Held {
            _lock: self.lock.clone(),
            _watched: self.logs.subscribe(),
        }
    }

    /// Lets the directory go, when every log that was opened through it is closed, down to the last read
    /// that nobody waits for any more. When it answers, the next process can take it.
    pub async fn release(self) {
        self.logs.closed().await;
    }
}
