//! Somebody who appends at the worst moments: whenever the server has just been told where the log
//! ends. Chance would hardly ever find the gap that this finds every time.

use crate::server::{Server, append, events, soon};
use async_trait::async_trait;
use eventstore::{
    AppendError, Appended, Direction, EventStore, ExpectedRevision, StoreError, Subscription,
    embedded::EmbeddedStore,
};
use eventstore_schema::{EventId, NewEvent, Position, RecordedEvent, StreamName};
use kurrentdb::{
    StreamPosition, StreamState, SubscribeToAllOptions, SubscribeToStreamOptions, SubscriptionEvent,
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use uuid::Uuid;

const STREAM: &str = "s-1";

struct Meddling {
    store: EmbeddedStore,
    /// How often yet after an empty page, and after a question for the head.
    pages: AtomicUsize,
    heads: AtomicUsize,
}

impl Meddling {
    /// Appends an event, as often as is left.
    async fn meddle(&self, left: &AtomicUsize) {
        let take = |left: usize| left.checked_sub(1);
        let taken = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take);
        if taken.is_ok() {
            let event = NewEvent {
                id: EventId(Uuid::now_v7()),
                event_type: "Meddled".into(),
                metadata: String::new(),
                data: "{}".into(),
            };
            let stream = StreamName::named(STREAM);
            let append = self
                .store
                .append(&stream, ExpectedRevision::Any, vec![event]);
            append.await.unwrap();
        }
    }
}

#[async_trait]
impl EventStore for Meddling {
    async fn append(
        &self,
        stream: &StreamName,
        expected: ExpectedRevision,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.store.append(stream, expected, events).await
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        from: u64,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let page = self.store.read_stream(stream, from, direction, limit);
        let page = page.await?;
        if page.is_empty() {
            self.meddle(&self.pages).await;
        }
        Ok(page)
    }

    async fn read_all(
        &self,
        from: Position,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let page = self.store.read_all(from, direction, limit).await?;
        if page.is_empty() {
            self.meddle(&self.pages).await;
        }
        Ok(page)
    }

    async fn head(&self) -> Result<Position, StoreError> {
        let head = self.store.head().await?;
        self.meddle(&self.heads).await;
        Ok(head)
    }

    fn subscribe(&self, after: Position) -> Subscription {
        self.store.subscribe(after)
    }
}

async fn meddled() -> Server {
    let server = Server::start_on(|store| {
        let [pages, heads] = [3, 3].map(AtomicUsize::new);
        Arc::new(Meddling {
            store,
            pages,
            heads,
        })
    });
    let server = server.await;
    server.append(STREAM, "Done", 3).await;
    server
}

/// Where the events stand that the subscription shows, up to one that is appended once it is live.
async fn places(server: &Server, mut subscription: kurrentdb::Subscription) -> Vec<u64> {
    let client = server.client();
    let mut places = Vec::new();
    loop {
        match soon(subscription.next_subscription_event()).await.unwrap() {
            SubscriptionEvent::EventAppeared(event) => {
                let event = event.event.unwrap();
                places.push(event.revision);
                if event.event_type == "Last" {
                    return places;
                }
            }
            SubscriptionEvent::CaughtUp(_) => {
                let last = append(&client, STREAM, StreamState::Any, events("Last", 1));
                last.await.unwrap();
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_stream_subscription_misses_nothing_between_there_and_live() {
    let server = meddled().await;
    let client = server.client();
    let options = SubscribeToStreamOptions::default().start_from(StreamPosition::Start);
    let subscription = client.subscribe_to_stream(STREAM, &options).await;
    let places = places(&server, subscription).await;
    assert!(places.len() > 4, "nobody meddled");
    assert!(
        places.iter().copied().eq(0..places.len() as u64),
        "{places:?}"
    );
}

#[tokio::test]
async fn a_subscription_to_the_log_misses_nothing_between_there_and_live() {
    let server = meddled().await;
    let client = server.client();
    let options = SubscribeToAllOptions::default().position(StreamPosition::Start);
    let subscription = client.subscribe_to_all(&options).await;
    let places = places(&server, subscription).await;
    assert!(places.len() > 4, "nobody meddled");
    assert!(
        places.iter().copied().eq(0..places.len() as u64),
        "{places:?}"
    );
}
