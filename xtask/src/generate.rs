//! `cargo xtask generate`: a data directory with a long history that the domain decided.

use crate::{Failure, root, tool};
use clap::Args;
use std::process::Command;

#[derive(Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Arguments {
    /// `--people N --events M`, and what `--help` says besides
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Hands everything over to the generator, in a build that does not take minutes for it.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["run", "--quiet", "--release", "--package", "pawl-generator"])
        .arg("--manifest-path")
        .arg(root().join("Cargo.toml"))
        .arg("--")
        .args(&arguments.arguments);
    tool::run(command)
}
