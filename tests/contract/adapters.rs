//! The logs that are held to the contract.

use crate::log::{Adapter, event};
use async_trait::async_trait;
use eventstore::{
    EventStore, ExpectedRevision, StoreError,
    embedded::{DataDir, EVENT_LIMIT, EmbeddedStore},
    kurrentdb::{self, KurrentDbStore},
};
use eventstore_schema::StreamName;
use harness::Proxy;
use kurrentdb_server::{Access, Credentials, Gate, Refused};
use secrecy::ExposeSecret as _;
use std::{
    io::Write as _,
    net::SocketAddr,
    sync::{Arc, Once},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// The default log, in a directory of its own.
pub(crate) struct Embedded {
    store: EmbeddedStore,
    _directory: TempDir,
}

impl Adapter for Embedded {
    const EVENT_LIMIT: usize = EVENT_LIMIT;
    const KNOWS_ALL_IDS: bool = true;

    async fn open() -> Option<Self> {
        let directory = TempDir::new().unwrap();
        let lock = DataDir::lock(directory.path()).unwrap();
        let store = EmbeddedStore::open(&lock).unwrap();
        Some(Self {
            store,
            _directory: directory,
        })
    }

    fn store(&self) -> Arc<dyn EventStore> {
        Arc::new(self.store.clone())
    }
}

/// The same with a past, and with somebody who goes on writing to it. It keeps the suite honest:
/// a log over the network is shared, and no promise may need one to itself.
pub(crate) struct Shared {
    log: Embedded,
    somebody: JoinHandle<()>,
}

impl Adapter for Shared {
    const EVENT_LIMIT: usize = Embedded::EVENT_LIMIT;
    const KNOWS_ALL_IDS: bool = Embedded::KNOWS_ALL_IDS;

    async fn open() -> Option<Self> {
        let log = Embedded::open().await?;
        let store = log.store();
        let write = async move |stream: &StreamName| {
            let events = (0..3).map(|_| event(r#"{"of":"somebody else"}"#)).collect();
            store.append(stream, ExpectedRevision::Any, events).await
        };
        let name = |number| StreamName::named(format!("somebody-{number}"));
        for number in 0..50 {
            write(&name(number % 7)).await.unwrap();
        }
        let somebody = tokio::spawn(async move {
            for number in 0.. {
                if write(&name(number % 7)).await.is_err() {
                    break;
                }
            }
        });
        Some(Self { log, somebody })
    }

    fn store(&self) -> Arc<dyn EventStore> {
        self.log.store()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.somebody.abort();
    }
}

/// The adapter for KurrentDB, over the wire to the default log behind KurrentDB's protocol.
pub(crate) struct Wire {
    log: Embedded,
    store: KurrentDbStore,
    proxy: Proxy,
    server: Server,
}

/// What answers behind the proxy.
struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Wire {
    /// User and password, as they stand in the connection string.
    pub(crate) const USER: &str = "pawl:s3cret%2F%40";

    pub(crate) async fn with_deadline(deadline: Duration) -> Self {
        let log = Embedded::open().await.unwrap();
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let server = Server::start(any_port, log.store()).await;
        let proxy = Proxy::before(server.address).await;
        let store = connect(proxy.address(), Self::USER, deadline).await;
        let store = store.unwrap();
        Self {
            log,
            store,
            proxy,
            server,
        }
    }

    /// The network between.
    pub(crate) fn proxy(&self) -> &Proxy {
        &self.proxy
    }

    /// The log behind the server.
    pub(crate) fn behind(&self) -> Arc<dyn EventStore> {
        self.log.store()
    }

    /// Another connection.
    pub(crate) async fn connect_as(
        &self,
        user: &str,
        deadline: Duration,
    ) -> Result<KurrentDbStore, StoreError> {
        connect(self.proxy.address(), user, deadline).await
    }

    pub(crate) async fn stop_server(&mut self) {
        self.server.stop.cancel();
        // It may wait for its subscribers to leave, and they for it to say so.
        self.proxy.cut();
        let _ = (&mut self.server.task).await;
    }

    pub(crate) async fn start_server(&mut self) {
        self.server = Server::start(self.server.address, self.log.store()).await;
    }
}

async fn connect(
    address: SocketAddr,
    user: &str,
    deadline: Duration,
) -> Result<KurrentDbStore, StoreError> {
    let text = format!("kurrentdb://{user}@{address}?tls=false");
    try_connect(&text, deadline).await
}

/// Connects with the prefixes of the tests.
pub(crate) async fn try_connect(
    connection: &str,
    deadline: Duration,
) -> Result<KurrentDbStore, StoreError> {
    KurrentDbStore::connect(connection, options(deadline)).await
}

fn options(deadline: Duration) -> kurrentdb::Options {
    kurrentdb::Options {
        prefixes: ["contract-", "somebody-"].map(str::to_owned).into(),
        deadline,
    }
}

impl Server {
    async fn start(address: SocketAddr, store: Arc<dyn EventStore>) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let served = kurrentdb_server::serve(listener, store, Arc::new(Door), stop.clone());
        Self {
            address,
            stop,
            task: tokio::spawn(async move { served.await.unwrap() }),
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.server.stop.cancel();
        self.server.task.abort();
    }
}

/// Lets the one user in.
struct Door;

#[async_trait]
impl Gate for Door {
    async fn admit(&self, credentials: Option<Credentials>) -> Result<Access, Refused> {
        let credentials = credentials.ok_or(Refused::Unauthenticated)?;
        if credentials.user == "pawl" && credentials.password.expose_secret() == "s3cret/@" {
            Ok(Access::Everything { may_append: true })
        } else {
            Err(Refused::Unauthenticated)
        }
    }
}

impl Adapter for Wire {
    const EVENT_LIMIT: usize = kurrentdb::EVENT_LIMIT;
    const KNOWS_ALL_IDS: bool = false;

    async fn open() -> Option<Self> {
        Some(Self::with_deadline(Duration::from_secs(10)).await)
    }

    fn store(&self) -> Arc<dyn EventStore> {
        Arc::new(self.store.clone())
    }
}

/// Names a server to test on, as a connection string.
const SERVER: &str = "PAWL_TEST_KURRENTDB";

/// The adapter for KurrentDB, on a real server.
pub(crate) struct RealServer(KurrentDbStore);

impl Adapter for RealServer {
    const EVENT_LIMIT: usize = kurrentdb::EVENT_LIMIT;
    const KNOWS_ALL_IDS: bool = false;

    async fn open() -> Option<Self> {
        static SAID: Once = Once::new();
        let Ok(server) = std::env::var(SERVER) else {
            // Past the test harness, which swallows what is printed.
            SAID.call_once(|| {
                let sentence = format!("no real KurrentDB was tested: {SERVER} is not set\n");
                let _ = std::io::stderr().write_all(sentence.as_bytes());
            });
            return None;
        };
        let options = options(Duration::from_secs(10));
        let store = KurrentDbStore::connect(&server, options).await;
        Some(Self(store.unwrap()))
    }

    fn store(&self) -> Arc<dyn EventStore> {
        Arc::new(self.0.clone())
    }
}
