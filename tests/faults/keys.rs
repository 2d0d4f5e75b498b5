//! The master key is changed beside a server that runs, which notices nothing.

use crate::{PAWL, pawl, set_up};
use harness::{Client, PASSWORD, Process};
use serde_json::json;
use std::{fs, path::Path};
use tempfile::TempDir;

async fn names(by: &Client, organization: &str) -> Vec<String> {
    let path = format!("/v1/organizations/{organization}/users");
    let users = by.get(&path).await.expect(200);
    let users = users["items"].as_array().unwrap().clone();
    let mut names: Vec<_> = users
        .iter()
        .map(|user| user["name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

async fn invite(by: &Client, organization: &str, who: &str) {
    let body = json!({ "email": format!("{who}@example.org"), "name": who, "role": "member" });
    let path = format!("/v1/organizations/{organization}/invitations");
    let _ = by.post(&path, body).await.expect(201);
}

async fn rotate(data: &Path) -> String {
    let (ended, out, error) = pawl(&["keys", "rotate"], data).await;
    assert!(ended, "{error}");
    out
}

#[tokio::test]
async fn the_master_key_is_changed_while_the_server_runs_and_while_it_does_not() {
    let data = TempDir::new().unwrap();
    let server = Process::serve(PAWL, data.path()).await;
    let (organization, session) = set_up(&server).await;
    invite(&session, &organization, "grace").await;
    let copy = data.path().join("keyring.copy");
    let keyring = rusqlite::Connection::open(data.path().join("keyring.db")).unwrap();
    keyring
        .execute("VACUUM INTO ?1", [copy.to_str().unwrap()])
        .unwrap();
    drop(keyring);

    let out = rotate(data.path()).await;
    assert!(out.contains("version 2 of the master key"), "{out}");
    assert_eq!(names(&session, &organization).await, ["Ada", "grace"]);
    invite(&session, &organization, "henri").await;
    let sign_in = json!({ "email": "ada@example.org", "password": PASSWORD });
    let again = server.client.post("/v1/sign-in", sign_in).await.expect(200);
    assert_eq!(again["next"], "done");
    let (status, log) = server.terminate().await;
    assert!(status.success());
    assert!(!log.contains("ERROR"), "{log}");

    let out = rotate(data.path()).await;
    assert!(out.contains("version 3 of the master key"), "{out}");
    let server = Process::serve(PAWL, data.path()).await;
    let session = server.client.same_session(&session);
    assert_eq!(
        names(&session, &organization).await,
        ["Ada", "grace", "henri"]
    );
    let (status, _) = server.terminate().await;
    assert!(status.success());

    // A copy of before is worth nothing, and says so.
    fs::rename(copy, data.path().join("keyring.db")).unwrap();
    for left in ["keyring.db-wal", "keyring.db-shm"] {
        let _ = fs::remove_file(data.path().join(left));
    }
    let (ended, _, error) = pawl(&["serve", "--listen", "127.0.0.1:0"], data.path()).await;
    assert!(!ended);
    let words = "made with version 1 of the master key";
    assert!(
        error.contains(words) && error.contains("holds version 3"),
        "{error}"
    );
}
