//! I1 and I6: a log that was put back to an older state is not served, whatever else was put back with
//! it; and the audit log goes on wherever it was cut off, on whichever node.

use crate::{PAWL, nodes, pawl, set_up};
use audit_log::{PublicKey, SignedCheckpoint, consistency_proof, verify_consistency};
use eventstore::{
    embedded::EmbeddedStore,
    keyring::{Keyring, MasterKey},
};
use harness::{Client, Process, ServedLog, Witness};
use pawl::audit_log::{AUDIT_LOG_FOLDER, Growth, Source, TileFiles};
use serde_json::json;
use std::{fs, path::Path, sync::Arc};
use tempfile::TempDir;
use tokio::process::Command;

/// Asserts that the checkpoint of a server that has stopped covers its whole log, as it is computed
/// without any of the files; the checkpoint.
pub(crate) async fn is_of_its_log(data: &Path) -> SignedCheckpoint {
    let master = MasterKey::load_or_create(&data.join("master.key"), false).unwrap();
    let source = Source {
        store: Arc::new(EmbeddedStore::open_read_only(data).unwrap()),
        keyring: Keyring::open(&data.join("keyring.db"), &master).unwrap(),
    };
    let whole = Growth::whole(&source).await.unwrap();
    let files = TileFiles::new(data.join(AUDIT_LOG_FOLDER));
    let published = files.checkpoint().unwrap().unwrap();
    let origin = published.unverified().origin.clone();
    assert_eq!(published.unverified(), &whole.checkpoint(origin));
    published
}

/// Asserts that a log is what it was and, perhaps, more.
pub(crate) fn has_only_grown(earlier: &SignedCheckpoint, log: &ServedLog) {
    let (now, _) = log.checkpoint.verify(&log.keys).unwrap();
    let (earlier, _) = earlier.verify(&log.keys).unwrap();
    let proof = consistency_proof(earlier.size, now, log).unwrap();
    verify_consistency(&proof, earlier, now).unwrap();
}

async fn serve(data: &Path, more: &[&str]) -> Process {
    let mut command = Command::new(PAWL);
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]);
    command.arg(data).args(more);
    Process::spawn(command).await
}

/// Asserts that the start is refused in these words, and that it changed nothing.
async fn refuses(data: &Path, more: &[&str], words: &[&str]) {
    let checkpoint = || fs::read_to_string(data.join("audit-log/checkpoint")).ok();
    let before = checkpoint();
    let start = [&["serve", "--listen", "127.0.0.1:0"], more].concat();
    let (ended, out, error) = pawl(&start, data).await;
    assert!(!ended && !out.contains("listening"), "{out}");
    for word in words {
        assert!(error.contains(word), "{word}: {error}");
    }
    assert_eq!(
        error
            .lines()
            .filter(|line| line.starts_with("pawl: "))
            .count(),
        1,
        "{error}"
    );
    assert_eq!(checkpoint(), before);
}

async fn enforce(session: &Client, organization: &str) {
    let path = format!("/v1/organizations/{organization}/two-factor/enforce");
    let _ = session
        .post(&path, json!({ "confirm": "Enforce 2FA" }))
        .await
        .expect(200);
}

async fn invite(session: &Client, organization: &str, who: &str) {
    let path = format!("/v1/organizations/{organization}/invitations");
    let body = json!({ "email": format!("{who}@example.org"), "name": who, "role": "member" });
    let _ = session.post(&path, body).await.expect(201);
}

/// Copies a directory and all that is in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (entry, name) = entry
            .map(|entry| (entry.path(), entry.file_name()))
            .unwrap();
        if entry.is_dir() {
            copy(&entry, &to.join(name));
        } else {
            fs::copy(&entry, to.join(name)).unwrap();
        }
    }
}

/// Puts a copy back in place of what is there.
fn put_back(copied: &Path, data: &Path) {
    for entry in fs::read_dir(data).unwrap() {
        let entry = entry.unwrap().path();
        if entry.is_dir() {
            fs::remove_dir_all(entry).unwrap();
        } else {
            fs::remove_file(entry).unwrap();
        }
    }
    copy(copied, data);
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_put_back_cannot_undo_enforcement_unnoticed() {
    let [data, backup, outside, other] = std::array::from_fn(|_| TempDir::new().unwrap());
    let data = data.path();
    let anchor = outside.path().join("anchor");
    let with_anchor = ["--anchor", text(&anchor)];
    // Before anything happened, it starts as often as you like.
    for _ in 0..2 {
        let server = serve(data, &with_anchor).await;
        let _ = ServedLog::with(&server.client, 0).await;
        server.terminate().await;
    }
    let server = serve(data, &with_anchor).await;
    let (organization, session) = set_up(&server).await;
    let size = ServedLog::with(&server.client, 4)
        .await
        .checkpoint
        .unverified()
        .size;
    server.terminate().await;
    copy(data, backup.path());
    let server = serve(data, &with_anchor).await;
    let session = server.client.same_session(&session);
    enforce(&session, &organization).await;
    let _ = ServedLog::with(&server.client, size + 1).await;
    server.terminate().await;
    let newest = fs::read_to_string(&anchor).unwrap();
    assert_eq!(newest, is_of_its_log(data).await.to_string());

    put_back(backup.path(), data);
    let words = [
        "the anchor ",
        " was put back to an older state",
        " are missing",
    ];
    refuses(data, &with_anchor, &words).await;
    assert_eq!(fs::read_to_string(&anchor).unwrap(), newest);
    let anchored = [
        "admin",
        "reset-otp",
        "ada@example.org",
        "--yes",
        "--anchor",
        text(&anchor),
    ];
    let (done, _, error) = pawl(&anchored, data).await;
    assert!(!done && error.contains(words[1]), "{error}");

    let inside = data.join("anchor");
    refuses(data, &["--anchor", text(&inside)], &["lies in"]).await;
    let server = serve(other.path(), &[]).await;
    let _ = ServedLog::with(&server.client, 0).await;
    server.terminate().await;
    refuses(other.path(), &with_anchor, &["is not of this log"]).await;

    // It is the operator's deliberate act to go on without what is lost.
    fs::remove_file(&anchor).unwrap();
    let server = serve(data, &with_anchor).await;
    harness::eventually("the anchor is made anew", async || {
        anchor.exists().then_some(())
    })
    .await;
    let kept = SignedCheckpoint::parse(&fs::read_to_string(&anchor).unwrap()).unwrap();
    has_only_grown(&kept, &ServedLog::now(&server.client).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_put_back_alone_is_noticed_without_an_anchor() {
    let [data, backup] = std::array::from_fn(|_| TempDir::new().unwrap());
    let data = data.path();
    let server = serve(data, &[]).await;
    let (organization, session) = set_up(&server).await;
    server.terminate().await;
    copy(data, backup.path());
    let server = serve(data, &[]).await;
    enforce(&server.client.same_session(&session), &organization).await;
    server.terminate().await;
    let published = is_of_its_log(data).await;

    fs::copy(backup.path().join("log.db"), data.join("log.db")).unwrap();
    let folder = data.join("audit-log");
    let words = [
        "the audit log in ",
        "are missing",
        &format!("move {} away", text(&folder)),
    ];
    refuses(data, &[], &words).await;
    fs::rename(&folder, backup.path().join("kept")).unwrap();
    let (done, _, error) = pawl(&["projections", "rebuild"], data).await;
    assert!(done, "{error}");
    let server = serve(data, &[]).await;
    invite(
        &server.client.same_session(&session),
        &organization,
        "grace",
    )
    .await;
    let size = published.unverified().size;
    let log = ServedLog::with(&server.client, size).await;
    // Who kept the checkpoint of before sees that this is not the same history.
    let now = log.checkpoint.unverified();
    let proof = consistency_proof(size, now, &log).unwrap();
    assert!(verify_consistency(&proof, published.unverified(), now).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_remembers_what_was_put_back() {
    let [data, backup] = std::array::from_fn(|_| TempDir::new().unwrap());
    let data = data.path();
    let witness = Witness::named("witness.example").await;
    let with_witness = ["--witness", &witness.setting];
    let server = serve(data, &[]).await;
    let (organization, session) = set_up(&server).await;
    let log = ServedLog::with(&server.client, 4).await;
    witness.knows(log.keys.clone());
    server.terminate().await;
    copy(data, backup.path());
    let server = serve(data, &with_witness).await;
    enforce(&server.client.same_session(&session), &organization).await;
    let size = log.checkpoint.unverified().size + 1;
    harness::eventually("the witness signs the newest", async || {
        let newest = witness.newest()?;
        (newest.unverified().size >= size).then_some(())
    })
    .await;
    server.terminate().await;

    put_back(backup.path(), data);
    let signed = "what the witness witness.example has signed";
    refuses(data, &with_witness, &[signed, "are missing"]).await;
    // Nor when it has grown again, longer than before.
    let server = serve(data, &[]).await;
    for who in ["grace", "hedy", "ida"] {
        invite(&server.client.same_session(&session), &organization, who).await;
    }
    let _ = ServedLog::with(&server.client, size + 2).await;
    server.terminate().await;
    refuses(data, &with_witness, &[signed, "this is another history"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_node_signs_and_another_goes_on_when_it_is_killed() {
    let [elsewhere, shared, one, other] = std::array::from_fn(|_| TempDir::new().unwrap());
    let store = nodes::with_the_log(elsewhere.path()).await;
    let address = format!("kurrentdb://{}?tls=false", nodes::open_to_others(&store));
    let one = nodes::on_the_log(&address, shared.path(), one.path()).await;
    let (organization, session) = set_up(&one).await;
    let first = ServedLog::with(&one.client, 4).await;
    let other = nodes::on_the_log(&address, shared.path(), other.path()).await;
    let session = other.client.same_session(&session);
    invite(&session, &organization, "grace").await;
    let size = first.checkpoint.unverified().size;
    let second = ServedLog::with(&other.client, size + 1).await;
    has_only_grown(&first.checkpoint, &second);
    let signs = async |node: &Process| {
        let metrics = node.client.get("/metrics").await;
        metrics.text.contains("pawl_audit_log_events")
    };
    assert!(signs(&one).await && !signs(&other).await);

    one.kill().await;
    invite(&session, &organization, "hedy").await;
    let size = second.checkpoint.unverified().size;
    let third = ServedLog::with(&other.client, size + 1).await;
    has_only_grown(&first.checkpoint, &third);
    assert!(signs(&other).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_signing_key_is_renewed_while_the_server_runs_and_the_older_one_retired() {
    let [data, outside] = std::array::from_fn(|_| TempDir::new().unwrap());
    let data = data.path();
    let anchor = outside.path().join("anchor");
    let with_anchor = ["--anchor", text(&anchor)];
    let rotate = async |more: &[&str]| {
        let command = [&["keys", "rotate-signer"], &with_anchor[..], more].concat();
        pawl(&command, data).await
    };
    let server = serve(data, &with_anchor).await;
    set_up(&server).await;
    let first = ServedLog::with(&server.client, 4).await;
    let (done, _, error) = rotate(&["--retire"]).await;
    assert!(!done && error.contains("no older key to retire"), "{error}");
    server.terminate().await;

    let (done, out, error) = rotate(&[]).await;
    assert!(done, "{error}");
    let new: PublicKey = out.lines().last().unwrap().parse().unwrap();
    let (done, _, error) = rotate(&["--retire"]).await;
    assert!(
        !done && error.contains("has not signed a checkpoint yet"),
        "{error}"
    );
    let server = serve(data, &with_anchor).await;
    let until_the_keys_are = async |count: usize| {
        harness::eventually("the keys are in use", async || {
            let log = ServedLog::now(&server.client).await?;
            let signed = log.checkpoint.verify(std::slice::from_ref(&new)).is_ok();
            // The keys are written before the checkpoint.
            let by_the_older = log.checkpoint.verify(&first.keys).is_ok();
            let as_it_should = by_the_older == (count == 2) && log.keys.len() == count;
            (signed && as_it_should).then_some(log)
        })
        .await
    };
    let both = until_the_keys_are(2).await;
    has_only_grown(&first.checkpoint, &both);
    let (done, _, error) = rotate(&["--retire"]).await;
    assert!(done, "{error}");
    let _ = until_the_keys_are(1).await;
    server.terminate().await;
    let server = serve(data, &with_anchor).await;
    assert_eq!(
        ServedLog::now(&server.client).await.unwrap().keys,
        [new.clone()]
    );
}
