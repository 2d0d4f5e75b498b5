//! One organization does not exist for another, whatever is asked and by whom.

use crate::documents::{Operation, operations};
use harness::{Client, Person, Reply, TestServer};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

/// What the operation takes.
pub fn body_of(operation: &Operation) -> Value {
    if operation.path.ends_with("/api-credentials") {
        json!({ "name": "Export", "scopes": ["users:read"] })
    } else if operation.path.ends_with("/rotate") {
        json!({ "overlap_hours": 0 })
    } else if operation.path.ends_with("/enforce") {
        json!({ "confirm": "Enforce 2FA" })
    } else if operation.method == Method::DELETE {
        json!({ "confirm": "grace@example.org" })
    } else if operation.path.ends_with("/{org}") {
        json!({ "name": "Eve and Sons" })
    } else if operation.method == Method::PATCH {
        json!({ "role": "admin" })
    } else {
        json!({ "email": "eve@example.org", "name": "Eve", "role": "member" })
    }
}

/// The operation, asked for as it wants to be.
pub fn asked(operation: &Operation, session: &Client, path: &str) -> RequestBuilder {
    let request = session.request(operation.method.clone(), path);
    if operation.path.ends_with("/list") {
        let list = "email,name\neve@example.org,Eve\n";
        request.header("content-type", "text/csv").body(list)
    } else {
        request.json(&body_of(operation))
    }
}

#[tokio::test]
async fn nothing_of_another_organization_is_there() {
    let (server, acme) = TestServer::with_acme().await;
    let body = json!({ "organization": "Globex", "email": "hank@example.org", "name": "Hank" });
    let globex = acme.ada.post("/v1/organizations", body).await.expect(201);
    let token = server.mailbox().token("hank@example.org", 1).await;
    let body = json!({ "token": token, "password": harness::PASSWORD });
    let hank = server
        .client
        .post("/v1/invitations/accept", body)
        .await
        .expect(200);
    let hank = server.client.with(hank["session_token"].as_str().unwrap());
    let _ = server.invite(&acme.ada, &acme.id, "grace", "member").await;
    let pending = acme.ada.get(&acme.path("invitations")).await.expect(200);
    let grace = pending["items"][0]["invitation_id"].as_str().unwrap();
    // That Ada registered Globex is in its history; what she is called is not.
    let page = hank
        .request(Method::GET, "/console/audit")
        .header("cookie", format!("__Host-pawl-session={}", hank.token()));
    let page = Reply::to(page).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let who = acme.ada.get("/v1/session").await.expect(200);
    assert!(page.text.contains(who["user_id"].as_str().unwrap()));
    assert!(
        !page
            .text
            .contains(&format!(">{}<", Person::named("ada").name))
    );
    let head = server.client.head().await;

    // Ada operates the installation, and still sees nothing of Globex; Hank nothing of Acme.
    let globex = globex["organization_id"].as_str().unwrap();
    let nowhere = "00000000-0000-0000-0000-000000000000";
    let mut tried = 0;
    for operation in operations() {
        if !operation.path.contains("{org}") {
            continue;
        }
        for (session, organization) in [
            (&acme.ada, globex),
            (&hank, &*acme.id),
            (&hank, nowhere),
            (&hank, "x"),
        ] {
            let path = operation
                .path
                .replace("{org}", organization)
                .replace("{id}", grace);
            Reply::to(asked(&operation, session, &path))
                .await
                .problem(404, "not-found");
            tried += 1;
        }
        // In one's own organization, another's person does not exist either.
        if operation.path.contains("{id}") {
            let path = operation
                .path
                .replace("{org}", globex)
                .replace("{id}", grace);
            Reply::to(asked(&operation, &hank, &path))
                .await
                .problem(404, "not-found");
        }
    }
    assert!(tried >= 32, "{tried}");
    assert_eq!(server.client.head().await, head);

    let visible = hank
        .get(&format!("/v1/organizations/{globex}/audit"))
        .await
        .expect(200);
    assert!(!visible.to_string().contains("grace"));
    // Whoever knows the id of another's event is proved nothing of it.
    for event in acme.audit(&acme.ada).await {
        let event = event["event_id"].as_str().unwrap();
        let path = format!("/v1/organizations/{globex}/audit/{event}/proof");
        hank.get(&path).await.problem(404, "not-found");
    }
    let body = json!({ "organization": "Initech", "email": "bill@example.org", "name": "Bill" });
    hank.post("/v1/organizations", body)
        .await
        .problem(403, "forbidden");
}

/// Names, times and traces are the same whether somebody exists or not.
#[tokio::test]
async fn an_unknown_address_is_answered_like_a_wrong_password() {
    let (server, acme) = TestServer::with_acme().await;
    let _ = server.invite(&acme.ada, &acme.id, "grace", "member").await;
    let mut answers = Vec::new();
    // Ada exists, Grace is invited only, nobody else exists.
    for who in ["ada", "grace", "nobody"] {
        for _ in 0..11 {
            let body = json!({ "email": format!("{who}@example.org"), "password": "wrong" });
            let reply = server.client.post("/v1/sign-in", body).await;
            answers.push((who, reply.status.as_u16(), reply.text));
        }
    }
    let of = |name: &str| -> Vec<_> {
        let mine = answers.iter().filter(|(who, ..)| *who == name);
        mine.map(|(_, status, text)| (*status, text.clone()))
            .collect()
    };
    assert_eq!(of("ada"), of("nobody"));
    assert_eq!(of("grace"), of("nobody"));
    assert_eq!(of("ada")[9].0, 401);
    assert_eq!(of("ada")[10].0, 429);
    // The right password waits too, and is let in when the time has passed.
    server
        .sign_in("ada")
        .await
        .problem(429, "too-many-attempts");
    server.wait_steps(30);
    let _ = server.sign_in("ada").await.expect(200);
}

/// Somebody who guesses again and again closes the address, but not in the owner's own browser.
#[tokio::test]
async fn nobody_keeps_the_owner_out_of_a_browser_that_they_have_used_before() {
    let (server, _) = TestServer::with_acme().await;
    let page = server.client.get("/sign-in").await;
    let cookie = page.header("set-cookie").split(';').next().unwrap();
    let sign_in = async |cookie: &str, password: &str| {
        let (key, password) = (uuid::Uuid::now_v7(), password.replace(' ', "+"));
        let form = format!("command={key}&email=ada%40example.org&password={password}");
        let request = server
            .client
            .request(Method::POST, "/sign-in")
            .header("sec-fetch-site", "same-origin")
            .header("cookie", cookie)
            .header("content-type", "application/x-www-form-urlencoded");
        Reply::to(request.body(form)).await.status.as_u16()
    };
    assert_eq!(sign_in(cookie, harness::PASSWORD).await, 200);
    let stranger = "__Host-pawl-browser=AAAAAAAAAAAAAAAAAAAAAA";
    for _ in 0..10 {
        assert_eq!(sign_in(stranger, "wrong").await, 401);
    }
    assert_eq!(sign_in(stranger, harness::PASSWORD).await, 429);
    assert_eq!(sign_in("", harness::PASSWORD).await, 429);
    assert_eq!(sign_in(cookie, harness::PASSWORD).await, 200);
    // Whoever sits at it does not guess more than elsewhere.
    for _ in 0..10 {
        assert_eq!(sign_in(cookie, "wrong").await, 401);
    }
    assert_eq!(sign_in(cookie, harness::PASSWORD).await, 429);
    server.wait_steps(30);
    assert_eq!(sign_in(cookie, harness::PASSWORD).await, 200);
}
