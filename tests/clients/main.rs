//! KurrentDB clients that nobody here wrote, against a running Pawl: they append, read, filter and
//! follow on a node that allows it, and replay an organization's history from any. And an OAuth 2.0
//! client, with the credential of a machine.
//!
//! `cargo xtask test` installs them beside the build, at the versions that their folders pin.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "it is all test")]

use harness::{Acme, DEADLINE, TestServer};
use pawl::outside::Development;
use serde_json::json;
use std::{path::Path, process::Stdio, sync::Arc};
use tokio::{process::Command, time::timeout};

/// Runs a client's script to its end, and answers what it printed.
async fn run(mut client: Command, arguments: &[&str]) -> String {
    let ended = client
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let ended = timeout(2 * DEADLINE, ended)
        .await
        .expect("the client ends in time");
    let ended = ended.expect("the clients are not installed: run cargo xtask test once");
    let (out, error) = (
        String::from_utf8(ended.stdout).unwrap(),
        String::from_utf8_lossy(&ended.stderr),
    );
    assert!(ended.status.success(), "{out}\n{error}");
    out
}

fn folder(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../target/clients")
        .join(name)
}

fn python(script: &str) -> Command {
    let mut command = Command::new(folder("python").join("bin/python"));
    command.arg(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("clients/python")
            .join(script),
    );
    command
}

/// Node looks for packages beside the script, so it runs a copy that stands beside them.
fn node(script: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(folder("node").join(script));
    command
}

async fn proves_everything(client: Command) {
    let (server, acme) = TestServer::with_acme().await;
    let address = server.open_to_clients(|_| Arc::new(Development)).await;
    let proved = run(client, &[&address]).await;
    assert!(proved.lines().count() > 5, "{proved}");
    // What others write beside Pawl is none of its business.
    let _ = acme.ada.get(&acme.path("users")).await.expect(200);
    server.invite(&acme.ada, &acme.id, "grace", "member").await;
}

async fn replays_the_history(client: Command) {
    let (server, acme) = TestServer::with_acme().await;
    let (ada, _) = server.set_up_phone(&acme.ada).await;
    let acme = Acme { ada, ..acme };
    acme.enforce().await;
    let address = server.open_to_clients(|_| Arc::new(Development)).await;
    let replayed = run(client, &[&address, &acme.id]).await;
    let trail = acme.audit(&acme.ada).await;
    let trail: Vec<_> = trail
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(replayed.lines().collect::<Vec<_>>(), trail);
    assert_eq!(trail.last(), Some(&"TwoFactorEnforced"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_client_appends_reads_filters_and_follows() {
    proves_everything(python("prove.py")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_node_client_appends_reads_filters_and_follows() {
    proves_everything(node("prove.js")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_client_replays_an_organization() {
    replays_the_history(python("replay.py")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_node_client_replays_an_organization() {
    replays_the_history(node("replay.js")).await;
}

#[tokio::test]
async fn an_oauth_client_for_python_gets_an_access_token_and_reads_with_it() {
    let (server, acme) = TestServer::with_acme().await;
    let (ada, _) = server.set_up_phone(&acme.ada).await;
    let body = json!({ "name": "Export", "scopes": ["users:read"] });
    let made = ada.post(&acme.path("api-credentials"), body).await;
    let made = made.expect(201);
    let text = |field: &str| made[field].as_str().unwrap();
    let mut client = python("credential.py");
    // The library insists on TLS, which is the proxy's work.
    client.env("OAUTHLIB_INSECURE_TRANSPORT", "1");
    let endpoint = server.client.url("/oauth/token");
    let users = server.client.url(&acme.path("users"));
    let (id, secret) = (text("client_id"), text("client_secret"));
    let read = run(client, &[&endpoint, id, secret, &users]).await;
    assert!(read.contains("ada@example.org"), "{read}");
}
