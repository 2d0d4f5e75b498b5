//! I8 and I5: what was acknowledged survives `kill -9`, and the read models are rebuilt alike.

use crate::{PAWL, audit_log, pawl, set_up};
use harness::{Client, Process};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    path::Path,
    sync::{Arc, Mutex},
};
use tempfile::TempDir;

/// Invites people as fast as it can until the server is gone; notes who was acknowledged.
async fn invite_until_killed(
    session: Client,
    path: String,
    who: usize,
    invited: Arc<Mutex<BTreeSet<String>>>,
) {
    for number in 0.. {
        let email = format!("p{who}.{number}@example.org");
        let body = json!({ "email": email, "name": "P", "role": "member" });
        let request = session.request(reqwest::Method::POST, &path).json(&body);
        match request.send().await {
            Ok(reply) if reply.status() == 201 => {
                invited.lock().unwrap().insert(email);
            }
            // The server is gone; this one may be whole or absent.
            _ => return,
        }
    }
}

async fn everybody(session: &Client, path: &str) -> BTreeSet<String> {
    let (mut emails, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let page = session
            .get(&format!("{path}?limit=500{cursor}"))
            .await
            .expect(200);
        for item in page["items"].as_array().unwrap() {
            emails.insert(item["email"].as_str().unwrap().to_owned());
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return emails,
        }
    }
}

async fn digests(data: &Path) -> Value {
    let (ended, out, error) = pawl(&["projections", "status", "--digest", "--json"], data).await;
    assert!(ended, "{error}");
    serde_json::from_str(&out).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_commands_survive_kill_9() {
    let data = TempDir::new().unwrap();
    let server = Process::serve(PAWL, data.path()).await;
    let (organization, mut session) = set_up(&server).await;
    let path = format!("/v1/organizations/{organization}/invitations");
    let token = session.clone();
    let invited = Arc::new(Mutex::new(BTreeSet::new()));
    let mut server = server;
    for round in 0..3 {
        let before = invited.lock().unwrap().len();
        let writers: Vec<_> = (0..8)
            .map(|writer| {
                let (session, path, invited) = (session.clone(), path.clone(), invited.clone());
                tokio::spawn(invite_until_killed(
                    session,
                    path,
                    round * 8 + writer,
                    invited,
                ))
            })
            .collect();
        harness::eventually("some people are invited", async || {
            (invited.lock().unwrap().len() > before + 40).then_some(())
        })
        .await;
        server.kill().await;
        for writer in writers {
            writer.await.unwrap();
        }
        server = Process::serve(PAWL, data.path()).await;
        assert!(!server.greeting.iter().any(|line| line.contains("?token=")));
        // The session outlives the process, too.
        session = server.client.same_session(&token);
        let found = everybody(&session, &path).await;
        let invited = invited.lock().unwrap().clone();
        let lost: Vec<_> = invited.difference(&found).collect();
        assert!(lost.is_empty(), "{lost:?}");
    }
    let (status, _) = server.terminate().await;
    assert!(status.success());
    audit_log::is_of_its_log(data.path()).await;

    let before = digests(data.path()).await;
    assert!(
        before
            .as_array()
            .unwrap()
            .iter()
            .all(|model| model["lag_events"] == 0),
        "{before}"
    );
    let (ended, out, error) = pawl(&["projections", "rebuild"], data.path()).await;
    assert!(ended, "{error}");
    assert!(out.starts_with("rebuilt from "), "{out}");
    assert_eq!(digests(data.path()).await, before);
}
