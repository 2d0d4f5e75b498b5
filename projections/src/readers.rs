//! What the queries read through: a few connections that cannot write.

use crate::{DatabaseError, database::open_read_only};
use rusqlite::{Connection, Transaction};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// More than this many idle connections are not kept.
const KEPT: usize = 8;

/// Read access to the read models. Queries block for some microseconds, long pages for a
/// millisecond; async callers run them where blocking is allowed.
#[derive(Clone)]
pub struct Readers(Arc<Pool>);

struct Pool {
    file: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    /// Of nothing: for a command that decides on the log alone. Every query fails.
    #[must_use]
    pub fn none() -> Self {
        Self(Arc::new(Pool {
            file: PathBuf::new(),
            idle: Mutex::default(),
        }))
    }

    /// Opens the file to read it, also while another process writes it.
    pub fn open(file: impl AsRef<Path>) -> Result<Self, DatabaseError> {
        let file = file.as_ref().to_owned();
        let idle = Mutex::new(vec![open_read_only(&file)?]);
        Ok(Self(Arc::new(Pool { file, idle })))
    }

    /// Runs a query on one state of the read models, however many statements it has.
    pub(crate) fn read<T>(
        &self,
        query: impl FnOnce(&Transaction<'_>) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        let idle = || self.0.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle().pop();
        let mut connection = match kept {
            Some(connection) => connection,
            None => open_read_only(&self.0.file)?,
        };
        let transaction = connection.transaction()?;
        let answer = query(&transaction)?;
        transaction.finish()?;
        let mut idle = idle();
        if idle.len() < KEPT {
            idle.push(connection);
        }
        Ok(answer)
    }
}

/// Part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T, Key> {
    /// What is on this page.
    pub items: Vec<T>,
    /// The key after which the next page begins, `None` where this is the last.
    pub next: Option<Key>,
}

impl<T, Key> Page<T, Key> {
    /// Cuts a page of `limit` out of rows of which one more than that was asked for.
    pub(crate) fn cut(mut rows: Vec<T>, limit: u32, key: impl Fn(&T) -> Key) -> Self {
        let limit = limit as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        Self {
            next: rows.last().filter(|_| more).map(key),
            items: rows,
        }
    }
}
