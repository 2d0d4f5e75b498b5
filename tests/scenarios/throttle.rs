//! What one network address can guess, whoever it guesses at.

use harness::{Client, PASSWORD, Person, Reply, TestServer};
use reqwest::Method;
use serde_json::{Value, json};

/// Wrong attempts at once. Another one follows every 15 seconds, as the threat model says.
const AT_ONCE: usize = 100;

/// What takes a secret in the API.
const API: [&str; 9] = [
    "/v1/setup",
    "/v1/sign-in",
    "/v1/sign-in/otp",
    "/v1/session/otp",
    "/v1/password-reset",
    "/v1/password-reset/confirm",
    "/v1/me/password",
    "/v1/me/otp-devices/00000000-0000-0000-0000-000000000000/confirm",
    "/v1/invitations/accept",
];
/// What takes one on the pages.
const PAGES: [&str; 10] = [
    "/setup",
    "/sign-in",
    "/sign-in/code",
    "/sign-in/recovery-code",
    "/sign-in/again",
    "/forgotten-password",
    "/password-reset",
    "/invitation",
    "/authenticator",
    "/account/password",
];

fn wrong(number: usize) -> Value {
    json!({ "email": format!("somebody{number}@example.org"), "password": "Spring2027" })
}

/// Spends all attempts but `left` of them, each on another account.
async fn spray(client: &Client, left: usize) {
    for number in left..AT_ONCE {
        client
            .post("/v1/sign-in", wrong(number))
            .await
            .problem(401, "sign-in-rejected");
    }
}

/// A sign-in with the right password, passed on for somebody at this address.
async fn passed_on(server: &TestServer, address: &str) -> Reply {
    let body = json!({ "email": Person::named("ada").email, "password": PASSWORD });
    let request = server.client.request(Method::POST, "/v1/sign-in");
    Reply::to(request.header("x-forwarded-for", address).json(&body)).await
}

#[tokio::test]
async fn one_password_cannot_be_tried_on_many_accounts() {
    let (server, acme) = TestServer::with_acme().await;
    spray(&server.client, 0).await;
    let head = server.client.head().await;
    let refused = server.client.post("/v1/sign-in", wrong(0)).await;
    assert_eq!(refused.header("retry-after"), "15");
    assert_eq!(refused.json()["retry_at"], "2027-01-15T08:00:30Z");
    refused.problem(429, "too-many-attempts");

    // Nothing else that takes a secret is open either, the right one included.
    let sign_in = server.sign_in("ada").await;
    sign_in.problem(429, "too-many-attempts");
    for path in API {
        let method = if path == "/v1/me/password" {
            Method::PUT
        } else {
            Method::POST
        };
        let request = acme.ada.request(method, path);
        let reply = Reply::to(request.json(&json!({ "token": "a guess" }))).await;
        reply.problem(429, "too-many-attempts");
    }
    for path in PAGES {
        let form = server.client.request(Method::POST, path);
        let form = form.header("accept", "text/html").body("");
        let page = Reply::to(form.header("sec-fetch-site", "same-origin")).await;
        assert_eq!(page.status, 429, "{path}");
        assert!(
            page.text.contains("Try again in 1 minute."),
            "{}",
            page.text
        );
    }
    assert_eq!(server.client.head().await, head);

    // Whoever is signed in works on, and attempts come back one by one.
    let _ = acme.ada.get("/v1/session").await.expect(200);
    server.wait_steps(1);
    for _ in 0..2 {
        let reply = server.client.post("/v1/sign-in", wrong(0)).await;
        reply.problem(401, "sign-in-rejected");
    }
    let reply = server.client.post("/v1/sign-in", wrong(0)).await;
    reply.problem(429, "too-many-attempts");
}

#[tokio::test]
async fn an_account_that_is_closed_says_until_when() {
    let (server, _) = TestServer::with_acme().await;
    let body = json!({ "email": "ada@example.org", "password": "Spring2027" });
    for _ in 0..10 {
        let reply = server.client.post("/v1/sign-in", body.clone()).await;
        reply.problem(401, "sign-in-rejected");
    }
    let closed = server.client.post("/v1/sign-in", body).await;
    assert_eq!(
        closed.header("retry-after"),
        "Fri, 15 Jan 2027 08:15:15 GMT"
    );
    closed.problem(429, "too-many-attempts");
}

#[tokio::test]
async fn whoever_is_right_costs_their_office_nothing() {
    let (server, _) = TestServer::with_acme().await;
    spray(&server.client, 1).await;
    for _ in 0..2 * AT_ONCE {
        let _ = server.sign_in("ada").await.expect(200);
    }
}

#[tokio::test]
async fn the_token_of_the_first_link_cannot_be_guessed_for_long() {
    let server = TestServer::start().await;
    let guess = json!({
        "token": "a guess", "organization": "Eve", "email": "eve@example.org", "name": "Eve",
        "password": PASSWORD,
    });
    for _ in 0..AT_ONCE {
        let reply = server.client.post("/v1/setup", guess.clone()).await;
        reply.problem(403, "set-up-token-invalid");
    }
    let reply = server.client.post("/v1/setup", guess).await;
    reply.problem(429, "too-many-attempts");
}

/// Its answer does not tell whether there is somebody, so each request counts.
#[tokio::test]
async fn mail_to_many_cannot_be_asked_for() {
    let server = TestServer::start().await;
    for number in 0..=AT_ONCE {
        let body = json!({ "email": format!("somebody{number}@example.org") });
        let reply = server.client.post("/v1/password-reset", body).await;
        let open = number < AT_ONCE;
        assert_eq!(reply.status, if open { 202 } else { 429 }, "{number}");
    }
}

/// Or a page on the web could spend the attempts of everybody who looks at it.
#[tokio::test]
async fn forms_of_other_sites_cost_nothing() {
    let (server, _) = TestServer::with_acme().await;
    for path in [
        "/sign-in",
        "/forgotten-password",
        "/v1/password-reset",
        "/v1/session/otp",
    ] {
        for _ in 0..=AT_ONCE / 2 {
            for (header, value) in [
                ("sec-fetch-site", "cross-site"),
                ("origin", "https://evil.example"),
            ] {
                let form = server.client.request(Method::POST, path);
                let form = form.header(header, value).body("");
                Reply::to(form).await.problem(403, "cross-site");
            }
        }
    }
    let _ = server.sign_in("ada").await.expect(200);
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_counts_for_itself() {
    let (server, _) = TestServer::with_acme_and(|flags| {
        flags.trusted_proxies = Some(vec!["127.0.0.0/8".parse().unwrap()]);
    })
    .await;
    for number in 0..AT_ONCE {
        let request = server.client.request(Method::POST, "/v1/sign-in");
        // Whatever a client puts before its address is made up.
        let named = format!("192.0.2.{number}, 2001:db8:1:2::{number:x}");
        let request = request.header("x-forwarded-for", named);
        let reply = Reply::to(request.json(&wrong(number))).await;
        reply.problem(401, "sign-in-rejected");
    }
    let same_network = passed_on(&server, "198.51.100.1, 2001:db8:1:2:ffff::1").await;
    same_network.problem(429, "too-many-attempts");
    let _ = passed_on(&server, "2001:db8:1:3::1").await.expect(200);
    let _ = passed_on(&server, "192.0.2.1").await.expect(200);
    let _ = server.sign_in("ada").await.expect(200);
}

#[tokio::test]
async fn nobody_else_says_where_a_request_comes_from() {
    let (server, _) = TestServer::with_acme().await;
    spray(&server.client, 0).await;
    let reply = passed_on(&server, "192.0.2.1").await;
    reply.problem(429, "too-many-attempts");
}
