//! I1: once two-factor authentication is enforced, nothing makes it not so.

use crate::documents::operations;
use harness::{Client, TestServer};
use reqwest::Method;
use serde_json::{Value, json};

async fn two_factor(by: &Client, path: &str) -> Value {
    by.get(path).await.expect(200)
}

#[tokio::test]
async fn enforcing_again_answers_the_same_and_appends_nothing() {
    let (server, acme) = TestServer::with_acme().await;
    let before = two_factor(&acme.ada, &acme.path("two-factor")).await;
    assert_eq!(before["enforced"], false);
    assert_eq!(before["enforced_at"], Value::Null);
    let (ada, _) = server.set_up_phone(&acme.ada).await;
    let acme = harness::Acme { ada, ..acme };

    let first = acme.enforce().await;
    assert_eq!(first["enforced"], true);
    assert_eq!(first["enforced_by"]["kind"], "user");
    let head = acme.ada.head().await;
    server.wait_steps(10);
    assert_eq!(acme.enforce().await, first);
    assert_eq!(acme.ada.head().await, head);
    assert_eq!(two_factor(&acme.ada, &acme.path("two-factor")).await, first);
}

/// Whatever the API offers, done by the mightiest person there is, with whatever body.
#[tokio::test]
async fn no_call_of_the_api_undoes_enforcement() {
    let (server, acme) = TestServer::with_acme().await;
    let (ada, _) = server.set_up_phone(&acme.ada).await;
    let acme = harness::Acme { ada, ..acme };
    let enforced = acme.enforce().await;
    for path in ["two-factor", "two-factor/enforce"] {
        for method in [Method::DELETE, Method::PUT, Method::PATCH] {
            let request = acme.ada.request(method.clone(), &acme.path(path));
            let reply = harness::Reply::to(request.json(&json!({ "enforced": false }))).await;
            assert!(reply.headers.contains_key("allow"), "{method} {path}");
            reply.problem(405, "method-not-allowed");
        }
    }
    let bodies = [
        json!({ "enforced": false }),
        json!({ "confirm": "" }),
        json!({}),
    ];
    let mut tried = 0;
    for operation in operations() {
        if operation.method == Method::GET || operation.path == "/v1/session" {
            continue;
        }
        let path = operation.path.replace("{org}", &acme.id);
        for body in &bodies {
            let request = acme.ada.request(operation.method.clone(), &path);
            let _ = harness::Reply::to(request.json(body)).await;
            tried += 1;
        }
    }
    assert!(tried > 20, "only {tried} calls were tried");
    assert_eq!(
        two_factor(&acme.ada, &acme.path("two-factor")).await,
        enforced
    );
}

#[tokio::test]
async fn enforcement_outlives_restarts_and_lost_read_models() {
    let (server, acme) = TestServer::with_acme().await;
    let (ada, phone) = server.set_up_phone(&acme.ada).await;
    let acme = harness::Acme { ada, ..acme };
    let enforced = acme.enforce().await;

    let server = server
        .restart_after(|data| {
            for entry in std::fs::read_dir(data).unwrap() {
                let file = entry.unwrap().path();
                if file.to_string_lossy().contains("projections.db") {
                    std::fs::remove_file(file).unwrap();
                }
            }
        })
        .await;
    let waiting = server.half_signed_in("ada").await;
    waiting
        .get(&acme.path("two-factor"))
        .await
        .problem(403, "second-factor-required");
    let step = server
        .show(&waiting, &phone.code(server.now()))
        .await
        .expect(200);
    let ada = server.client.with(step["session_token"].as_str().unwrap());
    assert_eq!(two_factor(&ada, &acme.path("two-factor")).await, enforced);
}
