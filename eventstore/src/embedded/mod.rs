//! The default log: one SQLite file, one writer, no server.

mod data_dir;
mod file;
mod heads;
mod writer;

pub use data_dir::DataDir;

use crate::{
    AppendError, Appended, Direction, EventStore, ExpectedRevision, StoreError, Subscription,
};
use async_trait::async_trait;
use eventstore_schema::{NewEvent, Position, RecordedEvent, StreamName};
use file::{COLUMNS, event_from, fault, signed, unsigned};
use futures::{StreamExt as _, stream};
use heads::Heads;
use rusqlite::{Connection, params};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};
use tokio::sync::{mpsc, oneshot, watch};
use writer::Request;

/// The name of the log in its data directory.
pub const LOG_FILE: &str = "log.db";
/// Bytes of an event's content at most.
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
    requests: Option<mpsc::Sender<Request>>,
    writer: Option<JoinHandle<()>>,
}

/// What the writer and the readers share.
struct Shared {
    file: PathBuf,
    head: watch::Sender<Position>,
    heads: Heads,
    readers: Mutex<Vec<Connection>>,
}

impl EmbeddedStore {
    /// Opens the log in the directory, or makes a new one.
    pub fn open(directory: &DataDir) -> Result<Self, StoreError> {
        let file = directory.path().join(LOG_FILE);
        let connection = file::open_to_write(&file)?;
        let shared = Arc::new(Shared::new(file, &connection)?);
        let (requests, waiting) = mpsc::channel(QUEUE);
        let writer = std::thread::Builder::new()
            .name("log-writer".into())
            .spawn({
                let shared = shared.clone();
                move || writer::run(connection, &shared, waiting)
            })
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(Self(Arc::new(Inner {
            shared,
            requests: Some(requests),
            writer: Some(writer),
        })))
    }

    /// Opens a log to read, also while another process writes to it. What is appended later is not
    /// seen by subscriptions.
    pub fn open_read_only(directory: &Path) -> Result<Self, StoreError> {
        let file = directory.join(LOG_FILE);
        let connection = file::open_to_read(&file)?;
        let shared = Arc::new(Shared::new(file, &connection)?);
        Ok(Self(Arc::new(Inner {
            shared,
            requests: None,
            writer: None,
        })))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The writer ends when nobody can ask any more; what it has taken, it finishes.
        drop(self.requests.take());
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

impl Shared {
    fn new(file: PathBuf, connection: &Connection) -> Result<Self, StoreError> {
        let head: i64 = connection
            .query_row("SELECT coalesce(max(position), 0) FROM events", [], |row| {
                row.get(0)
            })
            .map_err(|error| fault(&file, error))?;
        Ok(Self {
            file,
            head: watch::Sender::new(Position(unsigned(head))),
            heads: Heads::default(),
            readers: Mutex::default(),
        })
    }

    /// Runs a query that yields events, on a connection of the pool.
    fn query(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let pooled = self
            .readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let connection = match pooled {
            Some(connection) => connection,
            None => file::open_to_read(&self.file)?,
        };
        let events = self.events(&connection, sql, parameters);
        self.readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(connection);
        events
    }

    fn events(
        &self,
        connection: &Connection,
        sql: &str,
        parameters: impl rusqlite::Params,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let fail = |error| fault(&self.file, error);
        let mut statement = connection.prepare_cached(sql).map_err(fail)?;
        let rows = statement.query_map(parameters, event_from).map_err(fail)?;
        let mut events = Vec::new();
        for row in rows {
            events.push(row.map_err(fail)?.map_err(|position| {
                StoreError::Corrupt(format!(
                    "the event at position {position} in {} cannot be read",
                    self.file.display()
                ))
            })?);
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
        for event in &events {
            let size = event.data.len();
            if size > EVENT_LIMIT {
                return Err(StoreError::TooLarge {
                    size,
                    limit: EVENT_LIMIT,
                }
                .into());
            }
        }
        let unavailable = |reason: &str| StoreError::Unavailable(reason.to_owned());
        let requests = self
            .0
            .requests
            .as_ref()
            .ok_or_else(|| unavailable("it was opened to read"))?;
        let (answer, answered) = oneshot::channel();
        let request = Request {
            stream: stream.clone(),
            expected,
            events,
            answer,
        };
        requests
            .send(request)
            .await
            .map_err(|_| unavailable("its writer has stopped"))?;
        answered
            .await
            .map_err(|_| unavailable("its writer has stopped"))?
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        from: u64,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let shared = &self.0.shared;
        let forwards = direction == Direction::Forwards;
        // Only a log that is written to here knows where its streams stand.
        if forwards
            && self.0.requests.is_some()
            && shared.heads.get(stream).is_some_and(|last| from > last)
        {
            return Ok(Vec::new());
        }
        let (shared, stream) = (shared.clone(), stream.clone());
        blocking(move || {
            let generation = shared.heads.generation();
            let events = shared.query(
                &if forwards {
                    format!("SELECT {COLUMNS} FROM events WHERE stream = ?1 AND revision >= ?2 ORDER BY revision LIMIT ?3")
                } else {
                    format!("SELECT {COLUMNS} FROM events WHERE stream = ?1 AND revision <= ?2 ORDER BY revision DESC LIMIT ?3")
                },
                params![stream.as_str(), signed(from), signed(limit as u64)],
            )?;
            if let Some(last) = events.last().filter(|_| forwards && events.len() < limit) {
                shared.heads.seen(generation, &stream, last.revision);
            }
            Ok(events)
        })
        .await
    }

    async fn read_all(
        &self,
        from: Position,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let shared = self.0.shared.clone();
        blocking(move || {
            let sql = match direction {
                Direction::Forwards => {
                    format!("SELECT {COLUMNS} FROM events WHERE position > ?1 ORDER BY position LIMIT ?2")
                }
                Direction::Backwards => {
                    format!("SELECT {COLUMNS} FROM events WHERE position < ?1 ORDER BY position DESC LIMIT ?2")
                }
            };
            shared.query(&sql, params![signed(from.0), signed(limit as u64)])
        })
        .await
    }

    async fn head(&self) -> Result<Position, StoreError> {
        Ok(*self.0.shared.head.borrow())
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
            match store.read_all(after, Direction::Forwards, PAGE).await {
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

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| StoreError::Unavailable(error.to_string()))?
}
