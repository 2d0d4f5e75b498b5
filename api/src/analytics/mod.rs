//! `pawl analytics`: what analysts take away, as files for their own tools. It reads the read models
//! alone, also while a server writes them: no key is at hand here, and so no personal data.

mod csv;
mod export;
mod parquet;
mod sheet;
mod target;

use crate::storage::StartError;
use clap::Subcommand;
use projections::analytics::DATASETS;

/// What an analyst asks for.
#[derive(Subcommand)]
pub enum AnalyticsCommand {
    /// Name the datasets
    List,
    /// Write datasets as files for other tools, also while the server runs
    Export(Box<export::Arguments>),
}

/// Runs it. It blocks.
pub fn run(command: AnalyticsCommand) -> Result<(), StartError> {
    match command {
        AnalyticsCommand::List => list(),
        AnalyticsCommand::Export(arguments) => export::run(*arguments)?,
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "it is a command line")]
fn list() {
    for dataset in DATASETS {
        println!("{:<16}  {}", dataset.name, dataset.title);
    }
}
