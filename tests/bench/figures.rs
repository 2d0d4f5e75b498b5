//! What was measured: Pawl's figures and those of its bare limit, taken by turns, and what comes of
//! them.

use crate::load::Measured;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// What a row is to reach.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    /// The ratio is this or more.
    AtLeast(f64),
    /// The ratio is this or less.
    AtMost(f64),
}

/// A row of the table.
pub(crate) struct Row {
    /// What was measured, in a few words.
    pub(crate) what: String,
    /// What the figures are in.
    pub(crate) unit: &'static str,
    /// What the ratio is to reach.
    pub(crate) goal: Goal,
    /// Pawl's figures, in the order in which they were taken.
    pub(crate) pawl: Vec<f64>,
    /// Those of the limit, taken in between.
    pub(crate) limit: Vec<f64>,
    /// What else there is to know.
    pub(crate) more: Map<String, Value>,
    /// Whether what else it is to reach is reached.
    reached: bool,
}

impl Row {
    pub(crate) fn new(what: impl Into<String>, unit: &'static str, goal: Goal) -> Self {
        Self {
            what: what.into(),
            unit,
            goal,
            pawl: Vec::new(),
            limit: Vec::new(),
            more: Map::new(),
            reached: true,
        }
    }

    /// Adds something else that was measured.
    pub(crate) fn note(&mut self, name: &str, value: impl Into<Value>) {
        self.more.insert(name.to_owned(), value.into());
    }

    /// Takes rates, and notes the processor time of each call, of the server and of its clients, with the
    /// ratio that follows from it: what it would be if nothing had to be waited for and nobody else used
    /// the machine.
    pub(crate) fn take(&mut self, pawl: &[Measured], limit: &[Measured]) {
        self.pawl = pawl.iter().map(|measured| measured.rate).collect();
        self.limit = limit.iter().map(|measured| measured.rate).collect();
        let server = |all: &[Measured]| median(&all.iter().map(|m| m.server).collect::<Vec<_>>());
        let client = |all: &[Measured]| median(&all.iter().map(|m| m.clients).collect::<Vec<_>>());
        let all = |of: &[Measured]| server(of) + client(of);
        let times = json!({
            "server_us": { "pawl": rounded(server(pawl)), "limit": rounded(server(limit)) },
            "clients_us": { "pawl": rounded(client(pawl)), "limit": rounded(client(limit)) },
            "ratio": rounded(all(limit) / all(pawl)),
        });
        self.note("processor_time", times);
    }

    /// Notes the processor time of the server, in milliseconds, and the ratio of that: where something is
    /// measured that happens once, it says more than the clock on a machine that others use, too.
    pub(crate) fn note_server_time(&mut self, pawl: &[Duration], limit: &[Duration]) {
        let middle = |all: &[Duration]| {
            let all: Vec<_> = all.iter().map(|time| millis(*time)).collect();
            median(&all)
        };
        let times = json!({
            "pawl": rounded(middle(pawl)), "limit": rounded(middle(limit)),
            "ratio": rounded(middle(pawl) / middle(limit)),
        });
        self.note("server_time_ms", times);
    }

    /// It is to reach something besides the ratio, and does or does not.
    pub(crate) fn also_needs(&mut self, reached: bool) {
        self.reached &= reached;
    }

    /// The row as JSON: medians, and from the least to the most of each.
    pub(crate) fn json(self) -> Value {
        let (pawl, limit) = (median(&self.pawl), median(&self.limit));
        let ratio = pawl / limit;
        let (goal, at_least) = match self.goal {
            Goal::AtLeast(goal) => (goal, true),
            Goal::AtMost(goal) => (goal, false),
        };
        let met = if at_least {
            ratio >= goal
        } else {
            ratio <= goal
        };
        let mut row = json!({
            "what": self.what,
            "ratio": rounded(ratio),
            "goal": goal,
            "goal_is": if at_least { "at least" } else { "at most" },
            "met": met && self.reached,
            "pawl": rounded(pawl),
            "limit": rounded(limit),
            "unit": self.unit,
            "runs": self.pawl.len(),
            "spread": { "pawl": spread(&self.pawl), "limit": spread(&self.limit) },
        });
        if let Value::Object(fields) = &mut row {
            fields.extend(self.more);
        }
        row
    }
}

/// The table at the end: what can be read without a tool.
pub(crate) fn table(rows: &Map<String, Value>) -> String {
    let head = ["row", "what", "Pawl", "limit", "ratio", "goal", "met"].map(str::to_owned);
    let lines = std::iter::once(head).chain(rows.iter().map(|(name, row)| line(name, row)));
    let line = |[name, what, pawl, limit, ratio, goal, met]: [String; 7]| {
        format!("{name:5} {what:60} {pawl:>12} {limit:>12} {ratio:>7} {goal:>7}  {met}\n")
    };
    lines.map(line).collect()
}

fn line(name: &str, row: &Value) -> [String; 7] {
    let text = |field: &str| row[field].as_str().unwrap_or("");
    let number = |field: &str| row[field].as_f64().map_or(String::new(), |n| n.to_string());
    let sign = match text("goal_is") {
        "at least" => "≥ ",
        "at most" => "≤ ",
        _ => "",
    };
    let met = match row["met"].as_bool() {
        Some(true) => "yes",
        Some(false) => "no",
        None => "",
    };
    [
        name.to_owned(),
        format!("{} ({})", text("what"), text("unit")),
        number("pawl"),
        number("limit"),
        number("ratio"),
        format!("{sign}{}", number("goal")),
        met.to_owned(),
    ]
}

/// The one in the middle.
pub(crate) fn median(figures: &[f64]) -> f64 {
    share(figures, 0.5)
}

/// The figure that so much of them is below.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a place among a few thousand"
)]
pub(crate) fn share(figures: &[f64], share: f64) -> f64 {
    let mut figures = figures.to_vec();
    figures.sort_by(f64::total_cmp);
    let place = (figures.len() as f64 * share) as usize;
    figures
        .get(place.min(figures.len().saturating_sub(1)))
        .copied()
        .unwrap_or(f64::NAN)
}

/// The least and the most.
pub(crate) fn spread(figures: &[f64]) -> Value {
    let least = figures.iter().copied().fold(f64::INFINITY, f64::min);
    let most = figures.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    json!([rounded(least), rounded(most)])
}

/// To three places: more says nothing.
pub(crate) fn rounded(figure: f64) -> f64 {
    (figure * 1000.0).round() / 1000.0
}

/// In milliseconds.
pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
