//! What operators and clients see of a server: health, metrics, request ids, headers, floods.

use harness::{Process, Reply, TestServer, eventually};
use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;
use tokio::{process::Command, task::JoinSet};

#[tokio::test]
async fn it_says_how_it_is() {
    let (server, acme) = TestServer::with_acme().await;
    assert_eq!(server.client.get("/healthz").await.text, "ok\n");
    let ready = eventually("the read models catch up", async || {
        let ready = server.client.get("/readyz").await.expect(200);
        let behind = ready["projections"].as_array()?.iter();
        (behind
            .map(|each| each["lag_events"].as_u64().unwrap())
            .sum::<u64>()
            == 0)
            .then_some(ready)
    })
    .await;
    assert_eq!(ready["ready"], true);
    let names: Vec<_> = ready["projections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| &p["name"])
        .collect();
    assert_eq!(
        names,
        [
            "users",
            "invitations",
            "organization_security",
            "adoption",
            "sessions",
            "api_credentials",
            "audit_trail",
            "sign_ins",
            "rejected_codes"
        ]
    );

    let _ = acme.ada.get(&acme.path("users")).await.expect(200);
    let metrics = server.client.get("/metrics").await.text;
    assert!(
        metrics.contains("pawl_projection_lag_events{projection=\"users\"} 0"),
        "{metrics}"
    );
    assert!(
        metrics.contains("route=\"/v1/organizations/{org}/users\""),
        "{metrics}"
    );
    assert!(!metrics.contains(&acme.id), "an id is in a label");
}

#[tokio::test]
async fn every_answer_has_an_id_and_keeps_browsers_careful() {
    let (server, acme) = TestServer::with_acme().await;
    let id = "0190163d-8694-739b-aea5-966c26f8ad91";
    for path in ["/healthz", "/v1/session", "/setup?token=x", "/no-such-path"] {
        let request = acme
            .ada
            .request(Method::GET, path)
            .header("x-request-id", id);
        let reply = Reply::to(request).await;
        assert_eq!(reply.header("x-request-id"), id, "{path}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(reply.header("referrer-policy"), "no-referrer", "{path}");
        assert!(
            reply
                .header("content-security-policy")
                .contains("frame-ancestors 'none'")
        );
    }
    let reply = server.client.get("/healthz").await;
    assert_ne!(reply.header("x-request-id"), id);
    let secret = acme.ada.get("/v1/session").await;
    assert_eq!(secret.header("cache-control"), "no-store");
}

#[tokio::test]
async fn the_id_of_a_request_is_in_its_events() {
    let (server, acme) = TestServer::with_acme().await;
    let id = "0190163d-8694-739b-aea5-966c26f8ad91";
    let body = json!({ "email": "grace@example.org", "name": "Grace", "role": "member" });
    let request = acme.ada.request(Method::POST, &acme.path("invitations"));
    let request = request.header("x-request-id", id).json(&body);
    let _ = Reply::to(request).await.expect(201);
    let newest = eventstore::EventStore::read_all(
        server.log(),
        eventstore_schema::Position(u64::MAX),
        eventstore::Direction::Backwards,
        1,
    );
    let newest = newest.await.unwrap().remove(0);
    assert_eq!(newest.event_type, "UserInvited");
    let metadata = newest.read_metadata().unwrap();
    assert_eq!(metadata.correlation_id.to_string(), id);
    assert_eq!(newest.id.0.get_version_num(), 7);
    let stored = format!("{} {}", newest.data, newest.metadata);
    assert!(!stored.contains("grace"), "{stored}");
}

/// Real hashing, many more sign-ins than cores: some are sent away, none fails otherwise, and who
/// is signed in notices nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_sign_ins_does_not_starve_the_rest() {
    let data = TempDir::new().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_pawl-under-test"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]);
    // A single client would be stopped by the throttle: this flood comes from everywhere.
    command
        .arg(data.path())
        .args(["--trusted-proxies", "127.0.0.1"]);
    let server = Process::spawn(command).await;
    let token = server.link().split_once("token=").unwrap().1;
    let body = json!({
        "token": token, "organization": "Acme", "email": "ada@example.org", "name": "Ada",
        "password": harness::PASSWORD,
    });
    let done = server.client.post("/v1/setup", body).await.expect(201);
    let ada = server.client.with(done["session_token"].as_str().unwrap());

    let flood = (0..400).map(|number| {
        let client = server.client.clone();
        tokio::spawn(async move {
            let body = json!({ "email": format!("x{number}@example.org"), "password": "wrong" });
            let request = client.request(Method::POST, "/v1/sign-in").json(&body);
            let address = format!("198.51.{}.{}", number / 250, number % 250);
            Reply::to(request.header("x-forwarded-for", address))
                .await
                .slug()
        })
    });
    let flood: Vec<_> = flood.collect();
    let mut answers = 0;
    while !flood.iter().all(tokio::task::JoinHandle::is_finished) {
        let _ = ada.get("/v1/session").await.expect(200);
        answers += 1;
    }
    assert!(
        answers > 20,
        "only {answers} requests were served beside the flood"
    );
    let mut slugs = std::collections::BTreeMap::<String, usize>::new();
    for attempt in flood {
        *slugs.entry(attempt.await.unwrap()).or_default() += 1;
    }
    let (rejected, busy) = (slugs["sign-in-rejected"], slugs["busy"]);
    assert_eq!(rejected + busy, 400, "{slugs:?}");
    assert!(rejected > 0 && busy > 0, "{slugs:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_has_ended_leaves_its_directory_to_the_next() {
    let (mut server, acme) = TestServer::with_acme().await;
    for _ in 0..30 {
        let ada = server.client.same_session(&acme.ada);
        let mut asking = JoinSet::new();
        for path in ["users", "audit", "security", "users?q=ada"].repeat(2) {
            let (ada, path) = (ada.clone(), acme.path(path));
            asking.spawn(
                async move { while ada.request(Method::GET, &path).send().await.is_ok() {} },
            );
        }
        let _ = ada.get(&acme.path("users")).await.expect(200);
        // Nobody waits in between: one that starts too early is told that the directory is in use.
        server = server.restart_after(|_| ()).await;
    }
}
