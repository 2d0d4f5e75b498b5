//! The row `pages`: how long the server works on each page, in an organization of many people and,
//! request by request beside it, in small ones.

use crate::{
    figures::rounded,
    installation::Installation,
    population::{Population, settle},
};
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};

/// A page should take less, however many people there are. It is said, not asserted.
const LIMIT: f64 = 5.0;
/// The smallest organization: what the ratio is to.
const FEW: u64 = 10;
/// One that fills every list of a page as the large one does, so that what is left grows with
/// the number of people alone.
const SOME: u64 = 1_000;

/// How much is measured.
struct Extent {
    many: u64,
    warm_up: usize,
    requests: usize,
}

impl Extent {
    fn of(short: bool) -> Self {
        let (many, warm_up, requests) = if short {
            (10_000, 10, 60)
        } else {
            (100_000, 30, 400)
        };
        Self {
            many,
            warm_up,
            requests,
        }
    }
}

/// An installation and what its pages are asked with.
struct Place(Installation, Population);

impl Place {
    async fn with(people: u64) -> Self {
        let mut installation = Installation::begin().await;
        let population = settle(&mut installation, people).await;
        Self(installation, population)
    }

    /// The path of a page in this installation, from what it is called in the table.
    fn path(&self, page: &str) -> String {
        let Population {
            somebody,
            search,
            early,
            token,
        } = &self.1;
        page.replace("{id}", &somebody.to_string())
            .replace("{text}", search)
            .replace("{early}", early)
            .replace("{token}", token)
    }
}

/// Every page, as it is called in the table.
const PAGES: [&str; 17] = [
    "/console",
    "/console/users",
    "/console/users?search={text}",
    "/console/users/{id}",
    "/console/users/invite",
    "/console/security",
    "/console/security/enforce",
    "/console/audit",
    "/console/audit?type=UserInvited",
    "/console/audit?as_of={early}",
    "/console/organization",
    "/account",
    "/account/password",
    "/authenticator",
    SIGN_IN,
    FORGOTTEN,
    INVITATION,
];
const SIGN_IN: &str = "/sign-in";
const FORGOTTEN: &str = "/forgotten-password";
const INVITATION: &str = "/invitation?token={token}";
/// Those for people without a session.
const BEFORE_SIGN_IN: [&str; 3] = [SIGN_IN, FORGOTTEN, INVITATION];

/// Measures all of them.
pub(crate) async fn measure(short: bool) -> Value {
    let extent = Extent::of(short);
    let mut places = Vec::new();
    for people in [FEW, SOME, extent.many] {
        places.push(Place::with(people).await);
    }
    let many = extent.many;
    println!(
        "server time of each page, median of {} requests",
        extent.requests
    );
    println!(
        "{:34} {:>9} {:>9} {:>9} {:>7} {:>7}",
        "", FEW, SOME, many, "ratio", "growth"
    );
    let mut rows = Map::new();
    let (mut ratio, mut slowest) = (0.0_f64, 0.0_f64);
    for page in PAGES {
        let (times, bytes) = measure_page(&places, page, &extent).await;
        let [few, some, large] = times;
        println!(
            "{page:34} {few:6.2} ms {some:6.2} ms {large:6.2} ms {:7.2} {:7.2}",
            large / few,
            large / some
        );
        ratio = ratio.max(large / few);
        slowest = slowest.max(large);
        let row = json!({
            "ratio": rounded(large / few),
            "growth": rounded(large / some),
            "pawl": rounded(large),
            "with_1000": rounded(some),
            "with_10": rounded(few),
            "bytes": { "with_10": bytes[0], "with_1000": bytes[1], "pawl": bytes[2] },
        });
        rows.insert(page.to_owned(), row);
    }
    let verdict = if slowest < LIMIT { "within" } else { "beyond" };
    println!(
        "{:34} {slowest:.2} ms at most, {verdict} {LIMIT} ms; {ratio:.2} times {FEW} people at most",
        "all"
    );
    json!({
        "what": format!("slowest page with {many} people / with {FEW}"),
        "ratio": rounded(ratio),
        "pawl": rounded(slowest),
        "limit": LIMIT,
        "met": slowest < LIMIT,
        "unit": "ms",
        "runs": extent.requests,
        "rows": rows,
    })
}

/// The median in milliseconds in each place, and how long its answer is.
async fn measure_page(places: &[Place], page: &str, extent: &Extent) -> ([f64; 3], Vec<usize>) {
    let signed_in = !BEFORE_SIGN_IN.contains(&page);
    let paths: Vec<_> = places.iter().map(|place| place.path(page)).collect();
    let mut times = [const { Vec::new() }; 3];
    let mut bytes = vec![0; places.len()];
    // By turns, so that whatever else the machine does falls on all of them alike.
    for turn in 0..extent.warm_up + extent.requests {
        for (at, (Place(installation, _), path)) in places.iter().zip(&paths).enumerate() {
            let began = Instant::now();
            let body = installation.page(path, signed_in).await;
            let took = began.elapsed();
            bytes[at] = body.len();
            if turn >= extent.warm_up {
                times[at].push(took);
            }
        }
    }
    (times.map(median), bytes)
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1000.0
}
