//! What people do with their own authenticators; and that nobody gets around a second factor by
//! removing them (I9).

use eventstore_schema::KeyName;
use harness::{Acme, Client, TestServer};
use serde_json::{Value, json};

const DEVICES: &str = "/v1/me/otp-devices";

async fn devices(by: &Client) -> Vec<Value> {
    let list = by.get(DEVICES).await.expect(200);
    assert_eq!(list["next"], Value::Null);
    list["items"].as_array().unwrap().clone()
}

fn path(device: &Value) -> String {
    format!("{DEVICES}/{}", device["device_id"].as_str().unwrap())
}

fn key(device: &Value) -> KeyName {
    let id = device["device_id"].as_str().unwrap();
    KeyName::otp_device(id.parse().unwrap())
}

async fn next(by: &Client) -> Value {
    by.get("/v1/session").await.expect(200)["next"].clone()
}

#[tokio::test]
async fn devices_are_listed_with_their_last_use_and_get_other_names() {
    let (server, acme) = TestServer::with_acme().await;
    assert_eq!(devices(&acme.ada).await, Vec::<Value>::new());
    let (ada, phone) = server.set_up_phone(&acme.ada).await;
    let (ada, _) = server.set_up_phone(&ada).await;
    let listed = devices(&ada).await;
    let [first, second] = &listed[..] else {
        panic!("{listed:?}")
    };
    assert_eq!(first["name"], "phone");
    // The confirmation is a use.
    assert_eq!(first["last_used_at"], first["confirmed_at"]);
    assert!(first["confirmed_at"].as_str() < second["confirmed_at"].as_str());

    let session = server.half_signed_in("ada").await;
    let step = server.show(&session, &phone.code(server.now())).await;
    let _ = step.expect(200);
    let used = devices(&ada).await;
    assert!(used[0]["last_used_at"].as_str() > first["last_used_at"].as_str());
    assert_eq!(used[1], *second);

    let old = path(first);
    let renamed = ada.patch(&old, json!({ "name": " Old phone " })).await;
    let renamed = renamed.expect(200);
    let id = &first["device_id"];
    assert_eq!(renamed, json!({ "device_id": id, "name": "Old phone" }));
    let names: Vec<_> = devices(&ada)
        .await
        .iter()
        .map(|device| device["name"].clone())
        .collect();
    assert_eq!(names, ["Old phone", "phone"]);
    let events = acme.audit(&ada).await;
    assert_eq!(events.last().unwrap()["type"], "OtpDeviceRenamed");
    assert_eq!(events.last().unwrap()["data"]["device_name"], "Old phone");

    let reply = ada.patch(&old, json!({ "name": "two\nlines" })).await;
    reply.problem(422, "invalid-field");
}

#[tokio::test]
async fn a_removed_device_opens_nothing_and_its_secret_is_destroyed() {
    let (server, acme) = TestServer::with_acme().await;
    let (ada, old) = server.set_up_phone(&acme.ada).await;
    let (ada, new) = server.set_up_phone(&ada).await;
    let acme = Acme { ada, ..acme };
    acme.enforce().await;
    let listed = devices(&acme.ada).await;
    let head = server.client.head().await;
    let _ = acme.ada.delete(&path(&listed[0])).await.expect(204);
    assert_eq!(devices(&acme.ada).await, [listed[1].clone()]);
    server.key_is_destroyed(&key(&listed[0])).await;
    assert_eq!(server.client.head().await, head + 1);

    let session = server.half_signed_in("ada").await;
    let reply = server.show(&session, &old.code(server.now())).await;
    reply.problem(401, "otp-code-wrong");
    let step = server.show(&session, &new.code(server.now())).await;
    assert_eq!(step.expect(200)["next"], "done");
    let codes = acme.ada.get("/v1/me/recovery-codes").await.expect(200);
    assert_eq!(codes["left"], 10);
    for gone in [&listed[0], &json!({ "device_id": "phone" })] {
        let reply = acme.ada.delete(&path(gone)).await;
        reply.problem(404, "not-found");
        let reply = acme.ada.patch(&path(gone), json!({ "name": "x" })).await;
        reply.problem(404, "not-found");
    }
}

#[tokio::test]
async fn nobody_touches_the_device_of_another() {
    let (server, acme) = TestServer::with_acme().await;
    let grace = server.join(&acme.ada, &acme.id, "grace", "admin").await;
    let (grace, _) = server.set_up_phone(&grace).await;
    let hers = devices(&grace).await;
    let device = path(&hers[0]);
    let reply = acme.ada.delete(&device).await;
    reply.problem(404, "not-found");
    let reply = acme.ada.patch(&device, json!({ "name": "mine" })).await;
    reply.problem(404, "not-found");
    assert_eq!(devices(&grace).await, hers);
}

#[tokio::test]
async fn the_last_device_stays_where_it_is_enforced() {
    let (server, acme) = TestServer::with_acme().await;
    let (ada, _) = server.set_up_phone(&acme.ada).await;
    let acme = Acme { ada, ..acme };
    acme.enforce().await;
    let device = &devices(&acme.ada).await[0];
    let head = server.client.head().await;
    let reply = acme.ada.delete(&path(device)).await;
    reply.problem(409, "last-otp-device");
    assert_eq!(server.client.head().await, head);

    let (ada, _) = server.set_up_phone(&acme.ada).await;
    let _ = ada.delete(&path(device)).await.expect(204);
    let device = &devices(&ada).await[0];
    let reply = ada.delete(&path(device)).await;
    reply.problem(409, "last-otp-device");
}

#[tokio::test]
async fn without_enforcement_the_last_device_goes_and_the_recovery_codes_with_it() {
    let (server, acme) = TestServer::with_acme().await;
    let (ada, _, codes) = server.set_up_first_phone(&acme.ada).await;
    let device = &devices(&ada).await[0];
    let _ = ada.delete(&path(device)).await.expect(204);
    server.key_is_destroyed(&key(device)).await;
    let left = ada.get("/v1/me/recovery-codes").await.expect(200);
    assert_eq!(left, json!({ "left": 0, "issued_at": null }));
    assert_eq!(server.sign_in("ada").await.expect(200)["next"], "done");

    // A session that has shown a second factor keeps nothing of it once one is required.
    let acme = Acme { ada, ..acme };
    acme.enforce().await;
    assert_eq!(next(&acme.ada).await, "otp_setup");
    let reply = acme.ada.get(&acme.path("users")).await;
    reply.problem(403, "second-factor-required");
    let session = server.sign_in("ada").await.expect(200);
    assert_eq!(session["next"], "otp_setup");

    let (ada, _, new) = server.set_up_first_phone(&acme.ada).await;
    assert_eq!(next(&ada).await, "done");
    assert_eq!(new.len(), 10);
    let waiting = server.half_signed_in("ada").await;
    let reply = server.recover(&waiting, &codes[0]).await;
    reply.problem(401, "recovery-code-wrong");
}

/// Whichever comes first, nobody ends in a single factor.
#[tokio::test(flavor = "multi_thread")]
async fn enforcing_and_removing_at_once_leaves_nobody_with_a_single_factor() {
    for _ in 0..8 {
        let (server, acme) = TestServer::with_acme().await;
        let grace = server.join(&acme.ada, &acme.id, "grace", "admin").await;
        let (grace, _) = server.set_up_phone(&grace).await;
        let device = path(&devices(&grace).await[0]);
        let (removed, _) = tokio::join!(grace.delete(&device), acme.enforce());
        let expected = if removed.status == 204 {
            "otp_setup"
        } else {
            removed.problem(409, "last-otp-device");
            "done"
        };
        assert_eq!(next(&grace).await, expected);
        let anew = server.sign_in("grace").await.expect(200);
        let expected = if expected == "done" { "otp" } else { expected };
        assert_eq!(anew["next"], expected);
    }
}
