//! A server in this process, whose clock stands still until the test sets it.

use crate::{
    Client, DEADLINE, Mailbox, Person,
    elsewhere::{Elsewhere, over_the_wire},
};
use chrono::{DateTime, TimeDelta, Utc};
use eventstore::{
    EventStore,
    keyring::{Keyring, KeyringError, MasterKey},
};
use eventstore_schema::KeyName;
use kurrentdb_server::Gate;
use pawl::{
    application::{Limits, Parts, PasswordHasher, PasswordParameters, Pawl},
    clock::{Clock as _, ManualClock},
    http,
    outside::Development,
    server::Server,
    settings::{Flags, Settings},
    storage, telemetry,
};
use projections::{Home, Projections};
use serde_json::{Value, json};
use std::{net::SocketAddr, path::Path, sync::Arc};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// The token of the first start's link.
pub const SETUP_TOKEN: &str = "the token of the first link";

/// As cheap as argon2 can be: its cost is not what these tests are about.
const CHEAP: PasswordParameters = PasswordParameters {
    memory_kib: 8,
    passes: 1,
};

/// What a test changes in the settings.
type Change = Arc<dyn Fn(&mut Flags) + Send + Sync>;

/// A running server with a data directory of its own.
pub struct TestServer {
    /// Talks to it, without a session.
    pub client: Client,
    /// Its clock.
    pub clock: Arc<ManualClock>,
    change: Change,
    limits: Limits,
    directory: Arc<TempDir>,
    pawl: Pawl,
    elsewhere: Option<Elsewhere>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl TestServer {
    /// A fresh one.
    pub async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    /// A fresh one with settings of its own.
    pub async fn start_with(change: impl Fn(&mut Flags) + Send + Sync + 'static) -> Self {
        let begin = DateTime::from_timestamp(1_800_000_015, 0).unwrap();
        let directory = Arc::new(TempDir::new().unwrap());
        Self::start_in(
            directory,
            Arc::new(ManualClock::at(begin)),
            Arc::new(change),
        )
        .await
    }

    async fn start_in(directory: Arc<TempDir>, clock: Arc<ManualClock>, change: Change) -> Self {
        let elsewhere = if over_the_wire() {
            Some(Elsewhere::within(directory.path()).await)
        } else {
            None
        };
        let mut flags = Flags {
            data: Some(directory.path().to_owned()),
            listen: Some("127.0.0.1:0".parse().unwrap()),
            argon2_memory_kib: Some(CHEAP.memory_kib),
            argon2_passes: Some(CHEAP.passes),
            setup_token: Some(SETUP_TOKEN.into()),
            store: elsewhere.as_ref().map(|log| log.connection.as_str().into()),
            ..Flags::default()
        };
        change(&mut flags);
        let settings = Settings::resolve(flags).unwrap();
        let server = Server::start(&settings, clock.clone()).await.unwrap();
        let client = Client::of(format!("http://{}", server.address()));
        let pawl = server.pawl().clone();
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(async move {
            let shutdown = async move {
                let _ = stopped.await;
            };
            server.serve(shutdown).await.unwrap();
        });
        Self {
            client,
            clock,
            change,
            limits: settings.limits,
            directory,
            pawl,
            elsewhere,
            stop,
            serving,
        }
    }

    /// The application, for what cannot be timed over HTTP.
    #[must_use]
    pub fn pawl(&self) -> &Pawl {
        &self.pawl
    }

    /// The log, to look at.
    #[must_use]
    pub fn log(&self) -> &dyn EventStore {
        &**self.pawl.store()
    }

    /// Another node on the same log, with states and read models of its own. It lives as long as
    /// the test.
    pub async fn another_node(&self, way: Way) -> Client {
        let store = match way {
            Way::Memory => self.pawl.store().clone(),
            Way::Wire => self.over_the_wire().await,
        };
        let file = |name: &str| self.data().join(name);
        let master = MasterKey::load_or_create(&file("master.key"), false).unwrap();
        let projections = Projections::open(&Home::Sqlite(file("another-node.db"))).unwrap();
        let node = Pawl::new(Parts {
            store: store.clone(),
            keyring: Keyring::open(&file("keyring.db"), &master).unwrap(),
            readers: projections.readers().unwrap(),
            projections: projections.start(store),
            outbox: file("outbox"),
            audit_log: self.pawl.audit_log().clone(),
            clock: self.clock.clone(),
            passwords: PasswordHasher::new(CHEAP).unwrap(),
            set_up_token: None,
            public_url: "http://localhost/".parse().unwrap(),
            limits: self.limits,
            read_patience: DEADLINE,
            stopping: CancellationToken::new(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = Client::of(format!("http://{}", listener.local_addr().unwrap()));
        let metrics = telemetry::init_metrics().unwrap();
        let router = http::router(node, metrics, DEADLINE, &[])
            .into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        client
    }

    /// The keys, to look at.
    #[must_use]
    pub fn keyring(&self) -> Keyring {
        let file = |name: &str| self.data().join(name);
        let master = MasterKey::load_or_create(&file("master.key"), false).unwrap();
        Keyring::open(&file("keyring.db"), &master).unwrap()
    }

    /// Waits until this key is destroyed.
    pub async fn key_is_destroyed(&self, name: &KeyName) {
        let keyring = self.keyring();
        crate::eventually("the key is destroyed", async || {
            match keyring.seal(name, "field", b"") {
                Ok(_) => None,
                Err(KeyringError::Destroyed { .. }) => Some(()),
                Err(error) => panic!("{error}"),
            }
        })
        .await;
    }

    /// Destroys this key, as if its owner were erased.
    pub async fn destroy_key(&self, name: &KeyName) {
        let file = |name: &str| self.data().join(name);
        let master = MasterKey::load_or_create(&file("master.key"), false).unwrap();
        let keyring = Keyring::open(&file("keyring.db"), &master).unwrap();
        keyring.destroy(std::slice::from_ref(name)).await.unwrap();
    }

    /// The log by way of KurrentDB's protocol.
    async fn over_the_wire(&self) -> Arc<dyn EventStore> {
        let address = self.open_to_clients(|_| Arc::new(Development)).await;
        let connection = format!("kurrentdb://{address}?tls=false");
        Arc::new(storage::connect(&connection).await.unwrap())
    }

    /// Opens the log to KurrentDB's clients, as long as the test lives; where.
    pub async fn open_to_clients(&self, gate: impl FnOnce(Pawl) -> Arc<dyn Gate>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (store, gate) = (self.pawl.store().clone(), gate(self.pawl.clone()));
        let stop = CancellationToken::new();
        tokio::spawn(kurrentdb_server::serve(listener, store, gate, stop));
        address
    }

    /// Stops in good order, lets `meanwhile` happen to the data directory, and starts again.
    pub async fn restart_after(self, meanwhile: impl FnOnce(&Path)) -> Self {
        let (directory, clock) = (self.directory.clone(), self.clock.clone());
        let change = self.change.clone();
        self.stop().await;
        meanwhile(directory.path());
        Self::start_in(directory, clock, change).await
    }

    /// Stops in good order, and starts again with these settings.
    pub async fn restart_with(mut self, change: fn(&mut Flags)) -> Self {
        self.change = Arc::new(change);
        self.restart_after(|_| ()).await
    }

    /// Stops in good order.
    pub async fn stop(self) {
        drop(self.pawl);
        self.stop.send(()).unwrap();
        self.serving.await.unwrap();
        if let Some(log) = self.elsewhere {
            log.stop().await;
        }
    }

    /// The data directory.
    #[must_use]
    pub fn data(&self) -> &Path {
        self.directory.path()
    }

    /// The mail that it wrote.
    #[must_use]
    pub fn mailbox(&self) -> Mailbox {
        Mailbox::of(self.data())
    }

    /// Now, by its clock.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Sets its clock forward by so many steps of 30 seconds.
    pub fn wait_steps(&self, steps: i32) {
        self.clock.advance(TimeDelta::seconds(30) * steps);
    }

    /// A fresh server with the organization Acme and its administrator Ada, who has no phone yet.
    pub async fn with_acme() -> (Self, Acme) {
        Self::with_acme_and(|_| ()).await
    }

    /// The same with settings of its own.
    pub async fn with_acme_and(
        change: impl Fn(&mut Flags) + Send + Sync + 'static,
    ) -> (Self, Acme) {
        let server = Self::start_with(change).await;
        let first = Person::named("ada");
        let body = json!({
            "token": SETUP_TOKEN,
            "organization": "Acme",
            "email": first.email,
            "name": first.name,
            "password": first.password,
        });
        let done = server.client.post("/v1/setup", body).await.expect(201);
        let ada = server.client.with(text(&done, "session_token"));
        let id = text(&done, "organization_id").to_owned();
        (server, Acme { id, ada })
    }

    /// The token in the link of an invitation.
    pub async fn invite(&self, by: &Client, organization: &str, who: &str, role: &str) -> String {
        let person = Person::named(who);
        let body = json!({ "email": person.email, "name": person.name, "role": role });
        let path = format!("/v1/organizations/{organization}/invitations");
        let _ = by.post(&path, body).await.expect(201);
        self.mailbox().token(&person.email, 1).await
    }

    /// The session of somebody who is invited and accepts at once.
    pub async fn join(&self, by: &Client, organization: &str, who: &str, role: &str) -> Client {
        let token = self.invite(by, organization, who, role).await;
        let body = json!({ "token": token, "password": crate::PASSWORD });
        let accepted = self.client.post("/v1/invitations/accept", body).await;
        self.client
            .with(text(&accepted.expect(200), "session_token"))
    }
}

/// How another node reaches the log.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    /// The same log in memory.
    Memory,
    /// KurrentDB's protocol.
    Wire,
}

/// The first organization.
#[derive(Clone)]
pub struct Acme {
    /// Its id.
    pub id: String,
    /// The session of its administrator.
    pub ada: Client,
}

impl Acme {
    /// A path below the organization.
    #[must_use]
    pub fn path(&self, rest: &str) -> String {
        format!("/v1/organizations/{}/{rest}", self.id)
    }

    /// Enforces two-factor authentication.
    pub async fn enforce(&self) -> Value {
        let body = json!({ "confirm": "Enforce 2FA" });
        let path = self.path("two-factor/enforce");
        self.ada.post(&path, body).await.expect(200)
    }

    /// Every event of the organization, save that somebody looked at them.
    pub async fn audit(&self, by: &Client) -> Vec<Value> {
        let mut events = self.whole_audit(by).await;
        events.retain(|event| event["type"] != "AuditRead");
        events
    }

    /// Every event of the organization, this look among them.
    pub async fn whole_audit(&self, by: &Client) -> Vec<Value> {
        let path = self.path("audit?limit=500");
        let page = by.get(&path).await.expect(200);
        assert_eq!(page["next"], Value::Null, "more than one page");
        page["items"].as_array().unwrap().clone()
    }
}

pub(crate) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {value}"))
}
