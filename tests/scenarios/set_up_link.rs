//! I9: whoever has only a password sets up no authenticator, after a reset or where the organization
//! asks for a mailed link; and nobody who reads their mail is kept out.

use harness::{Acme, Client, PASSWORD, Phone, Reply, TestServer, Way};
use reqwest::Method;
use serde_json::{Value, json};

const SET_UP: &str = "/v1/me/otp-devices";
const LINK: &str = "/v1/me/otp-setup-link";

fn session(server: &TestServer, step: &Value) -> Client {
    server.client.with(step["session_token"].as_str().unwrap())
}

/// A session of somebody who has shown the password and nothing else. It may be a thief's.
async fn by_password(server: &TestServer, who: &str) -> Client {
    let step = server.sign_in(who).await.expect(200);
    assert_eq!(step["next"], "otp_setup");
    session(server, &step)
}

async fn with_token(by: &Client, token: &str) -> Reply {
    by.post(SET_UP, json!({ "token": token })).await
}

/// Grace, a member, has lost her phone, and Ada has reset her.
async fn reset() -> (TestServer, Acme) {
    let (server, acme) = TestServer::with_acme().await;
    let grace = server.join(&acme.ada, &acme.id, "grace", "member").await;
    let who = grace.get("/v1/session").await.expect(200);
    let (_grace, _) = server.set_up_phone(&grace).await;
    let path = format!("users/{}/reset-otp", who["user_id"].as_str().unwrap());
    let _ = acme.ada.post_nothing(&acme.path(&path)).await.expect(204);
    (server, acme)
}

/// Enforces with the link; who has a phone goes on.
async fn enforce_with_the_link(acme: &Acme) -> Value {
    let body = json!({ "confirm": "Enforce 2FA", "set_up_link": true });
    let path = acme.path("two-factor/enforce");
    acme.ada.post(&path, body).await.expect(200)
}

#[tokio::test]
async fn after_a_reset_a_password_alone_sets_up_nothing() {
    let (server, acme) = reset().await;
    let (owner, thief) = (
        by_password(&server, "grace").await,
        by_password(&server, "grace").await,
    );
    let other = server.another_node(Way::Memory).await;
    let elsewhere = other.same_session(&thief);
    let head = server.client.head().await;
    for by in [&owner, &thief, &elsewhere] {
        let reply = by.post_nothing(SET_UP).await;
        reply.problem(403, "otp-setup-link-required");
        for guess in ["", "guess", &"A".repeat(64)] {
            let reply = with_token(by, guess).await;
            reply.problem(403, "otp-setup-link-required");
        }
    }
    assert_eq!(server.client.head().await, head);
    let token = server.set_up_link(&owner, "grace", 2).await;
    let mail = server.mailbox().to("grace@example.org").pop().unwrap();
    assert!(mail.contains("/authenticator?token="), "{mail}");

    // In the session that shows it, again without it; in no other.
    let _ = with_token(&owner, &token).await.expect(201);
    for by in [&thief, &elsewhere] {
        let reply = with_token(by, &token).await;
        reply.problem(403, "otp-setup-link-required");
    }
    // Nor does the thief's wish for a mail stop who has begun.
    server.wait_steps(2);
    let reply = thief.post_nothing(LINK).await;
    assert_eq!(reply.status, 202, "{}", reply.text);
    let set_up = owner.post_nothing(SET_UP).await.expect(201);
    let reply = owner.post_nothing(LINK).await;
    reply.problem(409, "otp-setup-link-not-needed");
    // The set-up that the owner's session began is of no use in the thief's.
    let path = format!("{SET_UP}/{}/confirm", set_up["device_id"].as_str().unwrap());
    let body = json!({ "code": "123456", "name": "phone" });
    let reply = thief.post(&path, body).await;
    reply.problem(403, "otp-setup-link-required");

    let (grace, phone, codes) = server.confirm_phone(&owner, &set_up).await;
    assert_eq!(codes.len(), 10);
    let _ = grace.get(&acme.path("two-factor")).await.expect(200);
    // From now on the thief is asked for a code, and a link of before opens nothing.
    let token = server.mailbox().token("grace@example.org", 3).await;
    let reply = with_token(&thief, &token).await;
    reply.problem(403, "second-factor-required");
    let waiting = server.half_signed_in("grace").await;
    let _ = server
        .show(&waiting, &phone.code(server.now()))
        .await
        .expect(200);

    let events = acme.audit(&acme.ada).await;
    for (event, times) in [("OtpSetUpLinkRequested", 2), ("OtpSetUpLinkFollowed", 1)] {
        let all: Vec<_> = events.iter().filter(|each| each["type"] == event).collect();
        assert_eq!(all.len(), times, "{event}");
        for each in all {
            assert_eq!(each["actor"]["kind"], "user");
            assert_eq!(each["subject"], events_of(&grace).await);
        }
    }
}

async fn events_of(by: &Client) -> String {
    let who = by.get("/v1/session").await.expect(200);
    format!("user-{}", who["user_id"].as_str().unwrap())
}

/// The lost mail is asked for again; a flood of them is not to be had.
#[tokio::test]
async fn a_lost_mail_is_sent_again_and_a_link_works_for_an_hour() {
    let (server, _) = reset().await;
    let grace = by_password(&server, "grace").await;
    let first = server.set_up_link(&grace, "grace", 2).await;
    let head = server.client.head().await;
    let reply = grace.post_nothing(LINK).await;
    assert_eq!(reply.status, 202, "{}", reply.text);
    assert_eq!(server.client.head().await, head, "one mail a minute");
    server.wait_steps(2);
    let second = server.set_up_link(&grace, "grace", 3).await;
    let reply = with_token(&grace, &first).await;
    reply.problem(403, "otp-setup-link-required");
    server.wait_steps(60);
    let _ = grace.get("/v1/session").await.expect(200);
    server.wait_steps(59);
    let _ = with_token(&grace, &second).await.expect(201);
    // The hour is over, and the set-up was not confirmed: the way begins anew.
    server.wait_steps(21);
    let reply = grace.post_nothing(SET_UP).await;
    reply.problem(403, "otp-setup-link-required");
    let (grace, ..) = server.set_up_phone_by_link(&grace, "grace", 4).await;
    assert_eq!(grace.get("/v1/session").await.expect(200)["next"], "done");

    // The same key brings another link, never the old one again.
    let (server, _) = reset().await;
    let grace = by_password(&server, "grace").await;
    for mail in 2..4 {
        let keyed = grace.request(Method::POST, LINK);
        let reply = Reply::to(keyed.header("idempotency-key", "k")).await;
        assert_eq!(reply.status, 202, "{}", reply.text);
        let _ = server.mailbox().token("grace@example.org", mail).await;
        server.wait_steps(2);
    }
    let mails = server.mailbox().to("grace@example.org");
    assert_ne!(mails[1], mails[2]);
}

#[tokio::test]
async fn the_organization_asks_for_the_link_once_and_for_good() {
    let (server, acme) = TestServer::with_acme().await;
    let _ = server.join(&acme.ada, &acme.id, "grace", "member").await;
    let (ada, _) = server.set_up_phone(&acme.ada).await;
    let acme = Acme { ada, ..acme };
    // The thief begins before anybody asks for a link, and knows the secret.
    let step = server.sign_in("grace").await.expect(200);
    assert_eq!(step["next"], "done");
    let thief = session(&server, &step);
    let begun = thief.post_nothing(SET_UP).await.expect(201);
    let phone = Phone::scan(begun["otpauth_uri"].as_str().unwrap());

    let plain = acme.enforce().await;
    assert_eq!(plain["set_up_link"], false);
    let _ = thief.post_nothing(SET_UP).await.expect(201);
    let begun = thief.post_nothing(SET_UP).await.expect(201);
    let late = Phone::scan(begun["otpauth_uri"].as_str().unwrap());
    let head = server.client.head().await;
    let asked = enforce_with_the_link(&acme).await;
    assert_eq!(asked["set_up_link"], true);
    for field in ["enforced", "enforced_at", "enforced_by", "event_id"] {
        assert_eq!(asked[field], plain[field], "{field}");
    }
    assert_eq!(server.client.head().await, head + 1);
    // Nothing takes it back, and again nothing is appended.
    assert_eq!(enforce_with_the_link(&acme).await, asked);
    assert_eq!(acme.enforce().await, asked);
    let body = json!({ "confirm": "Enforce 2FA", "set_up_link": false });
    let path = acme.path("two-factor/enforce");
    assert_eq!(acme.ada.post(&path, body).await.expect(200), asked);
    let status = acme.ada.get(&acme.path("two-factor")).await;
    assert_eq!(status.expect(200), asked);
    assert_eq!(server.client.head().await, head + 1);

    for phone in [phone, late] {
        let path = format!("{SET_UP}/{}/confirm", begun["device_id"].as_str().unwrap());
        let body = json!({ "code": phone.code(server.now()), "name": "phone" });
        let reply = thief.post(&path, body).await;
        reply.problem(403, "otp-setup-link-required");
    }
    let reply = thief.post_nothing(SET_UP).await;
    reply.problem(403, "otp-setup-link-required");
    let grace = by_password(&server, "grace").await;
    let _ = server.set_up_phone_by_link(&grace, "grace", 2).await;

    let events = acme.audit(&acme.ada).await;
    let of = |name: &str| -> Vec<_> { events.iter().filter(|each| each["type"] == name).collect() };
    assert_eq!(of("TwoFactorEnforced").len(), 1);
    let [link] = of("OtpSetUpLinkEnforced")[..] else {
        panic!("once")
    };
    assert_eq!(link["actor"]["kind"], "user");
}

/// Both at once; and who administers and has no phone is not let off.
#[tokio::test]
async fn whoever_asks_for_the_link_is_asked_for_it_too() {
    let (server, acme) = TestServer::with_acme().await;
    let status = enforce_with_the_link(&acme).await;
    assert_eq!(
        (&status["enforced"], &status["set_up_link"]),
        (&json!(true), &json!(true))
    );
    let reply = acme.ada.post_nothing(SET_UP).await;
    reply.problem(403, "otp-setup-link-required");
    let (ada, ..) = server.set_up_phone_by_link(&acme.ada, "ada", 1).await;
    let _ = ada.get(&acme.path("users")).await.expect(200);
}

#[tokio::test]
async fn a_session_that_began_by_a_mailed_link_is_not_asked_again() {
    let (server, acme) = TestServer::with_acme().await;
    let invitation = server.invite(&acme.ada, &acme.id, "grace", "member").await;
    let _ = enforce_with_the_link(&acme).await;
    let body = json!({ "token": invitation, "password": PASSWORD });
    let accepted = server.client.post("/v1/invitations/accept", body).await;
    let by_invitation = session(&server, &accepted.expect(200));
    let _ = by_invitation.post_nothing(SET_UP).await.expect(201);
    // Another session of the same person, by the password alone.
    let thief = by_password(&server, "grace").await;
    let reply = thief.post_nothing(SET_UP).await;
    reply.problem(403, "otp-setup-link-required");

    let body = json!({ "email": "grace@example.org" });
    let asked = server.client.post("/v1/password-reset", body).await;
    assert_eq!(asked.status, 202, "{}", asked.text);
    let token = server.mailbox().token("grace@example.org", 2).await;
    let body = json!({ "token": token, "password": PASSWORD });
    let chosen = server
        .client
        .post("/v1/password-reset/confirm", body)
        .await
        .expect(200);
    assert_eq!(chosen["next"], "otp_setup");
    let thief = by_password(&server, "grace").await;
    let reply = thief.post_nothing(SET_UP).await;
    reply.problem(403, "otp-setup-link-required");
    let _ = server.set_up_phone(&session(&server, &chosen)).await;
}

/// The page, with the thief's cookie in it, shows no secret and takes no code.
#[tokio::test]
async fn the_pages_ask_for_the_link_too() {
    let (server, _) = reset().await;
    let thief = by_password(&server, "grace").await;
    let page = async |method: Method, path: &str, more: &str, form: Option<&str>| {
        let cookie = format!("__Host-pawl-session={}{more}", thief.token());
        let mut request = thief.request(method, path).header("cookie", cookie);
        if let Some(form) = form {
            request = request
                .header("sec-fetch-site", "same-origin")
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form.to_owned());
        }
        Reply::to(request).await
    };
    // The token leaves the address before anything is loaded.
    let link = server.client.url("/authenticator?token=guess");
    let unfollowing = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let moved = unfollowing.build().unwrap().get(link).send().await.unwrap();
    assert_eq!(moved.status(), 303);
    assert_eq!(moved.headers()["location"], "/authenticator");
    assert_eq!(moved.headers()["referrer-policy"], "no-referrer");
    let cookie = moved.headers()["set-cookie"].to_str().unwrap();
    for guard in ["HttpOnly", "Secure", "SameSite=Lax"] {
        assert!(cookie.contains(guard), "{cookie}");
    }
    let head = server.client.head().await;
    for more in ["", "; __Host-pawl-set-up-link=guess"] {
        let shown = page(Method::GET, "/authenticator", more, None).await;
        assert!(!shown.text.contains("otpauth:"), "{}", shown.text);
        assert!(shown.text.contains("Send the link"), "{}", shown.text);
        assert!(!shown.text.contains("grace@example.org"), "{}", shown.text);
    }
    assert_eq!(server.client.head().await, head);
    let key = "018f0000-0000-7000-8000-000000000000";
    let form = format!("command={key}&device={key}&code=123456&name=x");
    let shown = page(Method::POST, "/authenticator", "", Some(&form)).await;
    assert!(!shown.text.contains("otpauth:"), "{}", shown.text);
    assert_eq!(server.client.head().await, head);
}

/// The call is fixed without a body; with one it is read strictly.
#[tokio::test]
async fn where_no_link_is_needed_the_set_up_begins_as_ever() {
    let (_server, acme) = TestServer::with_acme().await;
    let _ = acme.ada.post_nothing(SET_UP).await.expect(201);
    let _ = acme.ada.post(SET_UP, json!({})).await.expect(201);
    let _ = with_token(&acme.ada, "not needed").await.expect(201);
    let reply = acme.ada.post_nothing(LINK).await;
    reply.problem(409, "otp-setup-link-not-needed");
    let reply = acme.ada.post(SET_UP, json!({ "tokens": "x" })).await;
    reply.problem(400, "unknown-field");
    let reply = acme.ada.post(SET_UP, json!({ "token": 7 })).await;
    reply.problem(422, "invalid-body");
}
