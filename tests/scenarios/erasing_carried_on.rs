//! I7 when something comes between: a crash right after the event, and a keyring from a backup.

use crate::erasing::{EMAIL, NAME, erase, key_of, with_grace};
use eventstore::Direction;
use eventstore_schema::{EventType as _, NewEvent, StreamName, UserErased, UserId};
use harness::{Acme, TestServer, eventually, traces::that_hold};
use serde_json::json;
use std::fs;

/// The process died right after the event: the rest follows, and nothing blocks in the meantime.
#[tokio::test]
async fn what_was_cut_off_after_the_event_is_carried_out_all_the_same() {
    let (server, acme) = TestServer::with_acme().await;
    let (_, id) = with_grace(&server, &acme).await;
    let stream = StreamName::user(UserId(id.parse().unwrap()));
    let log = server.log();
    let last = log
        .read_stream(&stream, u64::MAX, Direction::Backwards, 1)
        .await
        .unwrap()
        .remove(0);
    let (stream, revision) = (last.stream.clone(), last.revision);
    let mut metadata = last.decode().unwrap().metadata;
    metadata.version = UserErased::VERSION;
    let event = NewEvent {
        id: uuid::Uuid::now_v7().to_string().parse().unwrap(),
        event_type: UserErased::NAME.to_owned(),
        metadata: metadata.encode().unwrap(),
        data: "{}".to_owned(),
    };
    let expected = eventstore::ExpectedRevision::Exact(revision);
    log.append(&stream, expected, vec![event]).await.unwrap();
    server.key_is_destroyed(&key_of(&id)).await;
    eventually("the mail is gone", async || {
        that_hold(&server.data().join("outbox"), &[EMAIL, NAME])
            .is_empty()
            .then_some(())
    })
    .await;
    let body = json!({ "email": EMAIL, "name": "Another", "role": "member" });
    let new = acme
        .ada
        .post(&acme.path("invitations"), body)
        .await
        .expect(201);
    assert_ne!(new["user_id"], id);
}

#[tokio::test]
async fn a_keyring_put_back_from_a_copy_brings_nobody_back() {
    let (server, acme) = TestServer::with_acme().await;
    let (_, id) = with_grace(&server, &acme).await;
    let server = server
        .restart_after(|data| {
            fs::copy(data.join("keyring.db"), data.join("keyring.copy")).unwrap();
        })
        .await;
    let acme = Acme {
        ada: server.client.same_session(&acme.ada),
        ..acme
    };
    let _ = erase(&acme, &acme.ada, &id, EMAIL).await.expect(204);
    // The reactions have long been there, so they do not do it again.
    let events = server.client.head().await;
    eventually("the reactions are done", async || {
        let noted = fs::read_to_string(server.data().join("reactions.checkpoint")).ok()?;
        let noted: u64 = noted.trim().parse().ok()?;
        (noted + 3 >= events).then_some(())
    })
    .await;
    let server = server
        .restart_after(|data| {
            for left in ["keyring.db-wal", "keyring.db-shm"] {
                let _ = fs::remove_file(data.join(left));
            }
            fs::rename(data.join("keyring.copy"), data.join("keyring.db")).unwrap();
        })
        .await;
    // Nothing is waited for.
    assert!(server.keyring().is_destroyed(&key_of(&id)).unwrap());
    let ada = server.client.same_session(&acme.ada);
    let who = ada
        .get(&acme.path(&format!("users/{id}")))
        .await
        .expect(200);
    assert_eq!(who["name"], "erased person");
}

#[tokio::test]
async fn mail_that_is_written_again_is_not_written_to_who_was_erased() {
    let (server, acme) = TestServer::with_acme().await;
    let (_, id) = with_grace(&server, &acme).await;
    let _ = server.invite(&acme.ada, &acme.id, "henri", "member").await;
    let _ = erase(&acme, &acme.ada, &id, EMAIL).await.expect(204);
    let server = server
        .restart_after(|data| {
            for checkpoint in ["reactions.checkpoint", "letters.checkpoint"] {
                fs::write(data.join(checkpoint), "0\n").unwrap();
            }
            fs::remove_dir_all(data.join("outbox")).unwrap();
        })
        .await;
    // One mail after the other, and Grace's would have come before.
    let _ = server.mailbox().token("henri@example.org", 1).await;
    assert_eq!(server.mailbox().to(EMAIL), [""; 0]);
}

/// A copy of the outbox, with mail to somebody who has been erased since.
#[tokio::test]
async fn mail_to_the_erased_that_is_put_back_is_swept_away() {
    let (server, acme) = TestServer::with_acme().await;
    let (_, id) = with_grace(&server, &acme).await;
    let outbox = server.data().join("outbox");
    let mail = that_hold(&outbox, &[EMAIL]).remove(0);
    let content = fs::read(&mail).unwrap();
    let _ = erase(&acme, &acme.ada, &id, EMAIL).await.expect(204);
    let server = server
        .restart_after(|_| fs::write(&mail, content).unwrap())
        .await;
    eventually("the mail is gone", async || (!mail.exists()).then_some(())).await;
    assert!(that_hold(server.data(), &[EMAIL, NAME]).is_empty());
}
