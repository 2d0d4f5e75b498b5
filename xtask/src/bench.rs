//! `cargo xtask bench`: how fast Pawl is, measured beside what it is compared with.

use crate::{Failure, root, tool};
use clap::Args;
use std::{
    path::{PathBuf, absolute},
    process::Command,
};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Measure less, to see that all is well: with 10,000 users in place of 100,000
    #[arg(long)]
    short: bool,
    /// Measure one row alone, such as S7
    #[arg(long, value_name = "NAME")]
    row: Option<String>,
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
    if let Some(row) = &arguments.row {
        command.args(["--row", row]);
    }
    if let Some(file) = &arguments.json {
        // Cargo runs it in the folder of its package.
        command.arg("--json").arg(absolute(file)?);
    }
    tool::run(command)
}
