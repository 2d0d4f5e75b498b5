//! The default log: one SQLite file, one writer, no server.

mod data_dir;
mod file;
mod heads;
mod readers;
#[cfg(test)]
mod tests;
mod writer;

pub use data_dir::DataDir;

use crate::{
    AppendError, Appended, Direction, EventStore, ExpectedRevision, StoreError, Subscription,
};
use async_trait::async_trait;
use data_dir::Held;
use eventstore_schema::{NewEvent, Position, RecordedEvent, StreamName};
use file::{COLUMNS, event_from, fault, signed, unsigned};
use futures::{StreamExt as _, stream};
use heads::Heads;
use readers::Readers;
use rusqlite::{Connection, Params, params};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
};
use tokio::sync::{mpsc, watch};
use writer::Request;

/// The name of the log in its data directory.
pub const LOG_FILE: &str = "log.db";
/// Bytes of an event's content and metadata at most.
pub const EVENT_LIMIT: usize = 1024 * 1024;
/// Appends that may wait.
const QUEUE: usize = 4096;
/// Events that a subscription reads at once.
const PAGE: usize = 500;

/// The log in a data directory.
#[derive(Clone)]
pub struct EmbeddedStore(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    writer: Option<Writer>,
}

/// The way to the thread that writes. A log opened to read has none.
struct Writer {
    requests: mpsc::Sender<Request>,
    thread: JoinHandle<()>,
}

/// What the writer and the readers share.
struct Shared {
    file: PathBuf,
    /// Where the log ends for everybody: the writer moves it when a transaction is durable, and
    /// nobody reads further.
    head: watch::Sender<Position>,
    heads: Heads,
    readers: Arc<Readers>,
}

impl EmbeddedStore {
    /// Opens the log in the directory, or makes a new one. The directory stays locked for as long
    /// as the log is open.
    pub fn open(directory: &DataDir) -> Result<Self, StoreError> {
        let file = directory.path().join(LOG_FILE);
        let connection = file::open_to_write(&file)?;
        let shared = Arc::new(Shared::new(file, &connection, Some(directory.held()))?);
        let (requests, waiting) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("log-writer".into())
            .spawn({
                let shared = shared.clone();
                move || writer::run(connection, &shared, waiting)
            })
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let writer = Some(Writer { requests, thread });
        Ok(Self(Arc::new(Inner { shared, writer })))
    }

    /// Opens a log to read, as it is at this moment, also while another process writes to it. What
    /// is appended later is not seen.
    pub fn open_read_only(directory: &Path) -> Result<Self, StoreError> {
        let file = directory.join(LOG_FILE);
        let connection = file::open_to_read(&file)?;
        let shared = Arc::new(Shared::new(file, &connection, None)?);
        Ok(Self(Arc::new(Inner {
            shared,
            writer: None,
        })))
    }

    /// Looks through the whole file for damage that SQLite itself recognises, an index that does not
    /// agree with the events among it: then a stream reads otherwise than the log.
    pub async fn check(&self) -> Result<(), StoreError> {
        let file = self.0.shared.file.clone();
        let readers = self.0.shared.readers.clone();
        readers
            .run(move |connection| file::check_integrity(connection, &file))
            .await
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The writer ends when nobody can ask any more; what it has taken, it finishes. It is the last
        // to close the file, which tidies up, and only then is the directory free.
        if let Some(writer) = self.writer.take() {
            self.shared.readers.idle().clear();
            drop(writer.requests);
            let _ = writer.thread.join();
        }
    }
}

impl Shared {
    fn new(file: PathBuf, connection: &Connection, held: Option<Held>) -> Result<Self, StoreError> {
        let end: i64 = connection
            .query_row("SELECT coalesce(max(position), 0) FROM events", [], |row| {
                row.get(0)
            })
            .map_err(|error| fault(&file, &error))?;
        Ok(Self {
            head: watch::Sender::new(Position(unsigned(end))),
            heads: Heads::default(),
            readers: Readers::new(&file, held),
            file,
        })
    }

    fn head(&self) -> Position {
        *self.head.borrow()
    }

    /// The log has an end, but nothing there: without this, a subscription would look for ever.
    fn hollow(&self, after: Position) -> StoreError {
        let (file, head) = (self.file.display(), self.head());
        StoreError::Corrupt(format!(
            "{file} ends at position {head} but has no events after {after}; \
             restore it from a backup"
        ))
    }

    /// Runs a query that yields events.
    fn query(
        &self,
        connection: &Connection,
        sql: &str,
        parameters: impl Params,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let fail = |error| fault(&self.file, &error);
        let mut statement = connection.prepare_cached(sql).map_err(fail)?;
        let mut rows = statement.query(parameters).map_err(fail)?;
        let mut events = Vec::new();
        while let Some(row) = rows.next().map_err(fail)? {
            events.push(event_from(&self.file, row)?);
        }
        Ok(events)
    }

    fn read_stream(
        &self,
        connection: &Connection,
        stream: &StreamName,
        from: u64,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let generation = self.heads.generation();
        let (reaches, order) = match direction {
            Direction::Forwards => (">=", "ASC"),
            Direction::Backwards => ("<=", "DESC"),
        };
        // The plus keeps SQLite from looking for events by their position here.
        let sql = format!(
            "SELECT {COLUMNS} FROM events
             WHERE stream = ?1 AND revision {reaches} ?2 AND +position <= ?3
             ORDER BY revision {order} LIMIT ?4"
        );
        let (head, rows) = (signed(self.head().0), signed(limit as u64));
        let events = self.query(
            connection,
            &sql,
            params![stream.as_str(), signed(from), head, rows],
        )?;
        let at_the_end = direction == Direction::Forwards && events.len() < limit;
        if let Some(last) = events.last().filter(|_| at_the_end) {
            self.heads.seen(generation, stream, last.revision);
        }
        Ok(events)
    }

    fn read_all(
        &self,
        connection: &Connection,
        from: Position,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let head = self.head().0;
        let (after, up_to, order) = match direction {
            Direction::Forwards => (from.0, head, "ASC"),
            Direction::Backwards => (0, head.min(from.0.saturating_sub(1)), "DESC"),
        };
        let sql = format!(
            "SELECT {COLUMNS} FROM events
             WHERE position > ?1 AND position <= ?2
             ORDER BY position {order} LIMIT ?3"
        );
        let rows = signed(limit as u64);
        self.query(
            connection,
            &sql,
            params![signed(after), signed(up_to), rows],
        )
    }

    fn read_at(
        &self,
        connection: &Connection,
        positions: &[Position],
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let head = self.head();
        let sql = format!("SELECT {COLUMNS} FROM events WHERE position = ?1");
        let mut events = Vec::with_capacity(positions.len());
        for position in positions.iter().filter(|position| **position <= head) {
            events.extend(self.query(connection, &sql, params![signed(position.0)])?);
        }
        Ok(events)
    }
}

#[async_trait]
impl EventStore for EmbeddedStore {
    async fn append(
        &self,
        stream: &StreamName,
        expected: ExpectedRevision,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let unavailable = |reason: &str| StoreError::Unavailable(reason.to_owned());
        let writer = self.0.writer.as_ref();
        let writer = writer.ok_or_else(|| unavailable("it was opened to read"))?;
        let (request, answered) = Request::new(stream.clone(), expected, events)?;
        let stopped = || unavailable("its writer has stopped");
        let sent = writer.requests.send(request).await;
        sent.map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        from: u64,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let shared = self.0.shared.clone();
        if direction == Direction::Forwards
            && shared.heads.get(stream).is_some_and(|last| from > last)
        {
            return Ok(Vec::new());
        }
        let stream = stream.clone();
        let readers = shared.readers.clone();
        readers
            .run(move |connection| shared.read_stream(connection, &stream, from, direction, limit))
            .await
    }

    async fn read_all(
        &self,
        from: Position,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let shared = self.0.shared.clone();
        let readers = shared.readers.clone();
        readers
            .run(move |connection| shared.read_all(connection, from, direction, limit))
            .await
    }

    async fn read_at(&self, positions: &[Position]) -> Result<Vec<RecordedEvent>, StoreError> {
        let shared = self.0.shared.clone();
        let readers = shared.readers.clone();
        let positions = positions.to_vec();
        readers
            .run(move |connection| shared.read_at(connection, &positions))
            .await
    }

    async fn head(&self) -> Result<Position, StoreError> {
        Ok(self.0.shared.head())
    }

    fn subscribe(&self, after: Position) -> Subscription {
        let head = self.0.shared.head.subscribe();
        let begin = Some((self.clone(), head, after));
        // Events are only ever read from the log, and the watch only says when to look again: there
        // is no moment between catching up and live in which one could be missed or come twice.
        stream::unfold(begin, |state| async move {
            let (store, mut head, after) = state?;
            if head.wait_for(|head| *head > after).await.is_err() {
                return None;
            }
            let page = match store.read_all(after, Direction::Forwards, PAGE).await {
                Ok(events) if events.is_empty() => Err(store.0.shared.hollow(after)),
                page => page,
            };
            match page {
                Ok(events) => {
                    let after = events.last().map_or(after, |last| last.position);
                    let events = events.into_iter().map(Ok).collect::<Vec<_>>();
                    Some((stream::iter(events), Some((store, head, after))))
                }
                Err(error) => Some((stream::iter(vec![Err(error)]), None)),
            }
        })
        .flatten()
        .boxed()
    }
}
