//! The life of an invitation: sent, sent again, taken back, expired, accepted; before and after
//! enforcement.

use harness::{Acme, Reply, TestServer};
use serde_json::{Value, json};

async fn accept(server: &TestServer, token: &str) -> Reply {
    let body = json!({ "token": token, "password": harness::PASSWORD });
    server.client.post("/v1/invitations/accept", body).await
}

async fn invitation(acme: &Acme) -> Value {
    let list = acme.ada.get(&acme.path("invitations")).await.expect(200);
    list["items"][0].clone()
}

#[tokio::test]
async fn a_link_works_once() {
    let (server, acme) = TestServer::with_acme().await;
    let token = server.invite(&acme.ada, &acme.id, "grace", "member").await;
    assert_eq!(invitation(&acme).await["email"], "grace@example.org");
    let step = accept(&server, &token).await.expect(200);
    assert_eq!(step["next"], "done");
    let head = server.client.head().await;
    accept(&server, &token)
        .await
        .problem(409, "invitation-used");
    assert_eq!(server.client.head().await, head);
    assert_eq!(invitation(&acme).await, Value::Null);
    let _ = server.sign_in("grace").await.expect(200);
}

#[tokio::test]
async fn a_link_expires_and_a_new_one_kills_the_old() {
    let (server, acme) = TestServer::with_acme().await;
    let old = server.invite(&acme.ada, &acme.id, "grace", "member").await;
    server.clock.advance(chrono::TimeDelta::days(7));
    accept(&server, &old)
        .await
        .problem(410, "invitation-expired");

    // Seven days are longer than a session, so Ada has to sign in again.
    let step = server.sign_in("ada").await.expect(200);
    let ada = server.client.with(step["session_token"].as_str().unwrap());
    let acme = Acme { ada, ..acme };
    let id = invitation(&acme).await["invitation_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let resend = acme.path(&format!("invitations/{id}/resend"));
    let _ = acme.ada.post_nothing(&resend).await.expect(200);
    let new = server.mailbox().token("grace@example.org", 2).await;
    assert_ne!(old, new);
    accept(&server, &old)
        .await
        .problem(404, "invitation-invalid");
    let _ = accept(&server, &new).await.expect(200);
    acme.ada
        .post_nothing(&resend)
        .await
        .problem(409, "invitation-used");
}

#[tokio::test]
async fn a_revoked_invitation_is_dead_and_its_address_free() {
    let (server, acme) = TestServer::with_acme().await;
    let token = server.invite(&acme.ada, &acme.id, "grace", "member").await;
    let id = invitation(&acme).await["invitation_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = acme.path(&format!("invitations/{id}"));
    let _ = acme.ada.delete(&path).await.expect(204);
    accept(&server, &token)
        .await
        .problem(404, "invitation-invalid");
    acme.ada.delete(&path).await.problem(404, "not-found");
    let body = json!({ "email": "grace@example.org", "name": "Grace", "role": "auditor" });
    let _ = acme
        .ada
        .post(&acme.path("invitations"), body)
        .await
        .expect(201);
    let token = server.mailbox().token("grace@example.org", 2).await;
    let _ = accept(&server, &token).await.expect(200);
}

#[tokio::test]
async fn links_that_were_never_sent_open_nothing() {
    let (server, acme) = TestServer::with_acme().await;
    let token = server.invite(&acme.ada, &acme.id, "grace", "member").await;
    let head = server.client.head().await;
    let mut forged = token.clone();
    let last = if forged.pop() == Some('A') { 'Q' } else { 'A' };
    forged.push(last);
    for bad in ["", "x", &forged, &token[1..], harness::SETUP_TOKEN] {
        accept(&server, bad)
            .await
            .problem(404, "invitation-invalid");
    }
    let body = json!({ "token": token, "password": "short" });
    let short = server.client.post("/v1/invitations/accept", body).await;
    short.problem(422, "invalid-field");
    assert_eq!(server.client.head().await, head);
    let _ = accept(&server, &token).await.expect(200);
}

#[tokio::test]
async fn invited_before_or_after_enforcement_leads_into_the_set_up() {
    let (server, acme) = TestServer::with_acme().await;
    let (ada, _) = server.set_up_phone(&acme.ada).await;
    let acme = Acme { ada, ..acme };
    let before = server.invite(&acme.ada, &acme.id, "grace", "admin").await;
    acme.enforce().await;
    let after = server.invite(&acme.ada, &acme.id, "linus", "member").await;
    for token in [before, after] {
        let step = accept(&server, &token).await.expect(200);
        assert_eq!(step["next"], "otp_setup");
        let session = server.client.with(step["session_token"].as_str().unwrap());
        session
            .get(&acme.path("two-factor"))
            .await
            .problem(403, "second-factor-required");
        let (session, _) = server.set_up_phone(&session).await;
        let state = session.get(&acme.path("two-factor")).await.expect(200);
        assert_eq!(state["enforced"], true);
    }
}

/// Whatever address is taken, its mail goes out, and the next one's too.
#[tokio::test]
async fn unusual_addresses_get_their_mail() {
    let (server, acme) = TestServer::with_acme().await;
    let unusual = [
        "a+b@example.org",
        "o'hara@example.org",
        "{x}@example.org",
        "ü@exämple.org",
        "A@B.example",
    ];
    for email in unusual {
        let body = json!({ "email": email, "name": "Ünal \"Ü\" <x@y.z>", "role": "member" });
        let _ = acme
            .ada
            .post(&acme.path("invitations"), body)
            .await
            .expect(201);
    }
    server.invite(&acme.ada, &acme.id, "grace", "member").await;
    assert_eq!(server.mailbox().files().len(), unusual.len() + 1);
}
