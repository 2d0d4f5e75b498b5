//! The row `S9`: a sign-in with password and code of somebody to whom 10,000 things have happened,
//! beside that of somebody to whom ten have. The server has just started, so no state is in memory;
//! what the kernel keeps of the files is.

use crate::{
    figures::{Goal, Row, millis},
    load::Connection,
    place::{Citizen, Place},
};
use generator::Plan;
use serde_json::Value;
use std::time::Instant;

/// Events of an installation with one person, of which some 10,000 are in that person's stream.
const MANY: u64 = 45_000;
/// The same for some ten.
const FEW: u64 = 42;

pub(crate) async fn measure(short: bool) -> Value {
    let runs = if short { 5 } else { 15 };
    let mut row = Row::new(
        "sign-in on a long stream / on a short one",
        "ms",
        Goal::AtMost(1.2),
    );
    let (many, few) = (settled(MANY).await, settled(FEW).await);
    for _ in 0..runs {
        row.pawl.push(sign_in(&many).await);
        row.limit.push(sign_in(&few).await);
    }
    row.note("events_of_the_long_stream", many.2);
    row.note("events_of_the_short_stream", few.2);
    row.json()
}

/// A place with one person, that person, and how long their stream is.
async fn settled(events: u64) -> (Place, Citizen, u64) {
    let place = Place::with(Plan::new(1, events, 1).unwrap()).await;
    let server = place.serve();
    server.comes_to_rest().await;
    server.stop();
    let citizen = place.first_citizen().await;
    let mut length = 0;
    place
        .each(|event| length += u64::from(event.stream.as_str().starts_with("user-")))
        .await;
    (place, citizen, length)
}

async fn sign_in((place, citizen, _): &(Place, Citizen, u64)) -> f64 {
    // Each in a copy, where no code has been used yet.
    let place = place.copy();
    let server = place.serve();
    server.comes_to_rest().await;
    let mut connection = Connection::open(&server.address).await;
    let began = Instant::now();
    citizen.sign_in(&mut connection).await;
    millis(began.elapsed())
}
