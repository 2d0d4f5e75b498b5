//! The connections that read: a few, kept for the next query.

use super::{data_dir::Held, file};
use crate::StoreError;
use rusqlite::Connection;
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Semaphore;

/// Queries at the same time, and so connections, at most. Each may keep 2 MB of pages in memory.
pub(super) const LIMIT: usize = 8;

/// Whoever wants to read waits for a turn, and then has a connection to themselves.
pub(super) struct Readers {
    file: PathBuf,
    turns: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
    /// The directory, as long as one of them is at work. It comes last, so that the connections are
    /// closed before it is free.
    _held: Option<Held>,
}

impl Readers {
    pub(super) fn new(file: &Path, held: Option<Held>) -> Arc<Self> {
        Arc::new(Self {
            file: file.to_owned(),
            turns: Arc::new(Semaphore::new(LIMIT)),
            idle: Mutex::default(),
            _held: held,
        })
    }

    /// Does this work on a thread that may block.
    pub(super) async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let unavailable = |error: &dyn ToString| StoreError::Unavailable(error.to_string());
        let turn = self.turns.clone().acquire_owned().await;
        let turn = turn.map_err(|error| unavailable(&error))?;
        let readers = self.clone();
        // The turn moves along: the work goes on even if nobody waits for it any more.
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let idle = readers.idle().pop();
            let connection = match idle {
                Some(connection) => connection,
                None => file::open_to_read(&readers.file)?,
            };
            // A connection that failed is not given to the next: it is closed here.
            let result = work(&connection)?;
            readers.idle().push(connection);
            Ok(result)
        });
        done.await.map_err(|error| unavailable(&error))?
    }

    pub(super) fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
