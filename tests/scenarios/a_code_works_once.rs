//! I4: an accepted time step is never accepted again; and what else a code can be.

use harness::{Phone, Reply, TestServer};
use serde_json::{Value, json};

async fn with_phone() -> (TestServer, harness::Acme, Phone) {
    let (server, acme) = TestServer::with_acme().await;
    let (ada, phone) = server.set_up_phone(&acme.ada).await;
    (server, harness::Acme { ada, ..acme }, phone)
}

fn token(step: &Value) -> &str {
    step["session_token"].as_str().unwrap()
}

#[tokio::test]
async fn of_many_at_once_with_the_same_code_one_is_let_in() {
    let (server, _, phone) = with_phone().await;
    let code = phone.code(server.now());
    let mut waiting = Vec::new();
    for _ in 0..20 {
        waiting.push(server.half_signed_in("ada").await);
    }
    let attempts = waiting.iter().map(|session| server.show(session, &code));
    let replies = futures::future::join_all(attempts).await;
    let slugs: Vec<_> = replies.iter().map(Reply::slug).collect();
    assert_eq!(
        replies.iter().filter(|reply| reply.status == 200).count(),
        1,
        "{slugs:?}"
    );
    // Enough wrong answers close the account, so the rest are told either.
    for slug in slugs.iter().filter(|slug| !slug.is_empty()) {
        assert!(
            ["otp-code-reused", "too-many-attempts"].contains(&slug.as_str()),
            "{slug}"
        );
    }
    for (session, reply) in waiting.iter().zip(&replies) {
        if reply.status != 200 {
            let who = session.get("/v1/session").await.expect(200);
            assert_eq!(who["next"], "otp");
        }
    }
}

#[tokio::test]
async fn a_code_is_right_for_a_step_on_either_side_and_then_has_expired() {
    let (server, _, phone) = with_phone().await;
    server.wait_steps(10);
    for (steps, slug) in [
        (-1, ""),
        (-1, "otp-code-reused"),
        (1, ""),
        (0, "otp-code-reused"),
    ] {
        let session = server.half_signed_in("ada").await;
        let reply = server
            .show(&session, &phone.code_after(server.now(), steps))
            .await;
        assert_eq!(reply.slug(), slug, "{steps}");
    }
    server.wait_steps(10);
    for (steps, slug) in [(-2, "otp-code-expired"), (2, "otp-code-wrong")] {
        let session = server.half_signed_in("ada").await;
        let reply = server
            .show(&session, &phone.code_after(server.now(), steps))
            .await;
        reply.problem(401, slug);
    }
    let session = server.half_signed_in("ada").await;
    let wrong = phone.wrong_code(server.now());
    server
        .show(&session, &wrong)
        .await
        .problem(401, "otp-code-wrong");
    server
        .show(&session, "12345")
        .await
        .problem(422, "otp-code-malformed");
    let right = phone.code(server.now());
    let spaced = format!("{} {}", &right[..3], &right[3..]);
    let _ = server.show(&session, &spaced).await.expect(200);
}

#[tokio::test]
async fn the_code_that_confirmed_the_device_does_not_sign_in() {
    let (server, acme) = TestServer::with_acme().await;
    let set_up = acme
        .ada
        .post_nothing("/v1/me/otp-devices")
        .await
        .expect(201);
    let phone = Phone::scan(set_up["otpauth_uri"].as_str().unwrap());
    let code = phone.code(server.now());
    let confirm = format!(
        "/v1/me/otp-devices/{}/confirm",
        set_up["device_id"].as_str().unwrap()
    );
    let body = json!({ "code": code, "name": "phone" });
    let _ = acme.ada.post(&confirm, body).await.expect(200);
    let session = server.half_signed_in("ada").await;
    server
        .show(&session, &code)
        .await
        .problem(401, "otp-code-reused");
}

#[tokio::test]
async fn wrong_codes_close_the_account_for_a_while_across_sessions() {
    let (server, _, phone) = with_phone().await;
    let wrong = phone.wrong_code(server.now());
    for _ in 0..5 {
        let session = server.half_signed_in("ada").await;
        server
            .show(&session, &wrong)
            .await
            .problem(401, "otp-code-wrong");
    }
    let session = server.half_signed_in("ada").await;
    let right = phone.code(server.now());
    let head = session.head().await;
    let refused = server.show(&session, &right).await;
    assert!(refused.json()["retry_at"].is_string());
    refused.problem(429, "too-many-attempts");
    assert_eq!(session.head().await, head);
    server.wait_steps(2);
    let step = server
        .show(&session, &phone.code(server.now()))
        .await
        .expect(200);
    assert_eq!(step["next"], "done");
}

#[tokio::test]
async fn a_set_up_shows_its_secret_as_phones_read_it() {
    let (_server, acme) = TestServer::with_acme().await;
    let set_up = acme
        .ada
        .post_nothing("/v1/me/otp-devices")
        .await
        .expect(201);
    let secret = set_up["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 32, "160 bits in base32");
    assert_eq!(
        set_up["otpauth_uri"],
        format!("otpauth://totp/Acme:ada%40example.org?secret={secret}&issuer=Acme")
    );
    assert!(set_up["qr_svg"].as_str().unwrap().contains("<svg"));
}

#[tokio::test]
async fn a_set_up_expires_is_replaced_and_opens_nothing_until_it_is_confirmed() {
    let (server, acme) = TestServer::with_acme().await;
    let begin = async || {
        let set_up = acme
            .ada
            .post_nothing("/v1/me/otp-devices")
            .await
            .expect(201);
        let phone = Phone::scan(set_up["otpauth_uri"].as_str().unwrap());
        let id = set_up["device_id"].as_str().unwrap().to_owned();
        (phone, format!("/v1/me/otp-devices/{id}/confirm"))
    };
    let confirm = async |path: &str, code: &str| {
        acme.ada
            .post(path, json!({ "code": code, "name": "phone" }))
            .await
    };
    let (first_phone, first) = begin().await;
    let (phone, second) = begin().await;
    confirm(&first, &first_phone.code(server.now()))
        .await
        .problem(404, "otp-set-up-not-found");
    confirm("/v1/me/otp-devices/1/confirm", "123456")
        .await
        .problem(404, "otp-set-up-not-found");
    confirm(&second, &phone.wrong_code(server.now()))
        .await
        .problem(401, "otp-code-wrong");
    assert_eq!(server.sign_in("ada").await.expect(200)["next"], "done");

    server.wait_steps(20);
    confirm(&second, &phone.code(server.now()))
        .await
        .problem(410, "otp-set-up-expired");
    let (ada, _) = server.set_up_phone(&acme.ada).await;
    let again = ada.post_nothing("/v1/me/otp-devices").await.expect(201);
    assert_ne!(
        again["device_id"],
        Value::Null,
        "a second device may be set up"
    );
    ada.post("/v1/sign-in/otp", json!({ "code": "123456" }))
        .await
        .problem(409, "otp-not-needed");
}

#[tokio::test]
async fn signing_in_takes_password_and_code_ever_after() {
    let (server, acme, phone) = with_phone().await;
    acme.enforce().await;
    for _ in 0..3 {
        let session = server.half_signed_in("ada").await;
        let step = server
            .show(&session, &phone.code(server.now()))
            .await
            .expect(200);
        let ada = server.client.with(token(&step));
        let _ = ada.get(&acme.path("users")).await.expect(200);
        server.wait_steps(1);
    }
}
