//! How a second factor spreads, day by day, without naming anybody.

use chrono::TimeDelta;
use harness::{Acme, Client, TestServer};
use serde_json::{Value, json};

/// Signs Ada in again: a day is longer than a session.
async fn ada_again(server: &TestServer, phone: &harness::Phone) -> Client {
    let waiting = server.half_signed_in("ada").await;
    let step = server
        .show(&waiting, &phone.code(server.now()))
        .await
        .expect(200);
    server.client.with(step["session_token"].as_str().unwrap())
}

async fn curve(acme: &Acme, rest: &str) -> Value {
    let path = acme.path(&format!("adoption{rest}"));
    acme.ada.get(&path).await.expect(200)
}

fn day(date: &str, people: u64, with_device: u64) -> Value {
    json!({ "date": date, "people": people, "with_device": with_device })
}

#[tokio::test]
async fn the_curve_rises_with_the_people_and_their_phones() {
    let (server, acme) = TestServer::with_acme().await;
    let first = day("2027-01-15", 1, 0);
    assert_eq!(
        curve(&acme, "").await,
        json!({ "items": [first], "enforced_at": null })
    );
    let (ada, phone) = server.set_up_phone(&acme.ada).await;
    // A second phone of one person is not a second person.
    let (ada, _) = server.set_up_phone(&ada).await;
    server.join(&ada, &acme.id, "grace", "member").await;
    server.invite(&ada, &acme.id, "linus", "member").await;
    server.clock.advance(TimeDelta::days(2));
    let acme = Acme {
        ada: ada_again(&server, &phone).await,
        ..acme
    };
    let margaret = server.join(&acme.ada, &acme.id, "margaret", "member").await;
    server.set_up_phone(&margaret).await;
    server.clock.advance(TimeDelta::days(7));
    let acme = Acme {
        ada: ada_again(&server, &phone).await,
        ..acme
    };
    let enforced = acme.enforce().await;

    let (first, second) = (day("2027-01-15", 2, 1), day("2027-01-17", 3, 2));
    let at = &enforced["enforced_at"];
    for (rest, items) in [
        ("", json!([first, second])),
        ("?days=3660", json!([first, second])),
        ("?days=9", json!([day("2027-01-16", 2, 1), second])),
        ("?days=8", json!([second])),
        ("?days=1", json!([day("2027-01-24", 3, 2)])),
    ] {
        let found = curve(&acme, rest).await;
        assert_eq!(
            found,
            json!({ "items": items, "enforced_at": at }),
            "{rest}"
        );
    }
    for bad in ["?days=0", "?days=3661", "?days=x", "?since=1"] {
        let reply = acme.ada.get(&acme.path(&format!("adoption{bad}"))).await;
        reply.problem(400, "invalid-parameter");
    }
}

#[tokio::test]
async fn analysts_see_it_and_members_do_not() {
    let (server, acme) = TestServer::with_acme().await;
    for (role, status) in [
        ("user_manager", 200),
        ("auditor", 200),
        ("analyst", 200),
        ("member", 403),
    ] {
        let session = server.join(&acme.ada, &acme.id, role, role).await;
        let reply = session.get(&acme.path("adoption")).await;
        assert_eq!(reply.status.as_u16(), status, "{role}");
    }
}
