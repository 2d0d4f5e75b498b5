//! Read models are built anew beside those that are read, and nobody who reads notices: not when the
//! build is killed, not when it swaps the tables, not when the disk is full.

use crate::{PAWL, pawl, run};
use eventstore::{
    embedded::{DataDir, EmbeddedStore},
    keyring::{Keyring, MasterKey},
};
use generator::{Boxes, History, KEYRING_FILE, MASTER_KEY_FILE, Plan};
use harness::{Process, eventually};
use serde_json::Value;
use std::{path::Path, process::Stdio, time::Duration};
use tempfile::TempDir;
use tokio::{process::Command, runtime::Handle, time::timeout};

/// Long enough for a rebuild to be caught in the middle.
const EVENTS: u64 = 6_000;
/// How often a rebuild is killed, each time somewhat later.
const KILLS: u32 = 12;

/// A data directory with a history in it.
async fn history() -> TempDir {
    let data = TempDir::new().unwrap();
    let directory = DataDir::lock(data.path()).unwrap();
    let store = EmbeddedStore::open(&directory).unwrap();
    let master = MasterKey::load_or_create(&data.path().join(MASTER_KEY_FILE), true).unwrap();
    let keyring = Keyring::open(&data.path().join(KEYRING_FILE), &master).unwrap();
    let plan = Plan::new(100, EVENTS, 7).unwrap();
    let history = History::new(plan, Boxes::sealed(keyring, Handle::current()));
    generator::write(&store, history, |_| ()).await.unwrap();
    drop(store);
    directory.release().await;
    data
}

/// What each read model is, and what is being built.
async fn status(data: &Path) -> Vec<Value> {
    let (ended, out, error) = pawl(&["projections", "status", "--digest", "--json"], data).await;
    assert!(ended, "{error}");
    serde_json::from_str(&out).unwrap()
}

/// What people read, as digests by name.
fn digests(status: &[Value]) -> Vec<(&Value, &Value)> {
    let digest = |model: &'_ Value| model["digest"].is_string();
    assert!(status.iter().all(digest), "{status:?}");
    let models = status.iter();
    models
        .map(|model| (&model["name"], &model["digest"]))
        .collect()
}

/// Waits until every read model has seen everything.
async fn caught_up(server: &Process) {
    eventually("the read models catch up", async || {
        let ready = server.client.get("/readyz").await.json();
        let models = ready["projections"].as_array()?;
        let done = |model: &Value| model["lag_events"] == 0 && model["failure"].is_null();
        (!models.is_empty() && models.iter().all(done)).then_some(())
    })
    .await;
}

fn rebuilding(data: &Path) -> Command {
    let mut command = Command::new(PAWL);
    command
        .args(["projections", "rebuild", "--data"])
        .arg(data)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_beside_a_server_can_be_killed_at_any_time_and_goes_on() {
    let data = history().await;
    let server = Process::serve(PAWL, data.path()).await;
    caught_up(&server).await;
    let before = status(data.path()).await;

    for kill in 1..=KILLS {
        let mut rebuild = rebuilding(data.path()).spawn().unwrap();
        let ended = timeout(Duration::from_millis(80) * kill, rebuild.wait()).await;
        if ended.is_err() {
            rebuild.kill().await.unwrap();
        }
        let now = status(data.path()).await;
        assert_eq!(digests(&now), digests(&before));
    }
    let (ended, out, error) = pawl(&["projections", "rebuild"], data.path()).await;
    assert!(ended, "{error}");
    assert!(out.starts_with("rebuilt from "), "{out}");

    // The server goes on in the tables that took the place of its own.
    let now = status(data.path()).await;
    assert_eq!(digests(&now), digests(&before));
    assert!(
        now.iter().all(|model| model["building"].is_null()),
        "{now:?}"
    );
    let body = serde_json::json!({ "email": "nobody@example.org", "password": "wrong" });
    let _ = server.client.post("/v1/sign-in", body).await.expect(401);
    caught_up(&server).await;
    let later = status(data.path()).await;
    assert_ne!(digests(&later), digests(&before));
    let (ended, _) = server.terminate().await;
    assert!(ended.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_version_built_is_built_anew_also_when_the_server_is_killed() {
    let data = history().await;
    let server = Process::serve(PAWL, data.path()).await;
    caught_up(&server).await;
    let before = status(data.path()).await;
    let (ended, _) = server.terminate().await;
    assert!(ended.success());

    let file = data.path().join("projections.db");
    let other = rusqlite::Connection::open(&file).unwrap();
    let raised = "UPDATE read_models SET version = version + 1000 WHERE projection = 'users'";
    assert_eq!(other.execute(raised, []).unwrap(), 1);
    drop(other);

    for kill in 1..5 {
        let server = Process::serve(PAWL, data.path()).await;
        let users = || async {
            let ready = server.client.get("/readyz").await.expect(200);
            let mut models = ready["projections"].as_array().unwrap().iter();
            models
                .find(|model| model["name"] == "users")
                .cloned()
                .unwrap()
        };
        eventually("the build moves on", async || {
            let users = users().await;
            (users["failure"].is_null() || users["building"].as_u64()? > kill * EVENTS / 10)
                .then_some(())
        })
        .await;
        server.kill().await;
    }
    let server = Process::serve(PAWL, data.path()).await;
    caught_up(&server).await;
    let now = status(data.path()).await;
    assert_eq!(digests(&now), digests(&before));
    let version = |models: &[Value]| {
        let versions = models.iter().map(|model| model["version"].as_u64());
        versions.max().unwrap()
    };
    assert_eq!(version(&now), version(&before));
    let (ended, log) = server.terminate().await;
    assert!(ended.success(), "{log}");
}

/// On a file system so small that the read models fit into it once, but not twice: what is said
/// there, and once there is room.
#[tokio::test]
async fn a_disk_without_room_for_a_rebuild_leaves_what_is_read_alone() {
    let data = history().await;
    let (ended, _, error) = pawl(&["projections", "rebuild"], data.path()).await;
    assert!(ended, "{error}");
    let before = status(data.path()).await;

    let small = TempDir::new().unwrap();
    let mut command = Command::new("unshare");
    command.args(["--mount", "--map-root-user", "bash", "-euc"]);
    command.arg(
        r#"size=$(du --apparent-size --summarize --bytes "$2" | cut --fields 1)
           mount -t tmpfs -o size=$((size + 1048576)) tmpfs "$3"
           cp -r "$2/." "$3"
           "$1" projections rebuild --data "$3" >&2 && exit 1
           "$1" projections status --digest --json --data "$3"
           mount -o remount,size=$((size * 4)) "$3"
           "$1" projections rebuild --data "$3" >&2
           "$1" projections status --digest --json --data "$3""#,
    );
    command
        .arg("-")
        .arg(PAWL)
        .arg(data.path())
        .arg(small.path());
    let done = command.stdin(Stdio::null()).output().await.unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(done.status.success(), "{said}");
    let mut lines = said.lines();
    assert_eq!(
        lines.next(),
        Some("pawl: the database of the projections failed: database or disk is full")
    );
    let out = String::from_utf8(done.stdout).unwrap();
    let mut seen = out
        .lines()
        .map(|line| serde_json::from_str::<Vec<Value>>(line).unwrap());
    for _ in 0..2 {
        assert_eq!(digests(&seen.next().unwrap()), digests(&before));
    }
}

#[tokio::test]
async fn a_read_model_that_is_not_there_is_named() {
    let data = history().await;
    let (ended, _, error) = pawl(&["projections", "rebuild", "userz"], data.path()).await;
    assert!(!ended);
    assert_eq!(error, "pawl: there is no read model userz\n");
    let (ended, ..) = run(&["projections", "rebuild", "--data", "/nowhere/at/all"]).await;
    assert!(!ended);
}
