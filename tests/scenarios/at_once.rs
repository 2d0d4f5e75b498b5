//! I3: no request that begins after the enforcement was answered is served under a single factor.

use harness::{Client, Reply, TestServer, Way};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// Reads as long as it may, and says whether a read that began after the enforcement was answered
/// was let through.
async fn read_until_refused(session: Client, path: String, answered: Arc<AtomicBool>) -> u32 {
    let mut served_late = 0;
    for _ in 0..100_000 {
        let begun_after = answered.load(Ordering::SeqCst);
        let reply = session.get(&path).await;
        if reply.status == 200 {
            served_late += u32::from(begun_after);
        } else {
            assert_eq!(reply.slug(), "second-factor-required");
            if begun_after {
                return served_late;
            }
        }
    }
    panic!("it was never refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_one_factor_lose_everything_the_moment_enforcement_is_answered() {
    let (server, acme) = TestServer::with_acme().await;
    let (ada, _) = server.set_up_phone(&acme.ada).await;
    let mut readers = Vec::new();
    let answered = Arc::new(AtomicBool::new(false));
    for number in 0..6 {
        let session = server
            .join(&ada, &acme.id, &format!("reader{number}"), "user_manager")
            .await;
        let path = acme.path(if number % 2 == 0 {
            "two-factor"
        } else {
            "users"
        });
        readers.push(tokio::spawn(read_until_refused(
            session,
            path,
            answered.clone(),
        )));
    }
    // Let them read for a while, so that the states they need are kept in memory.
    let busy = server.client.clone();
    harness::eventually("requests are served", async || {
        let metrics = busy.get("/metrics").await.text;
        let count = metrics.lines().find(|line| {
            line.starts_with("pawl_http_request_duration_seconds_count")
                && line.contains("/two-factor\"")
        })?;
        let count: f64 = count.rsplit(' ').next()?.parse().ok()?;
        (count > 20.0).then_some(())
    })
    .await;
    let acme = harness::Acme { ada, ..acme };
    acme.enforce().await;
    answered.store(true, Ordering::SeqCst);
    for reader in readers {
        let served_late = tokio::time::timeout(Duration::from_secs(30), reader).await;
        assert_eq!(served_late.unwrap().unwrap(), 0);
    }
}

/// The other node has the policy in memory, and hears of the enforcement from the log alone.
#[tokio::test]
async fn another_node_refuses_at_once_too() {
    refuses_at_once(Way::Memory).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_does_one_that_reaches_the_log_over_the_wire() {
    refuses_at_once(Way::Wire).await;
}

async fn refuses_at_once(way: Way) {
    let (server, acme) = TestServer::with_acme().await;
    let grace = server.join(&acme.ada, &acme.id, "grace", "admin").await;
    let (ada, phone) = server.set_up_phone(&acme.ada).await;
    let acme = harness::Acme { ada, ..acme };
    let other = server.another_node(way).await;
    let (ada, grace) = (other.same_session(&acme.ada), other.same_session(&grace));
    for session in [&ada, &grace] {
        let state = session.get(&acme.path("two-factor")).await.expect(200);
        assert_eq!(state["enforced"], false);
    }

    let enforced = acme.enforce().await;
    let refused = grace.get(&acme.path("two-factor")).await;
    refused.problem(403, "second-factor-required");
    let state = ada.get(&acme.path("two-factor")).await.expect(200);
    assert_eq!(state, enforced);

    // A code that was used there is spent here, and a session that ended there has ended here.
    let code = phone.code(server.now());
    let (here, there) = (
        server.half_signed_in("ada").await,
        server.half_signed_in("ada").await,
    );
    let there = other.same_session(&there);
    let _ = server.show(&there, &code).await.expect(200);
    let refused = server.show(&here, &code).await;
    refused.problem(401, "otp-code-reused");
    let _ = ada.delete("/v1/session").await.expect(204);
    let refused = acme.ada.get("/v1/session").await;
    refused.problem(401, "unauthenticated");
}

/// A right is asked for when the body is there, not when the head has come.
#[tokio::test]
async fn a_slow_body_does_not_keep_a_right() {
    let (server, acme) = TestServer::with_acme().await;
    let grace = server.join(&acme.ada, &acme.id, "grace", "admin").await;
    let (ada, _) = server.set_up_phone(&acme.ada).await;
    let body = r#"{"email":"eve@example.org","name":"Eve","role":"admin"}"#;
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: pawl\r\nconnection: close\r\nexpect: 100-continue\r\n\
         authorization: Bearer {}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n",
        acme.path("invitations"),
        grace.token(),
        body.len()
    );
    let mut slow = TcpStream::connect(server.client.address()).await.unwrap();
    slow.write_all(head.as_bytes()).await.unwrap();
    // The server asks for the body: it has dealt with the head.
    let mut asked = [0; 21];
    slow.read_exact(&mut asked).await.unwrap();
    assert!(asked.starts_with(b"HTTP/1.1 100 Continue"));

    harness::Acme { ada, ..acme }.enforce().await;
    let head = server.client.head().await;
    slow.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("second-factor-required"), "{answer}");
    assert_eq!(server.client.head().await, head);
}

#[tokio::test]
async fn commands_are_refused_at_once_too_and_append_nothing() {
    let (server, acme) = TestServer::with_acme().await;
    let grace = server.join(&acme.ada, &acme.id, "grace", "admin").await;
    let (ada, _) = server.set_up_phone(&acme.ada).await;
    harness::Acme {
        ada,
        ..acme.clone()
    }
    .enforce()
    .await;
    let head = server.client.head().await;
    let body = serde_json::json!({ "email": "eve@example.org", "name": "Eve", "role": "member" });
    let reply: Reply = grace.post(&acme.path("invitations"), body).await;
    reply.problem(403, "second-factor-required");
    let body = serde_json::json!({ "confirm": "Enforce 2FA" });
    let reply = grace.post(&acme.path("two-factor/enforce"), body).await;
    reply.problem(403, "second-factor-required");
    assert_eq!(server.client.head().await, head);
}
