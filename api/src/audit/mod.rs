//! `pawl audit`: what a reviewer does, with a data directory, an export or a server at hand. Verifying
//! needs no key but a public one. The log that it looks at is built and signed in `audit_log`.
//!
//! Exit codes: 0 sound, or done; 1 not sound; 2 could not tell, or could not be done.

mod export;
pub mod formats;
pub mod history;
mod moment;
pub mod personal;
mod replay;
mod report;
mod source;
mod verified;
mod verify;
mod words;

use crate::storage::StartError;
use audit_log::verify::Doubt;
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

/// Runs it. What could not be done is one sentence on standard error, without what a terminal would
/// obey: it may quote a file that is anybody's.
#[expect(clippy::print_stderr, reason = "it is a command line")]
pub async fn run(command: AuditCommand) -> ExitCode {
    let done: Result<ExitCode, StartError> = match command {
        AuditCommand::Verify(arguments) => verify::run(arguments).await,
        AuditCommand::Replay(arguments) => replay::run(arguments).await,
        AuditCommand::Export(arguments) => export::run(arguments).await,
        AuditCommand::Report(arguments) => report::run(arguments).await,
    };
    done.unwrap_or_else(|error| match verified::doubt(error) {
        Ok(Doubt::NotSound(wrong)) => {
            eprintln!("pawl: not sound: {}", words::plain(&wrong.to_string()));
            ExitCode::FAILURE
        }
        Ok(Doubt::Unclear(why)) => could_not_tell(&why),
        Err(error) => could_not_tell(&error.to_string()),
    })
}

#[expect(clippy::print_stderr, reason = "it is a command line")]
fn could_not_tell(why: &str) -> ExitCode {
    eprintln!("pawl: {}", words::plain(why));
    ExitCode::from(COULD_NOT_TELL)
}
