//! The row `S7`: how fast the binary verifies a history, beside a bare SHA-256 of the same bytes on one
//! core; and how much memory verifying and exporting take, which does not grow with the history.

use crate::{
    figures::rounded,
    place::{memory_of, pawl, processor_time_of},
};
use eventstore::{
    EventStore, ExpectedRevision,
    embedded::{DataDir, EmbeddedStore},
    keyring::{Keyring, MasterKey},
};
use eventstore_schema::{
    Actor, CommandId, EventId, Metadata, NewEvent, OrganizationId, SessionId, StreamName, UserId,
};
use futures::{StreamExt as _, stream};
use pawl::audit_log::{AUDIT_LOG_FOLDER, AuditLog, Keepers, Source, TileFiles};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::{
    fs::{self, File},
    io::Read as _,
    path::Path,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// What verifying should reach of the speed of the bare digest. It is said, not asserted.
const GOAL: f64 = 0.5;
/// Events of a stream.
const STREAM: u64 = 5;
/// Of so many organizations the first is exported.
const ORGANIZATIONS: u64 = 4;

/// A data directory with a long history, and an export of everything.
struct History {
    folder: TempDir,
    events: u64,
    /// The exact bytes of the records.
    bytes: u64,
}

/// What a run of the binary took.
pub(crate) struct Run {
    pub(crate) took: Duration,
    /// Resident memory at most, in mebibytes.
    pub(crate) memory: f64,
    /// Processor time, but for its last moment.
    pub(crate) processor_time: Duration,
}

pub(crate) async fn measure(short: bool) -> Value {
    let (few, many, runs) = if short {
        (10_000, 100_000, 3)
    } else {
        (100_000, 1_000_000, 5)
    };
    let short = History::of(few).await;
    let small = short.figures(1);
    drop(short);
    let long = History::of(many).await;
    let large = long.figures(runs);
    println!(
        "verifying {} MB/s of an export, {} of a data directory; {} and {} of a bare digest",
        large["export"]["pawl"],
        large["directory"]["pawl"],
        large["export"]["ratio"],
        large["directory"]["ratio"],
    );
    let ratio = large["export"]["ratio"].as_f64().unwrap();
    json!({
        "what": "verifying an export / bare SHA-256",
        "ratio": ratio,
        "pawl": large["export"]["pawl"],
        "limit": large["export"]["bare"],
        "goal": GOAL,
        "goal_is": "at least",
        "met": ratio >= GOAL,
        "unit": "MB/s",
        "events": many,
        "runs": runs,
        "rows": { few.to_string(): small, many.to_string(): large },
    })
}

impl History {
    async fn of(events: u64) -> Self {
        eprintln!("a history of {events} events");
        let folder = TempDir::new().unwrap();
        let lock = DataDir::lock(folder.path()).unwrap();
        let store = EmbeddedStore::open(&lock).unwrap();
        let master = MasterKey::load_or_create(&folder.path().join("master.key"), true).unwrap();
        let keyring = Keyring::open(&folder.path().join("keyring.db"), &master).unwrap();
        let append = |number| {
            let store = store.clone();
            async move {
                let (stream, events) = stream_of(number);
                let bytes = events.iter().map(size_of_event).sum::<u64>();
                let appended = store.append(&stream, ExpectedRevision::NoStream, events);
                appended.await.unwrap();
                bytes
            }
        };
        let appended = stream::iter(0..events / STREAM).map(append).buffered(2000);
        let bytes = appended.fold(0, async |sum, bytes| sum + bytes).await;
        let source = Source {
            store: Arc::new(store),
            keyring,
        };
        let files = TileFiles::new(folder.path().join(AUDIT_LOG_FOLDER));
        let mut audit_log = AuditLog::open(source, files).await.unwrap();
        let stop = CancellationToken::new();
        let caught_up = audit_log.catch_up(&mut Keepers::default(), &stop).await;
        assert!(caught_up.unwrap());
        drop((audit_log, lock));
        Self {
            folder,
            events,
            bytes,
        }
    }

    fn figures(&self, runs: usize) -> Value {
        let data = self.folder.path().to_str().unwrap();
        let export = self.folder.path().join("export.jsonl");
        let output = export.to_str().unwrap();
        let whole = run(&["audit", "export", "--data", data, "--output", output]);
        let organization = organization(0).to_string();
        let one = self.folder.path().join("one.jsonl");
        let arguments = ["--data", data, "--organization", &organization, "--output"];
        let one = [
            &["audit", "export"],
            &arguments[..],
            &[one.to_str().unwrap()],
        ]
        .concat();
        let of_one = run(&one);
        let key = fs::read_to_string(self.folder.path().join("audit-log/keys")).unwrap();
        let verify = |source| run(&["audit", "verify", "--key", key.trim(), source]);
        let directory: Vec<_> = (0..runs).map(|_| verify(data)).collect();
        let exported: Vec<_> = (0..runs).map(|_| verify(output)).collect();
        let length = fs::metadata(&export).unwrap().len();
        let bare: Vec<_> = (0..runs).map(|_| digest(&export)).collect();
        let bare = speed(length, &bare);
        let row = |bytes: u64, runs: &[Run]| {
            let speed = speed(bytes, &runs.iter().map(|run| run.took).collect::<Vec<_>>());
            let memory = runs.iter().map(|run| run.memory).fold(0.0, f64::max);
            json!({
                "ratio": rounded(speed / bare), "pawl": rounded(speed), "bare": rounded(bare),
                "memory_mib": rounded(memory),
            })
        };
        json!({
            "events": self.events,
            "export": row(length, &exported),
            "directory": row(self.bytes, &directory),
            "exporting_everything": row(length, &[whole]),
            "exporting_one_organization": row(length, &[of_one]),
        })
    }
}

fn organization(number: u64) -> OrganizationId {
    OrganizationId(Uuid::new_v5(&Uuid::NAMESPACE_OID, &number.to_be_bytes()))
}

/// A session, and some of what happened in it.
fn stream_of(number: u64) -> (StreamName, Vec<NewEvent>) {
    let id = |what: &str| Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{what} {number}").as_bytes());
    let organization = organization(number % ORGANIZATIONS);
    let events = (0..STREAM).map(|_| {
        let command = Uuid::now_v7();
        let metadata = Metadata {
            version: 1,
            recorded_at: "2026-11-26T12:00:00Z".parse().unwrap(),
            actor: Actor::User(UserId(id("user"))),
            command_id: CommandId(command),
            command_digest: None,
            organization_id: Some(organization),
            correlation_id: command,
            causation_id: command,
        };
        NewEvent {
            id: EventId(Uuid::now_v7()),
            event_type: "SessionUsed".to_owned(),
            metadata: metadata.encode().unwrap(),
            data: json!({ "session": id("session"), "note": "as long as most contents are, which \
                is some two hundred bytes of JSON with a few ids and a time in it",
                "device": id("device") })
            .to_string(),
        }
    });
    (
        StreamName::session(SessionId(id("session"))),
        events.collect(),
    )
}

fn size_of_event(event: &NewEvent) -> u64 {
    (event.metadata.len() + event.data.len()) as u64
}

/// Runs the binary to its end, and looks at its memory meanwhile.
pub(crate) fn run(arguments: &[&str]) -> Run {
    let began = Instant::now();
    let mut child = pawl()
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let (mut memory, mut processor_time) = (0.0, Duration::ZERO);
    let id = child.id().to_string();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        memory = memory_of(child.id(), "VmHWM").unwrap_or(memory);
        processor_time = processor_time.max(processor_time_of(&id));
        std::thread::sleep(Duration::from_millis(5));
    };
    assert!(status.success(), "{arguments:?}");
    Run {
        took: began.elapsed(),
        memory,
        processor_time,
    }
}

/// How long the bare digest of a file takes.
fn digest(file: &Path) -> Duration {
    let began = Instant::now();
    let mut file = File::open(file).unwrap();
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).unwrap() {
            0 => break,
            read => digest.update(&buffer[..read]),
        }
    }
    std::hint::black_box(digest.finalize());
    began.elapsed()
}

/// Megabytes in a second, at the median.
#[expect(clippy::cast_precision_loss, reason = "no file is that long")]
fn speed(bytes: u64, times: &[Duration]) -> f64 {
    let mut times = times.to_vec();
    times.sort_unstable();
    bytes as f64 / 1e6 / times[times.len() / 2].as_secs_f64()
}
