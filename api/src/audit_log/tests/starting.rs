//! A start after a good end reads the edge of the tree, however long the log is.

use super::*;
use crate::settings::{Flags, Settings};
use async_trait::async_trait;
use eventstore::{AppendError, Appended, EventStore, StoreError, Subscription};
use eventstore_schema::RecordedEvent;
use futures::StreamExt as _;
use std::sync::atomic::{AtomicUsize, Ordering};

const EVENTS: usize = 100_000;
/// Events appended at once.
const TOGETHER: usize = 1_000;

/// A log that counts how many events were read of it.
struct Counted {
    log: Arc<dyn EventStore>,
    events: Arc<AtomicUsize>,
}

impl Counted {
    fn count(&self, read: Result<Vec<RecordedEvent>, StoreError>) -> Read {
        let events = read.iter().flatten().count();
        self.events.fetch_add(events, Ordering::SeqCst);
        read
    }
}

type Read = Result<Vec<RecordedEvent>, StoreError>;

#[async_trait]
impl EventStore for Counted {
    async fn append(
        &self,
        stream: &StreamName,
        expected: ExpectedRevision,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.log.append(stream, expected, events).await
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        from: u64,
        direction: Direction,
        limit: usize,
    ) -> Read {
        self.count(self.log.read_stream(stream, from, direction, limit).await)
    }

    async fn read_all(&self, from: Position, direction: Direction, limit: usize) -> Read {
        self.count(self.log.read_all(from, direction, limit).await)
    }

    async fn head(&self) -> Result<Position, StoreError> {
        self.log.head().await
    }

    fn subscribe(&self, after: Position) -> Subscription {
        let events = self.events.clone();
        let counted = self.log.subscribe(after).inspect(move |_| {
            events.fetch_add(1, Ordering::SeqCst);
        });
        counted.boxed()
    }
}

async fn append(log: &dyn EventStore, from: usize, count: usize) {
    let event = |number: usize| NewEvent {
        id: EventId(Uuid::from_u128(number as u128 + 1)),
        event_type: "Something".into(),
        metadata: "{}".into(),
        data: "{}".into(),
    };
    let stream = StreamName::named(format!("user-{}", from / TOGETHER));
    let events = (from..from + count).map(event).collect();
    let appended = log.append(&stream, ExpectedRevision::Any, events).await;
    appended.unwrap();
}

#[tokio::test]
async fn a_start_after_a_good_end_does_not_read_the_log() {
    let log = Installation::new();
    let outside = TempDir::new().unwrap();
    for from in (0..EVENTS).step_by(TOGETHER) {
        append(&*log.source.store, from, TOGETHER).await;
    }
    let settings = Settings::resolve(Flags {
        data: Some(log.folder.path().to_owned()),
        anchor: Some(outside.path().join("anchor")),
        ..Flags::default()
    })
    .unwrap();
    let stop = CancellationToken::new();
    let events = Arc::new(AtomicUsize::new(0));
    let source = Source {
        store: Arc::new(Counted {
            log: log.source.store.clone(),
            events: events.clone(),
        }),
        keyring: log.source.keyring.clone(),
    };
    let start = async || {
        events.store(0, Ordering::SeqCst);
        let mut keepers = Keepers::of(&settings).unwrap();
        let files = log.files();
        keepers
            .refuse_what_was_put_back(&source, &files)
            .await
            .unwrap();
        let mut opened = AuditLog::open(source.clone(), files).await.unwrap();
        let published = opened.catch_up(&mut keepers, &stop).await.unwrap();
        (published, events.load(Ordering::SeqCst))
    };
    assert_eq!(start().await, (true, EVENTS), "the first builds all of it");
    let (published, read) = start().await;
    assert!(!published && read < 10, "{read} events were read");
    append(&*log.source.store, EVENTS, 3).await;
    let (published, read) = start().await;
    assert!(published && read < 20, "{read} events were read");
    assert!(outside.path().join("anchor").exists());

    // Where a tile is lost, the log is read once, to make it again.
    fs::remove_file(log.files().folder().join("tile/0/000")).unwrap();
    let (_, read) = start().await;
    assert!(read > EVENTS, "{read} events were read");
}
