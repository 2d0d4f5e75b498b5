//! I2 for machines: a credential opens what its scopes say, in its organization, and never acts for a
//! person.

use crate::{
    api_credentials::{acme_with_phone, credential, machine},
    documents::operations,
    strangers::asked,
};
use harness::{Client, Reply};
use reqwest::Method;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// What a machine may call, and the scope for it. Everything else is for people.
const OPEN: [(&str, &str); 21] = [
    ("GET /v1/organizations/{org}", "organization:read"),
    ("PATCH /v1/organizations/{org}", "organization:manage"),
    ("GET /v1/organizations/{org}/two-factor", "two-factor:read"),
    (
        "POST /v1/organizations/{org}/two-factor/enforce",
        "two-factor:enforce",
    ),
    ("GET /v1/organizations/{org}/adoption", "adoption:read"),
    ("GET /v1/organizations/{org}/analytics", "analytics:read"),
    (
        "GET /v1/organizations/{org}/analytics/{dataset}",
        "analytics:read",
    ),
    ("GET /v1/organizations/{org}/audit", "audit:read"),
    ("GET /v1/organizations/{org}/audit/export", "audit:read"),
    ("GET /v1/organizations/{org}/audit/key", "audit:read"),
    ("GET /v1/organizations/{org}/audit/{id}/proof", "audit:read"),
    ("GET /v1/organizations/{org}/users", "users:read"),
    ("GET /v1/organizations/{org}/users/{id}", "users:read"),
    ("GET /v1/organizations/{org}/invitations", "users:read"),
    ("POST /v1/organizations/{org}/invitations", "users:invite"),
    (
        "POST /v1/organizations/{org}/invitations/list",
        "users:invite",
    ),
    (
        "DELETE /v1/organizations/{org}/invitations/{id}",
        "users:invite",
    ),
    (
        "POST /v1/organizations/{org}/invitations/{id}/resend",
        "users:invite",
    ),
    ("PATCH /v1/organizations/{org}/users/{id}", "users:manage"),
    (
        "POST /v1/organizations/{org}/users/{id}/disable",
        "users:manage",
    ),
    (
        "POST /v1/organizations/{org}/users/{id}/enable",
        "users:manage",
    ),
];

/// Calls everything that takes a token; the problem that was answered, or none.
async fn answers(machine: &Client, organization: &str) -> BTreeMap<String, String> {
    let mut answers = BTreeMap::new();
    for operation in operations().into_iter().filter(|each| each.secured) {
        let path = operation.path.replace("{org}", organization);
        let path = path.replace("{id}", "00000000-0000-0000-0000-000000000000");
        let reply = Reply::to(asked(&operation, machine, &path)).await;
        let kept_out = ["person-required", "insufficient-scope", "unauthenticated"];
        let slug = reply.slug();
        let answer = if kept_out.contains(&&*slug) {
            slug
        } else {
            "open".to_owned()
        };
        answers.insert(format!("{} {}", operation.method, operation.path), answer);
    }
    answers
}

#[tokio::test]
async fn a_machine_opens_what_its_scopes_say_and_nothing_for_a_person() {
    let (server, acme, _) = acme_with_phone().await;
    let open: BTreeMap<_, _> = OPEN.into();
    let scopes: BTreeSet<_> = open.values().copied().collect();
    let every = scopes.iter().copied().collect::<Vec<_>>();
    let each = every.iter().map(|scope| vec![*scope]);
    for scopes in each.chain([every.clone()]) {
        let made = credential(&acme, &scopes).await;
        let machine = machine(&server.client, &made).await;
        for (operation, answer) in answers(&machine, &acme.id).await {
            let expected = match open.get(&*operation) {
                None => "person-required",
                Some(scope) if scopes.contains(scope) => "open",
                Some(_) => "insufficient-scope",
            };
            assert_eq!(answer, expected, "{operation} with {scopes:?}");
        }
    }
    // The document says the same, and knows no scope beside these.
    let document = server.client.get("/openapi.json").await.expect(200);
    for (operation, scope) in OPEN {
        let (method, path) = operation.split_once(' ').unwrap();
        let security = &document["paths"][path][method.to_lowercase()]["security"];
        assert!(
            security
                .to_string()
                .contains(&format!("{{\"oauth2\":[\"{scope}\"]}}")),
            "{operation}: {security}"
        );
    }
    let flow = &document["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"];
    let known: BTreeSet<_> = flow["scopes"].as_object().unwrap().keys().collect();
    assert!(known.into_iter().eq(scopes.iter()));
}

#[tokio::test]
async fn a_machine_enforces_two_factor_authentication_with_its_scope_and_by_its_name() {
    let (server, acme, _) = acme_with_phone().await;
    let path = acme.path("two-factor/enforce");
    let body = json!({ "confirm": "Enforce 2FA" });
    let reader = credential(&acme, &["two-factor:read"]).await;
    let reader = machine(&server.client, &reader).await;
    let reply = reader.post(&path, body.clone()).await;
    reply.problem(403, "insufficient-scope");
    let made = credential(&acme, &["two-factor:enforce"]).await;
    let enforcing = machine(&server.client, &made).await;
    let enforced = enforcing.post(&path, body).await.expect(200);
    let actor = json!({ "kind": "api_credential", "id": made.0 });
    assert_eq!(enforced["enforced_by"], actor);
    let status = reader.get(&acme.path("two-factor")).await.expect(200);
    assert_eq!(status["enforced_by"], actor);
    let events = acme.audit(&acme.ada).await;
    let event = events.last().unwrap();
    assert_eq!(event["type"], "TwoFactorEnforced");
    assert_eq!(event["actor"], actor);

    // People read its name, as that of no person.
    for page in ["/console/audit", "/console/security"] {
        let request = acme.ada.request(Method::GET, page);
        let cookie = format!("__Host-pawl-session={}", acme.ada.token());
        let page = Reply::to(request.header("cookie", cookie)).await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains("API credential “Nightly export”"));
    }
}

/// Or it would make itself a person with more rights than it has.
#[tokio::test]
async fn a_machine_invites_nobody_who_may_do_more_than_itself() {
    let (server, acme, _) = acme_with_phone().await;
    let made = credential(&acme, &["users:invite", "users:manage"]).await;
    let machine = machine(&server.client, &made).await;
    let invite = async |role: &str| {
        let email = format!("{role}@example.org");
        let body = json!({ "email": email, "name": role, "role": role });
        machine.post(&acme.path("invitations"), body).await
    };
    let head = server.client.head().await;
    invite("admin").await.problem(403, "person-required");
    invite("auditor").await.problem(403, "insufficient-scope");
    let who = acme.ada.get("/v1/session").await.expect(200);
    let ada = acme.path(&format!("users/{}", who["user_id"].as_str().unwrap()));
    let reply = machine.patch(&ada, json!({ "role": "member" })).await;
    reply.problem(403, "person-required");
    let reply = machine.post_nothing(&format!("{ada}/disable")).await;
    reply.problem(403, "person-required");
    assert_eq!(server.client.head().await, head);
    let _ = invite("member").await.expect(201);
    let events = acme.audit(&acme.ada).await;
    let invited = events.iter().find(|event| event["type"] == "UserInvited");
    assert_eq!(invited.unwrap()["actor"]["id"], made.0);
}

#[tokio::test]
async fn another_organization_is_closed_to_a_machine_and_its_credential_to_others() {
    let (server, acme, _) = acme_with_phone().await;
    let made = credential(&acme, &["users:read"]).await;
    let machine = machine(&server.client, &made).await;
    let body = json!({ "organization": "Globex", "email": "hank@example.org", "name": "Hank" });
    let globex = acme.ada.post("/v1/organizations", body).await.expect(201);
    let globex = globex["organization_id"].as_str().unwrap();
    let token = server.mailbox().token("hank@example.org", 1).await;
    let body = json!({ "token": token, "password": harness::PASSWORD });
    let hank = server.client.post("/v1/invitations/accept", body).await;
    let hank = hank.expect(200)["session_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let (hank, _) = server.set_up_phone(&server.client.with(&hank)).await;
    let theirs = format!("/v1/organizations/{globex}");
    let reply = machine.get(&format!("{theirs}/users")).await;
    reply.problem(404, "not-found");
    for organization in [theirs, format!("/v1/organizations/{}", acme.id)] {
        let path = format!("{organization}/api-credentials/{}", made.0);
        hank.get(&path).await.problem(404, "not-found");
        hank.delete(&path).await.problem(404, "not-found");
        let body = json!({ "overlap_hours": 0 });
        let reply = hank.post(&format!("{path}/rotate"), body).await;
        reply.problem(404, "not-found");
    }
    let _ = machine.get(&acme.path("users")).await.expect(200);
}

#[tokio::test]
async fn a_machine_opens_no_page_and_follows_the_audit_trail_until_it_is_revoked() {
    let (server, acme, _) = acme_with_phone().await;
    let made = credential(&acme, &["audit:read", "users:read"]).await;
    let machine = machine(&server.client, &made).await;
    for page in ["/console", "/console/audit", "/account"] {
        let request = machine.request(Method::GET, page);
        let cookie = format!("__Host-pawl-session={}", machine.token());
        let page = Reply::to(request.header("cookie", cookie)).await;
        // The browser was sent to the sign-in.
        assert!(page.text.contains("action=\"/sign-in\""), "{}", page.text);
    }
    let request = machine.request(Method::GET, &acme.path("audit"));
    let request = request.header("accept", "text/event-stream");
    let mut following = request.send().await.unwrap();
    assert!(following.chunk().await.unwrap().is_some());
    let path = acme.path(&format!("api-credentials/{}", made.0));
    let _ = acme.ada.delete(&path).await.expect(204);
    // It is sent away, having been told nothing of that.
    let mut told = Vec::new();
    while let Some(chunk) = following.chunk().await.unwrap() {
        told.extend(chunk);
    }
    assert!(
        !String::from_utf8(told)
            .unwrap()
            .contains("ApiCredentialRevoked")
    );
}
