//! What analysts read: datasets over HTTP, in JSON and as CSV, about their own organization only.

use crate::api_credentials::{acme_with_phone, credential, machine};
use chrono::TimeDelta;
use harness::{Acme, Client, Reply, TestServer};
use reqwest::Method;
use serde_json::{Value, json};

async fn rows(by: &Client, acme: &Acme, rest: &str) -> Vec<Value> {
    let page = by.get(&acme.path(&format!("analytics/{rest}"))).await;
    page.expect(200)["items"].as_array().unwrap().clone()
}

/// The rows, by way of pages of this many.
async fn paged(by: &Client, acme: &Acme, dataset: &str, limit: usize) -> Vec<Value> {
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = acme.path(&format!("analytics/{dataset}?limit={limit}{cursor}"));
        let page = by.get(&path).await.expect(200);
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= limit, "{page}");
        rows.extend(items.iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return rows,
        }
    }
}

async fn csv(by: &Client, acme: &Acme, rest: &str) -> Reply {
    let path = acme.path(&format!("analytics/{rest}"));
    Reply::to(by.request(Method::GET, &path).header("accept", "text/csv")).await
}

/// What a spreadsheet sees of the same rows.
fn as_csv(columns: &[&str], rows: &[Value]) -> String {
    let line = |cells: Vec<String>| cells.join(",") + "\r\n";
    let head = line(columns.iter().map(|&name| name.to_owned()).collect());
    let rows = rows.iter().map(|row| {
        let cell = |name: &&str| match &row[*name] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            number => number.to_string(),
        };
        line(columns.iter().map(cell).collect())
    });
    [head].into_iter().chain(rows).collect()
}

/// Ada has a phone, an analyst has joined and mistyped a password once, Linus is still invited.
async fn a_story() -> (TestServer, Acme, Client) {
    let (server, acme, _) = acme_with_phone().await;
    server.join(&acme.ada, &acme.id, "analyst", "analyst").await;
    server.invite(&acme.ada, &acme.id, "linus", "member").await;
    let body = json!({ "email": "analyst@example.org", "password": "not that one" });
    let wrong = server.client.post("/v1/sign-in", body).await;
    wrong.problem(401, "sign-in-rejected");
    let grant = server.sign_in("analyst").await.expect(200);
    let analyst = server.client.with(grant["session_token"].as_str().unwrap());
    (server, acme, analyst)
}

#[tokio::test]
async fn an_analyst_reads_what_has_happened() {
    let (server, acme, analyst) = a_story().await;
    let datasets = analyst.get(&acme.path("analytics")).await.expect(200);
    let datasets = datasets["items"].as_array().unwrap();
    for dataset in datasets {
        let names = dataset["columns"].as_array().unwrap().iter();
        assert!(
            names
                .clone()
                .all(|column| column["name"] != "organization_id")
        );
        let name = dataset["name"].as_str().unwrap();
        for row in rows(&analyst, &acme, name).await {
            let row = row.as_object().unwrap();
            assert_eq!(row.len(), names.len(), "{name}");
        }
    }
    assert_eq!(datasets.len(), projections::analytics::DATASETS.len());

    let day = "2027-01-15";
    assert_eq!(
        rows(&analyst, &acme, "adoption").await,
        [json!({ "day": day, "people": 2, "with_device": 1, "pending": 1 })]
    );
    assert_eq!(
        rows(&analyst, &acme, "devices").await,
        [
            json!({ "devices": 0, "people": 1 }),
            json!({ "devices": 1, "people": 1 })
        ]
    );
    let invited = &rows(&analyst, &acme, "invitations").await[0];
    for (column, count) in [("sent", 2), ("accepted", 1), ("pending", 1), ("expired", 0)] {
        assert_eq!(invited[column], count, "{column}");
    }
    let sign_ins = rows(&analyst, &acme, "sign_ins").await;
    let wrong: Vec<_> = sign_ins
        .iter()
        .filter(|row| row["outcome"] == "wrong")
        .collect();
    assert_eq!(wrong.len(), 1);
    assert_eq!(
        (&wrong[0]["factor"], &wrong[0]["attempts"]),
        (&json!("password"), &json!(1))
    );
    // A link dies without an event.
    server.clock.advance(TimeDelta::days(8));
    let grant = server.sign_in("analyst").await.expect(200);
    let analyst = server.client.with(grant["session_token"].as_str().unwrap());
    let invited = &rows(&analyst, &acme, "invitations").await[0];
    assert_eq!(
        (&invited["pending"], &invited["expired"]),
        (&json!(0), &json!(1))
    );
}

#[tokio::test]
async fn a_file_has_what_the_pages_have() {
    let (server, acme, _) = a_story().await;
    let mut later = acme.ada.clone();
    for name in ["=1+1", "Nightly, \"quoted\""] {
        let body = json!({ "name": name, "scopes": ["users:read"] });
        let made = later
            .post(&acme.path("api-credentials"), body)
            .await
            .expect(201);
        let text = |field: &str| made[field].as_str().unwrap().to_owned();
        machine(&server.client, &(text("client_id"), text("client_secret"))).await;
    }
    // So that there are rows on several days.
    for _ in 0..3 {
        server.clock.advance(TimeDelta::days(1));
        let grant = server.sign_in("analyst").await.expect(200);
        later = server.client.with(grant["session_token"].as_str().unwrap());
    }
    let datasets = later.get(&acme.path("analytics")).await.expect(200);
    for dataset in datasets["items"].as_array().unwrap() {
        let name = dataset["name"].as_str().unwrap();
        let columns = dataset["columns"].as_array().unwrap().iter();
        let columns: Vec<_> = columns
            .map(|column| column["name"].as_str().unwrap())
            .collect();
        let mut whole = rows(&later, &acme, name).await;
        assert_eq!(paged(&later, &acme, name, 1).await, whole, "{name}");
        for row in &mut whole {
            match row.get("name").and_then(Value::as_str) {
                Some("=1+1") => row["name"] = json!("'=1+1"),
                Some(quoted) => row["name"] = json!(format!("\"{}\"", quoted.replace('"', "\"\""))),
                None => {}
            }
        }
        let file = csv(&later, &acme, name).await;
        assert_eq!(file.status, 200);
        assert!(file.header("content-type").starts_with("text/csv"));
        assert_eq!(
            file.header("content-disposition"),
            format!("attachment; filename=\"analytics-{name}.csv\"")
        );
        assert_eq!(file.text, as_csv(&columns, &whole), "{name}");
    }
    let used = rows(&later, &acme, "credential_use").await;
    assert_eq!(used.len(), 2);
    // Days are cut off at both ends, in either form.
    let cut = "sign_ins?from=2027-01-16&until=2027-01-18";
    let days: Vec<_> = rows(&later, &acme, cut).await;
    assert_eq!(days.len(), 2, "{days:?}");
    for (row, day) in days.iter().zip(["2027-01-16", "2027-01-17"]) {
        assert!(row["hour"].as_str().unwrap().starts_with(day));
    }
    assert_eq!(csv(&later, &acme, cut).await.text.lines().count(), 3);
}

#[tokio::test]
async fn what_cannot_be_read_is_told() {
    let (_server, acme, analyst) = a_story().await;
    let path = |rest: &str| acme.path(&format!("analytics/{rest}"));
    let page = analyst.get(&path("sign_ins?limit=1")).await.expect(200);
    let of_sign_ins = page["next"].as_str().unwrap();
    for bad in [
        "sign_ins?from=yesterday",
        "sign_ins?until=2027-1-1",
        "sign_ins?from=%2B12027-01-01",
        "sign_ins?from=2027-02-01&until=2027-01-31",
        "devices?from=2027-01-01",
        "sign_ins?cursor=x",
        &format!("adoption?cursor={of_sign_ins}"),
        "sign_ins?limit=x",
        "sign_ins?days=3",
    ] {
        let reply = analyst.get(&path(bad)).await;
        assert_eq!(reply.status, 400, "{bad}");
        reply.problem(400, "invalid-parameter");
    }
    for bad in [
        "sign_ins?limit=1",
        &format!("sign_ins?cursor={of_sign_ins}"),
    ] {
        let reply = csv(&analyst, &acme, bad).await;
        reply.problem(400, "invalid-parameter");
    }
    for unknown in ["sessions", "analytics_sign_ins", "SIGN_INS"] {
        let reply = analyst.get(&path(unknown)).await;
        assert!(reply.text.contains("no dataset of this name"), "{unknown}");
        reply.problem(404, "not-found");
    }
    // The same day twice has no rows, and is no mistake.
    let nothing = rows(&analyst, &acme, "sign_ins?from=2027-01-15&until=2027-01-15").await;
    assert!(nothing.is_empty());
}

#[tokio::test]
async fn it_is_for_those_who_may_and_about_their_organization() {
    let (server, acme, analyst) = a_story().await;
    let member = server.join(&acme.ada, &acme.id, "member", "member").await;
    let auditor = server.join(&acme.ada, &acme.id, "auditor", "auditor").await;
    let unscoped = credential(&acme, &["adoption:read", "audit:read"]).await;
    let unscoped = machine(&server.client, &unscoped).await;
    let scoped = credential(&acme, &["analytics:read"]).await;
    let scoped = machine(&server.client, &scoped).await;
    let body = json!({ "organization": "Globex", "email": "hank@example.org", "name": "Hank" });
    let globex = acme.ada.post("/v1/organizations", body).await.expect(201);
    let globex = globex["organization_id"].as_str().unwrap();
    let events = acme.audit(&acme.ada).await.len();
    for rest in ["analytics", "analytics/sign_ins", "analytics/adoption"] {
        let path = acme.path(rest);
        member.get(&path).await.problem(403, "forbidden");
        unscoped.get(&path).await.problem(403, "insufficient-scope");
        server
            .client
            .get(&path)
            .await
            .problem(401, "unauthenticated");
        for may in [&analyst, &auditor, &acme.ada, &scoped] {
            assert_eq!(may.get(&path).await.status, 200, "{path}");
        }
        let theirs = format!("/v1/organizations/{globex}/{rest}");
        for stranger in [&analyst, &acme.ada, &scoped] {
            stranger.get(&theirs).await.problem(404, "not-found");
        }
    }
    csv(&member, &acme, "sign_ins")
        .await
        .problem(403, "forbidden");
    assert_eq!(csv(&scoped, &acme, "sign_ins").await.status, 200);
    // Nobody is named in it, so that nobody is told who looked.
    assert_eq!(acme.audit(&acme.ada).await.len(), events);
}
