//! The rows `S2`, `S3` and `S6`, on one server. `S2`: `GET /v1/session` beside a bare route that answers
//! with the same bytes. `S3`: durable commands of 64 clients beside bare group commits of the same
//! bytes, asked for by as many clients of the same kind. `S6`: how long after its answer a command
//! is seen in a read model, beside a bare commit of the log.

use crate::{
    bare::{self, Bytes, Writer},
    figures::{Goal, Row, median, millis, rounded, share},
    load::{Caller, Connection, Request, Sender, call, per_second, rate},
    place::{Citizen, Place, Server},
};
use eventstore::{
    EventStore as _, ExpectedRevision,
    embedded::{DataDir, EmbeddedStore},
};
use eventstore_schema::{EventId, NewEvent, Role, StreamName};
use generator::Plan;
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use uuid::Uuid;

/// Clients of the rows `S2` and `S3`.
const CLIENTS: usize = 64;

/// Commits with which SQLite's log has reached its length.
const WARM_UP: usize = 600;

/// How much is measured.
struct Extent {
    time: Duration,
    runs: usize,
    /// Commands that are looked for in the read model, in each run.
    looks: usize,
}

impl Extent {
    fn of(short: bool) -> Self {
        let (seconds, runs, looks) = if short { (1, 5, 60) } else { (2, 15, 200) };
        Self {
            time: Duration::from_secs(seconds),
            runs,
            looks,
        }
    }
}

/// A served installation with people in it, and what they hold in their hands.
pub(crate) struct Busy {
    pub(crate) place: Place,
    pub(crate) server: Server,
    people: Vec<(Citizen, String)>,
}

impl Busy {
    /// One in which as many people have signed in as there are clients.
    pub(crate) async fn begin() -> Self {
        let plan = Plan::new(400, 20_000, 1).unwrap().organizations(1);
        let place = Place::with(plan).await;
        let citizens = place.citizens().await;
        let server = place.serve();
        server.comes_to_rest().await;
        let mut connection = Connection::open(&server.address).await;
        let mut people = Vec::new();
        for citizen in citizens.into_iter().take(CLIENTS) {
            let token = citizen.sign_in(&mut connection).await;
            people.push((citizen, token));
        }
        assert_eq!(people.len(), CLIENTS);
        Self {
            place,
            server,
            people,
        }
    }

    /// Clients that rename their authenticators: a durable command each, all of them on streams of
    /// their own.
    pub(crate) async fn renaming(&self) -> Vec<Renaming> {
        let mut callers = Vec::new();
        for (citizen, token) in &self.people {
            callers.push(Renaming {
                connection: Connection::open(&self.server.address).await,
                requests: ["one phone", "another phone"].map(|name| renaming(citizen, token, name)),
            });
        }
        callers
    }

    /// The newest event of a renaming, as the log holds it.
    async fn bytes(&self) -> Bytes {
        let mut found = None;
        self.place
            .each(|event| {
                if event.event_type == "OtpDeviceRenamed" {
                    found = Some(Bytes {
                        event_type: event.event_type,
                        metadata: event.metadata,
                        data: event.data,
                    });
                }
            })
            .await;
        found.unwrap()
    }
}

fn renaming(citizen: &Citizen, token: &str, name: &str) -> Request {
    let path = format!("/v1/me/otp-devices/{}", citizen.device);
    Request::new("PATCH", &path)
        .with(token)
        .json(&json!({ "name": name }))
}

/// Somebody who renames their authenticator.
pub(crate) struct Renaming {
    connection: Connection,
    requests: [Request; 2],
}

impl Caller for Renaming {
    async fn call(&mut self) {
        self.connection.take(&self.requests[0]).await;
        self.requests.swap(0, 1);
    }
}

/// Measures those of the rows that are wanted.
pub(crate) async fn measure(short: bool, wanted: impl Fn(&str) -> bool) -> Map<String, Value> {
    let extent = Extent::of(short);
    let busy = Busy::begin().await;
    // So that there is an event whose bytes can be taken.
    let (_, _, renaming) = call(busy.renaming().await, Duration::from_millis(500)).await;
    let bytes = busy.bytes().await;
    let folder = TempDir::new().unwrap();
    let mut rows = Map::new();
    if wanted("S2") {
        rows.insert("S2".to_owned(), sessions(&busy, &extent, &bytes).await);
    }
    if wanted("S3") {
        let row = commands(&busy, renaming, &extent, &bytes, folder.path()).await;
        rows.insert("S3".to_owned(), row);
    }
    if wanted("S6") {
        rows.insert("S6".to_owned(), visible(&busy, &extent, &bytes).await);
    }
    rows
}

async fn sessions(busy: &Busy, extent: &Extent, bytes: &Bytes) -> Value {
    let mut callers = Vec::new();
    let mut body = Vec::new();
    for (_, token) in &busy.people {
        let mut connection = Connection::open(&busy.server.address).await;
        let request = Request::new("GET", "/v1/session").with(token);
        body = connection.take(&request).await.body;
        callers.push(Sender {
            connection,
            request,
        });
    }
    let folder = TempDir::new().unwrap();
    let bare = bare::serve(folder.path(), &body, bytes);
    let mut bare_callers = Vec::new();
    for (_, token) in &busy.people {
        bare_callers.push(Sender {
            connection: Connection::open(&bare.address).await,
            request: Request::new("GET", "/").with(token),
        });
    }
    let mut row = Row::new("GET /v1/session / a bare route", "1/s", Goal::AtLeast(0.7));
    row.note("clients", CLIENTS);
    row.note("bytes", body.len());
    let (mut pawl, mut limit) = (Vec::new(), Vec::new());
    for _ in 0..extent.runs {
        let measured;
        (measured, callers) = rate(&busy.server, callers, extent.time).await;
        pawl.push(measured);
        let measured;
        (measured, bare_callers) = rate(&bare, bare_callers, extent.time).await;
        limit.push(measured);
    }
    row.take(&pawl, &limit);
    row.json()
}

async fn commands(
    busy: &Busy,
    mut renaming: Vec<Renaming>,
    extent: &Extent,
    bytes: &Bytes,
    folder: &std::path::Path,
) -> Value {
    let served = TempDir::new().unwrap();
    let bare = bare::serve(served.path(), b"", bytes);
    let mut senders = Vec::new();
    let mut direct = Vec::new();
    let writer = Writer::start(folder, bytes.clone());
    for _ in 0..CLIENTS {
        senders.push(Sender {
            connection: Connection::open(&bare.address).await,
            request: Request::new("POST", "/").json(&json!({ "name": "one phone" })),
        });
        direct.push(Direct(writer.clone()));
    }
    let mut row = Row::new(
        "durable commands of 64 clients / bare group commits",
        "1/s",
        Goal::AtLeast(0.8),
    );
    let (mut pawl, mut limit, mut without_http) = (Vec::new(), Vec::new(), Vec::new());
    (_, _, senders) = call(senders, extent.time).await;
    (_, _, direct) = call(direct, extent.time).await;
    for _ in 0..extent.runs {
        let measured;
        (measured, renaming) = rate(&busy.server, renaming, extent.time).await;
        pawl.push(measured);
        let measured;
        (measured, senders) = rate(&bare, senders, extent.time).await;
        limit.push(measured);
        let (calls, took);
        (calls, took, direct) = call(direct, extent.time).await;
        without_http.push(per_second(calls, took));
    }
    row.take(&pawl, &limit);
    row.note("bytes", bytes.metadata.len() + bytes.data.len());
    let without = median(&without_http);
    row.note("limit_without_http", rounded(without));
    row.note("ratio_to_that", rounded(median(&row.pawl) / without));
    row.json()
}

/// Somebody who asks the bare writer without a server between.
struct Direct(Writer);

impl Caller for Direct {
    async fn call(&mut self) {
        self.0.append().await;
    }
}

/// The administrator renames their authenticator, and asks for a person of their organization as of
/// then. What is measured runs from the answer to the first to that of the second, and so includes the
/// look itself, which is measured alone, too.
async fn visible(busy: &Busy, extent: &Extent, bytes: &Bytes) -> Value {
    let mut people = busy.people.iter();
    let administrator = people.find(|(citizen, _)| citizen.role == Role::Admin);
    let (citizen, token) = administrator.unwrap();
    let path = format!(
        "/v1/organizations/{}/users/{}",
        citizen.organization, citizen.id
    );
    let look = Request::new("GET", &path).with(token);
    let mut connection = Connection::open(&busy.server.address).await;
    let mut row = Row::new(
        "p99 from answer to visible / median commit",
        "ms",
        Goal::AtMost(5.0),
    );
    let folder = TempDir::new().unwrap();
    let directory = DataDir::lock(folder.path()).unwrap();
    let store = EmbeddedStore::open(&directory).unwrap();
    // Until SQLite has made its log and writes over it again: making it longer takes a file system ten
    // times as long.
    for _ in 0..WARM_UP {
        commit(&store, bytes).await;
    }
    let (mut looks, mut answers, mut halves) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..extent.runs {
        let mut seen = Vec::new();
        for turn in 0..extent.looks {
            let name = if turn % 2 == 0 {
                "one phone"
            } else {
                "another phone"
            };
            let request = renaming(citizen, token, name);
            let began = Instant::now();
            let position = connection.take(&request).await.position.unwrap();
            answers.push(millis(began.elapsed()));
            let ask = look
                .clone()
                .header("pawl-min-position", &position.to_string());
            let began = Instant::now();
            connection.take(&ask).await;
            seen.push(millis(began.elapsed()));
            let began = Instant::now();
            connection.take(&ask).await;
            looks.push(millis(began.elapsed()));
        }
        row.pawl.push(share(&seen, 0.99));
        halves.push(median(&seen));
        let mut commits = Vec::new();
        for _ in 0..extent.looks {
            commits.push(commit(&store, bytes).await);
        }
        row.limit.push(median(&commits));
    }
    row.note("visible_median_ms", rounded(median(&halves)));
    row.note("look_alone_median_ms", rounded(median(&looks)));
    row.note("look_alone_p99_ms", rounded(share(&looks, 0.99)));
    row.note("command_median_ms", rounded(median(&answers)));
    row.json()
}

/// How long an append to Pawl's log takes, alone.
async fn commit(store: &EmbeddedStore, bytes: &Bytes) -> f64 {
    let event = NewEvent {
        id: EventId(Uuid::now_v7()),
        event_type: bytes.event_type.clone(),
        metadata: bytes.metadata.clone(),
        data: bytes.data.clone(),
    };
    let stream = StreamName::named(format!("user-{}", Uuid::new_v4()));
    let began = Instant::now();
    let appended = store.append(&stream, ExpectedRevision::NoStream, vec![event]);
    appended.await.unwrap();
    millis(began.elapsed())
}
