//! Syslog over TLS.

use crate::{all_arrive, all_is_noted, of_ocsf, receiver::Receiver};
use harness::{Acme, TestServer, eventually};
use pawl::settings::Flags;
use serde_json::json;
use std::path::PathBuf;

/// A Pawl with Ada's organization that tells this receiver, whose certificate is of that authority.
async fn acme_that_tells(receiver: &Receiver, ca: PathBuf) -> (TestServer, Acme) {
    let url = receiver.url();
    TestServer::with_acme_and(move |flags: &mut Flags| {
        flags.siem.siem_url = Some(url.parse().unwrap());
        flags.siem.siem_ca_file = Some(ca.clone());
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_siem_is_told_of_every_event_and_nothing_personal() {
    let receiver = Receiver::start(0).await;
    let (server, acme) = acme_that_tells(&receiver, receiver.ca()).await;
    acme.enforce().await;
    all_arrive(&server, || receiver.received()).await;
    all_is_noted(&server).await;
    for read in receiver.connections().concat() {
        assert_eq!(of_ocsf(&read.event), (read.index, read.event_id));
        assert_eq!(read.event["metadata"]["event_code"], *read.message_id);
        // Facility 13; the severity is that of the event.
        let severity = match read.event["severity_id"].as_u64().unwrap() {
            1 => 6,
            2 => 5,
            _ => 4,
        };
        assert_eq!(read.priority, 13 * 8 + severity);
        let text = read.text.to_lowercase();
        assert!(
            !text.contains("ada@") && !text.contains("lovelace"),
            "{text}"
        );
        assert!(!text.contains("\"box\""), "nothing sealed either: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_breaks_off_in_the_middle_misses_nothing() {
    let receiver = Receiver::start(2).await;
    let (server, acme) = acme_that_tells(&receiver, receiver.ca()).await;
    acme.enforce().await;
    all_arrive(&server, || receiver.received()).await;
    let connections = receiver.connections();
    assert_eq!((connections[0].len(), connections[1].len()), (2, 2));
    for connection in connections {
        let indexes = connection.iter().map(|read| read.index);
        assert!(
            indexes
                .clone()
                .zip(indexes.skip(1))
                .all(|(one, next)| one + 1 == next)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_arrived_is_not_told_again_after_a_restart() {
    let receiver = Receiver::start(0).await;
    let (server, acme) = acme_that_tells(&receiver, receiver.ca()).await;
    all_is_noted(&server).await;
    let before = receiver.received();
    let server = server.restart_after(|_| ()).await;
    let acme = Acme {
        ada: server.client.same_session(&acme.ada),
        ..acme
    };
    acme.enforce().await;
    all_arrive(&server, || receiver.received()).await;
    let all = receiver.received();
    assert_eq!(all[..before.len()], before[..]);
    let again = all[before.len()..].iter().any(|read| before.contains(read));
    assert!(!again);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_was_put_back_is_told_from_its_end() {
    let receiver = Receiver::start(0).await;
    let (server, _) = acme_that_tells(&receiver, receiver.ca()).await;
    all_is_noted(&server).await;
    let before = receiver.received();
    let ahead = format!("{} {}\n", before.len() + 5, before.len() + 5);
    let server = server
        .restart_after(|data| std::fs::write(data.join("siem.checkpoint"), ahead).unwrap())
        .await;
    let wrong = json!({ "email": "ada@example.org", "password": "not this one" });
    let _ = server.client.post("/v1/sign-in", wrong).await.expect(401);
    all_arrive(&server, || receiver.received()).await;
    assert_eq!(receiver.received()[..before.len()], before[..]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_else_is_told_nothing() {
    let [receiver, other] = [Receiver::start(0).await, Receiver::start(0).await];
    let (server, _) = acme_that_tells(&receiver, other.ca()).await;
    eventually("the certificate is refused twice", async || {
        (receiver.refused() >= 2).then_some(())
    })
    .await;
    assert!(receiver.connections().is_empty());
    assert!(!server.data().join("siem.checkpoint").exists());
}
