//! The one writer. It takes all requests that are waiting into one transaction, so that they share
//! one fsync (group commit), and acknowledges them when that is done.

use super::{
    Shared,
    file::{fault, signed, unsigned},
};
use crate::{AppendError, Appended, ExpectedRevision, StoreError};
use eventstore_schema::{NewEvent, Position, StreamName};
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use std::{collections::HashMap, sync::Arc};
use tokio::sync::{mpsc, oneshot};

/// Requests in one transaction at most.
const BATCH: usize = 512;

/// An append that waits for its turn.
pub(super) struct Request {
    pub(super) stream: StreamName,
    pub(super) expected: ExpectedRevision,
    pub(super) events: Vec<NewEvent>,
    pub(super) answer: oneshot::Sender<Result<Appended, AppendError>>,
}

/// Writes until nobody can ask any more.
pub(super) fn run(
    mut connection: Connection,
    shared: &Arc<Shared>,
    mut requests: mpsc::Receiver<Request>,
) {
    let mut batch = Vec::with_capacity(BATCH);
    while requests.blocking_recv_many(&mut batch, BATCH) > 0 {
        write(&mut connection, shared, &mut batch);
    }
}

/// One transaction for all of the batch. A request that conflicts fails alone; if the transaction
/// fails, all of them do.
fn write(connection: &mut Connection, shared: &Shared, batch: &mut Vec<Request>) {
    let mut answers = Vec::with_capacity(batch.len());
    let outcome = commit(connection, shared, batch, &mut answers);
    match outcome {
        Ok(()) => {
            for (request, answer) in batch.drain(..).zip(answers) {
                // Whoever has gone away finds the events when they repeat the command.
                let _ = request.answer.send(answer);
            }
        }
        Err(error) => {
            let mut reason = Some(fault(&shared.file, error));
            for request in batch.drain(..) {
                let error = match reason.take() {
                    Some(error) => {
                        reason = Some(again(&error));
                        error
                    }
                    None => StoreError::Unavailable("the log failed".into()),
                };
                let _ = request.answer.send(Err(AppendError::Store(error)));
            }
        }
    }
}

fn commit(
    connection: &mut Connection,
    shared: &Shared,
    batch: &[Request],
    answers: &mut Vec<Result<Appended, AppendError>>,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut turn = Turn {
        head: *shared.head.borrow(),
        transaction: &transaction,
        shared,
        news: HashMap::new(),
    };
    for request in batch {
        answers.push(turn.take(request)?);
    }
    let (head, news) = (turn.head, turn.news);
    transaction.commit()?;
    shared.heads.committed(news);
    shared.head.send_replace(head);
    Ok(())
}

/// The batch so far, not yet committed.
struct Turn<'a> {
    transaction: &'a Transaction<'a>,
    shared: &'a Shared,
    head: Position,
    news: HashMap<StreamName, u64>,
}

impl Turn<'_> {
    fn take(&mut self, request: &Request) -> rusqlite::Result<Result<Appended, AppendError>> {
        if let Some(answer) = self.repeated(request)? {
            return Ok(answer);
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
        let mut revision = actual;
        for event in &request.events {
            let next = revision.map_or(0, |last| last + 1);
            self.insert(&request.stream, next, event)?;
            revision = Some(next);
        }
        let revision = revision.unwrap_or(0);
        self.news.insert(request.stream.clone(), revision);
        Ok(Ok(Appended {
            revision,
            position: self.head,
        }))
    }

    fn insert(
        &mut self,
        stream: &StreamName,
        revision: u64,
        event: &NewEvent,
    ) -> rusqlite::Result<()> {
        let position = Position(self.head.0 + 1);
        let metadata = serde_json::to_string(&event.metadata)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
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
                metadata,
                event.data,
            ])?;
        self.head = position;
        Ok(())
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

    /// The answer of the first time, if these events are in the log already.
    fn repeated(
        &self,
        request: &Request,
    ) -> rusqlite::Result<Option<Result<Appended, AppendError>>> {
        let mut last: Option<Appended> = None;
        for (index, event) in request.events.iter().enumerate() {
            let found = self
                .transaction
                .prepare_cached("SELECT stream, revision, position FROM events WHERE id = ?1")?
                .query_row([event.id.0.as_bytes()], |row| {
                    Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?))
                })
                .optional()?;
            let expected = last.as_ref().map(|last| last.revision + 1);
            last = match found {
                None if index == 0 => return Ok(None),
                Some((stream, revision, position))
                    if stream == request.stream.as_str()
                        && expected.is_none_or(|expected| expected == unsigned(revision)) =>
                {
                    let position = Position(unsigned(position));
                    Some(Appended {
                        revision: unsigned(revision),
                        position,
                    })
                }
                _ => return Ok(Some(Err(StoreError::DuplicateId(event.id).into()))),
            };
        }
        Ok(last.map(Ok))
    }
}

/// The same error for the next in the batch.
fn again(error: &StoreError) -> StoreError {
    match error {
        StoreError::Full => StoreError::Full,
        StoreError::Corrupt(text) => StoreError::Corrupt(text.clone()),
        other => StoreError::Unavailable(other.to_string()),
    }
}
