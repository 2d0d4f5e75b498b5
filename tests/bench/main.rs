//! How fast Pawl is, as ratios of figures that are measured side by side in one run, so that the
//! machine they were measured on matters little. `cargo xtask bench` runs it.

#![expect(
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "it measures, and says what"
)]

mod installation;
mod pages;
mod population;
mod verifying;

use serde_json::{Map, Value};
use std::{path::PathBuf, process::ExitCode};

/// How it is called.
#[derive(Default)]
struct Arguments {
    /// Fewer people and fewer requests.
    short: bool,
    /// One row alone.
    row: Option<String>,
    /// Where the figures go.
    json: Option<PathBuf>,
}

impl Arguments {
    fn read(mut words: impl Iterator<Item = String>) -> Option<Self> {
        let mut arguments = Self::default();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--short" => arguments.short = true,
                "--row" => arguments.row = Some(words.next()?),
                "--json" => arguments.json = Some(words.next()?.into()),
                // Cargo says it to every benchmark.
                "--bench" => {}
                _ => return None,
            }
        }
        Some(arguments)
    }
}

fn main() -> ExitCode {
    let Some(arguments) = Arguments::read(std::env::args().skip(1)) else {
        eprintln!("usage: cargo xtask bench [--short] [--row NAME] [--json FILE]");
        return ExitCode::FAILURE;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut rows = Map::new();
    let wanted = |name: &str| arguments.row.as_deref().is_none_or(|row| row == name);
    if wanted("pages") {
        let row = runtime.block_on(pages::measure(arguments.short));
        rows.insert("pages".to_owned(), row);
    }
    if wanted("S7") {
        let row = runtime.block_on(verifying::measure(arguments.short));
        rows.insert("S7".to_owned(), row);
    }
    let figures = format!("{:#}\n", Value::Object(rows));
    match arguments.json {
        Some(file) => std::fs::write(file, figures).unwrap(),
        None => print!("{figures}"),
    }
    ExitCode::SUCCESS
}
