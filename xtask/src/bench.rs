//! `cargo xtask bench`: how fast Pawl is, measured beside what it is compared with.

use crate::{Failure, root, tool};
use clap::Args;
use std::{
    path::{PathBuf, absolute},
    process::Command,
};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Measure less, to see that all is well: a tenth of the people, of the events and of the time
    #[arg(long)]
    short: bool,
    /// Measure more: rebuilding 10^7 events, enforcing over 10^6 people. It takes an hour
    #[arg(long, conflicts_with = "short")]
    long: bool,
    /// Measure one row alone, such as S7; once for each
    #[arg(long = "row", value_name = "NAME")]
    rows: Vec<String>,
    /// Write the figures to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["bench", "--package", "pawl-tests", "--bench", "bench", "--"])
        .current_dir(root());
    if arguments.short {
        command.arg("--short");
    }
    if arguments.long {
        command.arg("--long");
    }
    for row in &arguments.rows {
        command.args(["--row", row]);
    }
    if let Some(file) = &arguments.json {
        // Cargo runs it in the folder of its package.
        command.arg("--json").arg(absolute(file)?);
    }
    tool::run(command)
}
