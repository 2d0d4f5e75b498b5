//! Who looked at what is in the audit trail itself: before anything was shown, once for each question,
//! and nothing of those who were refused.

use crate::{
    api_credentials::{acme_with_phone, credential, machine},
    audit_trail::follow,
};
use harness::{Acme, Client, Reply, TestServer};
use reqwest::Method;
use serde_json::{Value, json};

/// The looks and exports of an organization, as the log holds them.
async fn remembered(acme: &Acme, by: &Client) -> Vec<Value> {
    let mut events = acme.whole_audit(by).await;
    events.retain(|event| event["subject"] == format!("audit-{}", acme.id));
    events
}

#[tokio::test]
async fn a_look_is_remembered_before_it_is_answered_and_once_as_long_as_it_lasts() {
    let (server, acme) = TestServer::with_acme().await;
    let first = acme.whole_audit(&acme.ada).await;
    let look = first.last().unwrap();
    assert_eq!(look["type"], "AuditRead");
    let who = acme.ada.get("/v1/session").await.expect(200);
    assert_eq!(
        look["actor"],
        json!({ "kind": "user", "id": who["user_id"] })
    );
    assert_eq!(look["data"]["how"], "page");
    assert_eq!(look["data"]["types"], Value::Null);
    assert_eq!(acme.whole_audit(&acme.ada).await, first, "the same look");

    // Turning the pages is not another look; another question is, whatever the order of its parts.
    let path = |question: &str| acme.path(&format!("audit?{question}"));
    let page = acme.ada.get(&path("limit=2")).await.expect(200);
    let next = page["next"].as_str().unwrap();
    let _ = acme
        .ada
        .get(&path(&format!("limit=3&cursor={next}")))
        .await
        .expect(200);
    let invitations = "type=UserInvited,InvitationAccepted";
    let asked = acme.ada.get(&path(invitations)).await.expect(200);
    assert_eq!(asked["items"], json!([]), "a look is none of these types");
    let _ = acme
        .ada
        .get(&path("type=InvitationAccepted,UserInvited"))
        .await
        .expect(200);
    let looks = remembered(&acme, &acme.ada).await;
    assert_eq!(looks.len(), 2);
    assert_eq!(
        looks[1]["data"]["types"],
        json!(["InvitationAccepted", "UserInvited"])
    );

    server.wait_steps(29);
    assert_eq!(remembered(&acme, &acme.ada).await.len(), 2);
    server.wait_steps(1);
    assert_eq!(
        remembered(&acme, &acme.ada).await.len(),
        3,
        "15 minutes later"
    );
    let auditor = server.join(&acme.ada, &acme.id, "auditor", "auditor").await;
    assert_eq!(remembered(&acme, &auditor).await.len(), 4, "somebody else");
}

#[tokio::test(flavor = "multi_thread")]
async fn so_is_every_other_way_to_look() {
    let (server, acme, _) = acme_with_phone().await;
    let first = acme.whole_audit(&acme.ada).await;
    let _ = follow(&acme.ada, &acme.path("audit"), None, 1).await;
    let proven = first[0]["event_id"].as_str().unwrap();
    let _ = acme
        .ada
        .get(&acme.path(&format!("audit/{proven}/proof")))
        .await
        .expect(200);
    let cookie = format!("__Host-pawl-session={}", acme.ada.token());
    let page = acme
        .ada
        .request(Method::GET, "/console/audit?type=SignedIn");
    assert_eq!(Reply::to(page.header("cookie", cookie)).await.status, 200);
    let made = credential(&acme, &["audit:read"]).await;
    let machine = machine(&server.client, &made).await;
    let looks = remembered(&acme, &machine).await;
    let told: Vec<_> = looks
        .iter()
        .map(|look| {
            let data = &look["data"];
            assert_eq!(
                data["event_id"].as_str(),
                (data["how"] == "proof").then_some(proven)
            );
            (
                data["how"].as_str().unwrap(),
                look["actor"]["kind"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("page", "user"),
            ("live", "user"),
            ("proof", "user"),
            ("page", "user"),
            ("page", "api_credential")
        ]
    );
    assert_eq!(looks[3]["data"]["types"], json!(["SignedIn"]));
    assert_eq!(looks[4]["actor"]["id"], made.0);
}

/// What somebody typed into the address of the page may be a name, and is never in the log.
#[tokio::test]
async fn a_type_that_there_is_not_is_remembered_as_none() {
    let (_server, acme) = TestServer::with_acme().await;
    let cookie = format!("__Host-pawl-session={}", acme.ada.token());
    let page = acme
        .ada
        .request(Method::GET, "/console/audit?type=Grace%20Hopper");
    assert_eq!(Reply::to(page.header("cookie", cookie)).await.status, 200);
    let looks = remembered(&acme, &acme.ada).await;
    assert_eq!(looks[0]["data"]["types"], json!([]));
    assert_eq!(looks.len(), 2);
}

/// An idempotency key would hide a look behind another.
#[tokio::test]
async fn a_key_does_not_hide_a_look() {
    let (_server, acme) = TestServer::with_acme().await;
    for question in ["type=SignedIn", "type=UserErased"] {
        let request = acme
            .ada
            .request(Method::GET, &acme.path(&format!("audit?{question}")));
        let _ = Reply::to(request.header("idempotency-key", "k"))
            .await
            .expect(200);
    }
    assert_eq!(remembered(&acme, &acme.ada).await.len(), 3);
}

/// Neither does the key of a form: the same form sent twice is two exports.
#[tokio::test]
async fn a_form_that_is_sent_again_exports_again() {
    let (_server, acme) = TestServer::with_acme().await;
    for _ in 0..2 {
        let cookie = format!("__Host-pawl-session={}", acme.ada.token());
        let form = acme
            .ada
            .request(Method::POST, "/console/audit/export")
            .header("cookie", cookie)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .body("format=csv&command=0190163d-8694-739b-aea5-966c26f8ad91");
        assert_eq!(Reply::to(form).await.status, 200);
    }
    let mut exports = remembered(&acme, &acme.ada).await;
    exports.retain(|event| event["type"] == "AuditExported");
    assert_eq!(exports.len(), 2);
}

/// What is asked of one person concerns that person: it is in what they are given about themselves.
#[tokio::test]
async fn whom_somebody_looked_for_is_told_of_it() {
    let (server, acme) = TestServer::with_acme().await;
    let grace = server.join(&acme.ada, &acme.id, "grace", "member").await;
    let who = grace.get("/v1/session").await.expect(200);
    let id = who["user_id"].as_str().unwrap();
    let about = acme
        .ada
        .get(&acme.path(&format!("audit?person={id}")))
        .await
        .expect(200);
    let about = about["items"].as_array().unwrap();
    assert_eq!(about.last().unwrap()["type"], "AuditRead");
    let own = grace.post_nothing("/v1/me/export").await.expect(200);
    let events = own["events"].as_array().unwrap();
    assert!(events.contains(about.last().unwrap()));
}

#[tokio::test]
async fn nothing_is_remembered_of_who_is_refused() {
    let (server, acme) = TestServer::with_acme().await;
    let member = server.join(&acme.ada, &acme.id, "grace", "member").await;
    let auditor = server.join(&acme.ada, &acme.id, "auditor", "auditor").await;
    let first = acme.whole_audit(&acme.ada).await;
    let event = first[0]["event_id"].as_str().unwrap();
    let head = server.client.head().await;
    let ways = [
        "audit",
        "audit/key",
        "audit/export",
        &format!("audit/{event}/proof"),
    ]
    .map(|way| acme.path(way));
    for way in &ways {
        member.get(way).await.problem(403, "forbidden");
        server.client.get(way).await.problem(401, "unauthenticated");
    }
    let elsewhere = "/v1/organizations/00000000-0000-0000-0000-000000000000/audit";
    auditor.get(elsewhere).await.problem(404, "not-found");
    let nothing = acme.path("audit/00000000-0000-0000-0000-000000000000/proof");
    auditor.get(&nothing).await.problem(404, "not-found");
    assert_eq!(server.client.head().await, head);
}
