//! KurrentDB's own clients at the door of a running Pawl: a reviewer replays the history of their
//! organization, and nobody else gets anything.

use crate::api_credentials::{credential, machine};
use harness::{Acme, TestServer};
use kurrentdb::{Client, ClientSettings, ReadAllOptions, StreamPosition};
use pawl::outside::Reviewers;
use serde_json::{Value, json};
use std::sync::Arc;

/// A stock client with these credentials.
fn client(address: &str, password: &str) -> Client {
    let settings = format!("kurrentdb://reviewer:{password}@{address}?tls=false");
    Client::new(settings.parse::<ClientSettings>().unwrap()).unwrap()
}

/// Every event that the client sees: its type and content.
async fn everything(client: &Client) -> Result<Vec<(String, Value)>, kurrentdb::Error> {
    let options = ReadAllOptions::default().position(StreamPosition::Start);
    let mut stream = client.read_all(&options).await?;
    let mut seen = Vec::new();
    while let Some(event) = stream.next().await? {
        let event = event.get_original_event();
        seen.push((event.event_type.clone(), event.as_json::<Value>().unwrap()));
    }
    Ok(seen)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reviewer_replays_the_history_with_a_stock_client() {
    let (server, acme) = TestServer::with_acme().await;
    let body = json!({ "organization": "Globex", "email": "hank@example.org", "name": "Hank" });
    let _ = acme.ada.post("/v1/organizations", body).await.expect(201);
    let member = server.join(&acme.ada, &acme.id, "grace", "member").await;
    let (ada, _) = server.set_up_phone(&acme.ada).await;
    let acme = Acme { ada, ..acme };
    acme.enforce().await;
    let auditor = server.join(&acme.ada, &acme.id, "auditor", "auditor").await;
    let waiting = auditor.clone();
    let (auditor, _) = server.set_up_phone(&auditor).await;

    let address = server
        .open_to_clients(|pawl| Arc::new(Reviewers(pawl)))
        .await;
    let seen = everything(&client(&address, auditor.token()))
        .await
        .unwrap();
    // Whoever looks sees themselves look; over HTTP they have looked once more since.
    let mut trail = acme.whole_audit(&auditor).await;
    assert_eq!(trail.pop().unwrap()["data"]["how"], "page");
    assert_eq!(trail.last().unwrap()["data"]["how"], "kurrentdb");
    let trail: Vec<_> = trail
        .iter()
        .map(|event| {
            (
                event["type"].as_str().unwrap().to_owned(),
                event["data"].clone(),
            )
        })
        .collect();
    assert_eq!(seen, trail);
    assert!(json!(seen).to_string().contains("grace@example.org"));
    assert!(!json!(seen).to_string().contains("hank@example.org"));

    // So does a machine that may read the audit trail.
    let (reading, other) = (["audit:read"], ["users:read"]);
    let reading = machine(&server.client, &credential(&acme, &reading).await).await;
    let other = machine(&server.client, &credential(&acme, &other).await).await;
    let seen = everything(&client(&address, reading.token())).await;
    assert_eq!(seen.unwrap().len(), acme.whole_audit(&auditor).await.len());

    // A lost factor, a role or scope that may not, a token that is none: nothing.
    let refused = [waiting.token(), member.token(), other.token(), "none"];
    for password in refused {
        let refused = everything(&client(&address, password)).await;
        assert!(refused.is_err(), "{refused:?}");
    }
    let append = client(&address, auditor.token())
        .append_to_stream(
            format!("organization-{}", acme.id),
            &kurrentdb::AppendToStreamOptions::default(),
            kurrentdb::EventData::json("TwoFactorRelaxed", &json!({})).unwrap(),
        )
        .await;
    assert!(append.is_err(), "{append:?}");
    let now = acme.audit(&auditor).await;
    assert!(now.iter().all(|event| event["type"] != "TwoFactorRelaxed"));
}
