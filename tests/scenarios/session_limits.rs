//! A session that rests is over, on every node; one that is used goes on.

use chrono::TimeDelta;
use futures::StreamExt as _;
use harness::{Client, Reply, TestServer, Way};
use reqwest::Method;
use serde_json::json;

async fn is_open(session: &Client) -> bool {
    let reply = session.get("/v1/session").await;
    if reply.status == 401 {
        assert_eq!(reply.slug(), "unauthenticated");
        return false;
    }
    let _ = reply.expect(200);
    true
}

fn after(server: &TestServer, minutes: i64) {
    server.clock.advance(TimeDelta::minutes(minutes));
}

#[tokio::test]
async fn an_unused_session_ends_after_an_hour() {
    let (server, acme) = TestServer::with_acme().await;
    after(&server, 59);
    assert!(is_open(&acme.ada).await);
    after(&server, 59);
    assert!(is_open(&acme.ada).await);
    after(&server, 60);
    assert!(!is_open(&acme.ada).await);

    // The pages know it too.
    let page = acme.ada.request(Method::GET, "/account").header(
        "cookie",
        format!("__Host-pawl-session={}", acme.ada.token()),
    );
    assert!(
        Reply::to(page)
            .await
            .text
            .contains("<form method=\"post\" action=\"/sign-in\"")
    );
}

#[tokio::test]
async fn use_on_one_node_counts_on_the_other() {
    for way in [Way::Memory, Way::Wire] {
        let (server, acme) = TestServer::with_acme().await;
        let node = server.another_node(way).await;
        let there = node.same_session(&acme.ada);
        for _ in 0..3 {
            after(&server, 40);
            assert!(is_open(&there).await);
            after(&server, 40);
            assert!(is_open(&acme.ada).await);
        }
        after(&server, 60);
        assert!(!is_open(&there).await);
        assert!(!is_open(&acme.ada).await);
    }
}

#[tokio::test]
async fn use_counts_after_a_restart() {
    let (server, acme) = TestServer::with_acme().await;
    after(&server, 40);
    assert!(is_open(&acme.ada).await);
    after(&server, 40);
    let server = server.restart_after(|_| ()).await;
    let ada = server.client.same_session(&acme.ada);
    assert!(is_open(&ada).await);
    after(&server, 60);
    let server = server.restart_after(|_| ()).await;
    assert!(!is_open(&server.client.same_session(&ada)).await);
}

#[tokio::test]
async fn use_is_noted_now_and_then_and_in_nobodys_audit_trail() {
    let (server, acme) = TestServer::with_acme().await;
    let (trail, head) = (acme.audit(&acme.ada).await, server.client.head().await);
    for _ in 0..30 {
        after(&server, 1);
        for _ in 0..3 {
            assert!(is_open(&acme.ada).await);
        }
    }
    assert_eq!(server.client.head().await, head + 2);
    assert_eq!(acme.audit(&acme.ada).await, trail);
    let sessions = acme.ada.get("/v1/me/sessions").await.expect(200);
    let session = &sessions["items"][0];
    assert_eq!(session["last_event_at"], "2027-01-15T08:30:15Z");
    assert_eq!(session["idle_until"], "2027-01-15T09:30:15Z");
    assert_eq!(session["expires_at"], "2027-01-15T20:00:15Z");
}

/// Or an open window would keep a session alive for half a day.
#[tokio::test]
async fn watching_is_not_using() {
    let (server, acme) = TestServer::with_acme().await;
    let cookie = format!("__Host-pawl-session={}", acme.ada.token());
    let page = server.client.request(Method::GET, "/console/audit/live");
    let page = page.header("cookie", cookie);
    let trail = acme.ada.request(Method::GET, &acme.path("audit"));
    let trail = trail.header("accept", "text/event-stream");
    let mut watched = Vec::new();
    for watch in [page, trail] {
        watched.push(watch.send().await.unwrap().bytes_stream());
    }
    let other = server.sign_in("ada").await.expect(200);
    let other = server.client.with(other["session_token"].as_str().unwrap());
    let look = format!("/v1/organizations/{}", acme.id);

    after(&server, 35);
    let body = json!({ "name": "Acme and Sons" });
    let _ = other.patch(&look, body).await.expect(200);
    for live in &mut watched {
        let mut seen = String::new();
        while !seen.contains("OrganizationRenamed") {
            let chunk = live.next().await.unwrap().unwrap();
            seen += std::str::from_utf8(&chunk).unwrap();
        }
    }
    after(&server, 35);
    assert!(!is_open(&acme.ada).await);
    assert!(is_open(&other).await);
    // Nor does it see anything of what comes then.
    for live in &mut watched {
        while live.next().await.is_some() {}
    }
}

#[tokio::test]
async fn the_operator_chooses_the_limits() {
    let (server, acme) = TestServer::with_acme_and(|flags| {
        flags.session_idle_minutes = Some(20);
        flags.session_hours = Some(1);
    })
    .await;
    for _ in 0..3 {
        after(&server, 19);
        assert!(is_open(&acme.ada).await);
    }
    after(&server, 3);
    assert!(!is_open(&acme.ada).await, "an hour is over");
    let step = server.sign_in("ada").await.expect(200);
    let ada = server.client.with(step["session_token"].as_str().unwrap());
    after(&server, 20);
    assert!(!is_open(&ada).await, "twenty minutes without use");
}
