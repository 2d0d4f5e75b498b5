//! I9, I3: an administrator resets who has lost everything; nothing of before opens anything from
//! that moment on, and the way back in is to set up a device.

use eventstore_schema::KeyName;
use harness::{Acme, Client, Phone, Reply, TestServer, Way};
use reqwest::Method;
use serde_json::{Value, json};

async fn user_id(by: &Client) -> String {
    let who = by.get("/v1/session").await.expect(200);
    who["user_id"].as_str().unwrap().to_owned()
}

async fn reset(acme: &Acme, by: &Client, who: &str) -> Reply {
    let path = acme.path(&format!("users/{who}/reset-otp"));
    by.post_nothing(&path).await
}

async fn show_again(by: &Client, body: Value) -> Reply {
    by.post("/v1/session/otp", body).await
}

fn session(server: &TestServer, step: &Value) -> Client {
    server.client.with(step["session_token"].as_str().unwrap())
}

/// Ada has a phone and so has Grace, a member.
async fn two_with_phones() -> (TestServer, Acme, Phone, Client, Phone) {
    let (server, acme) = TestServer::with_acme().await;
    let (ada, adas) = server.set_up_phone(&acme.ada).await;
    let grace = server.join(&ada, &acme.id, "grace", "member").await;
    let (grace, graces) = server.set_up_phone(&grace).await;
    (server, Acme { ada, ..acme }, adas, grace, graces)
}

#[tokio::test]
async fn nothing_of_before_counts_and_a_device_must_be_set_up_enforced_or_not() {
    let (server, acme) = TestServer::with_acme().await;
    let grace = server.join(&acme.ada, &acme.id, "grace", "member").await;
    let (grace, phone, codes) = server.set_up_first_phone(&grace).await;
    let id = user_id(&grace).await;
    let devices = grace.get("/v1/me/otp-devices").await.expect(200);
    let pending = grace.post_nothing("/v1/me/otp-devices").await.expect(201);
    let waiting = server.half_signed_in("grace").await;

    let reply = reset(&acme, &acme.ada, &id).await;
    assert!(reply.headers.contains_key("pawl-position"));
    let _ = reply.expect(204);
    // The clock has not moved: the order of the log decides.
    for over in [&grace, &waiting] {
        let reply = over.get("/v1/session").await;
        reply.problem(401, "unauthenticated");
        let reply = over.post_nothing("/v1/me/otp-devices").await;
        reply.problem(401, "unauthenticated");
        let reply = server.show(over, &phone.code(server.now())).await;
        reply.problem(401, "unauthenticated");
    }
    for device in [&devices["items"][0], &pending] {
        let device = device["device_id"].as_str().unwrap().parse().unwrap();
        server.key_is_destroyed(&KeyName::otp_device(device)).await;
    }
    let shown = acme.ada.get(&acme.path(&format!("users/{id}"))).await;
    assert_eq!(shown.expect(200)["otp_devices"], json!([]));

    // Nothing is enforced, and still a password is not enough.
    let step = server.sign_in("grace").await.expect(200);
    assert_eq!(step["next"], "otp_setup");
    let grace = session(&server, &step);
    let reply = grace.get(&acme.path("two-factor")).await;
    reply.problem(403, "second-factor-required");
    for body in [
        json!({ "code": phone.code(server.now()) }),
        json!({ "recovery_code": codes[0] }),
    ] {
        let reply = grace.post("/v1/sign-in/otp", body).await;
        reply.problem(409, "otp-device-missing");
    }
    let (grace, _, new) = server.set_up_phone_by_link(&grace, "grace", 2).await;
    assert_eq!(new.len(), 10);
    let _ = grace.get(&acme.path("two-factor")).await.expect(200);
    let waiting = server.half_signed_in("grace").await;
    let reply = server.recover(&waiting, &codes[0]).await;
    reply.problem(401, "recovery-code-wrong");

    let events = acme.audit(&acme.ada).await;
    let event = events.iter().find(|each| each["type"] == "OtpDevicesReset");
    let event = event.unwrap();
    assert_eq!(event["subject"], format!("user-{id}"));
    assert_eq!(event["actor"]["id"], user_id(&acme.ada).await);
    let pending = &pending["device_id"];
    assert_eq!(&event["data"]["set_up"], pending);
}

#[tokio::test]
async fn on_another_node_it_holds_at_once_too() {
    let (server, acme, adas, grace, _) = two_with_phones().await;
    let other = server.another_node(Way::Memory).await;
    let elsewhere = other.same_session(&grace);
    let id = user_id(&elsewhere).await;
    server.wait_steps(1);
    let step = show_again(&acme.ada, json!({ "code": adas.code(server.now()) })).await;
    let ada = session(&server, &step.expect(200));
    let _ = reset(&acme, &ada, &id).await.expect(204);
    let reply = elsewhere.get("/v1/session").await;
    reply.problem(401, "unauthenticated");
}

#[tokio::test]
async fn who_has_a_second_factor_shows_it_in_the_five_minutes_before() {
    let (server, acme, adas, grace, _) = two_with_phones().await;
    let id = user_id(&grace).await;
    server.wait_steps(10);
    let head = server.client.head().await;
    let reply = reset(&acme, &acme.ada, &id).await;
    reply.problem(403, "fresh-second-factor-required");
    assert_eq!(server.client.head().await, head);
    acme.enforce().await;
    let reply = reset(&acme, &acme.ada, &id).await;
    reply.problem(403, "fresh-second-factor-required");
    let _ = grace.get("/v1/session").await.expect(200);

    let body = json!({ "code": adas.code(server.now()) });
    let step = show_again(&acme.ada, body.clone()).await.expect(200);
    assert_eq!(step["next"], "done");
    let reply = acme.ada.get("/v1/session").await;
    reply.problem(401, "unauthenticated");
    let ada = session(&server, &step);
    let who = ada.get("/v1/session").await.expect(200);
    assert!(who["second_factor_at"].is_string());
    assert_eq!(who["factors"], json!(["password", "otp"]));
    show_again(&ada, body).await.problem(401, "otp-code-reused");

    // Five minutes, to the second.
    server.wait_steps(10);
    let _ = reset(&acme, &ada, &id).await.expect(204);
    grace
        .get("/v1/session")
        .await
        .problem(401, "unauthenticated");
    server.wait_steps(1);
    let reply = reset(&acme, &ada, &id).await;
    reply.problem(403, "fresh-second-factor-required");
}

#[tokio::test]
async fn a_second_factor_is_shown_again_in_a_session_that_lacks_nothing() {
    let (server, acme) = TestServer::with_acme().await;
    let reply = show_again(&acme.ada, json!({ "code": "123456" })).await;
    reply.problem(409, "otp-device-missing");
    let (ada, phone, codes) = server.set_up_first_phone(&acme.ada).await;
    let waiting = server.half_signed_in("ada").await;
    let code = json!({ "code": phone.code(server.now()) });
    let reply = show_again(&waiting, code.clone()).await;
    reply.problem(403, "second-factor-required");
    let wrong = json!({ "code": phone.wrong_code(server.now()) });
    show_again(&ada, wrong).await.problem(401, "otp-code-wrong");

    let recovery = json!({ "recovery_code": codes[0] });
    let step = show_again(&ada, recovery.clone()).await.expect(200);
    let ada = session(&server, &step);
    let who = ada.get("/v1/session").await.expect(200);
    assert_eq!(who["factors"], json!(["password", "otp", "recovery_code"]));
    let reply = show_again(&ada, recovery).await;
    reply.problem(401, "recovery-code-wrong");

    // Repeated with the token that it was made with, it is answered alike.
    let keyed = async || {
        let request = ada.request(Method::POST, "/v1/session/otp");
        Reply::to(request.header("idempotency-key", "k").json(&code)).await
    };
    let (first, again) = (keyed().await, keyed().await);
    assert_eq!((first.status, &first.text), (again.status, &again.text));
    let ada = session(&server, &first.expect(200));
    // Signed in once, however often the factor is shown.
    let events = acme.audit(&ada).await;
    let signed_in = events.iter().filter(|each| each["type"] == "SignedIn");
    assert_eq!(signed_in.count(), 1);
}

/// Or its own phone, perhaps in the place of the last one, or its own recovery codes would make it
/// fresh.
#[tokio::test]
async fn a_stolen_session_brings_no_second_factor_of_its_own() {
    let (server, acme) = TestServer::with_acme().await;
    let (ada, phone) = server.set_up_phone(&acme.ada).await;
    server.wait_steps(10);
    let listed = ada.get("/v1/me/otp-devices").await.expect(200);
    let device = listed["items"][0]["device_id"].as_str().unwrap();
    let device = format!("/v1/me/otp-devices/{device}");
    let head = server.client.head().await;
    let reply = ada.delete(&device).await;
    reply.problem(403, "fresh-second-factor-required");
    for path in ["/v1/me/otp-devices", "/v1/me/recovery-codes"] {
        let reply = ada.post_nothing(path).await;
        reply.problem(403, "fresh-second-factor-required");
    }
    assert_eq!(server.client.head().await, head);
    let step = show_again(&ada, json!({ "code": phone.code(server.now()) })).await;
    let ada = session(&server, &step.expect(200));
    for path in ["/v1/me/otp-devices", "/v1/me/recovery-codes"] {
        let _ = ada.post_nothing(path).await.expect(201);
    }
    let _ = ada.delete(&device).await.expect(204);
}

#[tokio::test]
async fn only_administrators_reset_and_nobody_their_own() {
    let (server, acme, _, grace, _) = two_with_phones().await;
    let id = user_id(&grace).await;
    for role in ["user_manager", "auditor", "analyst", "member"] {
        let session = server.join(&acme.ada, &acme.id, role, role).await;
        let reply = reset(&acme, &session, &id).await;
        reply.problem(403, "forbidden");
    }
    let head = server.client.head().await;
    let own = user_id(&acme.ada).await;
    let reply = reset(&acme, &acme.ada, &own).await;
    reply.problem(409, "not-on-yourself");
    for nobody in ["00000000-0000-0000-0000-000000000000", "grace"] {
        let reply = reset(&acme, &acme.ada, nobody).await;
        reply.problem(404, "not-found");
    }
    let path = acme.path(&format!("users/{id}/reset-otp"));
    let stale = acme.ada.request(Method::POST, &path);
    let reply = Reply::to(stale.header("if-match", "\"0\"")).await;
    reply.problem(412, "stale-version");
    assert_eq!(server.client.head().await, head);
    let _ = grace.get("/v1/session").await.expect(200);

    // Again: nothing is left to reset, and the new session stays.
    let _ = reset(&acme, &acme.ada, &id).await.expect(204);
    let step = server.sign_in("grace").await.expect(200);
    let head = server.client.head().await;
    let _ = reset(&acme, &acme.ada, &id).await.expect(204);
    assert_eq!(server.client.head().await, head);
    let who = session(&server, &step).get("/v1/session").await;
    assert_eq!(who.expect(200)["next"], "otp_setup");
}

/// The wait after wrong codes would keep out whoever is to be helped.
#[tokio::test]
async fn a_reset_opens_an_account_that_wrong_codes_had_closed() {
    let (server, acme, _, _, phone) = two_with_phones().await;
    let waiting = server.half_signed_in("grace").await;
    let id = user_id(&waiting).await;
    for _ in 0..5 {
        let wrong = phone.wrong_code(server.now());
        let reply = server.show(&waiting, &wrong).await;
        reply.problem(401, "otp-code-wrong");
    }
    let _ = reset(&acme, &acme.ada, &id).await.expect(204);
    let step = server.sign_in("grace").await.expect(200);
    let grace = session(&server, &step);
    let _ = server.set_up_phone_by_link(&grace, "grace", 2).await;
}
