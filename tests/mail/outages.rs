//! A mail server that is away, busy, or lost in the middle; and a Pawl that ends meanwhile.

use crate::{acme_with, guarded, in_clear, invite, left, smtp_server::SmtpServer};
use chrono::TimeDelta;
use eventstore_schema::KeyName;
use harness::{TestServer, eventually};

/// Waits until the mail of this person is put off: its file says until when.
async fn put_off(server: &TestServer) {
    let now = std::time::SystemTime::from(server.now());
    eventually("the mail is put off", async || {
        let files = server.mailbox().files();
        let later = files.iter().all(|file| {
            let file = std::fs::metadata(file);
            file.is_ok_and(|file| file.modified().unwrap() > now)
        });
        (later && !files.is_empty()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_is_put_off_is_taken_once_and_holds_nobody_up() {
    let mail = SmtpServer::open().await;
    let (server, acme) = acme_with(in_clear(&mail)).await;
    invite(&acme, "busy").await;
    invite(&acme, "hanging").await;
    invite(&acme, "grace").await;
    mail.takes("grace", 1).await;
    put_off(&server).await;
    // The waits are durable: a start alone brings nothing forward.
    let server = server.restart_after(|_| {}).await;
    invite(&acme_at(&server, &acme), "linus").await;
    mail.takes("linus", 1).await;
    assert!(mail.taken_for("busy").is_empty());
    server.clock.advance(TimeDelta::minutes(1));
    put_off(&server).await;
    assert!(mail.taken_for("busy").is_empty());
    server.clock.advance(TimeDelta::minutes(2));
    mail.takes("busy", 1).await;
    left(&server, 1, 0).await;
    assert_eq!(mail.taken_for("busy").len(), 1);
    // After five days nobody waits any longer.
    put_off(&server).await;
    server.clock.advance(TimeDelta::days(6));
    left(&server, 0, 1).await;
}

/// The same organization on a server that was started anew.
fn acme_at(server: &TestServer, acme: &harness::Acme) -> harness::Acme {
    harness::Acme {
        id: acme.id.clone(),
        ada: server.client.same_session(&acme.ada),
    }
}

#[tokio::test]
async fn a_server_that_is_away_gets_its_mail_when_it_is_back() {
    let mut mail = SmtpServer::guarded("starttls").await;
    let (server, acme) = acme_with(guarded(&mail, "smtp")).await;
    mail.end().await;
    invite(&acme, "grace").await;
    invite(&acme, "linus").await;
    left(&server, 2, 0).await;
    // Nothing else waits for it.
    let (ada, _) = server.set_up_phone(&acme.ada).await;
    let devices = ada.get("/v1/me/otp-devices").await.expect(200);
    let device = devices["items"][0]["device_id"].as_str().unwrap();
    let remove = format!("/v1/me/otp-devices/{device}");
    let _ = ada.delete(&remove).await.expect(204);
    let key = KeyName::otp_device(device.parse().unwrap());
    server.key_is_destroyed(&key).await;
    let _ = server.client.get("/readyz").await.expect(200);

    let server = server.restart_after(|_| {}).await;
    mail.begin().await;
    eventually("what waited is sent", async || {
        server.clock.advance(TimeDelta::seconds(30));
        server.mailbox().files().is_empty().then_some(())
    })
    .await;
    for who in ["grace", "linus"] {
        assert_eq!(mail.taken_for(who).len(), 1);
    }
    assert_eq!(mail.taken_for("ada").len(), 2, "added and removed");
}

#[tokio::test]
async fn whoever_is_erased_meanwhile_is_not_written_to() {
    let mut mail = SmtpServer::open().await;
    let (server, acme) = acme_with(in_clear(&mail)).await;
    mail.end().await;
    let grace = invite(&acme, "grace").await;
    invite(&acme, "linus").await;
    left(&server, 2, 0).await;
    let key = KeyName::person(grace.parse().unwrap());
    server.destroy_key(&key).await;
    mail.begin().await;
    eventually("nothing waits", async || {
        server.clock.advance(TimeDelta::seconds(30));
        server.mailbox().files().is_empty().then_some(())
    })
    .await;
    assert_eq!(mail.taken_for("linus").len(), 1);
    assert!(mail.taken_for("grace").is_empty());
    assert!(server.mailbox().failed().is_empty());
}

/// SMTP knows no better than to send it again; whoever reads it can tell that it is the same.
#[tokio::test]
async fn an_answer_that_is_lost_makes_a_copy_under_the_same_id() {
    let mail = SmtpServer::open().await;
    let (server, acme) = acme_with(in_clear(&mail)).await;
    invite(&acme, "dropped").await;
    mail.takes("dropped", 1).await;
    put_off(&server).await;
    server.clock.advance(TimeDelta::minutes(1));
    mail.takes("dropped", 2).await;
    left(&server, 0, 0).await;
    let copies = mail.taken_for("dropped");
    assert_eq!(copies[0], copies[1]);
    assert!(
        copies[0]["message_id"]
            .as_str()
            .unwrap()
            .ends_with("@acme.example>")
    );
}
