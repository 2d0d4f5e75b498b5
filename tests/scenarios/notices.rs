//! What people hear by mail of their own account, and that they hear it once.

use harness::{Acme, Client, TestServer};
use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const GRACE: &str = "grace@example.org";
const SIGN_IN: &str = "A new sign-in to your account";
const CLOSED: &str = "Too many wrong passwords";

async fn with_grace() -> (TestServer, Acme, Client) {
    let (server, acme) = TestServer::with_acme().await;
    let grace = server.join(&acme.ada, &acme.id, "grace", "member").await;
    (server, acme, grace)
}

async fn id_of(session: &Client) -> String {
    let who = session.get("/v1/session").await.expect(200);
    who["user_id"].as_str().unwrap().to_owned()
}

/// The cookies that an answer brings.
fn cookies(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all("set-cookie").iter();
    values
        .map(|cookie| {
            cookie
                .to_str()
                .unwrap()
                .split(';')
                .next()
                .unwrap()
                .to_owned()
        })
        .collect()
}

/// A browser as Pawl knows it again: the cookie that the sign-in page brings.
async fn browser(server: &TestServer) -> String {
    let page = server.client.get("/sign-in").await;
    let [cookie] = &cookies(&page.headers)[..] else {
        panic!("{:?}", page.headers);
    };
    assert!(cookie.starts_with("__Host-pawl-browser="), "{cookie}");
    cookie.clone()
}

async fn sign_in_with(server: &TestServer, browser: &str) {
    let form = format!(
        "command={}&email=grace%40example.org&password=correct+horse+battery",
        uuid::Uuid::now_v7()
    );
    let request = server.client.request(Method::POST, "/sign-in");
    let request = request
        .header("cookie", browser)
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    let reply = harness::Reply::to(request).await;
    assert!(reply.status.is_success(), "{}", reply.text);
}

#[tokio::test]
async fn a_sign_in_from_a_browser_that_was_not_seen_before_is_told() {
    let (server, acme, grace) = with_grace().await;
    let [laptop, other] = [browser(&server).await, browser(&server).await];
    assert_ne!(laptop, other);
    sign_in_with(&server, &laptop).await;
    let mail = server.mailbox().notice(GRACE, SIGN_IN, 1).await;
    assert!(
        mail.contains("in a browser that you had not used before"),
        "{mail}"
    );
    sign_in_with(&server, &laptop).await;
    sign_in_with(&server, &other).await;
    let _ = server.sign_in("grace").await.expect(200);
    // The second sign-in with the laptop is not among them, nor is accepting the invitation.
    let mail = server.mailbox().notice(GRACE, SIGN_IN, 3).await;
    assert!(
        mail.contains("with a program that is not a browser"),
        "{mail}"
    );
    assert_eq!(server.mailbox().notices(GRACE).len(), 3);
    assert!(server.mailbox().notices("ada@example.org").is_empty());

    // The log knows whether it is the same browser, and nothing else about it.
    let id = id_of(&grace).await;
    let audit = acme.audit(&acme.ada).await;
    let started = audit
        .iter()
        .filter(|event| event["type"] == "SessionStarted");
    let browsers: Vec<_> = started
        .filter(|event| event["actor"]["id"] == *id)
        .map(|event| event["data"]["browser"].clone())
        .collect();
    let [joined, first, second, third, api] = &browsers[..] else {
        panic!("{browsers:?}");
    };
    assert_eq!((joined, api), (&Value::Null, &Value::Null));
    assert!(first.is_string() && first == second && first != third);
    let (_, kept) = laptop.split_once('=').unwrap();
    assert!(!json!(audit).to_string().contains(kept));
}

#[tokio::test]
async fn what_happens_to_authenticators_is_told_with_their_names() {
    let (server, acme, grace) = with_grace().await;
    let (ada, _) = server.set_up_phone(&acme.ada).await;
    let (grace, _) = server.set_up_phone(&grace).await;
    let mailbox = server.mailbox();
    let added = "An authenticator was added to your account";
    let mail = mailbox.notice(GRACE, added, 1).await;
    assert!(mail.contains("\"phone\" was added to your account at Acme on 2027-01-15 08:00 UTC"));

    let devices = grace.get("/v1/me/otp-devices").await.expect(200);
    let device = devices["items"][0]["device_id"].as_str().unwrap();
    let device = format!("/v1/me/otp-devices/{device}");
    let renamed = grace.patch(&device, json!({ "name": "tablet" })).await;
    let _ = renamed.expect(200);
    let _ = grace.delete(&device).await.expect(204);
    let removed = "An authenticator was removed from your account";
    let mail = mailbox.notice(GRACE, removed, 1).await;
    assert!(
        mail.contains("the authenticator \"tablet\" was removed"),
        "{mail}"
    );

    let (grace, _, codes) = server.set_up_first_phone(&grace).await;
    let waiting = server.half_signed_in("grace").await;
    let _ = server.recover(&waiting, &codes[0]).await.expect(200);
    mailbox
        .notice(GRACE, "A recovery code of yours was used", 1)
        .await;

    let reset = acme.path(&format!("users/{}/reset-otp", id_of(&grace).await));
    let _ = ada.post_nothing(&reset).await.expect(204);
    mailbox
        .notice(GRACE, "Your authenticators were reset", 1)
        .await;
    let ada = mailbox.notices("ada@example.org");
    assert_eq!(ada.len(), 1, "{ada:?}");
}

#[tokio::test]
async fn new_passwords_are_told() {
    let (server, _, grace) = with_grace().await;
    let new = json!({ "current": harness::PASSWORD, "new": "nanosecond wire" });
    let change = grace.request(Method::PUT, "/v1/me/password").json(&new);
    let _ = harness::Reply::to(change).await.expect(204);
    let mailbox = server.mailbox();
    mailbox.notice(GRACE, "Your password was changed", 1).await;

    let body = json!({ "email": GRACE });
    let _ = server
        .client
        .post("/v1/password-reset", body)
        .await
        .expect(202);
    let token = mailbox.token(GRACE, 2).await;
    let body = json!({ "token": token, "password": "bug in the relay" });
    let reset = server.client.post("/v1/password-reset/confirm", body).await;
    let _ = reset.expect(200);
    mailbox.notice(GRACE, "You have a new password", 1).await;
}

#[tokio::test]
async fn what_an_administrator_does_to_somebody_is_told_to_them() {
    let (server, acme, grace) = with_grace().await;
    let person = acme.path(&format!("users/{}", id_of(&grace).await));
    let role = json!({ "role": "auditor" });
    let role = acme.ada.request(Method::PATCH, &person).json(&role);
    let _ = harness::Reply::to(role).await.expect(200);
    let mailbox = server.mailbox();
    let mail = mailbox.notice(GRACE, "Your role at Acme changed", 1).await;
    assert!(mail.contains("you are an auditor at Acme"), "{mail}");
    for (call, subject) in [
        ("disable", "Your account at Acme was disabled"),
        ("enable", "Your account at Acme works again"),
    ] {
        let path = format!("{person}/{call}");
        let _ = acme.ada.post_nothing(&path).await.expect(200);
        mailbox.notice(GRACE, subject, 1).await;
    }
    assert!(mailbox.notices("ada@example.org").is_empty());
}

async fn guess_passwords(server: &TestServer, email: &str) {
    for _ in 0..12 {
        let body = json!({ "email": email, "password": "a wrong password" });
        let _ = server.client.post("/v1/sign-in", body).await;
    }
}

#[tokio::test]
async fn an_account_that_is_closed_is_told_once() {
    let (server, acme, grace) = with_grace().await;
    let (_, phone) = server.set_up_phone(&grace).await;
    for _ in 0..3 {
        guess_passwords(&server, GRACE).await;
        guess_passwords(&server, "nobody@example.org").await;
        server.wait_steps(32);
    }
    let mailbox = server.mailbox();
    let mail = mailbox.notice(GRACE, CLOSED, 1).await;
    assert!(mail.contains("the last on 2027-01-15 08:0"), "{mail}");

    let waiting = server.half_signed_in("grace").await;
    let wrong = phone.code(server.now() + chrono::TimeDelta::days(1));
    for _ in 0..8 {
        let _ = server.show(&waiting, &wrong).await;
        server.wait_steps(2);
    }
    mailbox.notice(GRACE, "Too many wrong codes", 1).await;

    // A day later the address is closed anew. What would have come before is there with it.
    server.wait_steps(2 * 60 * 24);
    guess_passwords(&server, GRACE).await;
    mailbox.notice(GRACE, CLOSED, 2).await;
    let subjects: Vec<_> = mailbox
        .notices(GRACE)
        .iter()
        .map(|mail| subject(mail))
        .collect();
    let added = "An authenticator was added to your account";
    assert_eq!(subjects, [added, CLOSED, "Too many wrong codes", CLOSED]);

    let step = server.sign_in("ada").await.expect(200);
    let ada = server.client.with(step["session_token"].as_str().unwrap());
    let closed = acme.audit(&ada).await;
    let closed = closed
        .iter()
        .filter(|event| event["type"] == "SignInRejected");
    assert_eq!(closed.count(), 40);
}

fn subject(mail: &str) -> String {
    let line = mail.lines().find(|line| line.starts_with("Subject: "));
    line.unwrap()["Subject: ".len()..].to_owned()
}

#[tokio::test]
async fn everybody_hears_of_the_enforcement_once() {
    let (server, acme, _) = with_grace().await;
    let linus = server.join(&acme.ada, &acme.id, "linus", "member").await;
    for invited in ["barbara", "ivan"] {
        server.invite(&acme.ada, &acme.id, invited, "member").await;
    }
    let disable = acme.path(&format!("users/{}/disable", id_of(&linus).await));
    let _ = acme.ada.post_nothing(&disable).await.expect(200);
    let list = acme.ada.get(&acme.path("invitations")).await.expect(200);
    let ivan = list["items"].as_array().unwrap().iter();
    let ivan = ivan.clone().find(|one| one["email"] == "ivan@example.org");
    let id = ivan.unwrap()["invitation_id"].as_str().unwrap().to_owned();
    let revoke = acme.path(&format!("invitations/{id}"));
    let _ = acme.ada.delete(&revoke).await.expect(204);

    acme.enforce().await;
    let (ada, _) = server.set_up_phone(&acme.ada).await;
    let acme = Acme {
        ada: ada.clone(),
        ..acme
    };
    acme.enforce().await;
    let subject = "Acme now requires two-factor authentication";
    for who in ["ada", "grace", "barbara"] {
        let address = format!("{who}@example.org");
        server.mailbox().notice(&address, subject, 1).await;
    }
    // Not again after a restart, which takes up what comes next.
    let server = server.restart_after(|_| {}).await;
    let ada = server.client.same_session(&ada);
    server.invite(&ada, &acme.id, "edsger", "member").await;
    let mails = server.mailbox().files().into_iter();
    let mails = mails.map(|file| std::fs::read_to_string(file).unwrap());
    let mails = mails.filter(|mail| mail.contains(&format!("Subject: {subject}\r\n")));
    let to = |mail: String| {
        let line = mail.lines().find(|line| line.starts_with("To: "));
        line.unwrap().to_owned()
    };
    let told: Vec<_> = mails.map(to).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(told.iter().collect::<BTreeSet<_>>().len(), 3, "{told:?}");
}
