//! What the promises are made on: a log of some adapter, and the words in which they speak of it.
//!
//! The log may hold anything already, and others may write to it: a test looks only at streams
//! whose names it has made up, and at positions only as far as their order goes.

use eventstore::{
    AppendError, Appended, Direction, EventStore, ExpectedRevision, StoreError, Subscription,
};
use eventstore_schema::{
    Actor, CommandId, EventId, Metadata, NewEvent, Position, RecordedEvent, StreamName,
};
use futures::StreamExt as _;
use std::{any::Any, ops::Deref, sync::Arc, time::Duration};
use tokio::time::timeout;
use uuid::Uuid;

/// How long a test waits for what must come. Only a failure waits so long.
const DEADLINE: Duration = Duration::from_mins(1);

/// A kind of log that is held to the contract.
pub(crate) trait Adapter: Send + Sync + Sized + 'static {
    /// Bytes of an event's content and metadata that it accepts.
    const EVENT_LIMIT: usize;
    /// Whether it keeps an index of event ids over all streams, and so refuses those of another
    /// stream. The ids that Pawl makes are never used for two streams.
    const KNOWS_ALL_IDS: bool;

    /// A log to test on: a new one, or one that others use at the same time. `None` where it is a
    /// server that the environment has to name, and does not.
    async fn open() -> Option<Self>;

    /// The way to it.
    fn store(&self) -> Arc<dyn EventStore>;
}

/// A log under test.
#[derive(Clone)]
pub(crate) struct Log {
    store: Arc<dyn EventStore>,
    pub(crate) event_limit: usize,
    pub(crate) knows_all_ids: bool,
    /// Where the log ended when the test began: what a test appends comes after it.
    pub(crate) begin: Position,
    _adapter: Arc<dyn Any + Send + Sync>,
}

impl Deref for Log {
    type Target = dyn EventStore;

    fn deref(&self) -> &Self::Target {
        &*self.store
    }
}

impl Log {
    pub(crate) async fn of<A: Adapter>() -> Option<Self> {
        let adapter = A::open().await?;
        let store = adapter.store();
        Some(Self {
            begin: store.head().await.unwrap(),
            store,
            event_limit: A::EVENT_LIMIT,
            knows_all_ids: A::KNOWS_ALL_IDS,
            _adapter: Arc::new(adapter),
        })
    }

    /// Appends new events to the stream, whatever it holds, and answers with them.
    pub(crate) async fn put(&self, stream: &StreamName, count: usize) -> (Vec<NewEvent>, Appended) {
        let events = events(count);
        let appended = self
            .append(stream, ExpectedRevision::Any, events.clone())
            .await
            .unwrap();
        (events, appended)
    }

    /// All of a stream.
    pub(crate) async fn whole(&self, stream: &StreamName) -> Vec<RecordedEvent> {
        let read = self.read_stream(stream, 0, Direction::Forwards, usize::MAX);
        read.await.unwrap()
    }

    /// The events of these streams in the whole log, from where the test began to the end.
    pub(crate) async fn all(&self, streams: &[StreamName]) -> Vec<RecordedEvent> {
        self.all_after(self.begin, streams).await
    }

    /// The events of these streams in the whole log, from a position of the log's own to the end.
    pub(crate) async fn all_after(
        &self,
        mut after: Position,
        streams: &[StreamName],
    ) -> Vec<RecordedEvent> {
        let mut found = Vec::new();
        loop {
            let page = self.read_all(after, Direction::Forwards, 250).await;
            let page = page.unwrap();
            let Some(last) = page.last() else {
                return found;
            };
            after = last.position;
            found.extend(page.into_iter().filter(|e| streams.contains(&e.stream)));
        }
    }

    /// Asserts that a stream holds exactly these events.
    #[track_caller]
    pub(crate) fn holds(
        &self,
        stream: &StreamName,
        events: &[NewEvent],
    ) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let found = self.whole(stream).await;
            assert_eq!(ids(&found), new_ids(events), "{stream} at {caller}");
        }
    }

    /// Follows these streams.
    pub(crate) fn follow(&self, after: Position, streams: &[StreamName]) -> Follower {
        Follower {
            subscription: self.subscribe(after),
            streams: streams.to_vec(),
        }
    }
}

/// A subscriber who looks at some streams only.
pub(crate) struct Follower {
    subscription: Subscription,
    streams: Vec<StreamName>,
}

impl Follower {
    /// The next event of the streams.
    pub(crate) async fn next(&mut self) -> RecordedEvent {
        let next = async {
            loop {
                let event = self.subscription.next().await;
                let event = event.expect("a subscription never ends").unwrap();
                if self.streams.contains(&event.stream) {
                    return event;
                }
            }
        };
        soon(next).await
    }

    /// The next events, up to the one with this id.
    pub(crate) async fn until(&mut self, last: EventId) -> Vec<RecordedEvent> {
        let mut events = Vec::new();
        loop {
            events.push(self.next().await);
            if events.last().is_some_and(|event| event.id == last) {
                return events;
            }
        }
    }
}

/// Waits for what must come.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(DEADLINE, future).await.expect("it never came")
}

/// A stream that nobody else writes to.
pub(crate) fn new_stream() -> StreamName {
    StreamName::named(format!("contract-{}", Uuid::now_v7()))
}

pub(crate) fn new_streams<const N: usize>() -> [StreamName; N] {
    std::array::from_fn(|_| new_stream())
}

/// An event with this content that nobody else appends.
pub(crate) fn event(data: impl Into<String>) -> NewEvent {
    let command = Uuid::now_v7();
    NewEvent {
        id: EventId(Uuid::now_v7()),
        event_type: "Noted".into(),
        metadata: Metadata {
            version: 1,
            recorded_at: chrono::Utc::now(),
            actor: Actor::Operator,
            command_id: CommandId(command),
            command_digest: None,
            organization_id: None,
            correlation_id: command,
            causation_id: command,
        }
        .encode()
        .unwrap(),
        data: data.into(),
    }
}

pub(crate) fn events(count: usize) -> Vec<NewEvent> {
    let numbers = 0..count;
    numbers
        .map(|number| event(format!(r#"{{"number":{number}}}"#)))
        .collect()
}

pub(crate) fn ids(events: &[RecordedEvent]) -> Vec<EventId> {
    events.iter().map(|event| event.id).collect()
}

pub(crate) fn new_ids(events: &[NewEvent]) -> Vec<EventId> {
    events.iter().map(|event| event.id).collect()
}

/// What the writer gave of an event.
pub(crate) fn given(event: RecordedEvent) -> NewEvent {
    NewEvent {
        id: event.id,
        event_type: event.event_type,
        metadata: event.metadata,
        data: event.data,
    }
}

type Answer = Result<Appended, AppendError>;

/// Asserts that an append was refused because the stream is elsewhere, and says so.
#[track_caller]
pub(crate) fn assert_conflict(
    answer: &Answer,
    stream: &StreamName,
    expected: ExpectedRevision,
    actual: Option<u64>,
) {
    let Err(
        error @ AppendError::Conflict {
            stream: of,
            expected: believed,
            actual: found,
        },
    ) = answer
    else {
        panic!("{answer:?}");
    };
    assert_eq!((of, *believed, *found), (stream, expected, actual));
    let sentence = error.to_string();
    for word in [
        stream.as_str(),
        &format!("{expected:?}"),
        &format!("{actual:?}"),
    ] {
        assert!(sentence.contains(word), "{sentence}");
    }
}

/// Asserts that an append was refused because one of these ids belongs to another event.
#[track_caller]
pub(crate) fn assert_duplicate(answer: &Answer, ids: &[EventId]) {
    assert!(
        matches!(answer, Err(AppendError::Store(StoreError::DuplicateId(id))) if ids.contains(id)),
        "{answer:?}"
    );
}
