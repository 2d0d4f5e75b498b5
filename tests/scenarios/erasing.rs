//! I7: who is erased is unreadable everywhere, the history stays what it was, and nobody is locked
//! out for it.

use eventstore::Direction;
use eventstore_schema::{EventType as _, KeyName, Position, RecordedEvent, UserErased, UserId};
use harness::{
    Acme, Client, PASSWORD, Reply, TestServer,
    traces::{files, holds, that_hold},
};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};

pub(crate) async fn erase(acme: &Acme, by: &Client, who: &str, confirm: &str) -> Reply {
    let path = acme.path(&format!("users/{who}"));
    let request = by.request(Method::DELETE, &path);
    Reply::to(request.json(&json!({ "confirm": confirm }))).await
}

async fn user_id(by: &Client) -> String {
    let who = by.get("/v1/session").await.expect(200);
    who["user_id"].as_str().unwrap().to_owned()
}

pub(crate) fn key_of(user: &str) -> KeyName {
    KeyName::person(UserId(user.parse().unwrap()))
}

/// The key of a person as it lies in the keyring.
fn wrapped_key(data: &Path, user: &str) -> Vec<u8> {
    let keyring = rusqlite::Connection::open(data.join("keyring.db")).unwrap();
    let sql = "SELECT wrapped FROM keys WHERE name = ?1";
    let name = key_of(user);
    keyring
        .query_row(sql, [name.as_str()], |row| row.get(0))
        .unwrap()
}

async fn whole_log(server: &TestServer) -> Vec<RecordedEvent> {
    let log = server.log();
    log.read_all(Position::START, Direction::Forwards, 10_000)
        .await
        .unwrap()
}

const NOWHERE: [PathBuf; 0] = [];
pub(crate) const NAME: &str = "Grâce Brewster-Hoppér";
pub(crate) const EMAIL: &str = "grace.brewster@navy.example.org";
const DEVICES: [&str; 2] = ["Taschentelefon im Admiralsrock", "Ersatztelefon zuhause"];

/// Grace has a phone with a name, given anew since; a session, an old password and an open link.
pub(crate) async fn with_grace(server: &TestServer, acme: &Acme) -> (Client, String) {
    let body = json!({ "email": EMAIL, "name": NAME, "role": "admin" });
    let path = acme.path("invitations");
    let _ = acme.ada.post(&path, body).await.expect(201);
    let token = server.mailbox().token(EMAIL, 1).await;
    let body = json!({ "token": token, "password": PASSWORD });
    let step = server.client.post("/v1/invitations/accept", body).await;
    let step = step.expect(200);
    let grace = server.client.with(step["session_token"].as_str().unwrap());
    let id = user_id(&grace).await;
    let change = json!({ "current": PASSWORD, "new": "an entirely new one" });
    let change = grace.request(Method::PUT, "/v1/me/password").json(&change);
    let _ = Reply::to(change).await.expect(204);

    let set_up = grace.post_nothing("/v1/me/otp-devices").await.expect(201);
    let phone = harness::Phone::scan(set_up["otpauth_uri"].as_str().unwrap());
    let device = set_up["device_id"].as_str().unwrap();
    let confirm = json!({ "code": phone.code(server.now()), "name": DEVICES[0] });
    let path = format!("/v1/me/otp-devices/{device}/confirm");
    let step = grace.post(&path, confirm).await.expect(200);
    let grace = server.client.with(step["session_token"].as_str().unwrap());
    let path = format!("/v1/me/otp-devices/{device}");
    let _ = grace
        .patch(&path, json!({ "name": DEVICES[1] }))
        .await
        .expect(200);
    let ask = json!({ "email": EMAIL });
    let _ = server
        .client
        .post("/v1/password-reset", ask)
        .await
        .expect(202);
    let _ = server.mailbox().token(EMAIL, 2).await;
    (grace, id)
}

#[tokio::test]
async fn no_byte_of_an_erased_person_is_left_in_any_file_and_the_log_is_what_it_was() {
    let (server, acme) = TestServer::with_acme().await;
    let data = server.data().to_owned();
    let (_, id) = with_grace(&server, &acme).await;
    let body = json!({ "email": "henri@example.org", "name": "Henri Poincaré", "role": "member" });
    let _ = acme
        .ada
        .post(&acme.path("invitations"), body)
        .await
        .expect(201);
    let _ = server.mailbox().token("henri@example.org", 1).await;
    let _ = acme
        .ada
        .get(&acme.path("users?search=brewster"))
        .await
        .expect(200);
    // A mail that could not be sent, and one that was cut off.
    let outbox = data.join("outbox");
    let of_grace = that_hold(&outbox, &[EMAIL]);
    assert_eq!(of_grace.len(), 4);
    let name = of_grace[0].file_name().unwrap();
    fs::create_dir(outbox.join("failed")).unwrap();
    fs::copy(&of_grace[0], outbox.join("failed").join(name)).unwrap();
    let unfinished = outbox.join(name).with_added_extension("new");
    fs::copy(&of_grace[0], unfinished).unwrap();

    let texts = [
        NAME,
        EMAIL,
        "grace.brewster",
        "Brewster",
        DEVICES[0],
        DEVICES[1],
    ];
    for text in [NAME, EMAIL, "grace.brewster"] {
        assert_eq!(that_hold(&data, &[text]).len(), 6, "{text}");
    }
    for text in ["Henri Poincaré", "henri@example.org"] {
        assert_eq!(that_hold(&data, &[text]).len(), 1, "{text}");
    }
    let key = wrapped_key(&data, &id);
    let holding_the_key = || {
        let mut found = files(&data);
        found.retain(|file| holds(&fs::read(file).unwrap_or_default(), &key));
        found
    };
    assert_ne!(holding_the_key(), NOWHERE);
    let before = whole_log(&server).await;

    // From the answer on, while it runs and after it has stopped.
    let _ = erase(&acme, &acme.ada, &id, EMAIL).await.expect(204);
    assert_eq!(that_hold(&data, &texts), NOWHERE);
    assert_eq!(holding_the_key(), NOWHERE);
    let found = acme.ada.get(&acme.path("users?search=brewster")).await;
    assert_eq!(found.expect(200)["items"], json!([]));
    assert_eq!(that_hold(&data, &texts), NOWHERE);
    let after = whole_log(&server).await;
    assert_eq!(after[..before.len()], before);
    assert!(
        after
            .iter()
            .any(|event| event.event_type == UserErased::NAME)
    );
    // Kept, so that the files are there to be looked at.
    let server = server
        .restart_after(|data| {
            assert_eq!(that_hold(data, &texts), NOWHERE);
        })
        .await;
    assert_eq!(holding_the_key(), NOWHERE);
    assert_eq!(that_hold(&data, &["Henri Poincaré"]).len(), 1);
    assert_eq!(whole_log(&server).await[..before.len()], before);
}

#[tokio::test]
async fn every_way_in_is_closed_every_view_agrees_and_the_address_is_free() {
    let (server, acme) = TestServer::with_acme().await;
    let (grace, id) = with_grace(&server, &acme).await;
    let reset = server.mailbox().token(EMAIL, 2).await;
    let devices = grace.get("/v1/me/otp-devices").await.expect(200);
    let device = devices["items"][0]["device_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let reply = erase(&acme, &acme.ada, &id, &EMAIL.to_uppercase()).await;
    assert!(reply.headers.contains_key("pawl-position"));
    let _ = reply.expect(204);

    grace
        .get("/v1/session")
        .await
        .problem(401, "unauthenticated");
    let body = json!({ "email": EMAIL, "password": "an entirely new one" });
    let reply = server.client.post("/v1/sign-in", body).await;
    reply.problem(401, "sign-in-rejected");
    let body = json!({ "token": reset, "password": PASSWORD });
    let reply = server.client.post("/v1/password-reset/confirm", body).await;
    reply.problem(404, "password-reset-invalid");
    let device = KeyName::otp_device(device.parse().unwrap());
    for key in [&key_of(&id), &device] {
        assert!(server.keyring().is_destroyed(key).unwrap(), "{key}");
    }

    let who = acme
        .ada
        .get(&acme.path(&format!("users/{id}")))
        .await
        .expect(200);
    assert_eq!(who["status"], "erased");
    assert_eq!(
        (&who["name"], &who["email"]),
        (&json!("erased person"), &json!("erased person"))
    );
    assert_eq!(who["otp_devices"], json!([]));
    let listed = acme.ada.get(&acme.path("users")).await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let days = acme.ada.get(&acme.path("adoption")).await.expect(200);
    let today = days["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&today["people"], &today["with_device"]),
        (&json!(1), &json!(0))
    );
    for (path, body) in [("disable", Value::Null), ("enable", Value::Null)] {
        let path = acme.path(&format!("users/{id}/{path}"));
        acme.ada.post(&path, body).await.problem(404, "not-found");
    }

    let events = acme.audit(&acme.ada).await;
    let of = |kind: &str| events.iter().find(|event| event["type"] == kind).unwrap();
    let erased = of("UserErased");
    assert_eq!(erased["subject"], format!("user-{id}"));
    assert_eq!(erased["actor"]["id"], user_id(&acme.ada).await);
    assert_eq!(of("UserInvited")["data"]["name"], json!({ "erased": true }));
    let renamed = &of("OtpDeviceRenamed")["data"]["device_name"];
    assert_eq!(renamed, &json!({ "erased": true }));
    assert_eq!(of("AddressReleased")["data"]["user_id"], id);

    // Again: nothing happens, whatever is typed, for nobody knows the address any more.
    let head = server.client.head().await;
    let _ = erase(&acme, &acme.ada, &id, "").await.expect(204);
    assert_eq!(server.client.head().await, head);

    let body = json!({ "email": EMAIL, "name": "Another", "role": "member" });
    let new = acme
        .ada
        .post(&acme.path("invitations"), body)
        .await
        .expect(201);
    assert_ne!(new["user_id"], id);
    let token = server.mailbox().token(EMAIL, 1).await;
    let body = json!({ "token": token, "password": PASSWORD });
    let reply = server.client.post("/v1/invitations/accept", body).await;
    let _ = reply.expect(200);
}

#[tokio::test]
async fn who_is_invited_disabled_or_taken_back_is_erased_too() {
    let (server, acme) = TestServer::with_acme().await;
    let link = server
        .invite(&acme.ada, &acme.id, "invited", "member")
        .await;
    let _ = server
        .invite(&acme.ada, &acme.id, "revoked", "member")
        .await;
    let disabled = server.join(&acme.ada, &acme.id, "disabled", "member").await;
    let disabled = user_id(&disabled).await;
    let path = acme.path(&format!("users/{disabled}/disable"));
    let _ = acme.ada.post_nothing(&path).await.expect(200);
    let pending = acme.ada.get(&acme.path("invitations")).await.expect(200);
    let pending = pending["items"].as_array().unwrap().clone();
    let id_of = |who: &str| {
        let of = |each: &&Value| each["name"] == who;
        let found = pending.iter().find(of).unwrap();
        found["invitation_id"].as_str().unwrap().to_owned()
    };
    let (invited, revoked) = (id_of("invited"), id_of("revoked"));
    let path = acme.path(&format!("invitations/{revoked}"));
    let _ = acme.ada.delete(&path).await.expect(204);
    for (id, who) in [
        (invited, "invited"),
        (revoked, "revoked"),
        (disabled, "disabled"),
    ] {
        let address = format!("{who}@example.org");
        let _ = erase(&acme, &acme.ada, &id, &address).await.expect(204);
        assert!(server.keyring().is_destroyed(&key_of(&id)).unwrap());
        assert_eq!(server.mailbox().to(&address), [""; 0]);
    }
    let body = json!({ "token": link, "password": PASSWORD });
    let reply = server.client.post("/v1/invitations/accept", body).await;
    reply.problem(404, "invitation-invalid");
    let pending = acme.ada.get(&acme.path("invitations")).await.expect(200);
    assert_eq!(pending["items"], json!([]));
    // A retry of the invitation of somebody who was erased invites nobody anew.
    let keyed = async || {
        let body = json!({ "email": "once@example.org", "name": "once", "role": "member" });
        let request = acme.ada.request(Method::POST, &acme.path("invitations"));
        Reply::to(request.header("idempotency-key", "k").json(&body)).await
    };
    let once = keyed().await.expect(201);
    let once = once["user_id"].as_str().unwrap();
    let _ = erase(&acme, &acme.ada, once, "once@example.org")
        .await
        .expect(204);
    keyed().await.problem(404, "not-found");
}

#[tokio::test]
async fn only_another_administrator_who_types_the_address_and_shows_a_second_factor_erases() {
    let (server, acme) = TestServer::with_acme().await;
    let grace = server.join(&acme.ada, &acme.id, "grace", "member").await;
    let id = user_id(&grace).await;
    let address = "grace@example.org";
    for role in ["user_manager", "auditor", "analyst", "member"] {
        let session = server.join(&acme.ada, &acme.id, role, role).await;
        let reply = erase(&acme, &session, &id, address).await;
        reply.problem(403, "forbidden");
    }
    let head = server.client.head().await;
    for wrong in ["", "grace", "ada@example.org"] {
        let reply = erase(&acme, &acme.ada, &id, wrong).await;
        reply.problem(422, "erasure-unconfirmed");
    }
    let path = acme.path(&format!("users/{id}"));
    let reply = acme.ada.delete(&path).await;
    reply.problem(415, "unsupported-media-type");
    let own = user_id(&acme.ada).await;
    let reply = erase(&acme, &acme.ada, &own, "ada@example.org").await;
    reply.problem(409, "not-on-yourself");
    let nobody = "00000000-0000-0000-0000-000000000000";
    let reply = erase(&acme, &acme.ada, nobody, address).await;
    reply.problem(404, "not-found");
    assert_eq!(server.client.head().await, head);

    let (ada, phone) = server.set_up_phone(&acme.ada).await;
    server.wait_steps(10);
    let head = server.client.head().await;
    let reply = erase(&acme, &ada, &id, address).await;
    reply.problem(403, "fresh-second-factor-required");
    assert_eq!(server.client.head().await, head);
    let _ = grace.get("/v1/session").await.expect(200);
    let code = json!({ "code": phone.code(server.now()) });
    let step = ada.post("/v1/session/otp", code).await.expect(200);
    let ada = server.client.with(step["session_token"].as_str().unwrap());
    let _ = erase(&acme, &ada, &id, address).await.expect(204);
}

#[tokio::test]
async fn two_administrators_who_erase_each_other_leave_one() {
    let (server, acme) = TestServer::with_acme().await;
    let grace = server.join(&acme.ada, &acme.id, "grace", "admin").await;
    let (ada_id, grace_id) = (user_id(&acme.ada).await, user_id(&grace).await);
    let (one, other) = tokio::join!(
        erase(&acme, &acme.ada, &grace_id, "grace@example.org"),
        erase(&acme, &grace, &ada_id, "ada@example.org"),
    );
    let done = [&one, &other].map(|reply| reply.status == 204);
    assert!(done[0] != done[1], "{one:?} {other:?}");
    let left = if done[0] { &acme.ada } else { &grace };
    let listed = left.get(&acme.path("users")).await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
}
