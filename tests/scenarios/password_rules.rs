//! What a password may be, and what its hash costs.

use eventstore::{
    Direction,
    keyring::{Keyring, KeyringError, MasterKey},
};
use eventstore_schema::{Event, StreamName, UserEvent};
use harness::{PASSWORD, Reply, TestServer};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn common_passwords_are_refused_wherever_one_is_chosen() {
    let server = TestServer::start().await;
    let body = json!({
        "token": harness::SETUP_TOKEN, "organization": "Acme", "email": "ada@example.org",
        "name": "Ada", "password": "Password1",
    });
    let reply = server.client.post("/v1/setup", body).await;
    assert!(reply.text.contains("many people use"), "{}", reply.text);
    reply.problem(422, "invalid-field");

    let (server, acme) = TestServer::with_acme().await;
    let token = server.invite(&acme.ada, &acme.id, "grace", "member").await;
    let head = server.client.head().await;
    let body = json!({ "token": token, "password": "iloveyou" });
    let reply = server.client.post("/v1/invitations/accept", body).await;
    reply.problem(422, "invalid-field");
    let request = acme.ada.request(Method::PUT, "/v1/me/password");
    let body = json!({ "current": PASSWORD, "new": "ACME2027!" });
    let reply = Reply::to(request.json(&body)).await;
    reply.problem(422, "invalid-field");
    assert_eq!(server.client.head().await, head);
}

#[tokio::test]
async fn a_new_cost_holds_for_old_passwords_from_the_next_sign_in_on() {
    let (server, acme) = TestServer::with_acme().await;
    let who = acme.ada.get("/v1/session").await.expect(200);
    let stream = format!("user-{}", who["user_id"].as_str().unwrap());
    let server = server
        .restart_with(|flags| flags.argon2_memory_kib = Some(16))
        .await;
    let ada = server.client.same_session(&acme.ada);
    let _ = server.sign_in("ada").await.expect(200);
    let last = async || {
        let trail = ada.get(&acme.path("audit?limit=500")).await.expect(200);
        trail["items"].as_array().unwrap().clone()
    };
    let trail = last().await;
    let rehashed: Vec<_> = trail
        .iter()
        .filter(|event| event["type"] == "PasswordRehashed")
        .collect();
    assert_eq!(rehashed.len(), 1);
    assert_eq!(rehashed[0]["subject"], stream);
    assert_eq!(
        rehashed[0]["actor"],
        json!({ "kind": "user", "id": who["user_id"] })
    );

    // Sessions go on, the old hash is gone, and once is enough, whoever comes at the same time.
    let _ = ada.get("/v1/session").await.expect(200);
    let log = server.log();
    let stream = StreamName::named(&stream);
    let page = log.read_stream(&stream, 0, Direction::Forwards, 100).await;
    let mut events = page.unwrap().into_iter().map(|e| e.decode().unwrap().data);
    let Some(Event::User(UserEvent::UserRegistered(old))) = events.next() else {
        panic!("a person begins with their registration");
    };
    let file = |name: &str| server.data().join(name);
    let master = MasterKey::load_or_create(&file("master.key"), false).unwrap();
    let keyring = Keyring::open(&file("keyring.db"), &master).unwrap();
    harness::eventually("the key is destroyed", async || {
        let opened = keyring.open_sealed("hash", &old.password.hash.0);
        matches!(opened, Err(KeyringError::Destroyed { .. })).then_some(())
    })
    .await;
    let _ = server.sign_in("ada").await.expect(200);
    let events = last().await;
    assert!(
        events[trail.len()..]
            .iter()
            .all(|event| event["type"] != "PasswordRehashed")
    );
}

#[tokio::test]
async fn of_many_sign_ins_at_once_each_succeeds_and_one_hashes_anew() {
    let (server, acme) = TestServer::with_acme().await;
    let server = server
        .restart_with(|flags| flags.argon2_memory_kib = Some(16))
        .await;
    let many = (0..16).map(|_| server.sign_in("ada"));
    for reply in futures::future::join_all(many).await {
        let _ = reply.expect(200);
    }
    let ada = server.client.same_session(&acme.ada);
    let trail = ada.get(&acme.path("audit?limit=500")).await.expect(200);
    let trail = trail["items"].as_array().unwrap();
    let rehashed = trail
        .iter()
        .filter(|event| event["type"] == "PasswordRehashed");
    assert_eq!(rehashed.count(), 1);
    let _ = server.sign_in("ada").await.expect(200);
}
