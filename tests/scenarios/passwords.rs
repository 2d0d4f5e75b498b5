//! Passwords: forgotten, replaced by way of the mailbox, changed; and the sessions that end with it.

use eventstore::{
    Direction,
    keyring::{Keyring, KeyringError, MasterKey},
};
use eventstore_schema::{Event, StreamName, UserEvent};
use harness::{Acme, Client, PASSWORD, Reply, TestServer, Way};
use reqwest::Method;
use serde_json::json;

const NEW: &str = "nanosecond wire";

async fn ask(server: &TestServer, who: &str) -> Reply {
    let body = json!({ "email": format!("{who}@example.org") });
    server.client.post("/v1/password-reset", body).await
}

/// The token of the link, in the mail with this number to the person.
async fn link(server: &TestServer, who: &str, mails: usize) -> String {
    let _ = ask(server, who).await.expect(202);
    let address = format!("{who}@example.org");
    server.mailbox().token(&address, mails).await
}

async fn confirm(server: &TestServer, token: &str, password: &str) -> Reply {
    let body = json!({ "token": token, "password": password });
    let path = "/v1/password-reset/confirm";
    server.client.post(path, body).await
}

async fn sign_in(server: &TestServer, who: &str, password: &str) -> Reply {
    let body = json!({ "email": format!("{who}@example.org"), "password": password });
    server.client.post("/v1/sign-in", body).await
}

async fn change(by: &Client, current: &str, new: &str) -> Reply {
    let request = by.request(Method::PUT, "/v1/me/password");
    Reply::to(request.json(&json!({ "current": current, "new": new }))).await
}

fn session(server: &TestServer, step: &serde_json::Value) -> Client {
    server.client.with(step["session_token"].as_str().unwrap())
}

async fn over(session: &Client) {
    let who = session.get("/v1/session").await;
    who.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_by_way_of_the_mailbox() {
    let (server, acme) = TestServer::with_acme().await;
    let joined = server.join(&acme.ada, &acme.id, "grace", "member").await;
    let step = server.sign_in("grace").await.expect(200);
    let second = session(&server, &step);
    let token = link(&server, "grace", 2).await;
    let page = server.client.get("/password-reset").await;
    assert_eq!(
        (page.status.as_u16(), page.header("referrer-policy")),
        (200, "no-referrer")
    );
    // A link alone changes nothing.
    for session in [&joined, &second] {
        let _ = session.get("/v1/session").await.expect(200);
    }

    let step = confirm(&server, &token, NEW).await.expect(200);
    assert_eq!(step["next"], "done");
    for session in [&joined, &second] {
        over(session).await;
    }
    let grace = session(&server, &step);
    let _ = grace.get(&acme.path("two-factor")).await.expect(200);
    let old = server.sign_in("grace").await;
    old.problem(401, "sign-in-rejected");
    let _ = sign_in(&server, "grace", NEW).await.expect(200);

    let head = server.client.head().await;
    let again = confirm(&server, &token, "yet another one").await;
    again.problem(404, "password-reset-invalid");
    assert_eq!(server.client.head().await, head);
    let events = acme.audit(&acme.ada).await;
    for kind in ["PasswordResetRequested", "PasswordReset"] {
        let found = events.iter().filter(|event| event["type"] == kind).count();
        assert_eq!(found, 1, "{kind}");
    }
}

/// A mailbox is one factor: it neither goes around nor removes the other.
#[tokio::test]
async fn who_has_an_authenticator_still_shows_it() {
    let (server, acme) = TestServer::with_acme().await;
    let (ada, phone) = server.set_up_phone(&acme.ada).await;
    let acme = Acme { ada, ..acme };
    let _ = server.join(&acme.ada, &acme.id, "grace", "member").await;
    acme.enforce().await;

    let token = link(&server, "ada", 1).await;
    let step = confirm(&server, &token, NEW).await.expect(200);
    assert_eq!(step["next"], "otp");
    over(&acme.ada).await;
    let waiting = session(&server, &step);
    let users = waiting.get(&acme.path("users")).await;
    users.problem(403, "second-factor-required");
    let device = waiting.post_nothing("/v1/me/otp-devices").await;
    device.problem(403, "second-factor-required");
    let change = change(&waiting, NEW, PASSWORD).await;
    change.problem(403, "second-factor-required");
    let code = phone.code(server.now());
    let step = server.show(&waiting, &code).await.expect(200);
    let ada = session(&server, &step);
    let _ = ada.get(&acme.path("users")).await.expect(200);

    let token = link(&server, "grace", 2).await;
    let step = confirm(&server, &token, NEW).await.expect(200);
    assert_eq!(step["next"], "otp_setup");
}

#[tokio::test]
async fn a_link_expires_and_a_newer_one_kills_the_older() {
    let (server, _) = TestServer::with_acme().await;
    let old = link(&server, "ada", 1).await;
    server.wait_steps(2);
    let new = link(&server, "ada", 2).await;
    let dead = confirm(&server, &old, NEW).await;
    dead.problem(404, "password-reset-invalid");
    server.wait_steps(120);
    let late = confirm(&server, &new, NEW).await;
    late.problem(410, "password-reset-expired");
    let _ = server.sign_in("ada").await.expect(200);

    let newest = link(&server, "ada", 3).await;
    let mut forged = newest.clone();
    let last = if forged.pop() == Some('A') { 'Q' } else { 'A' };
    forged.push(last);
    for bad in ["", "x", &forged, &newest[1..], harness::SETUP_TOKEN] {
        let reply = confirm(&server, bad, NEW).await;
        reply.problem(404, "password-reset-invalid");
    }
    let _ = confirm(&server, &newest, NEW).await.expect(200);
}

/// Ada exists, Grace is invited only, nobody else exists: the same answers and as many traces.
#[tokio::test]
async fn nobody_learns_who_has_an_account() {
    let (server, acme) = TestServer::with_acme().await;
    let _ = server.invite(&acme.ada, &acme.id, "grace", "member").await;
    let mut told = Vec::new();
    for who in ["ada", "grace", "nobody"] {
        let mut answers = Vec::new();
        for steps in [0, 0, 2, 0] {
            server.wait_steps(steps);
            let head = server.client.head().await;
            let reply = ask(&server, who).await;
            let names = reply.headers.keys().map(ToString::to_string);
            let names: Vec<_> = names.collect();
            let traces = server.client.head().await - head;
            answers.push((reply.status.as_u16(), reply.text, names, traces));
        }
        told.push(answers);
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0], told[2]);
    let traces: Vec<_> = told[0].iter().map(|(.., traces)| *traces).collect();
    assert_eq!(traces, [1, 0, 1, 0]);

    // The mail of a later request is there, so those of the earlier ones would be.
    let _ = link(&server, "ada", 3).await;
    assert_eq!(server.mailbox().to("grace@example.org").len(), 1);
    assert!(server.mailbox().to("nobody@example.org").is_empty());
    let body = json!({ "email": "not an address" });
    let reply = server.client.post("/v1/password-reset", body).await;
    reply.problem(422, "invalid-field");
}

#[tokio::test]
async fn a_mailbox_gets_one_mail_a_minute_and_five_an_hour() {
    let (server, acme) = TestServer::with_acme().await;
    let head = server.client.head().await;
    for _ in 0..90 {
        let _ = ask(&server, "ada").await.expect(202);
        server.wait_steps(1);
    }
    let events = acme.audit(&acme.ada).await;
    let new = events
        .iter()
        .filter(|e| e["position"].as_u64() > Some(head));
    assert_eq!(new.count(), 5);
    server.wait_steps(30);
    let _ = link(&server, "ada", 6).await;
}

#[tokio::test]
async fn a_changed_password_ends_every_other_session() {
    let (server, acme) = TestServer::with_acme().await;
    let step = server.sign_in("ada").await.expect(200);
    let other = session(&server, &step);
    let _ = link(&server, "ada", 1).await;
    let reply = change(&acme.ada, PASSWORD, NEW).await;
    assert!(!reply.header("pawl-position").is_empty());
    let _ = reply.expect(204);
    over(&other).await;
    let _ = acme.ada.get(&acme.path("users")).await.expect(200);
    let old = server.sign_in("ada").await;
    old.problem(401, "sign-in-rejected");

    // The other way round, the session that was spared before is over.
    let step = sign_in(&server, "ada", NEW).await.expect(200);
    let ada = session(&server, &step);
    let _ = change(&ada, NEW, PASSWORD).await.expect(204);
    over(&acme.ada).await;
    let _ = ada.get(&acme.path("users")).await.expect(200);
    let token = server.mailbox().token("ada@example.org", 1).await;
    let dead = confirm(&server, &token, NEW).await;
    dead.problem(404, "password-reset-invalid");
}

#[tokio::test]
async fn a_wrong_current_password_counts_like_one_at_the_sign_in() {
    let (server, acme) = TestServer::with_acme().await;
    for _ in 0..10 {
        let reply = change(&acme.ada, "wrong password", NEW).await;
        reply.problem(401, "password-wrong");
    }
    let reply = change(&acme.ada, PASSWORD, NEW).await;
    reply.problem(429, "too-many-attempts");
    let reply = server.sign_in("ada").await;
    reply.problem(429, "too-many-attempts");
    server.wait_steps(30);
    let _ = change(&acme.ada, PASSWORD, NEW).await.expect(204);
    let body = json!({ "current": NEW, "new": PASSWORD });
    let request = server.client.request(Method::PUT, "/v1/me/password");
    let reply = Reply::to(request.json(&body)).await;
    reply.problem(401, "unauthenticated");
}

#[tokio::test]
async fn the_first_thing_that_anybody_would_try_is_no_password() {
    let server = TestServer::start().await;
    let set_up = |password: &str| {
        let body = json!({
            "token": harness::SETUP_TOKEN, "organization": "Acme Corporation", "name": "Ada Lovelace",
            "email": "ada.lovelace@example.org", "password": password,
        });
        server.client.post("/v1/setup", body)
    };
    let obvious = ["ADA.lovelace@example.org", "Ada.Lovelace", "ada lovelace"];
    let obvious = [&obvious[..], &["acme corporation", "short"]].concat();
    let long = "x".repeat(257);
    for bad in obvious.iter().chain([&&*long]) {
        set_up(bad).await.problem(422, "invalid-field");
    }
    let done = set_up(PASSWORD).await.expect(201);
    let ada = session(&server, &done);
    for bad in &obvious {
        let reply = change(&ada, PASSWORD, bad).await;
        reply.problem(422, "invalid-field");
    }
    let token = link(&server, "ada.lovelace", 1).await;
    for bad in &obvious {
        let reply = confirm(&server, &token, bad).await;
        reply.problem(422, "invalid-field");
    }
    let organization = done["organization_id"].as_str().unwrap();
    let token = server.invite(&ada, organization, "grace_hopper", "member");
    let token = token.await;
    for bad in [
        "Grace_Hopper",
        "grace_hopper@EXAMPLE.org",
        "acme CORPORATION",
    ] {
        let body = json!({ "token": token, "password": bad });
        let reply = server.client.post("/v1/invitations/accept", body).await;
        reply.problem(422, "invalid-field");
    }
}

/// What was replaced cannot be read out of the log any more.
#[tokio::test]
async fn the_hash_of_a_replaced_password_is_unreadable() {
    let (server, acme) = TestServer::with_acme().await;
    let who = acme.ada.get("/v1/session").await.expect(200);
    let stream = format!("user-{}", who["user_id"].as_str().unwrap());
    let hashes = async || {
        let log = server.log();
        let stream = StreamName::named(&stream);
        let page = log.read_stream(&stream, 0, Direction::Forwards, 100).await;
        let events = page.unwrap().into_iter().map(|e| e.decode().unwrap().data);
        let password = |event| match event {
            Event::User(UserEvent::UserRegistered(e)) => Some(e.password),
            Event::User(UserEvent::PasswordChanged(e)) => Some(e.password),
            Event::User(UserEvent::PasswordReset(e)) => Some(e.password),
            _ => None,
        };
        events.filter_map(password).collect::<Vec<_>>()
    };
    let _ = change(&acme.ada, PASSWORD, NEW).await.expect(204);
    let token = link(&server, "ada", 1).await;
    let _ = confirm(&server, &token, PASSWORD).await.expect(200);

    let file = |name: &str| server.data().join(name);
    let master = MasterKey::load_or_create(&file("master.key"), false).unwrap();
    let keyring = Keyring::open(&file("keyring.db"), &master).unwrap();
    let [first, second, present] = &hashes().await[..] else {
        panic!("three passwords");
    };
    for replaced in [first, second] {
        harness::eventually("the key is destroyed", async || {
            let opened = keyring.open_sealed("hash", &replaced.hash.0);
            matches!(opened, Err(KeyringError::Destroyed { .. })).then_some(())
        })
        .await;
    }
    assert!(keyring.open_sealed("hash", &present.hash.0).is_ok());
}

#[tokio::test]
async fn a_repeated_call_is_answered_alike() {
    let (server, acme) = TestServer::with_acme().await;
    let keyed = async |by: &Client, method: Method, path: &str, body: &serde_json::Value| {
        let request = by.request(method, path).header("idempotency-key", "k");
        Reply::to(request.json(body)).await
    };
    let body = json!({ "current": PASSWORD, "new": NEW });
    for _ in 0..2 {
        let reply = keyed(&acme.ada, Method::PUT, "/v1/me/password", &body).await;
        let _ = reply.expect(204);
    }
    let other = json!({ "current": PASSWORD, "new": "another one" });
    let reply = keyed(&acme.ada, Method::PUT, "/v1/me/password", &other).await;
    reply.problem(422, "idempotency-key-reused");

    let token = link(&server, "ada", 1).await;
    let body = json!({ "token": token, "password": PASSWORD });
    let path = "/v1/password-reset/confirm";
    let first = keyed(&server.client, Method::POST, path, &body).await;
    let head = server.client.head().await;
    let again = keyed(&server.client, Method::POST, path, &body).await;
    assert_eq!((first.status, &first.text), (again.status, &again.text));
    assert_eq!(server.client.head().await, head);
    let step = first.expect(200);
    let _ = session(&server, &step).get("/v1/session").await.expect(200);
}

/// The other node hears of it from the log alone.
#[tokio::test(flavor = "multi_thread")]
async fn sessions_end_on_another_node_at_once_too() {
    for way in [Way::Memory, Way::Wire] {
        let (server, acme) = TestServer::with_acme().await;
        let other = server.another_node(way).await;
        let there = other.same_session(&acme.ada);
        let step = server.sign_in("ada").await.expect(200);
        let here = session(&server, &step);
        let _ = there.get("/v1/session").await.expect(200);
        let _ = change(&here, PASSWORD, NEW).await.expect(204);
        over(&there).await;
        let here = other.same_session(&here);
        let _ = here.get("/v1/session").await.expect(200);
    }
}

/// A sign-in that compared the old password before the reset, and began its session after it.
#[tokio::test(flavor = "multi_thread")]
async fn no_session_of_the_old_password_outlives_the_reset() {
    let (server, _) = TestServer::with_acme().await;
    let (mut old, mut new) = (PASSWORD, NEW);
    for round in 1..=8 {
        let token = link(&server, "ada", round).await;
        let sign_ins = (0..12).map(|_| sign_in(&server, "ada", old));
        let reset = async {
            tokio::task::yield_now().await;
            confirm(&server, &token, new).await
        };
        let (replies, reset) = tokio::join!(futures::future::join_all(sign_ins), reset);
        let _ = reset.expect(200);
        for reply in replies {
            match reply.status.as_u16() {
                200 => over(&session(&server, &reply.json())).await,
                429 => reply.problem(429, "too-many-attempts"),
                _ => reply.problem(401, "sign-in-rejected"),
            }
        }
        server.clock.advance(chrono::TimeDelta::hours(1));
        std::mem::swap(&mut old, &mut new);
    }
}
