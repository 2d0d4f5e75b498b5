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
use std::time::{Duration, Instant};

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
    let mut spent = (Vec::new(), Vec::new());
    for _ in 0..runs {
        for (settled, times, server_times) in [
            (&many, &mut row.pawl, &mut spent.0),
            (&few, &mut row.limit, &mut spent.1),
        ] {
            let (took, server) = sign_in(settled).await;
            times.push(millis(took));
            server_times.push(server);
        }
    }
    row.note_server_time(&spent.0, &spent.1);
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

/// How long it takes, by the clock and in processor time of the server.
async fn sign_in((place, citizen, _): &(Place, Citizen, u64)) -> (Duration, Duration) {
    // Each in a copy, where no code has been used yet.
    let place = place.copy();
    let server = place.serve();
    server.comes_to_rest().await;
    let mut connection = Connection::open(&server.address).await;
    let (before, began) = (server.time_of_threads(), Instant::now());
    citizen.sign_in(&mut connection).await;
    (
        began.elapsed(),
        server.time_of_threads().saturating_sub(before),
    )
}
