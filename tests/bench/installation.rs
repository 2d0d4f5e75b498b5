//! A whole installation in this process: log, keys, read models and router, without a socket and
//! without the reactions, which would write each invitation to the outbox.

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    http::{Request, StatusCode, header},
};
use chrono::{DateTime, TimeDelta, Utc};
use eventstore::{
    EventStore,
    embedded::{DataDir, EmbeddedStore},
    keyring::{Keyring, MasterKey},
};
use eventstore_schema::{OrganizationId, UserId};
use harness::{DEADLINE, Person, SETUP_TOKEN};
use pawl::{
    application::{Limits, Parts, PasswordHasher, PasswordParameters, Pawl},
    audit_log::{AUDIT_LOG_FOLDER, TileFiles},
    clock::{Clock as _, ManualClock},
    http, telemetry,
};
use projections::{Home, Projections};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// No page hashes a password; the sign-in before them need not take long.
const CHEAP: PasswordParameters = PasswordParameters {
    memory_kib: 8,
    passes: 1,
};
/// How long the read models may take for a large log.
const PATIENCE: Duration = Duration::from_mins(30);

/// An installation with one organization, of which Ada is the administrator.
pub(crate) struct Installation {
    pub(crate) pawl: Pawl,
    pub(crate) keyring: Keyring,
    pub(crate) organization: OrganizationId,
    pub(crate) ada: UserId,
    router: Router,
    clock: Arc<ManualClock>,
    cookie: String,
    _lock: DataDir,
    _folder: TempDir,
}

impl Installation {
    /// Sets one up.
    pub(crate) async fn begin() -> Self {
        let folder = TempDir::new().unwrap();
        let lock = DataDir::lock(folder.path()).unwrap();
        let file = |name: &str| folder.path().join(name);
        let store: Arc<dyn EventStore> = Arc::new(EmbeddedStore::open(&lock).unwrap());
        let master = MasterKey::load_or_create(&file("master.key"), true).unwrap();
        let keyring = Keyring::open(&file("keyring.db"), &master).unwrap();
        let begin = DateTime::from_timestamp(1_800_000_015, 0).unwrap();
        let clock = Arc::new(ManualClock::at(begin));
        let projections = Projections::open(&Home::Sqlite(file("projections.db"))).unwrap();
        let pawl = Pawl::new(Parts {
            readers: projections.readers().unwrap(),
            projections: projections.start(store.clone()),
            store,
            keyring: keyring.clone(),
            outbox: file("outbox"),
            audit_log: TileFiles::new(file(AUDIT_LOG_FOLDER)),
            clock: clock.clone(),
            passwords: PasswordHasher::new(CHEAP).unwrap(),
            set_up_token: Some(SETUP_TOKEN.into()),
            public_url: "http://localhost/".parse().unwrap(),
            limits: Limits::default(),
            read_patience: DEADLINE,
            stopping: CancellationToken::new(),
        });
        let metrics = telemetry::init_metrics().unwrap();
        let mut installation = Self {
            router: http::router(pawl.clone(), metrics, DEADLINE, &[]),
            pawl,
            keyring,
            organization: OrganizationId(uuid::Uuid::nil()),
            ada: UserId(uuid::Uuid::nil()),
            clock,
            cookie: String::new(),
            _lock: lock,
            _folder: folder,
        };
        installation.set_up().await;
        installation
    }

    async fn set_up(&mut self) {
        let ada = Person::named("ada");
        let body = json!({
            "token": SETUP_TOKEN, "organization": "Acme",
            "email": ada.email, "name": ada.name, "password": ada.password,
        });
        let done = self.post("/v1/setup", &body).await;
        let id = |field: &str| done[field].as_str().unwrap().parse().unwrap();
        self.organization = OrganizationId(id("organization_id"));
        self.ada = UserId(id("user_id"));
    }

    /// Now, by its clock.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Lets so much time go by, and the read models take in what was written meanwhile; then Ada
    /// signs in.
    pub(crate) async fn go_on_after(&mut self, time: TimeDelta) {
        self.clock.advance(time);
        let head = self.pawl.store().head().await.unwrap();
        let projections = self.pawl.projections();
        projections.wait_for(head, PATIENCE).await.unwrap();
        let ada = Person::named("ada");
        let body = json!({ "email": ada.email, "password": ada.password });
        let step = self.post("/v1/sign-in", &body).await;
        let token = step["session_token"].as_str().unwrap();
        self.cookie = format!("__Host-pawl-session={token}");
    }

    /// A page as Ada's browser gets it, or one of somebody who is not signed in.
    pub(crate) async fn page(&self, path: &str, signed_in: bool) -> Bytes {
        let mut request = Request::get(path);
        if signed_in {
            request = request.header(header::COOKIE, &self.cookie);
        }
        let request = request.body(Body::empty()).unwrap();
        let (status, body) = self.answer(request).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        body
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.to_string().into())
            .unwrap();
        let (status, body) = self.answer(request).await;
        assert!(status.is_success(), "{path}: {status}");
        serde_json::from_slice(&body).unwrap()
    }

    async fn answer(&self, request: Request<Body>) -> (StatusCode, Bytes) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        (
            status,
            to_bytes(response.into_body(), usize::MAX).await.unwrap(),
        )
    }
}
