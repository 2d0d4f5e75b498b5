//! The port: what any log must be able to do for Pawl. The contract suite in `tests/` holds every
//! adapter to it.

use async_trait::async_trait;
use eventstore_schema::{EventId, NewEvent, Position, RecordedEvent, StreamName};
use futures::stream::BoxStream;

/// What the writer believes about the stream that it appends to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedRevision {
    /// The stream has no events yet.
    NoStream,
    /// The last event of the stream has this revision.
    Exact(u64),
    /// Whatever the stream holds.
    Any,
}

/// The order in which to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From older to newer events.
    Forwards,
    /// From newer to older events.
    Backwards,
}

/// The result of an append that is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The revision of the last event appended.
    pub revision: u64,
    /// The position of the last event appended.
    pub position: Position,
}

/// An append that did not happen. Nothing of it is in the log, save after `Unavailable`, when the
/// writer cannot know and repeats it with the same event ids.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Another writer came first.
    #[error("{stream} is at {actual:?}, not at {expected:?}")]
    Conflict {
        /// The stream.
        stream: StreamName,
        /// What the writer believed.
        expected: ExpectedRevision,
        /// The revision of the stream's last event, `None` where there is no stream.
        actual: Option<u64>,
    },
    /// The log itself failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A log that cannot do its work. Each sentence is written for the operator who reads it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another process holds the log.
    #[error("{0} is in use by another process; stop that process or choose another data directory")]
    InUse(String),
    /// The file is not a log of Pawl's, or one of a version that this build does not know.
    #[error("{0}")]
    Foreign(String),
    /// The file is damaged.
    #[error("{0}")]
    Corrupt(String),
    /// There is no room for more events. Those acknowledged are safe.
    #[error("the disk that holds the log is full; free some room and repeat the command")]
    Full,
    /// The append has no events: there is no answer to give, for a stream that may not exist.
    #[error("an append needs at least one event")]
    NoEvents,
    /// An event is larger than the log accepts.
    #[error("an event of {size} bytes is larger than the log accepts ({limit} bytes)")]
    TooLarge {
        /// Bytes of the event's content and metadata.
        size: usize,
        /// Bytes that the log accepts.
        limit: usize,
    },
    /// An event id stands for another event already, in the log or in the same append.
    #[error("the event id {0} belongs to another event already")]
    DuplicateId(EventId),
    /// The log did not answer.
    #[error("the log is not available: {0}")]
    Unavailable(String),
}

/// Events as they come, from some position on, without a gap or a repeat. It never ends by itself;
/// after an error it is over.
pub type Subscription = BoxStream<'static, Result<RecordedEvent, StoreError>>;

/// A log of events: append and read, nothing else.
#[async_trait]
pub trait EventStore: Send + Sync + 'static {
    /// Appends all the events to the stream, or none. When it answers, they are durable, and every
    /// read and subscription that begins from then on sees them.
    ///
    /// Events whose ids are in the log already, in this stream and this order, are not appended
    /// again: whatever the writer expects by now, the answer is that of the first time. If only
    /// some of the ids are known, or in another order, the append is refused with `DuplicateId`. So
    /// is an id of another stream, by a log that keeps an index of ids over all streams.
    ///
    /// An append without events is refused with `NoEvents`.
    async fn append(
        &self,
        stream: &StreamName,
        expected: ExpectedRevision,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError>;

    /// Reads a page of one stream, from the event at `from` on (it included), `limit` events at
    /// most, empty where there are none.
    async fn read_stream(
        &self,
        stream: &StreamName,
        from: u64,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError>;

    /// Reads a page of the whole log: forwards the events after `from`, backwards those before it,
    /// `limit` events at most. `Position::START` forwards and `Position(u64::MAX)` backwards read
    /// from the ends. Only a page without events is the end: a log that leaves out events of its own
    /// may answer fewer than `limit` before it.
    async fn read_all(
        &self,
        from: Position,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError>;

    /// Reads the events at exactly these positions, in this order. Where there is none, or the log has
    /// not shown it yet, it is left out.
    async fn read_at(&self, positions: &[Position]) -> Result<Vec<RecordedEvent>, StoreError> {
        let mut events = Vec::with_capacity(positions.len());
        for position in positions {
            let Some(before) = position.0.checked_sub(1) else {
                continue;
            };
            let next = self
                .read_all(Position(before), Direction::Forwards, 1)
                .await?;
            events.extend(next.into_iter().filter(|next| next.position == *position));
        }
        Ok(events)
    }

    /// The position of the last durable event, `Position::START` where there is none. No read that
    /// was answered before has shown an event beyond it.
    async fn head(&self) -> Result<Position, StoreError>;

    /// Every event after this position, those to come included.
    fn subscribe(&self, after: Position) -> Subscription;
}
