//! The row `S4`: events of a full rebuild of the read models in a second, by the binary and with its
//! start, beside a bare sequential read and decode of the same log on one thread; at several sizes,
//! with the most memory that the rebuild took. And how far the read models are behind while commands
//! come at half the rate that the server can take.

use crate::{
    figures::{Goal, Row, median, rounded, share, spread},
    load::{Caller as _, Connection, Request, rate},
    place::{Place, own_processor_time},
    requests::Busy,
    verifying::{Run, run},
};
use eventstore_schema::{EventId, Position, RecordedEvent, StreamName};
use generator::Plan;
use projections::{Home, status_read_only};
use rusqlite::{Connection as Database, OpenFlags, Row as Columns};
use serde_json::{Map, Value, json};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{task::JoinSet, time::MissedTickBehavior};
use uuid::Uuid;

/// Events for each person of a history.
const EVENTS_OF_A_PERSON: u64 = 50;

/// How much is measured.
pub(crate) enum Extent {
    /// Up to 10^5 events.
    Short,
    /// Up to 10^6 events.
    Usual,
    /// Up to 10^7 events, which takes some twenty minutes and 20 GB of disk.
    Long,
}

impl Extent {
    /// Sizes of logs, each with how often it is rebuilt.
    fn sizes(&self) -> &'static [(u64, usize)] {
        match self {
            Self::Short => &[(10_000, 3), (100_000, 3)],
            Self::Usual => &[(100_000, 5), (1_000_000, 3)],
            Self::Long => &[(100_000, 5), (1_000_000, 3), (10_000_000, 1)],
        }
    }
}

pub(crate) async fn measure(extent: Extent) -> Value {
    let mut row = Row::new(
        "rebuild / bare read and decode",
        "events/s",
        Goal::AtLeast(0.5),
    );
    let mut curve = Map::new();
    for (events, runs) in extent.sizes() {
        let size = Size::of(*events, *runs).await;
        eprintln!(
            "rebuild of {events} events: {:.0} events/s of {:.0}, {:.0} MiB",
            median(&size.pawl),
            median(&size.limit),
            size.memory
        );
        curve.insert(events.to_string(), size.json());
        (row.pawl, row.limit) = (size.pawl, size.limit);
        row.note("memory_mib", rounded(size.memory));
    }
    row.note("rows", curve);
    row.note("lag", lag(matches!(extent, Extent::Short)).await);
    row.json()
}

/// Builds the read models of a place, which is faster than letting a server catch up.
pub(crate) fn rebuild(place: &Place) -> Run {
    let data = place.data().to_str().unwrap();
    run(&["projections", "rebuild", "--data", data])
}

/// The names of the read models, which have been built.
fn read_models(place: &Place) -> Vec<String> {
    let home = Home::Sqlite(place.data().join("projections.db"));
    let statuses = status_read_only(&home, Position::START).unwrap();
    statuses.into_iter().map(|status| status.name).collect()
}

/// What was measured of a log of one size.
struct Size {
    pawl: Vec<f64>,
    limit: Vec<f64>,
    memory: f64,
    /// The same of each read model by itself, as an upgrade builds those anew that changed.
    alone: Map<String, Value>,
    /// Processor time for each event, in microseconds: of the rebuild, and of the limit.
    processor_time: [Vec<f64>; 2],
}

impl Size {
    #[expect(clippy::cast_precision_loss, reason = "no log is that long")]
    async fn of(events: u64, runs: usize) -> Self {
        let plan = Plan::new(events / EVENTS_OF_A_PERSON, events, 1).unwrap();
        let place = Place::with(plan).await;
        let mut size = Self {
            pawl: Vec::new(),
            limit: Vec::new(),
            memory: 0.0,
            alone: Map::new(),
            processor_time: [const { Vec::new() }; 2],
        };
        for _ in 0..runs {
            let rebuilt = rebuild(&place);
            size.pawl.push(events as f64 / rebuilt.took.as_secs_f64());
            size.memory = size.memory.max(rebuilt.memory);
            let (before, began) = (own_processor_time(), Instant::now());
            let read = read_and_decode(place.data());
            size.limit.push(read as f64 / began.elapsed().as_secs_f64());
            let bare = own_processor_time().saturating_sub(before);
            let times = [rebuilt.processor_time, bare];
            for (all, time) in size.processor_time.iter_mut().zip(times) {
                all.push(time.as_secs_f64() * 1e6 / events as f64);
            }
        }
        let limit = median(&size.limit);
        for name in read_models(&place) {
            let data = place.data().to_str().unwrap();
            let times = (0..runs).map(|_| {
                let rebuilt = run(&["projections", "rebuild", &name, "--data", data]);
                events as f64 / rebuilt.took.as_secs_f64()
            });
            let pawl = median(&times.collect::<Vec<_>>());
            let alone = json!({ "pawl": rounded(pawl), "ratio": rounded(pawl / limit) });
            size.alone.insert(name, alone);
        }
        size
    }

    fn json(&self) -> Value {
        let (pawl, limit) = (median(&self.pawl), median(&self.limit));
        json!({
            "ratio": rounded(pawl / limit), "pawl": rounded(pawl), "limit": rounded(limit),
            "memory_mib": rounded(self.memory), "runs": self.pawl.len(), "alone": self.alone,
            "processor_us": {
                "pawl": rounded(median(&self.processor_time[0])),
                "limit": rounded(median(&self.processor_time[1])),
            },
            "spread": { "pawl": spread(&self.pawl), "limit": spread(&self.limit) },
        })
    }
}

/// Reads every event of a log in one statement, and decodes it; how many there are.
fn read_and_decode(data: &Path) -> u64 {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Database::open_with_flags(data.join("log.db"), flags).unwrap();
    let mut statement = database
        .prepare(
            "SELECT position, id, stream, revision, type, metadata, data FROM events
             ORDER BY position",
        )
        .unwrap();
    let mut rows = statement.query([]).unwrap();
    let mut count = 0;
    while let Some(row) = rows.next().unwrap() {
        std::hint::black_box(recorded(row).decode().unwrap());
        count += 1;
    }
    count
}

fn recorded(row: &Columns<'_>) -> RecordedEvent {
    let number = |column| row.get::<_, i64>(column).unwrap().cast_unsigned();
    let text = |column| row.get::<_, String>(column).unwrap();
    RecordedEvent {
        position: Position(number(0)),
        id: EventId(Uuid::from_bytes(row.get(1).unwrap())),
        stream: StreamName::named(text(2)),
        revision: number(3),
        event_type: text(4),
        metadata: text(5),
        data: text(6),
    }
}

/// How far behind the read models are, looked at over and over while commands come at half the
/// highest rate, which is measured just before.
async fn lag(short: bool) -> Value {
    let seconds = if short { 3 } else { 10 };
    let busy = Busy::begin().await;
    let callers = busy.renaming().await;
    let (measured, callers) = rate(&busy.server, callers, Duration::from_secs(seconds)).await;
    let highest = measured.rate;
    busy.server.comes_to_rest().await;
    let until = Instant::now() + Duration::from_secs(seconds);
    #[expect(clippy::cast_precision_loss, reason = "there are 64 clients")]
    let every = Duration::from_secs_f64(callers.len() as f64 / (highest / 2.0));
    let mut tasks = JoinSet::new();
    for (number, mut caller) in (0_u32..).zip(callers) {
        tasks.spawn(async move {
            let mut turns = tokio::time::interval(every);
            turns.set_missed_tick_behavior(MissedTickBehavior::Burst);
            // Not all of them at once.
            tokio::time::sleep(every / 64 * number).await;
            let mut calls = 0_u64;
            while Instant::now() < until {
                turns.tick().await;
                caller.call().await;
                calls += 1;
            }
            calls
        });
    }
    let over = Arc::new(AtomicBool::new(false));
    let looking = tokio::spawn(look(busy.server.address.clone(), over.clone()));
    let commands: u64 = tasks.join_all().await.iter().sum();
    over.store(true, Ordering::Relaxed);
    let lags = looking.await.unwrap();
    json!({
        "highest_rate": rounded(highest),
        "rate": commands / seconds,
        "looks": lags.len(),
        "events_median": median(&lags),
        "events_p99": share(&lags, 0.99),
        "events_most": share(&lags, 1.0),
        // At this rate so many events are so many milliseconds.
        "ms_p99": rounded(share(&lags, 0.99) / (highest / 2.0) * 1000.0),
        "at_the_end": lags.last(),
    })
}

/// What `/readyz` says of the read model that is the furthest behind.
async fn look(address: String, over: Arc<AtomicBool>) -> Vec<f64> {
    let mut connection = Connection::open(&address).await;
    let request = Request::new("GET", "/readyz");
    let mut lags = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let ready = connection.take(&request).await.json();
        let models = ready["projections"].as_array().unwrap().iter();
        let behind = models.map(|model| model["lag_events"].as_f64().unwrap());
        lags.push(behind.fold(0.0, f64::max));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    lags
}
