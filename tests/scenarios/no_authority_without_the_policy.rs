//! I2: a session that lacks a required factor opens three things, and nothing else.

use crate::documents::operations;
use harness::{Client, Reply, TestServer};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Calls everything that takes a session; what was answered otherwise than with
/// `second-factor-required`.
async fn open_to(session: &Client, organization: &str) -> BTreeSet<String> {
    let mut open = BTreeSet::new();
    for operation in operations().into_iter().filter(|each| each.secured) {
        let path = operation.path.replace("{org}", organization);
        // Ends the session, so it goes last and elsewhere.
        if (operation.method.as_str(), path.as_str()) == ("DELETE", "/v1/session") {
            continue;
        }
        let path = path.replace("{id}", "00000000-0000-0000-0000-000000000000");
        let request = session.request(operation.method.clone(), &path);
        let reply = Reply::to(request.json(&json!({ "confirm": "Enforce 2FA" }))).await;
        if reply.slug() == "second-factor-required" {
            assert_eq!(reply.status, 403);
        } else {
            open.insert(format!("{} {}", operation.method, operation.path));
        }
    }
    open
}

fn calls<const N: usize>(calls: [&str; N]) -> BTreeSet<String> {
    calls.map(str::to_owned).into()
}

#[tokio::test]
async fn who_must_set_up_a_device_reaches_the_set_up_only() {
    let (server, acme) = TestServer::with_acme().await;
    acme.enforce().await;
    let who = acme.ada.get("/v1/session").await.expect(200);
    assert_eq!(who["next"], "otp_setup");
    assert_eq!(who["factors"], json!(["password"]));
    assert_eq!(
        open_to(&acme.ada, &acme.id).await,
        calls([
            "GET /v1/session",
            "POST /v1/me/otp-devices",
            "POST /v1/me/otp-devices/{id}/confirm",
            // Answers that there is no need of a link.
            "POST /v1/me/otp-setup-link",
            // Answers that there is no device yet.
            "POST /v1/sign-in/otp",
        ])
    );
    acme.ada
        .post("/v1/sign-in/otp", json!({ "code": "123456" }))
        .await
        .problem(409, "otp-device-missing");

    let (ada, _) = server.set_up_phone(&acme.ada).await;
    let who = ada.get("/v1/session").await.expect(200);
    assert_eq!(who["next"], "done");
    assert_eq!(who["factors"], json!(["password", "otp"]));
    let _ = ada.get(&acme.path("users")).await.expect(200);
    // The token of before is dead, not promoted.
    acme.ada
        .get("/v1/session")
        .await
        .problem(401, "unauthenticated");
}

/// A stolen password must not bring its own phone.
#[tokio::test]
async fn who_has_a_device_reaches_the_code_only_enforced_or_not() {
    let (server, acme) = TestServer::with_acme().await;
    let (ada, phone) = server.set_up_phone(&acme.ada).await;
    for enforced in [false, true] {
        let waiting = server.half_signed_in("ada").await;
        assert_eq!(
            open_to(&waiting, &acme.id).await,
            calls(["GET /v1/session", "POST /v1/sign-in/otp"]),
            "enforced: {enforced}"
        );
        let _ = waiting.delete("/v1/session").await.expect(204);
        waiting
            .get("/v1/session")
            .await
            .problem(401, "unauthenticated");
        if !enforced {
            harness::Acme {
                ada: ada.clone(),
                ..acme.clone()
            }
            .enforce()
            .await;
        }
    }
    let waiting = server.half_signed_in("ada").await;
    let step = server
        .show(&waiting, &phone.code(server.now()))
        .await
        .expect(200);
    assert_eq!(step["next"], "done");
    waiting
        .get("/v1/session")
        .await
        .problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_second_session_does_not_inherit_the_factor_of_the_first() {
    let (server, acme) = TestServer::with_acme().await;
    let first = server.sign_in("ada").await.expect(200);
    let second = server.sign_in("ada").await.expect(200);
    assert_eq!(
        (&first["next"], &second["next"]),
        (&json!("done"), &json!("done"))
    );
    let [first, second] = [first, second]
        .map(|step: Value| server.client.with(step["session_token"].as_str().unwrap()));
    let (_, _) = server.set_up_phone(&first).await;
    // Ada has a phone now, so her other session must show it.
    second
        .get(&acme.path("users"))
        .await
        .problem(403, "second-factor-required");
    assert_eq!(second.get("/v1/session").await.expect(200)["next"], "otp");
}
