//! What analysts count with SQL in the file of the read models, while the server runs.

use super::api_credentials::{acme_with_phone, credential, machine};
use harness::{Acme, Person, TestServer, eventually};
use projections::{Home, analytics, status_read_only};
use rusqlite::{Connection, OpenFlags, types::ValueRef};
use serde_json::json;

/// The rows of an organization without its id, by a connection of somebody else's.
async fn rows(server: &TestServer, acme: &Acme, name: &str) -> Vec<String> {
    let dataset = analytics::named(name).unwrap();
    let file = server.data().join("projections.db");
    let head = server.log().head().await.unwrap();
    eventually("the read models have seen everything", async || {
        let models = status_read_only(&Home::Sqlite(file.clone()), head).unwrap();
        models
            .iter()
            .all(|model| model.lag_events == 0)
            .then_some(())
    })
    .await;
    let outside = Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let (view, order) = (dataset.view(), dataset.order.join(", "));
    let sql = format!("SELECT * FROM {view} WHERE organization_id = ?1 ORDER BY {order}");
    let mut statement = outside.prepare(&sql).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([&acme.id], |row| {
        let values = (1..columns).map(|column| match row.get_ref(column).unwrap() {
            ValueRef::Null => "-".to_owned(),
            ValueRef::Integer(number) => number.to_string(),
            other => other.as_str().unwrap().to_owned(),
        });
        Ok(values.collect::<Vec<_>>().join(" "))
    });
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn analysts_count_what_people_and_machines_did() {
    let (server, acme, phone) = acme_with_phone().await;
    for who in ["ada", "nobody"] {
        let body = json!({ "email": Person::named(who).email, "password": "Spring2027" });
        let rejected = server.client.post("/v1/sign-in", body).await;
        rejected.problem(401, "sign-in-rejected");
    }
    let session = server.half_signed_in("ada").await;
    let code = phone.code(server.now());
    let _ = server.show(&session, &code).await.expect(200);
    server.join(&acme.ada, &acme.id, "grace", "member").await;
    server.invite(&acme.ada, &acme.id, "linus", "member").await;
    let made = credential(&acme, &["users:read"]).await;
    machine(&server.client, &made).await;
    let enforced = acme.enforce().await;

    let session = server.half_signed_in("ada").await;
    let wrong = phone.wrong_code(server.now());
    for (nth, lock_outs) in [(1, 0), (2, 0), (3, 0), (4, 0), (5, 1)] {
        let refused = server.show(&session, &wrong).await;
        refused.problem(401, "otp-code-wrong");
        assert_eq!(
            rows(&server, &acme, "rejected_codes").await,
            [format!("2027-01-15 {nth} 0 0 0 {lock_outs}")]
        );
    }
    // Closed by what was counted as a lock-out, and what is turned away is not counted.
    let refused = server.show(&session, &wrong).await;
    refused.problem(429, "too-many-attempts");

    let hour = "2027-01-15T08:00:00Z";
    let at = enforced["enforced_at"].as_str().unwrap();
    let at = format!("{}Z", &at[..19]);
    let (id, _) = made;
    for (name, expected) in [
        ("adoption", vec!["2027-01-15 2 1 1".to_owned()]),
        ("devices", vec!["0 1".to_owned(), "1 1".to_owned()]),
        ("enforcement", vec![format!("{at} 2 1 0 - -")]),
        ("rejected_codes", vec!["2027-01-15 5 0 0 0 1".to_owned()]),
        (
            "sign_ins",
            vec![
                format!("{hour} otp signed_in 1"),
                format!("{hour} otp wrong 5"),
                format!("{hour} password signed_in 2"),
                format!("{hour} password wrong 1"),
            ],
        ),
        (
            "credential_use",
            vec![format!("2027-01-15 {id} Nightly export 1 0")],
        ),
    ] {
        assert_eq!(rows(&server, &acme, name).await, expected, "{name}");
    }
    // Whether the invitation of the other has expired is asked of the clock of the machine.
    let invitations = rows(&server, &acme, "invitations").await;
    assert!(
        ["2027-01-15 2 1 0 0 1 0 0", "2027-01-15 2 1 0 1 0 0 0"].contains(&&*invitations[0]),
        "{invitations:?}"
    );
}
