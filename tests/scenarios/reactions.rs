//! What follows from events goes on after a start, whatever was lost or damaged in between, and one
//! thing that cannot be done holds up no other.

use eventstore_schema::{Event, KeyName, UserEvent, UserId};
use harness::{PASSWORD, Reply, TestServer};
use reqwest::Method;
use serde_json::json;
use std::{fs, path::Path};

fn lose_the_checkpoints(data: &Path) {
    for name in ["reactions", "letters", "announcements"] {
        fs::remove_file(data.join(format!("{name}.checkpoint"))).unwrap();
    }
}

/// As after a backup of log and keys alone.
#[tokio::test]
async fn where_the_checkpoints_are_lost_nobody_gets_the_mail_of_years_again() {
    let (server, acme) = TestServer::with_acme().await;
    let _ = server.invite(&acme.ada, &acme.id, "grace", "member").await;
    acme.enforce().await;
    let subject = "Acme now requires two-factor authentication";
    let _ = server.mailbox().notice("ada@example.org", subject, 1).await;
    let (ada, _) = server.set_up_phone(&acme.ada).await;
    let server = server
        .restart_after(|data| {
            lose_the_checkpoints(data);
            fs::remove_dir_all(data.join("outbox")).unwrap();
        })
        .await;
    let ada = server.client.same_session(&ada);
    let _ = server.invite(&ada, &acme.id, "henri", "member").await;
    // One letter after the other, and Grace's would have come before.
    assert!(server.mailbox().to("grace@example.org").is_empty());
    assert!(server.mailbox().notices("ada@example.org").is_empty());
}

/// A keyring without the key of somebody who has an authenticator: they are not told of it.
#[tokio::test]
async fn one_letter_that_cannot_be_written_holds_up_no_other() {
    let (server, acme) = TestServer::with_acme().await;
    let grace = server.join(&acme.ada, &acme.id, "grace", "member").await;
    let (grace, _) = server.set_up_phone(&grace).await;
    let who = grace.get("/v1/session").await.expect(200);
    let id = UserId(who["user_id"].as_str().unwrap().parse().unwrap());
    let _ = server.invite(&acme.ada, &acme.id, "henri", "member").await;
    let server = server
        .restart_after(|data| {
            fs::write(data.join("letters.checkpoint"), "0\n").unwrap();
            fs::remove_dir_all(data.join("outbox")).unwrap();
            let keyring = rusqlite::Connection::open(data.join("keyring.db")).unwrap();
            let lost = keyring.execute(
                "DELETE FROM keys WHERE name = ?1",
                [KeyName::person(id).as_str()],
            );
            assert_eq!(lost, Ok(1));
        })
        .await;
    let _ = server.mailbox().token("henri@example.org", 1).await;
    assert!(server.mailbox().to("grace@example.org").is_empty());
}

#[tokio::test]
async fn a_damaged_checkpoint_of_the_mail_keeps_nothing_from_being_forgotten() {
    let (server, acme) = TestServer::with_acme().await;
    let server = server
        .restart_after(|data| fs::write(data.join("letters.checkpoint"), "rubbish").unwrap())
        .await;
    let ada = server.client.same_session(&acme.ada);
    let change = json!({ "current": PASSWORD, "new": "an entirely new one" });
    let change = ada.request(Method::PUT, "/v1/me/password").json(&change);
    let _ = Reply::to(change).await.expect(204);
    let log = server.log();
    let all = log.read_all(
        eventstore_schema::Position::START,
        eventstore::Direction::Forwards,
        1_000,
    );
    let replaced =
        all.await
            .unwrap()
            .into_iter()
            .find_map(|event| match event.decode().unwrap().data {
                Event::User(UserEvent::PasswordChanged(changed)) => Some(changed.replaces),
                _ => None,
            });
    server
        .key_is_destroyed(&KeyName::password(replaced.unwrap()))
        .await;
}
