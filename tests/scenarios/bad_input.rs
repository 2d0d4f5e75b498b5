//! Every kind of bad input has its own problem, and appends nothing but what the design says.

use harness::{Client, Reply, TestServer};
use reqwest::{Method, RequestBuilder};
use serde_json::json;

/// Asserts the problem, and that nothing was appended.
async fn refused(by: &Client, request: RequestBuilder, status: u16, slug: &str) {
    let head = by.head().await;
    Reply::to(request).await.problem(status, slug);
    assert_eq!(by.head().await, head, "{slug} appended something");
}

#[tokio::test]
async fn bodies_that_are_not_what_they_should_be() {
    let (server, acme) = TestServer::with_acme().await;
    let path = acme.path("invitations");
    let post = || acme.ada.request(Method::POST, &path);
    let raw = |text: &str| {
        post()
            .header("content-type", "application/json")
            .body(text.to_owned())
    };
    let good = json!({ "email": "grace@example.org", "name": "Grace", "role": "member" });

    let more = format!("{good} {{}}");
    for text in ["", "{", "not JSON", "{\"email\":}", "\u{0}", &more] {
        refused(&acme.ada, raw(text), 400, "malformed-json").await;
    }
    for text in [
        "[]",
        "null",
        "7",
        "{}",
        r#"{"email":7,"name":"x","role":"member"}"#,
    ] {
        refused(&acme.ada, raw(text), 422, "invalid-body").await;
    }
    let mut unknown = good.clone();
    unknown["admin"] = json!(true);
    refused(&acme.ada, post().json(&unknown), 400, "unknown-field").await;
    let mut role = good.clone();
    role["role"] = json!("owner");
    refused(&acme.ada, post().json(&role), 422, "invalid-body").await;
    let text = good.to_string();
    refused(
        &acme.ada,
        post().body(text.clone()),
        415,
        "unsupported-media-type",
    )
    .await;
    let form = post()
        .header("content-type", "application/x-www-form-urlencoded")
        .body(text);
    refused(&acme.ada, form, 415, "unsupported-media-type").await;
    let oversize = raw(&format!("{{\"email\":\"{}\"}}", "x".repeat(72 * 1024)));
    refused(&acme.ada, oversize, 413, "body-too-large").await;
    // What takes no file does not read one, least of all a stranger's.
    let file = server
        .client
        .request(Method::POST, &acme.path("invitations"))
        .header("content-type", "multipart/form-data; boundary=x")
        .body("x".repeat(100 * 1024));
    refused(&server.client, file, 413, "body-too-large").await;
    for (field, value) in [
        ("email", "not an address"),
        ("email", ""),
        ("name", "   "),
        ("name", "two\nlines"),
    ] {
        let mut body = good.clone();
        body[field] = json!(value);
        refused(&acme.ada, post().json(&body), 422, "invalid-field").await;
    }
}

/// What was typed into the wrong place is not said back: it may be a password.
#[tokio::test]
async fn problems_do_not_repeat_what_was_sent() {
    let (_server, acme) = TestServer::with_acme().await;
    let post = |body: String| {
        let request = acme.ada.request(Method::POST, "/v1/sign-in");
        request
            .header("content-type", "application/json")
            .body(body)
    };
    for body in [
        r#"{"email":"hunter2hunter2","password":["hunter2hunter2"]}"#,
        r#"{"email":"a@b.cd","password":"hunter2hunter2","hunter2hunter2":1}"#,
        r#"{"email":"a@b.cd","password":hunter2hunter2}"#,
    ] {
        let reply = Reply::to(post(body.to_owned())).await;
        assert!(reply.status.is_client_error());
        let named_by_client = body.contains("\"hunter2hunter2\":");
        assert!(
            named_by_client || !reply.text.contains("hunter2"),
            "{}",
            reply.text
        );
    }
}

#[tokio::test]
async fn sessions_that_are_none() {
    let (server, acme) = TestServer::with_acme().await;
    let get = |header: Option<&str>| {
        let request = server.client.request(Method::GET, "/v1/session");
        match header {
            Some(value) => request.header("authorization", value),
            None => request,
        }
    };
    for header in [
        None,
        Some("Basic YTpi"),
        Some("Bearer "),
        Some("Bearer x"),
        Some("Bearer"),
    ] {
        let reply = Reply::to(get(header)).await;
        assert_eq!(reply.header("www-authenticate"), "Bearer");
        reply.problem(401, "unauthenticated");
    }
    // A token's id alone is worth nothing, and the token dies with the session's time.
    let who = acme.ada.get("/v1/session").await.expect(200);
    let forged = server.client.with(&"A".repeat(64));
    forged
        .get("/v1/session")
        .await
        .problem(401, "unauthenticated");
    assert!(who["expires_at"].is_string());
    server.clock.advance(chrono::TimeDelta::hours(12));
    acme.ada
        .get("/v1/session")
        .await
        .problem(401, "unauthenticated");
}

#[tokio::test]
async fn enforcement_needs_the_confirmation_an_admin_and_every_required_factor() {
    let (server, acme) = TestServer::with_acme().await;
    let path = acme.path("two-factor/enforce");
    let post = |by: &Client| by.request(Method::POST, &path);
    for body in [
        json!({}),
        json!({ "confirm": "" }),
        json!({ "confirm": "enforce 2fa" }),
    ] {
        refused(
            &acme.ada,
            post(&acme.ada).json(&body),
            422,
            "confirmation-missing",
        )
        .await;
    }
    let yes = json!({ "confirm": "Enforce 2FA" });
    let more = json!({ "confirm": "Enforce 2FA", "enforced": false });
    refused(&acme.ada, post(&acme.ada).json(&more), 400, "unknown-field").await;
    for role in ["user_manager", "auditor", "analyst", "member"] {
        let session = server.join(&acme.ada, &acme.id, role, role).await;
        refused(&acme.ada, post(&session).json(&yes), 403, "forbidden").await;
    }
    refused(
        &acme.ada,
        post(&server.client).json(&yes),
        401,
        "unauthenticated",
    )
    .await;
    let grace = server.join(&acme.ada, &acme.id, "grace", "admin").await;
    acme.enforce().await;
    refused(
        &acme.ada,
        post(&grace).json(&yes),
        403,
        "second-factor-required",
    )
    .await;
}

#[tokio::test]
async fn the_first_link_works_once_and_only_with_its_token() {
    let server = TestServer::start().await;
    let body = |token: &str, password: &str| {
        json!({
            "token": token, "organization": "Acme", "email": "ada@example.org", "name": "Ada",
            "password": password,
        })
    };
    let post = |token, password| {
        let request = server.client.request(Method::POST, "/v1/setup");
        request.json(&body(token, password))
    };
    refused(
        &server.client,
        post("guessed", "long enough"),
        403,
        "set-up-token-invalid",
    )
    .await;
    refused(
        &server.client,
        post(harness::SETUP_TOKEN, "short"),
        422,
        "invalid-field",
    )
    .await;
    let _ = Reply::to(post(harness::SETUP_TOKEN, "long enough"))
        .await
        .expect(201);
    refused(
        &server.client,
        post(harness::SETUP_TOKEN, "long enough"),
        409,
        "already-set-up",
    )
    .await;
}

#[tokio::test]
async fn what_is_rejected_is_remembered_and_nothing_else() {
    let (server, acme) = TestServer::with_acme().await;
    let (ada, phone) = server.set_up_phone(&acme.ada).await;
    let waiting = server.half_signed_in("ada").await;
    let head = server.client.head().await;
    let wrong = json!({ "email": "ada@example.org", "password": "wrong" });
    server
        .client
        .post("/v1/sign-in", wrong)
        .await
        .problem(401, "sign-in-rejected");
    let code = phone.wrong_code(server.now());
    server
        .show(&waiting, &code)
        .await
        .problem(401, "otp-code-wrong");
    let acme = harness::Acme { ada, ..acme };
    let events = acme.audit(&acme.ada).await;
    let new: Vec<_> = events
        .iter()
        .filter(|event| event["position"].as_u64() > Some(head))
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(new, ["SignInRejected", "OtpRejected"]);
}

#[tokio::test]
async fn paths_and_methods_that_are_not_there() {
    let (_server, acme) = TestServer::with_acme().await;
    for path in [
        "/",
        "/v1",
        "/v2/session",
        "/v1/organizations",
        "/v1/session/x",
        "/.env",
    ] {
        let request = acme.ada.request(Method::PUT, path);
        let reply = Reply::to(request).await;
        assert!(
            ["not-found", "method-not-allowed"].contains(&reply.slug().as_str()),
            "{path}"
        );
    }
    let reply = Reply::to(acme.ada.request(Method::PATCH, "/v1/session")).await;
    assert!(reply.header("allow").contains("GET"));
    reply.problem(405, "method-not-allowed");
}
