//! Finding people by part of their name or e-mail address, which stay sealed on disk.

use harness::{Acme, Client, TestServer, Way};
use serde_json::{Value, json};

async fn page(by: &Client, acme: &Acme, query: &str) -> (Vec<String>, Value) {
    let path = acme.path(&format!("users?{query}"));
    let page = by.get(&path).await.expect(200);
    let of = |user: &Value| user["email"].as_str().unwrap().to_owned();
    let found = page["items"].as_array().unwrap().iter().map(of).collect();
    (found, page["next"].clone())
}

/// Who is found, by the local part of their address, in alphabetical order.
async fn found(by: &Client, acme: &Acme, text: &str) -> Vec<String> {
    let (mut found, next) = page(by, acme, &format!("search={text}")).await;
    assert_eq!(next, Value::Null);
    found.sort_unstable();
    found
        .iter()
        .map(|email| email.trim_end_matches("@example.org").to_owned())
        .collect()
}

async fn invite(acme: &Acme, email: &str, name: &str) -> String {
    let body = json!({ "email": format!("{email}@example.org"), "name": name, "role": "member" });
    let path = acme.path("invitations");
    let invitation = acme.ada.post(&path, body).await.expect(201);
    invitation["invitation_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn people_are_found_by_name_and_address_as_soon_as_they_are_there() {
    let (_server, acme) = TestServer::with_acme().await;
    invite(&acme, "grace", "Grace Hopper").await;
    invite(&acme, "odysseus", "Ὀδυσσεύς").await;
    let of = async |text| found(&acme.ada, &acme, text).await;
    assert_eq!(of("hopp").await, ["grace"]);
    assert_eq!(of("GRACE@").await, ["grace"]);
    assert_eq!(of("ὀδυσσεύΣ").await, ["odysseus"]);
    assert_eq!(of("example.org").await, ["ada", "grace", "odysseus"]);
    assert_eq!(of("nobody").await, [""; 0]);
    // The index is there by now, and hears of whom it does not know.
    let gone = invite(&acme, "hopperina", "Somebody").await;
    assert_eq!(of("hopp").await, ["grace", "hopperina"]);
    let path = acme.path(&format!("invitations/{gone}"));
    let _ = acme.ada.delete(&path).await.expect(204);
    assert_eq!(of("hopp").await, ["grace"]);
}

#[tokio::test]
async fn pages_of_what_was_found_follow_one_another_like_those_of_the_list() {
    let (_server, acme) = TestServer::with_acme().await;
    for n in 0..5 {
        invite(&acme, &format!("some{n}"), "Somebody").await;
        invite(&acme, &format!("other{n}"), "Another").await;
    }
    let (list, _) = page(&acme.ada, &acme, "limit=500").await;
    let expected: Vec<_> = list
        .into_iter()
        .filter(|email| email.starts_with("some"))
        .collect();
    let mut listed = Vec::new();
    let mut cursor = String::new();
    loop {
        let query = format!("search=SOMEBODY&limit=2{cursor}");
        let (found, next) = page(&acme.ada, &acme, &query).await;
        assert!(found.len() <= 2);
        listed.extend(found);
        match next.as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(listed, expected);
}

#[tokio::test]
async fn a_search_stays_in_its_organization_and_asks_for_the_right() {
    let (server, acme) = TestServer::with_acme().await;
    let body = json!({ "organization": "Globex", "email": "hank@example.org", "name": "Hank" });
    let globex = acme.ada.post("/v1/organizations", body).await.expect(201);
    let token = server.mailbox().token("hank@example.org", 1).await;
    let body = json!({ "token": token, "password": harness::PASSWORD });
    let accepted = server.client.post("/v1/invitations/accept", body).await;
    let accepted = accepted.expect(200);
    let hank = server
        .client
        .with(accepted["session_token"].as_str().unwrap());
    let globex = Acme {
        id: globex["organization_id"].as_str().unwrap().to_owned(),
        ada: hank.clone(),
    };
    assert_eq!(found(&acme.ada, &acme, "example").await, ["ada"]);
    assert_eq!(found(&hank, &globex, "example").await, ["hank"]);
    let elsewhere = hank.get(&acme.path("users?search=ada")).await;
    elsewhere.problem(404, "not-found");
    let member = server.join(&acme.ada, &acme.id, "grace", "member").await;
    let refused = member.get(&acme.path("users?search=ada")).await;
    refused.problem(403, "forbidden");

    let long = format!("search={}", "x".repeat(101));
    for bad in [
        "search=",
        "search=%20",
        "search=a%0Ab",
        &long,
        "search=a&cursor=x",
    ] {
        let reply = acme.ada.get(&acme.path(&format!("users?{bad}"))).await;
        reply.problem(400, "invalid-parameter");
    }
    let longest = "é".repeat(100);
    assert_eq!(found(&acme.ada, &acme, &longest).await, [""; 0]);
}

#[tokio::test]
async fn another_node_finds_the_same() {
    let (server, acme) = TestServer::with_acme().await;
    let other = server.another_node(Way::Memory).await;
    let there = other.same_session(&acme.ada);
    assert_eq!(found(&there, &acme, "grace").await, [""; 0]);
    invite(&acme, "grace", "Grace").await;
    assert_eq!(found(&there, &acme, "grace").await, ["grace"]);
}

/// How many people are in the memory of the process to be searched.
async fn indexed(client: &Client) -> Option<f64> {
    let metrics = client.get("/metrics").await.text;
    let line = metrics
        .lines()
        .find(|line| line.starts_with("pawl_search_index_people"))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[tokio::test]
async fn who_leaves_is_gone_from_memory_without_another_search_and_never_was_on_disk() {
    let (server, acme) = TestServer::with_acme().await;
    let gone = invite(&acme, "grace", "Grace Hopper-Unmistakable").await;
    assert_eq!(found(&acme.ada, &acme, "unmistakable").await, ["grace"]);
    assert_eq!(indexed(&acme.ada).await, Some(2.0));
    let path = acme.path(&format!("invitations/{gone}"));
    let _ = acme.ada.delete(&path).await.expect(204);
    harness::eventually("the index forgets", async || {
        (indexed(&acme.ada).await == Some(1.0)).then_some(())
    })
    .await;
    let text = "unmistakable";
    for entry in std::fs::read_dir(server.data()).unwrap() {
        let file = entry.unwrap().path();
        if file.is_file() {
            let bytes = std::fs::read(&file).unwrap();
            let lower = String::from_utf8_lossy(&bytes).to_lowercase();
            assert!(!lower.contains(text), "{}", file.display());
        }
    }
}
