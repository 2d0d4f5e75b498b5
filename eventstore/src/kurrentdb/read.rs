//! Reads of one stream and of the whole log.

use super::{
    Log,
    fault::{Fault, deleted},
    node::Node,
};
use crate::{Direction, StoreError};
use eventstore_schema::{EventId, Position, RecordedEvent, StreamName};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use kurrentdb::{
    Error, ReadAllOptions, ReadStream, ReadStreamOptions, ResolvedEvent, StreamPosition,
};
use std::sync::Arc;
use tokio::time::Instant;

/// Events that are asked for at the same time, each for itself.
const AT_ONCE: usize = 16;

/// The revisions of the server are signed.
const LAST_REVISION: u64 = i64::MAX.unsigned_abs();

impl Log {
    /// Reads a page of a stream, and notes the ids that it shows.
    pub(super) async fn read_stream(
        &self,
        until: Instant,
        stream: &StreamName,
        from: u64,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, Fault> {
        let forwards = direction == Direction::Forwards;
        if limit == 0 || (forwards && from > LAST_REVISION) {
            return Ok(Vec::new());
        }
        let options = self.with_credentials(ReadStreamOptions::default().max_count(limit));
        let options = match direction {
            Direction::Forwards => options.forwards(),
            Direction::Backwards => options.backwards(),
        };
        let options = match from {
            0..=LAST_REVISION => options.position(StreamPosition::Position(from)),
            _ => options.position(StreamPosition::End),
        };
        let read = |node: Arc<Node>| {
            let options = options.clone();
            async move {
                let begun = node.client.read_stream(stream.as_str(), &options);
                let events = self.collect(until, begun, |_| true).await?;
                Ok(events)
            }
        };
        let events = self.connection.ask(until, read).await;
        let events = events.map_err(|fault| of_stream(fault, stream))?;
        if forwards {
            contiguous(stream, from, &events)?;
            self.known.note(stream, from, ids_of(&events));
        }
        Ok(events)
    }

    /// Reads a page of the whole log.
    pub(super) async fn read_all(
        &self,
        until: Instant,
        from: Position,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, Fault> {
        let nothing = match direction {
            Direction::Forwards => from.0 == u64::MAX,
            Direction::Backwards => from == Position::START,
        };
        if limit == 0 || nothing {
            return Ok(Vec::new());
        }
        // Whether the event at the position itself comes is not for Pawl to rely on: there is room
        // for it, and it is left out.
        let room = limit.saturating_add(1);
        let options = ReadAllOptions::default().filter(self.filter.clone());
        let options = self.with_credentials(options.max_count(room));
        let at = place(from);
        let options = match direction {
            Direction::Forwards if from == Position::START => {
                options.position(StreamPosition::Start)
            }
            Direction::Backwards if from.0 == u64::MAX => options.position(StreamPosition::End),
            Direction::Forwards => options.forwards().position(StreamPosition::Position(at)),
            Direction::Backwards => options.backwards().position(StreamPosition::Position(at)),
        };
        let wanted = |event: &RecordedEvent| match direction {
            Direction::Forwards => event.position > from,
            Direction::Backwards => event.position < from,
        };
        let read = |node: Arc<Node>| {
            let options = options.clone();
            async move {
                self.collect(until, node.client.read_all(&options), wanted)
                    .await
            }
        };
        let mut events = self.connection.ask(until, read).await?;
        events.truncate(limit);
        Ok(events)
    }

    /// Reads the events at these positions.
    pub(super) async fn read_at(
        &self,
        until: Instant,
        positions: &[Position],
    ) -> Result<Vec<RecordedEvent>, Fault> {
        let positions = positions.to_vec();
        let reads = positions.into_iter().map(|at| self.event_at(until, at));
        let events: Vec<_> = stream::iter(reads).buffered(AT_ONCE).try_collect().await?;
        Ok(events.into_iter().flatten().collect())
    }

    /// Reads forwards from the position itself: a server counts bytes, and refuses to begin at one
    /// where no event begins.
    async fn event_at(&self, until: Instant, at: Position) -> Result<Option<RecordedEvent>, Fault> {
        if at == Position::START || at > Position::END {
            return Ok(None);
        }
        let options = ReadAllOptions::default().filter(self.filter.clone());
        let options = self.with_credentials(options.max_count(1));
        let options = options
            .forwards()
            .position(StreamPosition::Position(place(at)));
        let read = |node: Arc<Node>| {
            let options = options.clone();
            async move {
                let begun = node.client.read_all(&options);
                self.collect(until, begun, |event| event.position == at)
                    .await
            }
        };
        match self.connection.ask(until, read).await {
            Err(Fault::NoSuchPosition) => Ok(None),
            read => Ok(read?.pop()),
        }
    }

    /// Takes in the events of a read.
    async fn collect(
        &self,
        until: Instant,
        begun: impl Future<Output = kurrentdb::Result<ReadStream>>,
        wanted: impl Fn(&RecordedEvent) -> bool,
    ) -> Result<Vec<RecordedEvent>, Fault> {
        let begun = async { begun.await.map(Some).or_else(absent) };
        let Some(mut read) = self.connection.step(until, begun).await? else {
            return Ok(Vec::new());
        };
        let mut events = Vec::new();
        loop {
            let next = async { read.next().await.or_else(absent) };
            let Some(event) = self.connection.step(until, next).await? else {
                return Ok(events);
            };
            events.extend(Some(event_from(event)?).filter(&wanted));
        }
    }
}

fn place(position: Position) -> kurrentdb::Position {
    kurrentdb::Position {
        commit: position.0,
        prepare: position.0,
    }
}

/// A stream that was never written to is an empty one.
pub(super) fn absent<T>(error: Error) -> Result<Option<T>, Error> {
    match error {
        Error::ResourceNotFound => Ok(None),
        other => Err(other),
    }
}

/// Says which stream it was that the server no longer has.
fn of_stream(fault: Fault, stream: &StreamName) -> Fault {
    match fault {
        Fault::Deleted => deleted(stream.as_str()).into(),
        fault => fault,
    }
}

/// Nobody may take events out of Pawl's streams, and where it has happened nobody may read on as if
/// it had not.
pub(super) fn contiguous(
    stream: &StreamName,
    from: u64,
    events: &[RecordedEvent],
) -> Result<(), StoreError> {
    let missing = (from..)
        .zip(events)
        .find(|(revision, event)| event.revision != *revision);
    match missing {
        None => Ok(()),
        Some((revision, event)) => Err(StoreError::Corrupt(format!(
            "the stream {stream} lacks the events from revision {revision} up to {}, at position \
             {}; restore the log from a backup",
            event.revision, event.position
        ))),
    }
}

pub(super) fn ids_of(events: &[RecordedEvent]) -> Vec<EventId> {
    events.iter().map(|event| event.id).collect()
}

/// An event as it came over the wire.
pub(super) fn event_from(resolved: ResolvedEvent) -> Result<RecordedEvent, StoreError> {
    let Some(event) = resolved.event else {
        return Err(StoreError::Corrupt(
            "the server sent an event without content".into(),
        ));
    };
    let (commit, stream) = (event.position.commit, event.stream_id().to_owned());
    if commit == u64::MAX {
        return Err(StoreError::Foreign(
            "the server does not say where the events of a stream are in the log; it is too old"
                .into(),
        ));
    }
    let text = |bytes: Vec<u8>, what: &str| {
        String::from_utf8(bytes).map_err(|_| {
            StoreError::Corrupt(format!(
                "the event at position {commit}, revision {} of {stream}, has {what} that is not \
                 UTF-8 text; Pawl has not written it",
                event.revision
            ))
        })
    };
    Ok(RecordedEvent {
        position: Position(commit),
        revision: event.revision,
        id: EventId(event.id),
        metadata: text(event.custom_metadata.into(), "metadata")?,
        data: text(event.data.into(), "content")?,
        event_type: event.event_type,
        stream: StreamName::named(stream),
    })
}
