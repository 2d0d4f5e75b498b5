//! Developer tasks: `cargo xtask test` checks everything, `cargo xtask bench` measures, `cargo xtask
//! contract publish` publishes new event versions.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it is a command line"
)]

mod bench;
mod clients;
mod contract;
mod fuzz;
mod generate;
mod screenshots;
mod test;
mod tool;

use clap::{Parser, Subcommand};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what the tests need, run every check and every test
    Test(test::Arguments),
    /// Take a picture of every page, into target/screenshots
    Screenshots,
    /// Measure how fast Pawl is
    Bench(bench::Arguments),
    /// Write a long history that could have happened into a data directory
    Generate(generate::Arguments),
    /// Feed the parsers of what others wrote with whatever breaks them
    Fuzz(fuzz::Arguments),
    /// Look after the published event versions
    #[command(subcommand)]
    Contract(contract::Task),
}

/// What stopped a task, as one sentence.
type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let outcome = match Cli::parse().task {
        Task::Test(arguments) => test::run(&arguments),
        Task::Screenshots => screenshots::run(),
        Task::Bench(arguments) => bench::run(&arguments),
        Task::Generate(arguments) => generate::run(&arguments),
        Task::Fuzz(arguments) => fuzz::run(&arguments),
        Task::Contract(task) => contract::run(&task),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace.
fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}
