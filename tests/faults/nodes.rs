//! Several nodes on one log, reached over KurrentDB's protocol: a node is killed and connections
//! are cut in the middle of a thousand commands, and nothing is lost or doubled.

use crate::{PAWL, set_up};
use harness::{Client, Process, Proxy};
use reqwest::Method;
use serde_json::json;
use std::{collections::BTreeMap, net::SocketAddr, path::Path, sync::Arc};
use tempfile::TempDir;
use tokio::process::Command;

const COMMANDS: usize = 1_000;
const WRITERS: usize = 32;

/// A node with the log in its data directory, open to others.
pub(crate) async fn with_the_log(data: &Path) -> Process {
    let mut command = Command::new(PAWL);
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .args(["--kurrentdb-listen", "127.0.0.1:0", "--kurrentdb-writable"]);
    Process::spawn(command).await
}

/// Where that node is open to others.
pub(crate) fn open_to_others(node: &Process) -> SocketAddr {
    let line = node.greeting.iter().find(|line| line.contains("KurrentDB"));
    let (_, rest) = line.unwrap().split_once(" on ").unwrap();
    rest.split(',').next().unwrap().parse().unwrap()
}

/// A node on this log, which shares the keys of another.
pub(crate) async fn on_the_log(store: &str, shared: &Path, data: &Path) -> Process {
    Process::spawn(node(store, shared, data)).await
}

/// The command that starts one.
pub(crate) fn node(store: &str, shared: &Path, data: &Path) -> Command {
    let mut command = Command::new(PAWL);
    command
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--store",
            store,
            "--shared",
        ])
        .arg(shared)
        .arg("--data")
        .arg(data);
    command
}

/// Invites somebody under a key of their own, at one node after another, until one acknowledges it.
async fn invite(nodes: &[Client], path: &str, number: usize) {
    let body = json!({ "email": format!("p{number}@example.org"), "name": "P", "role": "member" });
    for attempt in 0..1_000 {
        let node = &nodes[(number + attempt) % nodes.len()];
        let request = node.request(Method::POST, path).json(&body);
        let request = request.header("idempotency-key", format!("invite {number}"));
        if let Ok(reply) = request.send().await {
            let status = reply.status();
            if status == 201 {
                return;
            }
            // A node whose connection to the log is cut says so; the next one is asked.
            let text = reply.text().await.unwrap_or_default();
            assert!(status.is_server_error(), "{status}: {text}");
        }
    }
    panic!("no node took the command {number}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_node_and_cut_connections_lose_and_double_nothing() {
    let directories: Vec<_> = (0..3).map(|_| TempDir::new().unwrap()).collect();
    let [shared, second, third] = &directories[..] else {
        unreachable!()
    };
    let first = with_the_log(shared.path()).await;
    let (organization, session) = set_up(&first).await;
    let proxy = Proxy::before(open_to_others(&first)).await;
    let address = format!("kurrentdb://{}?tls=false", proxy.address());
    let second = on_the_log(&address, shared.path(), second.path()).await;
    let third = on_the_log(&address, shared.path(), third.path()).await;

    let nodes: Arc<[Client]> = [&second, &third]
        .map(|node| node.client.same_session(&session))
        .into();
    let path = format!("/v1/organizations/{organization}/invitations");
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (nodes, path) = (nodes.clone(), path.clone());
            tokio::spawn(async move {
                for number in (writer..COMMANDS).step_by(WRITERS) {
                    invite(&nodes, &path, number).await;
                }
            })
        })
        .collect();
    let invited_so_far = async || {
        let ready = first.client.head().await;
        usize::try_from(ready).unwrap() / 2
    };
    for part in 1..=3 {
        harness::eventually("the commands go on", async || {
            (invited_so_far().await > part * COMMANDS / 5).then_some(())
        })
        .await;
        proxy.cut();
    }
    second.kill().await;
    for writer in writers {
        writer.await.unwrap();
    }

    // The third node's own read models saw each invitation once.
    let mut invited = BTreeMap::<String, usize>::new();
    let mut cursor = String::new();
    loop {
        let list = nodes[1]
            .get(&format!("{path}?limit=500{cursor}"))
            .await
            .expect(200);
        for item in list["items"].as_array().unwrap() {
            *invited
                .entry(item["email"].as_str().unwrap().to_owned())
                .or_default() += 1;
        }
        match list["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(invited.len(), COMMANDS);
    assert!(invited.values().all(|times| *times == 1));
    let (status, _) = third.terminate().await;
    assert!(status.success());
}
