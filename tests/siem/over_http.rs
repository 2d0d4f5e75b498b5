//! A collector over HTTP.

use crate::{all_arrive, all_is_noted, collector::Collector, of_ocsf};
use harness::{Acme, TestServer};
use pawl::{settings::Flags, siem::FeedFormat};
use serde_json::Value;
use std::path::PathBuf;

async fn acme_that_tells(collector: &Collector) -> (TestServer, Acme) {
    let url = collector.url.clone();
    TestServer::with_acme_and(move |flags: &mut Flags| {
        flags.siem.siem_url = Some(url.parse().unwrap());
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_says_no_is_asked_again_until_it_says_yes() {
    let collector = Collector::start(&[500, 302, 200]).await;
    let (server, acme) = acme_that_tells(&collector).await;
    acme.enforce().await;
    let taken = || collector.taken().iter().map(of_ocsf).collect::<Vec<_>>();
    all_arrive(&server, taken).await;
    all_is_noted(&server).await;
    // In order, and each once: what was answered with success is not sent again.
    assert!(taken().is_sorted());
    assert_eq!(taken().len(), collector.taken().len());
    let first = &collector.requests()[0];
    assert_eq!(first.head["content-type"], "application/x-ndjson");
    assert!(!first.head.contains_key("authorization"));
    for request in collector.requests() {
        assert!(request.events.len() <= 100);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_shown_and_cloud_events_are_sent_where_it_is_set_so() {
    let folder = tempfile::TempDir::new().unwrap();
    let file: PathBuf = folder.path().join("token");
    std::fs::write(&file, "s3cret\n").unwrap();
    let collector = Collector::start(&[]).await;
    let url = collector.url.clone();
    let (server, _) = TestServer::with_acme_and(move |flags: &mut Flags| {
        flags.siem.siem_url = Some(url.parse().unwrap());
        flags.siem.siem_format = Some(FeedFormat::CloudEvents);
        flags.siem.siem_token_file = Some(file.clone());
    })
    .await;
    let taken = || {
        let of = |event: &Value| {
            let text = |field: &str| event[field].as_str().unwrap().to_owned();
            (text("leafindex").parse().unwrap(), text("id"))
        };
        collector.taken().iter().map(of).collect()
    };
    all_arrive(&server, taken).await;
    assert_eq!(
        collector.requests()[0].head["authorization"],
        "Bearer s3cret"
    );
}
