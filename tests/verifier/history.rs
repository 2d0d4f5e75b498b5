//! A history to judge, and what its reviewers have of it.

use audit_log::{Checkpoint, SignedCheckpoint, TagKey, Tree, leaf_hash};
use eventstore::Direction;
use eventstore_schema::{OrganizationId, Position};
use harness::{Acme, Client, PASSWORD, Reply, TestServer, eventually};
use pawl::audit_log::{Signers, TileFiles, tag_key};
use reqwest::Method;
use serde_json::json;
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

pub(crate) const PAWL: &str = env!("CARGO_BIN_EXE_pawl-under-test");

/// Two organizations with several hundred events, one under enforcement for most of them.
pub(crate) struct History {
    pub(crate) server: TestServer,
    pub(crate) acme: Acme,
    /// The public key, as reviewers were given it.
    pub(crate) key: String,
    /// A checkpoint that was kept when the history was short.
    pub(crate) kept: String,
    /// A checkpoint of another history, which went on from there in another way: the same installation
    /// signed it after a copy from then was put back.
    pub(crate) forked: String,
    /// The export of Acme.
    pub(crate) export: String,
    files: TempDir,
}

impl History {
    pub(crate) async fn happens() -> Self {
        let files = TempDir::new().unwrap();
        let (server, acme) = TestServer::with_acme().await;
        let (ada, _) = server.set_up_phone(&acme.ada).await;
        let acme = Acme { ada, ..acme };
        acme.enforce().await;
        // Somebody without an account, who is invited later: the address has been nobody's.
        let _ = server.sign_in("linus").await;
        let body = json!({ "organization": "Globex", "email": "hank@example.org", "name": "Hank" });
        let _ = acme.ada.post("/v1/organizations", body).await.expect(201);
        covered(&server).await;
        let kept = files.path().join("kept.checkpoint");
        fs::copy(checkpoint_of(server.data()), &kept).unwrap();
        let forked = files.path().join("forked.checkpoint");
        fs::write(&forked, of_another_history(&server)).unwrap();

        let token = server.mailbox().token("hank@example.org", 1).await;
        let body = json!({ "token": token, "password": PASSWORD });
        let _ = server
            .client
            .post("/v1/invitations/accept", body)
            .await
            .expect(200);
        invite_many(&acme.ada, &acme.path("invitations/list")).await;
        server.join(&acme.ada, &acme.id, "linus", "member").await;
        for _ in 0..5 {
            let _ = server.sign_in("hank").await.expect(200);
            let _ = server.sign_in("ada").await.expect(200);
        }
        covered(&server).await;

        let key = fs::read_to_string(server.data().join("audit-log/keys")).unwrap();
        let export = files.path().join("acme.ndjson");
        let history = Self {
            server,
            acme,
            key: key.trim().to_owned(),
            kept: text(&kept),
            forked: text(&forked),
            export: text(&export),
            files,
        };
        history.export(&[
            "--organization",
            &history.acme.id,
            "--output",
            &history.export,
        ]);
        history
    }

    /// `pawl audit export`, while the server runs.
    pub(crate) fn export(&self, arguments: &[&str]) {
        let mut export = Command::new(PAWL);
        export
            .args(["audit", "export", "--data"])
            .arg(self.server.data());
        let ended = export.args(arguments).output().unwrap();
        let errors = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{errors}");
    }

    /// A file of the test.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    /// The folder of the audit log.
    pub(crate) fn folder(&self) -> PathBuf {
        self.server.data().join("audit-log")
    }

    /// What an operator with all keys can have signed: anything.
    pub(crate) fn sign(&self, checkpoint: Checkpoint) -> SignedCheckpoint {
        Signers::of(&self.server.keyring())
            .unwrap()
            .sign(checkpoint)
            .unwrap()
    }

    /// The key by which Acme's leaves are recognised.
    pub(crate) fn tag_key(&self) -> TagKey {
        let acme = OrganizationId(self.acme.id.parse().unwrap());
        tag_key(&self.server.keyring(), Some(acme))
    }
}

pub(crate) fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

fn checkpoint_of(data: &Path) -> PathBuf {
    data.join("audit-log/checkpoint")
}

/// How many leaves the newest checkpoint has.
fn size(data: &Path) -> Option<u64> {
    let checkpoint = fs::read_to_string(checkpoint_of(data)).ok()?;
    checkpoint.lines().nth(1)?.parse().ok()
}

/// Waits until everything has a leaf.
async fn covered(server: &TestServer) {
    eventually("a checkpoint covers everything", async || {
        let log = server.log();
        let events = log.read_all(Position::START, Direction::Forwards, 10_000);
        let ours = events.await.unwrap();
        let ours = ours.iter().filter(|event| event.stream.is_ours()).count();
        (size(server.data()) == u64::try_from(ours).ok()).then_some(())
    })
    .await;
}

/// The checkpoint of a history that went on from what is there in another way.
fn of_another_history(server: &TestServer) -> String {
    let folder = server.data().join("audit-log");
    let files = TileFiles::new(&folder);
    let known = files.checkpoint().unwrap().unwrap();
    let mut tree = Tree::resume(known.unverified().size, &files).unwrap();
    tree.append(leaf_hash(&[7; 64]));
    let checkpoint = Checkpoint {
        size: tree.size(),
        root: tree.root(),
        ..known.unverified().clone()
    };
    let signers = Signers::of(&server.keyring()).unwrap();
    signers.sign(checkpoint).unwrap().to_string()
}

async fn invite_many(by: &Client, path: &str) {
    let mut list = "email,name\n".to_owned();
    for n in 0..300 {
        writeln!(list, "person{n}@example.org,Person {n}").unwrap();
    }
    let request = by
        .request(Method::POST, path)
        .header("content-type", "text/csv");
    let reply = Reply::to(request.header("idempotency-key", "many").body(list)).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}

pub(crate) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
