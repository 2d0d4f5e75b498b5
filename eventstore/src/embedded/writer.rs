//! The one writer. It takes all requests that are waiting into one transaction, so that they share
//! one fsync (group commit), and acknowledges them when that is done.

use super::{
    EVENT_LIMIT, Shared,
    file::{fault, signed, unsigned},
};
use crate::{AppendError, Appended, ExpectedRevision, StoreError};
use eventstore_schema::{EventId, NewEvent, Position, StreamName};
use rusqlite::{
    Connection, ErrorCode, OptionalExtension as _, Transaction, TransactionBehavior, params,
};
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};
use tokio::sync::{mpsc, oneshot};

/// Requests in one transaction at most.
const BATCH: usize = 512;

type Answer = Result<Appended, AppendError>;

/// An append that waits for its turn. It is sound in itself; whether it fits the log is for the
/// writer to see.
pub(super) struct Request {
    stream: StreamName,
    expected: ExpectedRevision,
    events: Vec<NewEvent>,
    answer: oneshot::Sender<Answer>,
}

impl Request {
    /// The request, and where its answer comes.
    pub(super) fn new(
        stream: StreamName,
        expected: ExpectedRevision,
        events: Vec<NewEvent>,
    ) -> Result<(Self, oneshot::Receiver<Answer>), StoreError> {
        if events.is_empty() {
            return Err(StoreError::NoEvents);
        }
        let mut ids = HashSet::with_capacity(events.len());
        let twice = events.iter().find(|event| !ids.insert(event.id));
        if let Some(event) = twice {
            return Err(StoreError::DuplicateId(event.id));
        }
        let sizes = events
            .iter()
            .map(|event| event.data.len() + event.metadata.len());
        if let Some(size) = sizes.max().filter(|size| *size > EVENT_LIMIT) {
            let limit = EVENT_LIMIT;
            return Err(StoreError::TooLarge { size, limit });
        }
        let (answer, answered) = oneshot::channel();
        let request = Self {
            stream,
            expected,
            events,
            answer,
        };
        Ok((request, answered))
    }

    fn answer(self, answer: Answer) {
        // Whoever has gone away finds the events when they repeat the command.
        let _ = self.answer.send(answer);
    }
}

/// Writes until nobody can ask any more.
pub(super) fn run(
    mut connection: Connection,
    shared: &Shared,
    mut requests: mpsc::Receiver<Request>,
) {
    let mut batch = Vec::with_capacity(BATCH);
    while requests.blocking_recv_many(&mut batch, BATCH) > 0 {
        write(&mut connection, shared, &mut batch);
    }
    // A log at rest is one file, for whoever copies it. If a reader is in the way, it is two, and
    // as sound.
    let _ = connection.busy_timeout(Duration::from_secs(1));
    let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
}

/// Writes a batch in one transaction. A request that does not fit fails alone; only a log that
/// fails takes all of them with it.
pub(super) fn write(connection: &mut Connection, shared: &Shared, batch: &mut Vec<Request>) {
    while !batch.is_empty() {
        match commit(connection, shared, batch) {
            Ok(answers) => {
                for (request, answer) in batch.drain(..).zip(answers) {
                    request.answer(answer);
                }
            }
            // Nothing of this transaction is in the log: again, without the one that broke it.
            Err(Failure::Request(index, error)) => batch.remove(index).answer(Err(error.into())),
            Err(Failure::Log(error)) => {
                for request in batch.drain(..) {
                    request.answer(Err(error.clone().into()));
                }
            }
        }
    }
}

/// Why a transaction was rolled back.
enum Failure {
    /// The request at this place in the batch has a row that the log refuses, against expectation.
    Request(usize, StoreError),
    /// The log does not work.
    Log(StoreError),
}

fn commit(
    connection: &mut Connection,
    shared: &Shared,
    batch: &[Request],
) -> Result<Vec<Answer>, Failure> {
    let fail = |error| Failure::Log(fault(&shared.file, &error));
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(fail)?;
    let mut turn = Turn {
        head: *shared.head.borrow(),
        transaction: &transaction,
        shared,
        news: HashMap::new(),
    };
    let mut answers = Vec::with_capacity(batch.len());
    for (index, request) in batch.iter().enumerate() {
        let answer = turn.take(request).map_err(|error| {
            let alone = refuses_the_row(&error);
            let error = fault(&shared.file, &error);
            if alone {
                Failure::Request(index, error)
            } else {
                Failure::Log(error)
            }
        })?;
        answers.push(answer);
    }
    let (head, news) = (turn.head, turn.news);
    transaction.commit().map_err(fail)?;
    shared.heads.committed(news);
    // Readers see nothing of it before this, whoever appended it everything after.
    shared.head.send_replace(head);
    Ok(answers)
}

/// Whether the log works and only does not take this row.
fn refuses_the_row(error: &rusqlite::Error) -> bool {
    use ErrorCode::{ConstraintViolation, TooBig, TypeMismatch};
    let code = error.sqlite_error_code();
    matches!(code, Some(ConstraintViolation | TooBig | TypeMismatch))
}

/// The batch so far, not yet committed.
struct Turn<'a> {
    transaction: &'a Transaction<'a>,
    shared: &'a Shared,
    head: Position,
    news: HashMap<StreamName, u64>,
}

/// Where an event is in the log.
struct Place {
    stream: String,
    revision: u64,
    position: Position,
}

impl Turn<'_> {
    fn take(&mut self, request: &Request) -> rusqlite::Result<Answer> {
        if let Some(answer) = self.repeated(request)? {
            return Ok(answer.map_err(AppendError::Store));
        }
        let actual = self.revision(&request.stream)?;
        let as_expected = match request.expected {
            ExpectedRevision::Any => true,
            ExpectedRevision::NoStream => actual.is_none(),
            ExpectedRevision::Exact(revision) => actual == Some(revision),
        };
        if !as_expected {
            let (stream, expected) = (request.stream.clone(), request.expected);
            return Ok(Err(AppendError::Conflict {
                stream,
                expected,
                actual,
            }));
        }
        let first = actual.map_or(0, |last| last + 1);
        let mut appended = Appended {
            revision: first,
            position: self.head,
        };
        for (revision, event) in (first..).zip(&request.events) {
            appended = self.insert(&request.stream, revision, event)?;
        }
        self.news.insert(request.stream.clone(), appended.revision);
        Ok(Ok(appended))
    }

    fn insert(
        &mut self,
        stream: &StreamName,
        revision: u64,
        event: &NewEvent,
    ) -> rusqlite::Result<Appended> {
        let position = Position(self.head.0 + 1);
        self.transaction
            .prepare_cached(
                "INSERT INTO events (position, id, stream, revision, type, metadata, data)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                signed(position.0),
                event.id.0.as_bytes(),
                stream.as_str(),
                signed(revision),
                event.event_type,
                event.metadata,
                event.data,
            ])?;
        self.head = position;
        Ok(Appended { revision, position })
    }

    /// The revision of the stream's last event, those of this batch included.
    fn revision(&self, stream: &StreamName) -> rusqlite::Result<Option<u64>> {
        if let Some(revision) = self.news.get(stream) {
            return Ok(Some(*revision));
        }
        if let Some(revision) = self.shared.heads.get(stream) {
            return Ok(Some(revision));
        }
        let revision: Option<i64> = self
            .transaction
            .prepare_cached("SELECT max(revision) FROM events WHERE stream = ?1")?
            .query_row([stream.as_str()], |row| row.get(0))?;
        Ok(revision.map(unsigned))
    }

    /// `None` if all the events are new; the answer of the first time if they are all in the log
    /// already, in this stream and this order; a refusal otherwise.
    fn repeated(
        &self,
        request: &Request,
    ) -> rusqlite::Result<Option<Result<Appended, StoreError>>> {
        let places = request.events.iter().map(|event| self.place(event.id));
        let places = places.collect::<rusqlite::Result<Vec<_>>>()?;
        let mut events = request.events.iter().zip(&places);
        let Some((known, _)) = events.find(|(_, place)| place.is_some()) else {
            return Ok(None);
        };
        let first = places[0].as_ref().map_or(0, |place| place.revision);
        let in_order = (first..).zip(places).map(|(revision, place)| {
            place.filter(|at| at.stream == request.stream.as_str() && at.revision == revision)
        });
        let in_order: Option<Vec<_>> = in_order.collect();
        let last = in_order.and_then(|mut places| places.pop());
        let answer = last.map(|place| Appended {
            revision: place.revision,
            position: place.position,
        });
        Ok(Some(answer.ok_or(StoreError::DuplicateId(known.id))))
    }

    fn place(&self, id: EventId) -> rusqlite::Result<Option<Place>> {
        self.transaction
            .prepare_cached("SELECT stream, revision, position FROM events WHERE id = ?1")?
            .query_row([id.0.as_bytes()], |row| {
                Ok(Place {
                    stream: row.get(0)?,
                    revision: unsigned(row.get(1)?),
                    position: Position(unsigned(row.get(2)?)),
                })
            })
            .optional()
    }
}
