//! A full disk: commands are refused with a sentence, nothing acknowledged is lost, and when there
//! is room again, work goes on.

use crate::{PAWL, set_up};
use harness::{Process, Reply};
use serde_json::json;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::process::Command;

/// A file system of 4 MiB, in a mount namespace of the server's own, half of it ballast.
fn serve_on_a_small_disk(data: &Path) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--map-root-user", "bash", "-euc"]);
    command.arg(
        r#"mount -t tmpfs -o size=4m tmpfs "$2"
           head --bytes 2M /dev/zero > "$2/ballast"
           exec "$1" serve --listen 127.0.0.1:0 --data "$2""#,
    );
    command.arg("-").arg(PAWL).arg(data);
    command
}

/// A path as the server sees it.
fn seen_by(server: &Process, path: &Path) -> PathBuf {
    let root = PathBuf::from(format!("/proc/{}/root", server.id()));
    root.join(path.strip_prefix("/").unwrap())
}

#[tokio::test]
async fn a_full_disk_is_said_and_survived() {
    let data = TempDir::new().unwrap();
    let server = Process::spawn(serve_on_a_small_disk(data.path())).await;
    let (organization, session) = set_up(&server).await;
    let path = format!("/v1/organizations/{organization}/invitations");
    let invite = async |number: usize| {
        let email = format!("p{number}@example.org");
        let body = json!({ "email": email, "name": "P".repeat(200), "role": "member" });
        session.post(&path, body).await
    };
    let mut acknowledged = 0;
    let refused = loop {
        let reply = invite(acknowledged).await;
        if reply.status != 201 {
            break reply;
        }
        acknowledged += 1;
        assert!(acknowledged < 10_000, "the disk never fills up");
    };
    refused.problem(507, "storage-full");
    let who = session.get("/v1/session").await.expect(200);
    assert_eq!(who["next"], "done", "what was there is still served");

    std::fs::remove_file(seen_by(&server, &data.path().join("ballast"))).unwrap();
    let _ = invite(acknowledged).await.expect(201);
    harness::eventually("the read models go on", async || {
        let list = session.get(&format!("{path}?limit=500")).await;
        let found = list.json()["items"].as_array()?.len();
        (found == (acknowledged + 1).min(500)).then_some(())
    })
    .await;
    let ready: Reply = session.get("/readyz").await;
    let _ = ready.expect(200);
    let (status, log) = server.terminate().await;
    assert!(status.success());
    assert!(log.contains("is full; free some room"), "{log}");
}
