//! What Pawl is held against where the row is about the server: a route of axum's that returns fixed
//! bytes, and one that commits fixed bytes to SQLite in groups. In a process of its own, as Pawl is, and
//! called by the same clients.

use crate::place::Server;
use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    routing::{get, post},
};
use rusqlite::{Connection, params};
use std::{
    path::{Path, PathBuf},
    process::Command,
};
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
};
use uuid::Uuid;

/// What the bench calls itself with.
pub(crate) const WORD: &str = "bare-limit";
/// Appends in one transaction at most, as in Pawl's log.
const BATCH: usize = 512;
/// Streams, as many as there are clients.
const STREAMS: i64 = 64;
/// The table of Pawl's log.
const TABLE: &str = "
    PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE events (
        position INTEGER PRIMARY KEY,
        id BLOB NOT NULL UNIQUE,
        stream TEXT NOT NULL,
        revision INTEGER NOT NULL,
        type TEXT NOT NULL,
        metadata TEXT NOT NULL,
        data TEXT NOT NULL,
        UNIQUE (stream, revision)
    ) STRICT;";

/// The bytes of one event.
#[derive(Clone)]
pub(crate) struct Bytes {
    pub(crate) event_type: String,
    pub(crate) metadata: String,
    pub(crate) data: String,
}

/// One writer that commits everything that waits.
#[derive(Clone)]
pub(crate) struct Writer(mpsc::Sender<Committed>);

/// Told when what it waits for is durable.
type Committed = oneshot::Sender<()>;

impl Writer {
    /// Begins to write such events into a new file in this folder.
    pub(crate) fn start(folder: &Path, bytes: Bytes) -> Self {
        let mut connection = Connection::open(folder.join("bare.db")).unwrap();
        connection.execute_batch(TABLE).unwrap();
        let (sender, mut waiting) = mpsc::channel(4_096);
        std::thread::spawn(move || {
            let mut batch = Vec::with_capacity(BATCH);
            let mut position = 0_i64;
            while waiting.blocking_recv_many(&mut batch, BATCH) > 0 {
                position = commit(&mut connection, &bytes, &mut batch, position);
            }
        });
        Self(sender)
    }

    /// Appends the bytes to one of the streams; they are durable when it answers.
    pub(crate) async fn append(&self) {
        let (done, committed) = oneshot::channel();
        let sent = self.0.send(done).await;
        sent.unwrap_or_else(|_| panic!("the writer has ended"));
        committed.await.unwrap();
    }
}

fn commit(
    connection: &mut Connection,
    bytes: &Bytes,
    batch: &mut Vec<Committed>,
    mut position: i64,
) -> i64 {
    let transaction = connection.transaction().unwrap();
    for _ in batch.iter() {
        position += 1;
        let mut insert = transaction
            .prepare_cached("INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
            .unwrap();
        let stream = Uuid::from_u128((position % STREAMS).cast_unsigned().into());
        let stream = format!("user-{stream}");
        let id = Uuid::now_v7();
        let row = params![
            position,
            id.as_bytes(),
            stream,
            position,
            bytes.event_type,
            bytes.metadata,
            bytes.data
        ];
        insert.execute(row).unwrap();
    }
    transaction.commit().unwrap();
    for append in batch.drain(..) {
        let _ = append.send(());
    }
    position
}

/// Starts the bare server in a process of its own: it answers `GET /` with the bytes of `body`, and
/// commits those of `event` for `POST /`.
pub(crate) fn serve(folder: &Path, body: &[u8], event: &Bytes) -> Server {
    let write = |name: &str, text: &[u8]| std::fs::write(folder.join(name), text).unwrap();
    write("body", body);
    write("type", event.event_type.as_bytes());
    write("metadata", event.metadata.as_bytes());
    write("data", event.data.as_bytes());
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg(WORD).arg(folder);
    Server::start(command)
}

/// What that process does.
pub(crate) async fn run(folder: PathBuf) {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let bytes = Bytes {
        event_type: read("type"),
        metadata: read("metadata"),
        data: read("data"),
    };
    let body: axum::body::Bytes = read("body").into();
    let json = [(header::CONTENT_TYPE, "application/json")];
    let fixed = move || std::future::ready((json, body.clone()));
    let append = |State(writer): State<Writer>| async move {
        writer.append().await;
        StatusCode::NO_CONTENT
    };
    let router = Router::new()
        .route("/", get(fixed))
        .route("/", post(append))
        .with_state(Writer::start(&folder, bytes));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("listening on http://{}", listener.local_addr().unwrap());
    axum::serve(listener, router).await.unwrap();
}
