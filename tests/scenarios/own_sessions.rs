//! Where am I signed in? Sessions as their owner sees them, and how they end them from elsewhere.

use harness::{Acme, Client, Reply, TestServer};
use reqwest::Method;
use serde_json::{Value, json};

async fn sessions(by: &Client) -> Vec<Value> {
    let list = by.get("/v1/me/sessions").await.expect(200);
    assert_eq!(list["next"], Value::Null);
    list["items"].as_array().unwrap().clone()
}

async fn id(of: &Client) -> String {
    let session = of.get("/v1/session").await.expect(200);
    session["session_id"].as_str().unwrap().to_owned()
}

async fn end(by: &Client, id: &str) -> Reply {
    by.delete(&format!("/v1/me/sessions/{id}")).await
}

async fn sign_in(server: &TestServer, who: &str) -> Client {
    let step = server.sign_in(who).await.expect(200);
    server.client.with(step["session_token"].as_str().unwrap())
}

#[tokio::test]
async fn a_session_on_another_device_is_seen_and_ended_at_once() {
    let (server, acme) = TestServer::with_acme().await;
    server.wait_steps(1);
    let phone = sign_in(&server, "ada").await;
    let (here, there) = (id(&acme.ada).await, id(&phone).await);

    let listed = sessions(&acme.ada).await;
    let told: Vec<_> = listed
        .iter()
        .map(|session| (&session["session_id"], &session["current"]))
        .collect();
    assert_eq!(
        told,
        [(&json!(there), &json!(false)), (&json!(here), &json!(true))]
    );
    assert_eq!(listed[0]["factors"], json!(["password"]));
    assert_eq!(listed[0]["started_at"], json!("2027-01-15T08:00:45Z"));
    assert_eq!(listed[0]["expires_at"], json!("2027-01-15T20:00:45Z"));

    let ended = end(&acme.ada, &there).await;
    assert_eq!(ended.status, 204);
    assert_eq!(
        ended.header("pawl-position").parse::<u64>().unwrap(),
        acme.ada.head().await
    );
    phone
        .get("/v1/session")
        .await
        .problem(401, "unauthenticated");
    assert_eq!(sessions(&acme.ada).await, listed[1..]);
    let events = acme.audit(&acme.ada).await;
    let last = events.last().unwrap();
    let who = acme.ada.get("/v1/session").await.expect(200);
    assert_eq!(last["type"], "SessionEnded");
    assert_eq!(last["subject"], format!("session-{there}"));
    assert_eq!(
        last["actor"],
        json!({ "kind": "user", "id": who["user_id"] })
    );

    // It has ended already; and one's own ends like any other.
    end(&acme.ada, &there).await.problem(404, "not-found");
    assert_eq!(end(&acme.ada, &here).await.status, 204);
    let gone = acme.ada.get("/v1/me/sessions").await;
    gone.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_retry_ends_nothing_twice() {
    let (server, acme) = TestServer::with_acme().await;
    let there = id(&sign_in(&server, "ada").await).await;
    let path = format!("/v1/me/sessions/{there}");
    let again = || {
        let request = acme.ada.request(Method::DELETE, &path);
        Reply::to(request.header("idempotency-key", "once"))
    };
    assert_eq!(again().await.status, 204);
    let head = acme.ada.head().await;
    assert_eq!(again().await.status, 204);
    assert_eq!(acme.ada.head().await, head);
}

#[tokio::test]
async fn sessions_of_others_are_neither_seen_nor_ended() {
    let (server, acme) = TestServer::with_acme().await;
    let grace = server.join(&acme.ada, &acme.id, "grace", "admin").await;
    let (hers, mine) = (id(&grace).await, id(&acme.ada).await);
    let head = acme.ada.head().await;
    for nobody in [&*hers, "00000000-0000-0000-0000-000000000000", "x"] {
        end(&acme.ada, nobody).await.problem(404, "not-found");
    }
    assert_eq!(acme.ada.head().await, head);
    assert_eq!(sessions(&acme.ada).await[0]["session_id"], mine);
    assert_eq!(sessions(&grace).await[0]["session_id"], hers);
}

/// A stolen password ends nothing: the list and the end ask for every required factor.
#[tokio::test]
async fn a_session_that_waits_for_a_code_is_listed_but_sees_and_ends_nothing() {
    let (server, acme) = TestServer::with_acme().await;
    let (ada, phone) = server.set_up_phone(&acme.ada).await;
    let waiting = server.half_signed_in("ada").await;
    let acme = Acme { ada, ..acme };
    let [there, here] = &sessions(&acme.ada).await[..] else {
        panic!("not two sessions");
    };
    assert_eq!(there["signed_in_at"], Value::Null);
    assert_eq!(here["factors"], json!(["password", "otp"]));
    let refused = waiting.get("/v1/me/sessions").await;
    refused.problem(403, "second-factor-required");
    let refused = end(&waiting, here["session_id"].as_str().unwrap()).await;
    refused.problem(403, "second-factor-required");

    // When their time is over they are gone, both of them.
    server.clock.advance(chrono::TimeDelta::hours(12));
    let again = server.half_signed_in("ada").await;
    let step = server.show(&again, &phone.code(server.now())).await;
    let step = step.expect(200);
    let ada = server.client.with(step["session_token"].as_str().unwrap());
    let listed = sessions(&ada).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["session_id"], id(&ada).await);
}
