//! Machines: an administrator makes a credential, a machine gets access tokens for it, and what it
//! opens ends when it is rotated, revoked or over, on every node.

use harness::{Acme, Client, Phone, Reply, TestServer, Way};
use reqwest::Method;
use serde_json::{Value, json};

/// Ada, with a phone that she has just shown.
pub async fn acme_with_phone() -> (TestServer, Acme, Phone) {
    let (server, acme) = TestServer::with_acme().await;
    let (ada, phone) = server.set_up_phone(&acme.ada).await;
    (server, Acme { ada, ..acme }, phone)
}

/// Makes a credential; its id and its secret.
pub async fn credential(acme: &Acme, scopes: &[&str]) -> (String, String) {
    let body = json!({ "name": "Nightly export", "scopes": scopes });
    let made = acme.ada.post(&acme.path("api-credentials"), body).await;
    shown(&made.expect(201))
}

fn shown(answer: &Value) -> (String, String) {
    let text = |field: &str| answer[field].as_str().unwrap().to_owned();
    (text("client_id"), text("client_secret"))
}

/// Asks for a token like a client that authenticates by HTTP Basic.
async fn ask(client: &Client, (id, secret): &(String, String), more: &str) -> Reply {
    let request = client
        .request(Method::POST, "/oauth/token")
        .basic_auth(id, Some(secret))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("grant_type=client_credentials{more}"));
    Reply::to(request).await
}

/// A machine with an access token.
pub async fn machine(client: &Client, credential: &(String, String)) -> Client {
    let issued = ask(client, credential, "").await.expect(200);
    client.with(issued["access_token"].as_str().unwrap())
}

/// An answer of RFC 6749 section 5.2.
#[track_caller]
fn refused(reply: Reply, status: u16, error: &str) {
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("content-type"), "application/json");
    let challenge = reply.headers.contains_key("www-authenticate");
    assert_eq!(challenge, status == 401);
    assert_eq!(reply.expect(status)["error"], error);
}

#[tokio::test]
async fn a_machine_reads_with_a_token_until_its_credential_is_revoked() {
    let (server, acme, _) = acme_with_phone().await;
    let other = server.another_node(Way::Memory).await;
    let made = credential(&acme, &["users:read", "audit:read"]).await;
    let reply = ask(&server.client, &made, "").await;
    assert_eq!(reply.header("cache-control"), "no-store");
    let issued = reply.expect(200);
    assert_eq!(issued["token_type"], "Bearer");
    assert_eq!(issued["expires_in"], 3600);
    assert_eq!(issued["scope"], "users:read audit:read");
    let token = issued["access_token"].as_str().unwrap();
    let machine = server.client.with(token);
    for node in [&machine, &other.with(token)] {
        let users = node.get(&acme.path("users")).await.expect(200);
        assert_eq!(users["items"][0]["email"], "ada@example.org");
        node.get("/v1/session")
            .await
            .problem(403, "person-required");
    }

    let reply = ask(&server.client, &made, "&scope=users:read").await;
    let narrowed = reply.expect(200);
    assert_eq!(narrowed["scope"], "users:read");
    let narrow = server
        .client
        .with(narrowed["access_token"].as_str().unwrap());
    let _ = narrow.get(&acme.path("users")).await.expect(200);
    let lacking = narrow.get(&acme.path("audit")).await;
    let challenge = lacking.header("www-authenticate").to_owned();
    assert_eq!(challenge, "Bearer error=\"insufficient_scope\"");
    lacking.problem(403, "insufficient-scope");

    // No secret and no token stands in the history; who did what does.
    let events = machine.get(&acme.path("audit?limit=500")).await;
    for secret in [&made.1, token] {
        assert!(!events.text.contains(secret));
    }
    let events = events.expect(200);
    let of = |kind: &str| -> Vec<Value> {
        let all = events["items"].as_array().unwrap();
        all.iter().filter(|e| e["type"] == kind).cloned().collect()
    };
    let created = &of("ApiCredentialCreated")[0];
    assert_eq!(created["subject"], format!("api_credential-{}", made.0));
    let who = acme.ada.get("/v1/session").await.expect(200);
    assert_eq!(
        created["actor"],
        json!({ "kind": "user", "id": who["user_id"] })
    );
    let used = of("AccessTokenIssued");
    assert_eq!(used.len(), 2);
    let actor = json!({ "kind": "api_credential", "id": made.0 });
    assert_eq!(used[0]["actor"], actor);

    let path = acme.path(&format!("api-credentials/{}", made.0));
    let shown = acme.ada.get(&path).await.expect(200);
    assert_eq!(shown["state"], "live");
    assert_eq!(shown["scopes"], json!(["users:read", "audit:read"]));
    assert_eq!(shown["last_used_at"], used[1]["recorded_at"]);
    let _ = acme.ada.delete(&path).await.expect(204);
    for node in [&machine, &other.with(token)] {
        let reply = node.get(&acme.path("users")).await;
        reply.problem(401, "unauthenticated");
    }
    refused(ask(&other, &made, "").await, 401, "invalid_client");
    let head = server.client.head().await;
    let _ = acme.ada.delete(&path).await.expect(204);
    assert_eq!(server.client.head().await, head);
    let listed = acme
        .ada
        .get(&acme.path("api-credentials"))
        .await
        .expect(200);
    assert_eq!(listed["items"][0]["state"], "revoked");
}

#[tokio::test]
async fn a_rotated_secret_stays_good_for_the_overlap_and_its_tokens_too() {
    let (server, acme, _) = acme_with_phone().await;
    let old = credential(&acme, &["users:read"]).await;
    let before = machine(&server.client, &old).await;
    let path = acme.path(&format!("api-credentials/{}/rotate", old.0));
    let rotate = async |by: &Client, hours: u32, key: &str| {
        let request = by.request(Method::POST, &path);
        let body = json!({ "overlap_hours": hours });
        Reply::to(request.header("idempotency-key", key).json(&body)).await
    };
    let first = rotate(&acme.ada, 24, "a").await.expect(200);
    // A retry is shown the same secret, and no third one is made.
    assert_eq!(rotate(&acme.ada, 24, "a").await.expect(200), first);
    let new = shown(&first);
    assert_eq!(new.0, old.0);
    assert_ne!(new.1, old.1);
    for secret in [&old, &new] {
        let _ = ask(&server.client, secret, "").await.expect(200);
    }
    let _ = before.get(&acme.path("users")).await.expect(200);

    // With no overlap, the one of before is over at once, and so is what was issued for it.
    let renewed = machine(&server.client, &new).await;
    let third = shown(&rotate(&acme.ada, 0, "b").await.expect(200));
    for dead in [&before, &renewed] {
        let reply = dead.get(&acme.path("users")).await;
        reply.problem(401, "unauthenticated");
    }
    for dead in [&old, &new] {
        refused(ask(&server.client, dead, "").await, 401, "invalid_client");
    }
    let last = machine(&server.client, &third).await;
    let _ = last.get(&acme.path("users")).await.expect(200);

    // An hour later the token is over, the secret is not.
    server.wait_steps(60);
    let _ = acme.ada.get("/v1/session").await.expect(200);
    server.wait_steps(60);
    let reply = last.get(&acme.path("users")).await;
    reply.problem(401, "unauthenticated");
    let _ = machine(&server.client, &third).await;
    let reply = rotate(&acme.ada, 0, "c").await;
    reply.problem(403, "fresh-second-factor-required");
    let events = acme.audit(&acme.ada).await;
    let rotated = events
        .iter()
        .filter(|event| event["type"] == "ApiCredentialSecretRotated");
    assert_eq!(rotated.count(), 2);
}

/// I3: a password alone makes nothing that would outlast enforcement.
#[tokio::test]
async fn a_credential_is_made_under_two_factors_by_an_administrator() {
    let (server, acme) = TestServer::with_acme().await;
    let path = acme.path("api-credentials");
    let body = json!({ "name": "Export", "scopes": ["users:read"] });
    let reply = acme.ada.post(&path, body.clone()).await;
    reply.problem(409, "otp-device-missing");
    let (ada, phone) = server.set_up_phone(&acme.ada).await;
    for role in ["user_manager", "auditor", "member"] {
        let session = server.join(&ada, &acme.id, role, role).await;
        let reply = session.post(&path, body.clone()).await;
        reply.problem(403, "forbidden");
        session.get(&path).await.problem(403, "forbidden");
    }
    server.wait_steps(10);
    let reply = ada.post(&path, body.clone()).await;
    reply.problem(403, "fresh-second-factor-required");
    let code = json!({ "code": phone.code(server.now()) });
    let step = ada.post("/v1/session/otp", code).await.expect(200);
    let ada = server.client.with(step["session_token"].as_str().unwrap());
    for (field, bad) in [
        ("name", json!("")),
        ("name", json!("x".repeat(101))),
        ("scopes", json!([])),
        ("scopes", json!(["users:read", "everything"])),
        ("expires_in_days", json!(0)),
        ("expires_in_days", json!(366)),
    ] {
        let mut body = body.clone();
        body[field] = bad;
        ada.post(&path, body).await.problem(422, "invalid-field");
    }
    // A retry hears the same secret.
    let head = server.client.head().await;
    let mut answers = Vec::new();
    for _ in 0..2 {
        let request = ada.request(Method::POST, &path);
        let request = request.header("idempotency-key", "k").json(&body);
        answers.push(Reply::to(request).await.expect(201));
    }
    assert_eq!(answers[0], answers[1]);
    assert!(server.client.head().await > head);
    let listed = ada.get(&path).await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let _ = machine(&server.client, &shown(&answers[0])).await;
}

#[tokio::test]
async fn the_token_endpoint_answers_as_the_rfc_says() {
    let (server, acme, _) = acme_with_phone().await;
    let (id, secret) = credential(&acme, &["users:read"]).await;
    let head = server.client.head().await;
    let post = async |body: String| {
        let request = server.client.request(Method::POST, "/oauth/token");
        let form = "application/x-www-form-urlencoded";
        Reply::to(request.header("content-type", form).body(body)).await
    };
    let grant = "grant_type=client_credentials";
    let full = format!("{grant}&client_id={id}&client_secret={secret}");
    let nobody = "00000000-0000-0000-0000-000000000000";
    for (body, status, error) in [
        (format!("{grant}&client_id={id}"), 401, "invalid_client"),
        (
            format!("{grant}&client_secret={secret}"),
            401,
            "invalid_client",
        ),
        (
            format!("{grant}&client_id={id}&client_secret=no"),
            401,
            "invalid_client",
        ),
        (
            format!("{grant}&client_id=x&client_secret=no"),
            401,
            "invalid_client",
        ),
        (
            format!("client_id={id}&client_secret={secret}"),
            400,
            "invalid_request",
        ),
        (format!("{full}&{grant}"), 400, "invalid_request"),
        (
            full.replace(grant, "grant_type=password"),
            400,
            "unsupported_grant_type",
        ),
        (format!("{full}&scope=users:manage"), 400, "invalid_scope"),
        (format!("{full}&scope=everything"), 400, "invalid_scope"),
    ] {
        refused(post(body).await, status, error);
    }
    let json = json!({ "grant_type": "client_credentials" });
    let reply = server.client.post("/oauth/token", json).await;
    refused(reply, 400, "invalid_request");
    // An unknown client is answered like a wrong secret, word for word.
    let wrong = post(format!("{grant}&client_id={id}&client_secret=no")).await;
    let unknown = post(full.replace(&id, nobody)).await;
    assert_eq!((wrong.status, wrong.text), (unknown.status, unknown.text));
    // Both ways at once are one too many.
    let request = server.client.request(Method::POST, "/oauth/token");
    let request = request
        .basic_auth(&id, Some(&secret))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(full.clone());
    refused(Reply::to(request).await, 400, "invalid_request");
    assert_eq!(server.client.head().await, head, "refusals are no events");
    let _ = post(format!("{full}&resource=ignored")).await.expect(200);

    let metadata = "/.well-known/oauth-authorization-server";
    let metadata = server.client.get(metadata).await.expect(200);
    let endpoint = metadata["token_endpoint"].as_str().unwrap();
    assert_eq!(endpoint, server.client.url("/oauth/token"));
    assert_eq!(metadata["issuer"], server.client.url(""));
}

/// What everybody has at hand.
#[tokio::test]
async fn curl_gets_a_token() {
    let (server, acme, _) = acme_with_phone().await;
    let (id, secret) = credential(&acme, &["users:read"]).await;
    let curl = tokio::process::Command::new("curl")
        .args(["--silent", "--fail", "--user", &format!("{id}:{secret}")])
        .args(["--data", "grant_type=client_credentials"])
        .arg(server.client.url("/oauth/token"))
        .output();
    let out = curl.await.unwrap();
    assert!(out.status.success());
    let issued: Value = serde_json::from_slice(&out.stdout).unwrap();
    let machine = server.client.with(issued["access_token"].as_str().unwrap());
    let _ = machine.get(&acme.path("users")).await.expect(200);
}
