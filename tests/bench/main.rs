//! How fast Pawl is, as ratios of figures that are measured side by side in one run, so that the
//! machine they were measured on matters little. `cargo xtask bench` runs it.

#![expect(
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::panic,
    clippy::unwrap_used,
    reason = "it measures, and says what"
)]

mod bare;
mod enforcing;
mod figures;
mod installation;
mod load;
mod long_stream;
mod pages;
mod place;
mod population;
mod rebuilding;
mod requests;
mod sign_in;
mod starting;
mod verifying;

use rebuilding::Extent;
use serde_json::{Map, Value};
use std::{path::PathBuf, process::ExitCode};

/// How it is called.
#[derive(Default)]
struct Arguments {
    /// Fewer people, events and requests.
    short: bool,
    /// More of them, where that takes many minutes.
    long: bool,
    /// Some rows alone.
    rows: Vec<String>,
    /// Where the figures go.
    json: Option<PathBuf>,
}

impl Arguments {
    fn read(mut words: impl Iterator<Item = String>) -> Option<Self> {
        let mut arguments = Self::default();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--short" => arguments.short = true,
                "--long" => arguments.long = true,
                "--row" => arguments.rows.push(words.next()?),
                "--json" => arguments.json = Some(words.next()?.into()),
                // Cargo says it to every benchmark.
                "--bench" => {}
                _ => return None,
            }
        }
        Some(arguments)
    }

    fn wants(&self, row: &str) -> bool {
        self.rows.is_empty() || self.rows.iter().any(|wanted| wanted == row)
    }
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut words = std::env::args().skip(1).peekable();
    if words.next_if_eq(bare::WORD).is_some() {
        runtime.block_on(bare::run(words.next().unwrap().into()));
        return ExitCode::SUCCESS;
    }
    let Some(arguments) = Arguments::read(words) else {
        eprintln!("usage: cargo xtask bench [--short | --long] [--row NAME]... [--json FILE]");
        return ExitCode::FAILURE;
    };
    let rows = runtime.block_on(measure(&arguments));
    let figures = format!("{:#}\n", Value::Object(rows.clone()));
    match arguments.json {
        Some(file) => std::fs::write(file, figures).unwrap(),
        None => print!("{figures}"),
    }
    print!("\n{}", figures::table(&rows));
    ExitCode::SUCCESS
}

/// Measures the rows that are wanted, one after the other.
async fn measure(arguments: &Arguments) -> Map<String, Value> {
    let Arguments { short, long, .. } = *arguments;
    let wanted = |row: &str| {
        let wanted = arguments.wants(row);
        if wanted {
            eprintln!("{row}");
        }
        wanted
    };
    let mut rows = Map::new();
    let mut add = |name: &str, row: Value| rows.insert(name.to_owned(), row);
    if wanted("pages") {
        add("pages", pages::measure(short).await);
    }
    if wanted("S1") {
        add("S1", sign_in::measure(short).await);
    }
    if ["S2", "S3", "S6"].iter().any(|row| arguments.wants(row)) {
        for (name, row) in requests::measure(short, wanted).await {
            add(&name, row);
        }
    }
    if wanted("S4") {
        let extent = match (short, long) {
            (true, _) => Extent::Short,
            (_, true) => Extent::Long,
            _ => Extent::Usual,
        };
        add("S4", rebuilding::measure(extent).await);
    }
    if wanted("S5") {
        let (people, runs) = match (short, long) {
            (true, _) => (5_000, 5),
            (_, true) => (1_000_000, 5),
            _ => (100_000, 7),
        };
        add("S5", enforcing::measure(people, runs).await);
    }
    if wanted("S7") {
        add("S7", verifying::measure(short).await);
    }
    if wanted("S8") {
        add("S8", starting::measure(short).await);
    }
    if wanted("S9") {
        add("S9", long_stream::measure(short).await);
    }
    rows
}
