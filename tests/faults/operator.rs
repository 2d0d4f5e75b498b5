//! I9: whoever lost everything, the last administrator included, is helped by the operator on the
//! server, and by nobody over the network.

use crate::{
    PAWL,
    nodes::{on_the_log, open_to_others, with_the_log},
    pawl, run, set_up,
};
use chrono::Utc;
use harness::{Client, DEADLINE, Mailbox, PASSWORD, Phone, Process};
use serde_json::{Value, json};
use std::{path::Path, process::Stdio};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt as _, process::Command};

const RESET: [&str; 3] = ["admin", "reset-otp", "ada@example.org"];

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap()
}

/// Confirms a set-up; the session after it.
async fn confirm(session: &Client, set_up: &Value) -> Client {
    let phone = Phone::scan(text(set_up, "otpauth_uri"));
    let path = format!("/v1/me/otp-devices/{}/confirm", text(set_up, "device_id"));
    let body = json!({ "code": phone.code(Utc::now()), "name": "phone" });
    let step = session.post(&path, body).await.expect(200);
    session.with(text(&step, "session_token"))
}

async fn with_phone(session: &Client) -> Client {
    let set_up = session.post_nothing("/v1/me/otp-devices").await.expect(201);
    confirm(session, &set_up).await
}

async fn sign_in(server: &Process) -> Client {
    let body = json!({ "email": "ada@example.org", "password": PASSWORD });
    let step = server.client.post("/v1/sign-in", body).await.expect(200);
    assert_eq!(step["next"], "otp_setup");
    server.client.with(text(&step, "session_token"))
}

async fn resets(by: &Client, organization: &str) -> Vec<Value> {
    let path = format!("/v1/organizations/{organization}/audit?limit=500");
    let page = by.get(&path).await.expect(200);
    let items = page["items"].as_array().unwrap().iter();
    let resets = items.filter(|each| each["type"] == "OtpDevicesReset");
    resets.cloned().collect()
}

/// Sets up a phone by way of the link in this mail to Ada.
async fn set_up_by_mail(session: &Client, shared: &Path, mails: usize) -> Client {
    let reply = session.post_nothing("/v1/me/otp-devices").await;
    reply.problem(403, "otp-setup-link-required");
    let asked = session.post_nothing("/v1/me/otp-setup-link").await;
    assert_eq!(asked.status, 202, "{}", asked.text);
    let token = Mailbox::of(shared).token("ada@example.org", mails).await;
    let body = json!({ "token": token });
    let set_up = session.post("/v1/me/otp-devices", body).await.expect(201);
    confirm(session, &set_up).await
}

/// Runs the command on a terminal, where somebody types this; what stands on it then.
async fn on_a_terminal(data: &Path, typed: &str) -> String {
    let command = format!("{PAWL} {} --data {}", RESET.join(" "), data.display());
    let mut script = Command::new("script")
        .args(["--quiet", "--command", &command, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the tests need `script`, of Debian's bsdutils");
    let mut keyboard = script.stdin.take().unwrap();
    keyboard.write_all(typed.as_bytes()).await.unwrap();
    let ended = tokio::time::timeout(DEADLINE, script.wait_with_output()).await;
    drop(keyboard);
    String::from_utf8(ended.unwrap().unwrap().stdout).unwrap()
}

#[tokio::test]
async fn the_last_administrator_is_reset_on_the_server_while_it_is_stopped() {
    let data = TempDir::new().unwrap();
    let server = Process::serve(PAWL, data.path()).await;
    let (organization, ada) = set_up(&server).await;
    let ada = with_phone(&ada).await;

    // The log belongs to the server.
    let yes = [&RESET[..], &["--yes"]].concat();
    let (ended, _, error) = pawl(&yes, data.path()).await;
    assert!(!ended);
    assert!(error.contains("pawl: stop the server first"), "{error}");
    let _ = ada.get("/v1/session").await.expect(200);
    let (status, _) = server.terminate().await;
    assert!(status.success());

    // Each refusal is one sentence, and changes nothing.
    let nobody = ["admin", "reset-otp", "eve@example.org", "--yes"];
    let no_address = ["admin", "reset-otp", "ada", "--yes"];
    for (arguments, words) in [
        (&RESET[..], "give --yes"),
        (&nobody, "nobody who can sign in has the address"),
        (&no_address, "is no e-mail address"),
    ] {
        let (ended, out, error) = pawl(arguments, data.path()).await;
        assert!(!ended && out.is_empty(), "{out}");
        assert!(error.starts_with("pawl: "), "{error}");
        assert!(
            error.contains(words) && error.lines().count() == 1,
            "{error}"
        );
    }
    let empty = TempDir::new().unwrap();
    let (ended, _, error) = pawl(&yes, empty.path()).await;
    assert!(!ended && error.contains("there is no "), "{error}");
    assert_eq!(empty.path().read_dir().unwrap().count(), 0);

    // On a terminal it asks.
    let typed = on_a_terminal(data.path(), "eve@example.org\n").await;
    assert!(
        typed.contains("what you typed is another address"),
        "{typed}"
    );
    let typed = on_a_terminal(data.path(), "ada@example.org\n").await;
    assert!(typed.contains("of ada@example.org are gone"), "{typed}");

    // There is nothing left, and to say so is no failure.
    let (ended, out, error) = pawl(&yes, data.path()).await;
    assert!(ended, "{error}");
    assert!(out.contains("no authenticator to reset"), "{out}");
    assert!(!out.contains("token="), "{out}");

    let server = Process::serve(PAWL, data.path()).await;
    let ada = server.client.same_session(&ada);
    let reply = ada.get("/v1/session").await;
    reply.problem(401, "unauthenticated");
    let ada = sign_in(&server).await;
    let ada = set_up_by_mail(&ada, data.path(), 1).await;
    let resets = resets(&ada, &organization).await;
    assert_eq!(resets.len(), 1);
    assert_eq!(resets[0]["actor"], json!({ "kind": "operator" }));
}

/// Phone, codes, mailbox and password are lost: the operator hands a link over.
#[tokio::test]
async fn who_has_lost_the_mailbox_too_gets_a_link_from_the_operators_hand() {
    let data = TempDir::new().unwrap();
    let server = Process::serve(PAWL, data.path()).await;
    let (organization, ada) = set_up(&server).await;
    with_phone(&ada).await;
    let (status, _) = server.terminate().await;
    assert!(status.success());
    let (ended, out, error) = pawl(
        &[&RESET[..], &["--yes", "--print-link"]].concat(),
        data.path(),
    )
    .await;
    assert!(ended, "{error}");
    let (_, token) = out.split_once("/password-reset?token=").unwrap();

    let server = Process::serve(PAWL, data.path()).await;
    // Whoever reads the lost mailbox gets no link to a new password, and does not kill this one.
    let body = json!({ "email": "ada@example.org" });
    let asked = server.client.post("/v1/password-reset", body).await;
    assert_eq!(asked.status, 202, "{}", asked.text);
    let session = sign_in(&server).await;
    let reply = session.post_nothing("/v1/me/otp-setup-link").await;
    reply.problem(403, "otp-setup-link-required");

    let body = json!({ "token": token.trim(), "password": "another battery" });
    let chosen = server
        .client
        .post("/v1/password-reset/confirm", body)
        .await
        .expect(200);
    assert_eq!(chosen["next"], "otp_setup");
    let ada = with_phone(&server.client.with(text(&chosen, "session_token"))).await;
    assert_eq!(resets(&ada, &organization).await.len(), 1);
    // Nothing of it went to the mailbox: the reactions have passed all these events.
    let body = json!({ "email": "eve@example.org", "name": "Eve", "role": "member" });
    let path = format!("/v1/organizations/{organization}/invitations");
    let _ = ada.post(&path, body).await.expect(201);
    let mailbox = Mailbox::of(data.path());
    let _ = mailbox.token("eve@example.org", 1).await;
    assert_eq!(mailbox.to("ada@example.org").len(), 0);
}

#[tokio::test]
async fn on_a_log_in_kurrentdb_it_works_beside_the_nodes() {
    let (shared, second) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let first = with_the_log(shared.path()).await;
    let store = format!("kurrentdb://{}?tls=false", open_to_others(&first));
    let node = on_the_log(&store, shared.path(), second.path()).await;
    let (organization, session) = set_up(&first).await;
    let ada = with_phone(&node.client.same_session(&session)).await;
    let place = ["--yes", "--store", &store, "--shared"];
    let shared_path = shared.path().to_str().unwrap();
    let (ended, out, error) = run(&[&RESET[..], &place, &[shared_path]].concat()).await;
    assert!(ended, "{error}");
    assert!(out.contains("of ada@example.org are gone"), "{out}");
    // At once, on every node.
    for each in [&node, &first] {
        let reply = each.client.same_session(&ada).get("/v1/session").await;
        reply.problem(401, "unauthenticated");
    }
    let ada = sign_in(&node).await;
    let ada = set_up_by_mail(&ada, shared.path(), 1).await;
    assert_eq!(resets(&ada, &organization).await.len(), 1);
}
