//! A server on a fresh log, and what the tests say to it.

use async_trait::async_trait;
use eventstore::{
    EventStore, ExpectedRevision,
    embedded::{DataDir, EmbeddedStore},
};
use eventstore_schema::{EventId, NewEvent, RecordedEvent as Stored, StreamName};
use kurrentdb::{
    AppendToStreamOptions, BatchAppendClient, BatchAppendOptions, Client, Error, EventData,
    ReadAllOptions, ReadStream, ReadStreamOptions, RecordedEvent, StreamState, WriteResult,
};
use kurrentdb_server::{Access, Credentials, Gate, Refused, ServeError, View, serve};
use secrecy::ExposeSecret as _;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long anything may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) store: EmbeddedStore,
    pub(crate) reader: Arc<Ours>,
    stop: CancellationToken,
    serving: JoinHandle<Result<(), ServeError>>,
    _directory: TempDir,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_on(|store| Arc::new(store)).await
    }

    /// Starts on what is made of a fresh log.
    pub(crate) async fn start_on(
        made_of: impl FnOnce(EmbeddedStore) -> Arc<dyn EventStore>,
    ) -> Self {
        let directory = TempDir::new().unwrap();
        let lock = DataDir::lock(directory.path()).unwrap();
        let store = EmbeddedStore::open(&lock).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let reader = Arc::new(Ours(AtomicBool::new(true)));
        let gate = Arc::new(Door(reader.clone()));
        let serving = serve(listener, made_of(store.clone()), gate, stop.clone());
        let serving = tokio::spawn(serving);
        Self {
            address,
            store,
            reader,
            stop,
            serving,
            _directory: directory,
        }
    }

    /// A client with every right.
    pub(crate) fn client(&self) -> Client {
        self.client_of("admin:changeit@")
    }

    /// A client with these credentials.
    pub(crate) fn client_of(&self, credentials: &str) -> Client {
        connect(&format!(
            "kurrentdb://{credentials}{}?tls=false",
            self.address
        ))
    }

    /// Tells the server to stop.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    /// Waits until it has.
    pub(crate) async fn stopped(self) {
        soon(self.serving).await.unwrap().unwrap();
    }

    /// Appends past the server, as Pawl itself does.
    pub(crate) async fn append(&self, stream: &str, event_type: &str, count: usize) {
        let events = (0..count).map(|number| NewEvent {
            id: EventId(Uuid::now_v7()),
            event_type: event_type.to_owned(),
            metadata: String::new(),
            data: format!("{{\"number\":{number}}}"),
        });
        let (stream, events) = (StreamName::named(stream), events.collect());
        let appended = self.store.append(&stream, ExpectedRevision::Any, events);
        appended.await.unwrap();
    }
}

pub(crate) fn connect(connection: &str) -> Client {
    Client::new(connection.parse().unwrap()).unwrap()
}

/// Lets in `admin` with every right, `node` to read, `reader` to see what is its own, and knows
/// `nobody` but does not let them in.
struct Door(Arc<Ours>);

#[async_trait]
impl Gate for Door {
    async fn admit(&self, credentials: Option<Credentials>) -> Result<Access, Refused> {
        let credentials = credentials.ok_or(Refused::Unauthenticated)?;
        if credentials.password.expose_secret() != "changeit" {
            return Err(Refused::Unauthenticated);
        }
        match credentials.user.as_str() {
            "admin" => Ok(Access::Everything { may_append: true }),
            "node" => Ok(Access::Everything { may_append: false }),
            "reader" => Ok(Access::Reader(self.0.clone())),
            _ => Err(Refused::Forbidden),
        }
    }
}

/// Sees the streams that begin with `ours`, with their content opened, while it holds.
pub(crate) struct Ours(AtomicBool);

impl Ours {
    pub(crate) fn withdraw(&self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

#[async_trait]
impl View for Ours {
    fn show(&self, mut event: Stored) -> Option<Stored> {
        event.data = event.data.replace("number", "opened");
        event.stream.as_str().starts_with("ours").then_some(event)
    }

    async fn holds(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// What the future answers, if it does so while the test has patience.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    let answer = timeout(PATIENCE, future).await;
    answer.expect("no answer within the test's patience")
}

/// New events of this type.
pub(crate) fn events(event_type: &str, count: usize) -> Vec<EventData> {
    let data = |number| format!("{{\"number\":{number}}}").into();
    (0..count)
        .map(|number| EventData::binary(event_type, data(number)).id(Uuid::now_v7()))
        .collect()
}

/// An append that expects the stream to be so.
pub(crate) fn when(state: StreamState) -> AppendToStreamOptions {
    AppendToStreamOptions::default().stream_state(state)
}

/// Appends events to a stream that is expected to be so.
pub(crate) async fn append(
    client: &Client,
    stream: &str,
    state: StreamState,
    events: Vec<EventData>,
) -> Result<WriteResult, Error> {
    let options = when(state);
    soon(client.append_to_stream(stream, &options, events)).await
}

/// Appends events of one type, whatever the stream holds.
pub(crate) async fn put(client: &Client, stream: &str, event_type: &str, count: usize) {
    let answer = append(client, stream, StreamState::Any, events(event_type, count));
    answer.await.unwrap();
}

/// Begins a call for appends in batches.
pub(crate) async fn batch(client: &Client) -> BatchAppendClient {
    let options = BatchAppendOptions::default();
    soon(client.batch_append(&options)).await.unwrap()
}

/// All that a read of a stream answers.
pub(crate) async fn stream(
    client: &Client,
    name: &str,
    options: ReadStreamOptions,
) -> Result<Vec<RecordedEvent>, Error> {
    read_out(client.read_stream(name, &options)).await
}

/// All that a read of the whole log answers.
pub(crate) async fn log(
    client: &Client,
    options: ReadAllOptions,
) -> Result<Vec<RecordedEvent>, Error> {
    read_out(client.read_all(&options)).await
}

async fn read_out(
    read: impl Future<Output = Result<ReadStream, Error>>,
) -> Result<Vec<RecordedEvent>, Error> {
    soon(async {
        let mut read = read.await?;
        let mut events = Vec::new();
        while let Some(event) = read.next().await? {
            events.push(event.event.unwrap());
        }
        Ok(events)
    })
    .await
}

/// The sentence of a refusal that the client has no error of its own for.
pub(crate) fn sentence<T: std::fmt::Debug>(answer: Result<T, Error>) -> String {
    match answer {
        Err(Error::Grpc { message, .. }) => message,
        other => panic!("{other:?}"),
    }
}
