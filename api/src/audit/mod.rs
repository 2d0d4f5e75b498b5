//! `pawl audit`: what a reviewer does, with a data directory, an export or a server at hand. Verifying
//! needs no key but a public one.
//!
//! Exit codes: 0 sound, or done; 1 not sound; 2 could not tell, or could not be done.

mod export;
pub mod formats;
mod replay;
mod report;
mod verify;

use crate::storage::StartError;
use clap::Subcommand;
use std::process::ExitCode;

/// The exit code of what could not be done.
const COULD_NOT_TELL: u8 = 2;

/// What a reviewer does.
#[derive(Subcommand)]
pub enum AuditCommand {
    /// Prove that history was never altered: 0 sound, 1 not sound, 2 could not tell
    Verify(verify::Arguments),
    /// Show who existed, with which role, factors and policy, at any moment of the past
    Replay(replay::Arguments),
    /// Write the records of an organization, to verify or for other tools
    Export(export::Arguments),
    /// Write the evidence that an auditor of the organization asks for, as a page to print
    Report(report::Arguments),
}

/// Runs it. What could not be done is one sentence on standard error.
#[expect(clippy::print_stderr, reason = "it is a command line")]
pub async fn run(command: AuditCommand) -> ExitCode {
    let done: Result<ExitCode, StartError> = match command {
        AuditCommand::Verify(arguments) => verify::run(arguments).await,
        AuditCommand::Replay(arguments) => replay::run(arguments).await,
        AuditCommand::Export(arguments) => export::run(arguments).await,
        AuditCommand::Report(arguments) => report::run(arguments).await,
    };
    done.unwrap_or_else(|error| {
        eprintln!("pawl: {error}");
        ExitCode::from(COULD_NOT_TELL)
    })
}
