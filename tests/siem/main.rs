//! The live feed, with a SIEM at the other end: one that reads strictly, breaks off, is away, or is
//! somebody else.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "it is all test")]

mod collector;
mod over_http;
mod over_syslog;
mod receiver;
mod rsyslog;

use eventstore::Direction;
use eventstore_schema::Position;
use harness::{TestServer, eventually};
use serde_json::Value;

/// The ids of all events in the log, in its order.
async fn log_of(server: &TestServer) -> Vec<String> {
    let events = server
        .log()
        .read_all(Position::START, Direction::Forwards, 1_000);
    events
        .await
        .unwrap()
        .iter()
        .map(|event| event.id.to_string())
        .collect()
}

/// Waits until every event of the log has been received, each under the index of its leaf.
async fn all_arrive(server: &TestServer, received: impl Fn() -> Vec<(u64, String)>) {
    let expected: Vec<_> = (0..).zip(log_of(server).await).collect();
    eventually("every event arrives", async || {
        let mut received = received();
        received.sort_unstable();
        received.dedup();
        (received == expected).then_some(())
    })
    .await;
}

/// Waits until it is noted that the SIEM has everything.
async fn all_is_noted(server: &TestServer) {
    let events = log_of(server).await.len();
    let file = server.data().join("siem.checkpoint");
    eventually("everything is noted", async || {
        let noted = std::fs::read_to_string(&file).ok()?;
        noted.trim().ends_with(&format!(" {events}")).then_some(())
    })
    .await;
}

/// The index and the id of an OCSF event.
fn of_ocsf(event: &Value) -> (u64, String) {
    let metadata = &event["metadata"];
    (
        metadata["sequence"].as_u64().unwrap(),
        metadata["uid"].as_str().unwrap().to_owned(),
    )
}
