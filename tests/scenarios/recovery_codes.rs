//! I4, I9: whoever loses the phone gets in with a recovery code, and with each of them once.

use harness::{Acme, Client, Phone, Reply, TestServer, recovery_codes};
use reqwest::Method;
use serde_json::{Value, json};

struct Recovery {
    server: TestServer,
    acme: Acme,
    phone: Phone,
    codes: Vec<String>,
}

impl Recovery {
    /// Ada has a phone and ten recovery codes.
    async fn begin() -> Self {
        let (server, acme) = TestServer::with_acme().await;
        let (ada, phone, codes) = server.set_up_first_phone(&acme.ada).await;
        Self {
            server,
            acme: Acme { ada, ..acme },
            phone,
            codes,
        }
    }

    async fn try_code(&self, code: &str) -> Reply {
        let session = self.server.half_signed_in("ada").await;
        self.server.recover(&session, code).await
    }

    /// How often each event of this name stands in the audit trail.
    async fn count(&self, event: &str) -> usize {
        let events = self.acme.audit(&self.acme.ada).await;
        events.iter().filter(|each| each["type"] == event).count()
    }
}

async fn left(by: &Client) -> Value {
    by.get("/v1/me/recovery-codes").await.expect(200)["left"].clone()
}

async fn keyed(by: &Client, path: &str, key: &str, body: &Value) -> Reply {
    let request = by.request(Method::POST, path);
    Reply::to(request.header("idempotency-key", key).json(body)).await
}

#[tokio::test]
async fn the_first_phone_brings_ten_codes_and_the_second_none() {
    let recovery = Recovery::begin().await;
    assert_eq!(recovery.codes.len(), 10);
    for code in &recovery.codes {
        let (first, second) = code.split_once('-').unwrap();
        assert_eq!((first.len(), second.len()), (5, 5), "{code}");
        let plain = |c: char| c.is_ascii_digit() || (c.is_ascii_lowercase() && !"ilou".contains(c));
        assert!(format!("{first}{second}").chars().all(plain), "{code}");
    }
    let mut different = recovery.codes.clone();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), 10);

    let ada = &recovery.acme.ada;
    let state = ada.get("/v1/me/recovery-codes").await.expect(200);
    assert_eq!(state["left"], 10);
    assert!(state["issued_at"].is_string());
    let (ada, _, more) = recovery.server.set_up_first_phone(ada).await;
    assert_eq!(more, Vec::<String>::new());
    assert_eq!(left(&ada).await, 10);
}

#[tokio::test]
async fn a_code_signs_in_once_and_is_a_second_factor() {
    let recovery = Recovery::begin().await;
    recovery.acme.enforce().await;
    let code = &recovery.codes[3];
    let session = recovery.server.half_signed_in("ada").await;
    let step = recovery.server.recover(&session, code).await.expect(200);
    assert_eq!(step["next"], "done");
    session
        .get("/v1/session")
        .await
        .problem(401, "unauthenticated");
    let ada = recovery
        .server
        .client
        .with(step["session_token"].as_str().unwrap());
    let who = ada.get("/v1/session").await.expect(200);
    assert_eq!(who["factors"], json!(["password", "recovery_code"]));
    assert_eq!(left(&ada).await, 9);
    // It may all that a code of the phone may, another phone included.
    let _ = ada.get(&recovery.acme.path("users")).await.expect(200);
    let _ = recovery.server.set_up_phone(&ada).await;

    let again = recovery.try_code(code).await;
    again.problem(401, "recovery-code-wrong");
    let events = recovery.acme.audit(&recovery.acme.ada).await;
    let find = |name: &str| {
        let mut found = events.iter().filter(|event| event["type"] == name);
        found.next_back().unwrap()["data"].clone()
    };
    assert_eq!(find("RecoveryCodeUsed")["number"], 4);
    assert_eq!(
        find("SignedIn")["factors"],
        json!(["password", "recovery_code"])
    );
    assert!(find("RecoveryCodeRejected")["session_id"].is_string());
    let trail = json!(events).to_string();
    for code in &recovery.codes {
        assert!(!trail.contains(code), "a code is in the audit trail");
        assert!(!trail.contains(&code.replace('-', "")));
    }
}

#[tokio::test]
async fn a_code_is_taken_however_it_is_typed() {
    let recovery = Recovery::begin().await;
    let typed: [fn(&str) -> String; 4] = [
        str::to_uppercase,
        |code| code.replace('-', ""),
        |code| format!("  {} ", code.replace('-', " ")),
        |code| code.replace('0', "O").replace('1', "l"),
    ];
    for (code, typed) in recovery.codes.iter().zip(typed) {
        let _ = recovery.try_code(&typed(code)).await.expect(200);
    }
    let session = recovery.server.half_signed_in("ada").await;
    for malformed in ["", "12345", "uuuuu-uuuuu", "aaaaa-aaaaa-a"] {
        let reply = recovery.server.recover(&session, malformed).await;
        reply.problem(422, "recovery-code-malformed");
    }
    let code = recovery.phone.code(recovery.server.now());
    for body in [
        json!({}),
        json!({ "code": code, "recovery_code": recovery.codes[9] }),
    ] {
        let reply = session.post("/v1/sign-in/otp", body).await;
        reply.problem(422, "invalid-body");
    }
    let _ = recovery.server.show(&session, &code).await.expect(200);
}

#[tokio::test]
async fn of_many_at_once_with_the_same_recovery_code_one_is_let_in() {
    let recovery = Recovery::begin().await;
    let mut waiting = Vec::new();
    for _ in 0..20 {
        waiting.push(recovery.server.half_signed_in("ada").await);
    }
    let (server, code) = (&recovery.server, &recovery.codes[0]);
    let attempts = waiting.iter().map(|session| server.recover(session, code));
    let replies = futures::future::join_all(attempts).await;
    let slugs: Vec<_> = replies.iter().map(Reply::slug).collect();
    let let_in = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(let_in, 1, "{slugs:?}");
    for slug in slugs.iter().filter(|slug| !slug.is_empty()) {
        assert!(
            ["recovery-code-wrong", "too-many-attempts"].contains(&slug.as_str()),
            "{slug}"
        );
    }
    assert_eq!(recovery.count("RecoveryCodeUsed").await, 1);
}

#[tokio::test]
async fn wrong_recovery_codes_and_wrong_codes_close_the_account_together() {
    let recovery = Recovery::begin().await;
    let wrong = recovery.phone.wrong_code(recovery.server.now());
    for _ in 0..2 {
        let session = recovery.server.half_signed_in("ada").await;
        let reply = recovery.server.show(&session, &wrong).await;
        reply.problem(401, "otp-code-wrong");
    }
    for _ in 0..3 {
        let reply = recovery.try_code("00000-00000").await;
        reply.problem(401, "recovery-code-wrong");
    }
    let session = recovery.server.half_signed_in("ada").await;
    let right = recovery.phone.code(recovery.server.now());
    let reply = recovery.server.show(&session, &right).await;
    reply.problem(429, "too-many-attempts");
    let reply = recovery.server.recover(&session, &recovery.codes[0]).await;
    reply.problem(429, "too-many-attempts");
    recovery.server.wait_steps(2);
    let reply = recovery.server.recover(&session, &recovery.codes[0]).await;
    let _ = reply.expect(200);
}

#[tokio::test]
async fn new_codes_kill_those_of_before() {
    let recovery = Recovery::begin().await;
    let ada = &recovery.acme.ada;
    let _ = recovery.try_code(&recovery.codes[0]).await.expect(200);
    recovery.server.wait_steps(1);
    let issued = ada.post_nothing("/v1/me/recovery-codes").await.expect(201);
    let new = recovery_codes(&issued);
    assert_eq!(new.len(), 10);
    assert_eq!(left(ada).await, 10);
    for old in &recovery.codes[..2] {
        let reply = recovery.try_code(old).await;
        reply.problem(401, "recovery-code-wrong");
    }
    let _ = recovery.try_code(&new[9]).await.expect(200);
    assert_eq!(left(ada).await, 9);
}

#[tokio::test]
async fn who_has_no_phone_has_no_codes() {
    let (server, acme) = TestServer::with_acme().await;
    let state = acme.ada.get("/v1/me/recovery-codes").await.expect(200);
    assert_eq!(state, json!({ "left": 0, "issued_at": null }));
    let reply = acme.ada.post_nothing("/v1/me/recovery-codes").await;
    reply.problem(409, "otp-device-missing");
    let reply = server.recover(&acme.ada, "00000-00000").await;
    reply.problem(409, "otp-not-needed");
    acme.enforce().await;
    let reply = server.recover(&acme.ada, "00000-00000").await;
    reply.problem(409, "otp-device-missing");
}

/// Nobody writes down codes from an answer that got lost.
/// Or a form that is sent once more from a session left open would show them to whoever sits there.
#[tokio::test]
async fn a_repeated_call_shows_no_codes_once_the_second_factor_is_stale() {
    let recovery = Recovery::begin().await;
    let path = "/v1/me/recovery-codes";
    let ada = &recovery.acme.ada;
    let _ = keyed(ada, path, "k", &json!(null)).await.expect(201);
    recovery.server.wait_steps(11);
    let late = keyed(ada, path, "k", &json!(null)).await;
    late.problem(410, "recovery-codes-replaced");
}

#[tokio::test]
async fn a_repeated_call_shows_the_same_codes() {
    let (server, acme) = TestServer::with_acme().await;
    let set_up = acme.ada.post_nothing("/v1/me/otp-devices").await;
    let set_up = set_up.expect(201);
    let phone = Phone::scan(set_up["otpauth_uri"].as_str().unwrap());
    let id = set_up["device_id"].as_str().unwrap();
    let confirm = format!("/v1/me/otp-devices/{id}/confirm");
    let body = json!({ "code": phone.code(server.now()), "name": "phone" });
    let first = keyed(&acme.ada, &confirm, "k", &body).await;
    let head = server.client.head().await;
    let again = keyed(&acme.ada, &confirm, "k", &body).await;
    assert_eq!(first.text, again.text);
    assert_eq!(server.client.head().await, head);
    let first = first.expect(200);
    assert_eq!(recovery_codes(&first).len(), 10);

    let ada = server.client.with(first["session_token"].as_str().unwrap());
    let path = "/v1/me/recovery-codes";
    let second = keyed(&ada, path, "k", &json!(null)).await;
    let head = server.client.head().await;
    let again = keyed(&ada, path, "k", &json!(null)).await;
    assert_eq!((second.status, &second.text), (again.status, &again.text));
    assert_eq!(server.client.head().await, head);
    let second = recovery_codes(&second.expect(201));
    assert_eq!(second.len(), 10);

    // Too late: others have taken their place.
    let third = keyed(&ada, path, "l", &json!(null)).await.expect(201);
    assert_ne!(recovery_codes(&third), second);
    let late = keyed(&ada, path, "k", &json!(null)).await;
    late.problem(410, "recovery-codes-replaced");

    server.wait_steps(1);
    let waiting = server.half_signed_in("ada").await;
    let body = json!({ "recovery_code": recovery_codes(&third)[0] });
    let first = keyed(&waiting, "/v1/sign-in/otp", "k", &body).await;
    let again = keyed(&waiting, "/v1/sign-in/otp", "k", &body).await;
    assert_eq!(first.text, again.text);
    let _ = first.expect(200);
    // So does a wrong one, and it counts once.
    let waiting = server.half_signed_in("ada").await;
    let body = json!({ "recovery_code": "00000-00000" });
    for _ in 0..9 {
        let reply = keyed(&waiting, "/v1/sign-in/otp", "k", &body).await;
        reply.problem(401, "recovery-code-wrong");
    }
}
