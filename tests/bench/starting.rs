//! The row `S8`: how long a start takes with a long history behind it, beside one with none; and the
//! memory of a server that has nothing to do. Both have been started before: what a first start does,
//! such as making keys and read models, is done.

use crate::{
    figures::{Goal, Row, millis, rounded},
    place::Place,
    rebuilding::rebuild,
};
use generator::Plan;
use serde_json::Value;

/// Idle resident memory at most, in megabytes of a million bytes.
const MEMORY: f64 = 50.0;

pub(crate) async fn measure(short: bool) -> Value {
    let (events, runs) = if short { (100_000, 3) } else { (1_000_000, 7) };
    let long = Place::with(Plan::new(events / 50, events, 1).unwrap()).await;
    rebuild(&long);
    let empty = Place::empty();
    for place in [&long, &empty] {
        let server = place.serve();
        server.comes_to_rest().await;
        server.stop();
    }
    let mut row = Row::new(
        format!("start with {events} events / without any"),
        "ms",
        Goal::AtMost(1.5),
    );
    let (mut idle, mut idle_empty) = (0.0_f64, 0.0_f64);
    for _ in 0..runs {
        for (place, times, most) in [
            (&long, &mut row.pawl, &mut idle),
            (&empty, &mut row.limit, &mut idle_empty),
        ] {
            let server = place.serve();
            times.push(millis(server.started_in));
            server.comes_to_rest().await;
            *most = most.max(server.memory("VmRSS") * 1.048_576);
            server.stop();
        }
    }
    row.note("idle_memory_mb", rounded(idle));
    row.note("idle_memory_mb_empty", rounded(idle_empty));
    row.note("idle_memory_mb_goal", MEMORY);
    row.also_needs(idle <= MEMORY);
    row.json()
}
