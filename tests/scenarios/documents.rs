//! The API's own description: the OpenAPI document, the reference page, and the problem types.

use harness::TestServer;
use pawl::http::{openapi, problem::PROBLEM_TYPES};
use reqwest::Method;
use serde_json::Value;
use std::collections::BTreeSet;

/// One call that the API offers.
pub struct Operation {
    pub method: Method,
    pub path: String,
    /// Whether it takes a session.
    pub secured: bool,
    description: Value,
}

/// Every call that the API offers, by its own account.
pub fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(openapi()).unwrap();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, description) in methods.as_object().unwrap() {
            operations.push(Operation {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                secured: description.get("security").is_some(),
                description: description.clone(),
            });
        }
    }
    assert!(operations.len() > 15);
    operations
}

#[tokio::test]
async fn the_document_in_the_repository_is_the_one_that_is_served() {
    let server = TestServer::start().await;
    let document = server.client.get("/openapi.json").await.expect(200);
    assert_eq!(document["openapi"].as_str().map(|v| &v[..3]), Some("3.1"));
    let kept = include_str!("../../docs/openapi.json");
    assert!(
        serde_json::from_str::<Value>(kept).unwrap() == document,
        "the API has changed; write its description anew: \
         cargo run -- openapi > docs/openapi.json"
    );
}

#[tokio::test]
async fn the_reference_is_a_page_of_the_binary_itself() {
    let server = TestServer::start().await;
    let page = server.client.get("/reference/").await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").starts_with("text/html"));
    for part in page.text.split(['"', '\'']) {
        assert!(!part.starts_with("http"), "{part} comes from elsewhere");
    }
}

/// A problem type that no operation documents, and that none can meet, is no help to anybody.
#[tokio::test]
async fn every_problem_type_is_documented_and_has_a_page() {
    let document = serde_json::to_value(openapi()).unwrap();
    let mut text = document["info"]["description"].to_string();
    for operation in operations() {
        text += &operation.description["responses"].to_string();
    }
    let documented: BTreeSet<_> = text.split('`').collect();
    let server = TestServer::start().await;
    for kind in PROBLEM_TYPES {
        assert!(
            documented.contains(kind.slug),
            "{} is documented nowhere",
            kind.slug
        );
        let page = server.client.get(&format!("/problems/{}", kind.slug)).await;
        assert_eq!(page.status, 200, "{}", kind.slug);
        assert!(page.text.contains(kind.title), "{}", kind.slug);
    }
    server
        .client
        .get("/problems/no-such-problem")
        .await
        .problem(404, "not-found");
}
