//! What the queries read through: a few connections that cannot write.

use crate::{
    DatabaseError, Home,
    sql::{Connection, Parameters, Purpose, Row, SqlError, Transaction},
};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

/// More than this many idle connections are not kept.
const KEPT: usize = 8;

/// Read access to the read models. Queries block for some microseconds, long pages for a
/// millisecond; async callers run them where blocking is allowed.
#[derive(Clone)]
pub struct Readers(Arc<Pool>);

struct Pool {
    home: Home,
    idle: Mutex<Vec<Box<dyn Connection>>>,
}

/// One state of the read models, however many queries look at it.
pub(crate) struct View<'v>(&'v mut dyn Connection);

impl View<'_> {
    /// What `read` makes of each row that the query finds.
    pub(crate) fn all<T>(
        &mut self,
        sql: &str,
        parameters: Parameters<'_>,
        read: impl FnMut(&Row<'_>) -> Result<T, SqlError>,
    ) -> Result<Vec<T>, SqlError> {
        self.0.all(sql, parameters, read)
    }

    /// What `read` makes of the first row that the query finds, if it finds one.
    pub(crate) fn first<T>(
        &mut self,
        sql: &str,
        parameters: Parameters<'_>,
        read: impl FnMut(&Row<'_>) -> Result<T, SqlError>,
    ) -> Result<Option<T>, SqlError> {
        self.0.first(sql, parameters, read)
    }

    /// Hands each row that the query finds to `each`, as long as that answers `true`.
    pub(crate) fn each(
        &mut self,
        sql: &str,
        parameters: Parameters<'_>,
        mut each: impl FnMut(&Row<'_>) -> Result<bool, SqlError>,
    ) -> Result<(), SqlError> {
        self.0.query(sql, parameters, &mut each)
    }
}

impl Readers {
    /// Of nothing: for a command that decides on the log alone. Every query fails.
    #[must_use]
    pub fn none() -> Self {
        Self(Arc::new(Pool {
            home: Home::Sqlite(PathBuf::new()),
            idle: Mutex::default(),
        }))
    }

    /// Opens what is there to read it, also while another process writes it.
    pub fn open(home: &Home) -> Result<Self, DatabaseError> {
        let idle = Mutex::new(vec![home.open_read_only()?]);
        let home = home.clone();
        Ok(Self(Arc::new(Pool { home, idle })))
    }

    /// Runs a query on one state of the read models, however many statements it has.
    pub(crate) fn read<T>(
        &self,
        query: impl FnOnce(&mut View<'_>) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        let idle = || self.0.idle.lock().unwrap_or_else(PoisonError::into_inner);
        // One that has ended meanwhile is of no use, and neither is one that fails below.
        idle().retain(|connection| !connection.is_broken());
        let kept = idle().pop();
        let mut connection = match kept {
            Some(connection) => connection,
            None => self.0.home.open_read_only()?,
        };
        let mut transaction = Transaction::begin(&mut *connection, Purpose::Reading)?;
        let answer = query(&mut View(transaction.connection()))?;
        transaction.commit()?;
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

#[cfg(test)]
mod tests;
