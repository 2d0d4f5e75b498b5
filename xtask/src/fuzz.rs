//! `cargo xtask fuzz`: the parsers of what others wrote, fed with whatever breaks them.

use crate::{Failure, root, tool};
use clap::Args;
use std::process::Command;

/// What is fuzzed; the files in `fuzz/fuzz_targets`.
const TARGETS: [&str; 5] = ["checkpoint", "export", "key", "proof", "tile"];
/// The version of cargo-fuzz that the project uses.
const VERSION: &str = "0.13.2";

#[derive(Args)]
pub(crate) struct Arguments {
    /// How long for each target
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u32,
    /// One target alone
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if !tool::answers(env!("CARGO"), &["fuzz", "--version"]) {
        let mut install = Command::new(env!("CARGO"));
        install.args(["install", "--locked", "cargo-fuzz", "--version", VERSION]);
        tool::run(install)?;
    }
    let wanted = |target: &&str| {
        arguments
            .target
            .as_deref()
            .is_none_or(|only| only == *target)
    };
    let targets: Vec<_> = TARGETS.into_iter().filter(wanted).collect();
    if targets.is_empty() {
        return Err(format!("the targets are {}", TARGETS.join(", ")).into());
    }
    for target in targets {
        let mut fuzz = Command::new(env!("CARGO"));
        // The sanitizer is a flag of unstable Rust, which the stable compiler knows all the same.
        fuzz.env("RUSTC_BOOTSTRAP", "1")
            .args(["fuzz", "run", target, "--"])
            .arg(format!("-max_total_time={}", arguments.seconds))
            .current_dir(root());
        tool::run(fuzz)?;
    }
    Ok(())
}
