//! The row `S5`: how long it takes to enforce two-factor authentication over very many people, beside
//! doing so over one. It can be done once only, so each run is in a copy of its own. The administrator
//! has signed in and looked at the policy before.

use crate::{
    figures::{Goal, Row, millis},
    load::{Connection, Request},
    place::Place,
    rebuilding::rebuild,
};
use generator::Plan;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The fewest events with which everybody comes.
const EVENTS_OF_A_PERSON: u64 = 8;

/// Measures it over so many people.
pub(crate) async fn measure(people: u64, runs: usize) -> Value {
    let mut row = Row::new(
        format!("enforcing over {people} people / over one"),
        "ms",
        Goal::AtMost(1.2),
    );
    let many = settled(people, people * EVENTS_OF_A_PERSON).await;
    let one = settled(1, 100).await;
    let mut spent = (Vec::new(), Vec::new());
    for _ in 0..runs {
        for (settled, times, server_times) in [
            (&many, &mut row.pawl, &mut spent.0),
            (&one, &mut row.limit, &mut spent.1),
        ] {
            let (took, server) = enforce(settled).await;
            times.push(millis(took));
            server_times.push(server);
        }
    }
    row.note_server_time(&spent.0, &spent.1);
    row.json()
}

/// A place with everybody in one organization, which does not enforce, and nothing left to do.
async fn settled(people: u64, events: u64) -> Place {
    let plan = Plan::new(people, events, 1).unwrap();
    let place = Place::with(plan.organizations(1).without_enforcement()).await;
    rebuild(&place);
    let server = place.serve();
    server.comes_to_rest().await;
    server.stop();
    place
}

/// How long it takes, by the clock and in processor time of the server.
async fn enforce(settled: &Place) -> (Duration, Duration) {
    let place = settled.copy();
    let administrator = place.first_citizen().await;
    let server = place.serve();
    server.comes_to_rest().await;
    let mut connection = Connection::open(&server.address).await;
    let token = administrator.sign_in(&mut connection).await;
    let policy = format!(
        "/v1/organizations/{}/two-factor",
        administrator.organization
    );
    let look = Request::new("GET", &policy).with(&token);
    assert_eq!(connection.take(&look).await.json()["enforced"], false);
    let enforce = Request::new("POST", &format!("{policy}/enforce"))
        .with(&token)
        .json(&json!({ "confirm": "Enforce 2FA" }));
    // What follows from the sign-in is not to be measured.
    server.comes_to_rest().await;
    let (before, began) = (server.time_of_threads(), Instant::now());
    connection.take(&enforce).await;
    let took = (
        began.elapsed(),
        server.time_of_threads().saturating_sub(before),
    );
    assert_eq!(connection.take(&look).await.json()["enforced"], true);
    took
}
