//! Appends. The revision that an append expects decides whether it fits, so it can be sent again
//! when its answer is lost: at most one of the copies gets in. Whether one did is found in the
//! stream.

use super::{
    EVENT_LIMIT, Log,
    fault::{Fault, deleted, limit_in},
    known::{Found, Ids},
    node::Backoff,
    read::{contiguous, ids_of},
};
use crate::{AppendError, Appended, Direction, ExpectedRevision, StoreError};
use eventstore_schema::{EventId, NewEvent, Position, StreamName};
use kurrentdb::{AppendToStreamOptions, CurrentRevision, Error, EventData, StreamState};
use serde_json::value::RawValue;
use std::collections::HashSet;
use tokio::{
    sync::{Mutex, MutexGuard},
    time::{Instant, timeout_at},
};

/// An append that is sound in itself.
struct Request<'a> {
    stream: &'a StreamName,
    expected: ExpectedRevision,
    events: Vec<NewEvent>,
    ids: Vec<EventId>,
    until: Instant,
}

/// Why an append was not answered.
enum Refusal {
    /// It may have happened, or may happen the next time.
    Fault(Fault),
    /// It expects nothing, but somebody came between the look at the stream and the append.
    Moved,
    /// It did not happen.
    Final(AppendError),
}

impl Log {
    pub(super) async fn append(
        &self,
        stream: &StreamName,
        expected: ExpectedRevision,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let ids = sound(&events)?;
        self.check_ours(stream)?;
        let request = Request {
            stream,
            expected,
            events,
            ids,
            until: self.connection.until(),
        };
        let mut backoff = Backoff::default();
        let mut look = false;
        loop {
            match self.attempt(&request, look).await {
                Ok(appended) => {
                    self.acknowledge(appended.position);
                    return Ok(appended);
                }
                Err(Refusal::Final(error)) => return Err(error),
                Err(Refusal::Moved) => {}
                Err(Refusal::Fault(Fault::Lasting(error))) => return Err(error.into()),
                Err(Refusal::Fault(fault)) => {
                    if !backoff.pause(request.until).await {
                        return Err(StoreError::from(fault).into());
                    }
                }
            }
            look = true;
        }
    }

    /// Sends an append once, unless the stream has its events already. To look there costs a read
    /// only where this process has not followed the stream up to the revision that is expected.
    async fn attempt(&self, request: &Request<'_>, look: bool) -> Result<Appended, Refusal> {
        let known = self.known.of(request.stream);
        let mut ids = request.turn(&known).await?;
        let behind =
            matches!(request.expected, ExpectedRevision::Exact(last) if last >= ids.next());
        if look || behind {
            self.catch_up(request, &mut ids).await?;
            self.known.weigh(request.stream, known.clone(), &ids);
        }
        if let Some(answer) = self.repeated(request, &mut ids).await? {
            return Ok(answer);
        }
        let expected = match (request.expected, ids.last()) {
            (ExpectedRevision::Exact(revision), last) if last < Some(revision) => {
                return Err(request.conflict(last));
            }
            (ExpectedRevision::Exact(revision), _) => StreamState::StreamRevision(revision),
            (ExpectedRevision::Any, Some(last)) => StreamState::StreamRevision(last),
            (ExpectedRevision::Any, None) | (ExpectedRevision::NoStream, _) => {
                StreamState::NoStream
            }
        };
        // Those of this process who expect nothing take turns, or they would only be in each
        // other's way.
        let turn = (request.expected == ExpectedRevision::Any).then_some(ids);
        match self.send(request, expected).await {
            Ok(appended) => {
                drop(turn);
                let first = request.first(appended.revision);
                self.known.note(request.stream, first, request.ids.clone());
                Ok(appended)
            }
            Err(Refusal::Final(AppendError::Conflict { actual, .. })) => {
                drop(turn);
                let mut ids = request.turn(&known).await?;
                self.catch_up(request, &mut ids).await?;
                self.known.weigh(request.stream, known.clone(), &ids);
                match self.repeated(request, &mut ids).await? {
                    Some(answer) => Ok(answer),
                    None if request.expected == ExpectedRevision::Any => Err(Refusal::Moved),
                    None => Err(request.conflict(actual)),
                }
            }
            refused => refused,
        }
    }

    async fn send(
        &self,
        request: &Request<'_>,
        expected: StreamState,
    ) -> Result<Appended, Refusal> {
        let options = AppendToStreamOptions::default()
            .stream_state(expected)
            .deadline(self.connection.patience());
        let options = self.with_credentials(options);
        let events: Vec<_> = request.events.iter().map(over_the_wire).collect();
        let node = self
            .connection
            .step(request.until, self.connection.node())
            .await?;
        let stream = request.stream.as_str();
        let append = async {
            let appended = node.client.append_to_stream(stream, &options, events).await;
            Ok::<_, Fault>(appended)
        };
        let outcome = match self.connection.step(request.until, append).await {
            Ok(outcome) => outcome.map_err(|error| request.refusal(error)),
            Err(fault) => Err(fault.into()),
        };
        match outcome {
            Ok(written) if written.position.commit == 0 => {
                // Some servers do not know it any more when they recognise a repeat.
                let first = request.first(written.next_expected_version);
                self.answer_of_before(request, first)
                    .await?
                    .ok_or_else(|| Fault::Passing("the append is not in the stream".into()).into())
            }
            Ok(written) => Ok(Appended {
                revision: written.next_expected_version,
                position: Position(written.position.commit),
            }),
            Err(refusal) => {
                if let Refusal::Fault(fault) = &refusal {
                    self.connection.recover(&node, fault).await;
                }
                Err(refusal)
            }
        }
    }

    /// Reads what the stream has beyond the ids that are known.
    async fn catch_up(&self, request: &Request<'_>, ids: &mut Ids) -> Result<(), Fault> {
        let from = ids.next();
        let read = self.read_stream(
            request.until,
            request.stream,
            from,
            Direction::Forwards,
            usize::MAX,
        );
        let events = read.await?;
        contiguous(request.stream, from, &events)?;
        ids.note(from, ids_of(&events));
        Ok(())
    }

    /// The answer of the first time, if these events are in the stream already.
    async fn repeated(
        &self,
        request: &Request<'_>,
        ids: &mut Ids,
    ) -> Result<Option<Appended>, Refusal> {
        let first = match ids.find(&request.ids) {
            Found::Nowhere => return Ok(None),
            Found::Part(id) => {
                return Err(Refusal::Final(StoreError::DuplicateId(id).into()));
            }
            Found::Whole(first) => first,
        };
        let answer = self.answer_of_before(request, first).await?;
        if answer.is_none() {
            ids.clear();
            let reason = format!("the stream {} has become another", request.stream);
            return Err(Fault::Passing(reason).into());
        }
        Ok(answer)
    }

    /// What an append was answered whose events begin at this revision, if they do.
    async fn answer_of_before(
        &self,
        request: &Request<'_>,
        first: u64,
    ) -> Result<Option<Appended>, Fault> {
        let count = request.ids.len();
        let read = self.read_stream(
            request.until,
            request.stream,
            first,
            Direction::Forwards,
            count,
        );
        let events = read.await?;
        let same = ids_of(&events) == request.ids;
        let last = events.last().filter(|_| same);
        Ok(last.map(|last| Appended {
            revision: last.revision,
            position: last.position,
        }))
    }
}

impl Request<'_> {
    /// Waits for others who look at the same stream.
    async fn turn<'a>(&self, known: &'a Mutex<Ids>) -> Result<MutexGuard<'a, Ids>, Fault> {
        let waiting = timeout_at(self.until, known.lock());
        let waited = |_| Fault::Passing("another append to the stream has no answer yet".into());
        waiting.await.map_err(waited)
    }

    /// The revision of the first event, where that of the last is known.
    fn first(&self, last: u64) -> u64 {
        (last + 1).saturating_sub(self.ids.len() as u64)
    }

    fn conflict(&self, actual: Option<u64>) -> Refusal {
        Refusal::Final(AppendError::Conflict {
            stream: self.stream.clone(),
            expected: self.expected,
            actual,
        })
    }

    fn refusal(&self, error: Error) -> Refusal {
        if let Some(limit) = limit_in(&error) {
            let size = self.events.iter().map(size).sum();
            return Refusal::Final(StoreError::TooLarge { size, limit }.into());
        }
        match error {
            Error::WrongExpectedVersion { current, .. } => self.conflict(match current {
                CurrentRevision::Current(revision) => Some(revision),
                CurrentRevision::NoStream => None,
            }),
            Error::ResourceDeleted => Fault::from(deleted(self.stream.as_str())).into(),
            // Only a server that keeps an index of ids over all streams says so, and not which one.
            Error::ResourceAlreadyExists => match self.ids.first() {
                Some(id) => Refusal::Final(StoreError::DuplicateId(*id).into()),
                None => Refusal::Final(StoreError::NoEvents.into()),
            },
            other => Fault::from(other).into(),
        }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Refuses what no log would take, and answers with the ids.
fn sound(events: &[NewEvent]) -> Result<Vec<EventId>, StoreError> {
    if events.is_empty() {
        return Err(StoreError::NoEvents);
    }
    let mut ids = HashSet::with_capacity(events.len());
    let twice = events.iter().find(|event| !ids.insert(event.id));
    if let Some(event) = twice {
        return Err(StoreError::DuplicateId(event.id));
    }
    if let Some(size) = events
        .iter()
        .map(size)
        .max()
        .filter(|size| *size > EVENT_LIMIT)
    {
        let limit = EVENT_LIMIT;
        return Err(StoreError::TooLarge { size, limit });
    }
    Ok(events.iter().map(|event| event.id).collect())
}

fn size(event: &NewEvent) -> usize {
    event.data.len() + event.metadata.len()
}

/// The event with its bytes as they are. What the server is to show as JSON must come to the crate
/// as something that it writes as JSON; all that would not be the same afterwards goes as bytes.
fn over_the_wire(event: &NewEvent) -> EventData {
    let raw = RawValue::from_string(event.data.clone());
    let json = raw
        .ok()
        .filter(|raw| raw.get() == event.data)
        .and_then(|raw| EventData::json(&event.event_type, &raw).ok());
    json.unwrap_or_else(|| EventData::binary(&event.event_type, event.data.clone().into()))
        .id(event.id.0)
        .metadata(event.metadata.clone().into())
}
