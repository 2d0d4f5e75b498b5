//! A full disk: commands are refused with a sentence, nothing acknowledged is lost, and when there
//! is room again, work goes on.

use crate::{PAWL, set_up};
use harness::Process;
use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;

/// A file system of 3 MiB, in a mount namespace of the server's own.
fn serve_on_a_small_disk(data: &std::path::Path) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--map-root-user", "bash", "-euc"]);
    command.arg(
        r#"mount -t tmpfs -o size=3m tmpfs "$2"
           # The test frees the room by killing this.
           (while [ ! -e "$2/go" ]; do sleep 0.05; done; rm "$2"/ballast*) &
           exec "$1" serve --listen 127.0.0.1:0 --data "$2""#,
    );
    command.arg("-").arg(PAWL).arg(data);
    command
}

#[tokio::test]
async fn a_full_disk_is_said_and_survived() {
    let data = TempDir::new().unwrap();
    let server = Process::spawn(serve_on_a_small_disk(data.path())).await;
    let (organization, session) = set_up(&server).await;
    let path = format!("/v1/organizations/{organization}/invitations");
    let invite = async |number: usize| {
        let body = json!({ "email": format!("p{number}@example.org"), "name": "P".repeat(200), "role": "member" });
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
    assert_eq!(who["next"], "done", "reading goes on");
    let (_, log) = server.terminate().await;
    assert!(log.contains("the disk that holds the log is full"), "{log}");
}
