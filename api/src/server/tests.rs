//! What a start reads of the log does not grow with the log.

use super::*;
use crate::{clock::SystemClock, settings::Flags};
use async_trait::async_trait;
use eventstore::{AppendError, Appended, Direction, ExpectedRevision, StoreError, Subscription};
use eventstore_schema::{
    Actor, CommandId, EventId, Metadata, NewEvent, OrganizationId, Position, RecordedEvent,
    StreamName,
};
use futures::StreamExt as _;
use std::{
    future::pending,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use uuid::Uuid;

/// Events that the log grows by.
const EVENTS: u64 = 2_500;
/// Who follows the log: the read models, the audit log, and three reactions.
const FOLLOWERS: usize = 5;
/// Events after which a reaction notes how far it has come, whatever happens to the server.
const NOTED_EVERY: u64 = 1_000;
/// Reads that a start needs to find its places again.
const LITTLE: u64 = 20;

type Read = Result<Vec<RecordedEvent>, StoreError>;

/// A log that counts what is read of it.
struct Counted {
    log: Arc<dyn EventStore>,
    events: Arc<AtomicU64>,
    /// How far each subscription has come.
    followers: Mutex<Vec<Arc<AtomicU64>>>,
}

impl Counted {
    fn count(&self, read: Read) -> Read {
        let events = read.as_ref().map_or(0, Vec::len) as u64;
        self.events.fetch_add(events, Ordering::SeqCst);
        read
    }

    /// Waits until everybody follows the log and has seen its last event.
    async fn settled(&self) {
        let head = self.log.head().await.unwrap();
        let settled = || {
            let followers = self.followers.lock().unwrap();
            let mut seen = followers.iter().map(|seen| seen.load(Ordering::SeqCst));
            followers.len() >= FOLLOWERS && seen.all(|seen| seen == head.0)
        };
        let settling = async {
            while !settled() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), settling)
            .await
            .expect("everybody has seen everything");
    }
}

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
        let (events, seen) = (self.events.clone(), Arc::new(AtomicU64::new(after.0)));
        self.followers.lock().unwrap().push(seen.clone());
        let counted = self.log.subscribe(after).inspect(move |event| {
            events.fetch_add(1, Ordering::SeqCst);
            if let Ok(event) = event {
                seen.store(event.position.0, Ordering::SeqCst);
            }
        });
        counted.boxed()
    }
}

/// How a server ends.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Good,
    /// Nothing is told of it.
    CutOff,
}

/// Lets the log grow, then starts a server on it and ends it again as soon as everybody has seen
/// everything. How many events were read.
fn start_after(more: u64, settings: &Settings, end: End) -> u64 {
    let runtime = Runtime::new().unwrap();
    let read = runtime.block_on(async {
        let directory = DataDir::lock(&settings.data).unwrap();
        let (log, keyring) = storage::open(settings, &directory).await.unwrap();
        if log.head().await.unwrap() == Position::START {
            let claimed = vec![happened("SetUpClaimed")];
            append(&*log, &StreamName::installation(), claimed).await;
            let registered = vec![happened("UserRegistered")];
            append(&*log, &administrator(), registered).await;
        }
        for _ in 0..more / 500 {
            for (stream, event_type) in [
                (StreamName::audit(organization()), "AuditRead"),
                (administrator(), "OtpSetUpLinkFollowed"),
            ] {
                let events = (0..250).map(|_| happened(event_type)).collect();
                append(&*log, &stream, events).await;
            }
        }
        let counted = Arc::new(Counted {
            log,
            events: Arc::default(),
            followers: Mutex::default(),
        });
        let clock = Arc::new(SystemClock);
        let server = Server::on(counted.clone(), keyring, directory, settings, clock).await;
        let server = server.unwrap();
        assert_eq!(server.set_up_link().await.unwrap(), None);
        if end == End::Good {
            server.serve(counted.settled()).await.unwrap();
        } else {
            tokio::select! {
                ended = server.serve(pending()) => panic!("it ended by itself: {ended:?}"),
                () = counted.settled() => {}
            }
        }
        counted.events.load(Ordering::SeqCst)
    });
    runtime.shutdown_timeout(Duration::from_mins(1));
    read
}

async fn append(log: &dyn EventStore, stream: &StreamName, events: Vec<NewEvent>) {
    let appended = log.append(stream, ExpectedRevision::Any, events).await;
    appended.unwrap();
}

fn organization() -> OrganizationId {
    OrganizationId(Uuid::from_u128(7))
}

/// The stream of whom the sample of `SetUpClaimed` names.
fn administrator() -> StreamName {
    let claimed: serde_json::Value = serde_json::from_str(&sample("SetUpClaimed")).unwrap();
    StreamName::named(format!("user-{}", claimed["user_id"].as_str().unwrap()))
}

fn sample(event_type: &str) -> String {
    let published = Path::new("../eventstore-schema/published");
    let file = published.join(format!("{event_type}.v1.sample.json"));
    std::fs::read_to_string(file).unwrap()
}

fn happened(event_type: &str) -> NewEvent {
    let command = Uuid::now_v7();
    let metadata = Metadata {
        version: 1,
        recorded_at: "2026-11-26T12:00:00Z".parse().unwrap(),
        actor: Actor::Operator,
        command_id: CommandId(command),
        command_digest: None,
        organization_id: Some(organization()),
        correlation_id: command,
        causation_id: command,
    };
    NewEvent {
        id: EventId(Uuid::now_v7()),
        event_type: event_type.into(),
        metadata: metadata.encode().unwrap(),
        data: sample(event_type),
    }
}

fn settings(data: &Path, outside: &Path) -> Settings {
    Settings::resolve(Flags {
        data: Some(data.to_owned()),
        listen: Some("127.0.0.1:0".parse().unwrap()),
        argon2_memory_kib: Some(8),
        argon2_passes: Some(1),
        anchor: Some(outside.join("anchor")),
        ..Flags::default()
    })
    .unwrap()
}

#[test]
fn a_start_reads_no_more_of_a_longer_log() {
    let [data, outside] = std::array::from_fn(|_| TempDir::new().unwrap());
    let settings = settings(data.path(), outside.path());
    for _ in 0..2 {
        let read = start_after(EVENTS, &settings, End::Good);
        assert!(read > EVENTS, "what is new is read: {read}");
        let read = start_after(0, &settings, End::Good);
        assert!(read <= LITTLE, "{read} events were read");
    }
}

#[test]
fn a_start_after_a_kill_reads_what_was_not_noted() {
    let [data, outside] = std::array::from_fn(|_| TempDir::new().unwrap());
    let settings = settings(data.path(), outside.path());
    start_after(500, &settings, End::Good);
    start_after(EVENTS, &settings, End::CutOff);
    let read = start_after(0, &settings, End::Good);
    // Each of the reactions, and what makes sure of the keyring before them.
    let limit = 4 * NOTED_EVERY + LITTLE;
    assert!(read <= limit, "{read} events were read");
}
