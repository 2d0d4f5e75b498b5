//! Proves that history was never altered, or says what was. It holds no key but public ones, and
//! writes nothing anywhere but what it found.

mod directory;
mod export;
mod outcome;
mod server;

use crate::{
    audit_log::TileFiles,
    settings::{Flags, Settings},
    storage::StartError,
};
use audit_log::{
    PublicKey, SignedCheckpoint,
    verify::{Doubt, Wrong},
};
use clap::Args;
use eventstore::StoreError;
pub(super) use outcome::Found;
use outcome::Outcome;
use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};
use url::Url;

/// What is verified, and with what.
#[derive(Args)]
pub struct Arguments {
    /// A data directory, an export (- for one on standard input) or the address of a server
    /// [default: the data directory of the settings]
    #[arg(value_name = "SOURCE")]
    source: Option<String>,
    /// Public key of the log, or of a witness, that you were given by somebody you trust; again for
    /// more [default: those beside the log, which prove less]
    #[arg(long = "key", value_name = "VKEY")]
    keys: Vec<PublicKey>,
    /// Checkpoint that you kept: history must only have grown since; again for more
    #[arg(long, value_name = "CHECKPOINT-FILE")]
    since: Vec<PathBuf>,
    /// Of a server, only the proof that it grew since, without reading all leaves
    #[arg(long, requires = "since")]
    quick: bool,
    /// Say what was found as one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten, next_help_heading = "Settings of the server")]
    flags: Flags,
}

/// What a reviewer brings along.
pub(super) struct Trust {
    keys: Vec<PublicKey>,
    since: Vec<SignedCheckpoint>,
}

/// Verifies. A failure of the command itself is an outcome too: it could not be told.
pub(super) async fn run(arguments: Arguments) -> Result<ExitCode, StartError> {
    let json = arguments.json;
    let outcome = verify(arguments).await;
    outcome.print(json);
    Ok(outcome.code())
}

async fn verify(arguments: Arguments) -> Outcome {
    let trust = match since(&arguments.since) {
        Ok(since) => Trust {
            keys: arguments.keys,
            since,
        },
        Err(error) => return Outcome::of(Err(unclear(error))),
    };
    let flags = arguments.flags;
    Outcome::of(match Source::of(arguments.source) {
        Source::Server(url) => server::verify(&url, trust, arguments.quick).await,
        _ if arguments.quick => Err(unclear("--quick is for a server; nothing else has proofs")),
        Source::Export(file) => export::verify(file.as_deref(), trust),
        Source::Directory(directory) => match settings(flags, directory) {
            Ok(settings) => directory::verify(&settings, trust).await,
            Err(error) => Err(unclear(error)),
        },
    })
}

/// What was brought along to a command that verifies before it speaks.
pub(super) fn trust(keys: Vec<PublicKey>, files: &[PathBuf]) -> Result<Trust, String> {
    let since = since(files)?;
    Ok(Trust { keys, since })
}

/// Verifies the export in this file.
pub(super) fn export(file: &Path, trust: Trust) -> Result<Found, Doubt> {
    export::verify(Some(file), trust)
}

/// Verifies the log of these settings, beside its tiles.
pub(super) async fn directory(settings: &Settings, trust: Trust) -> Result<Found, Doubt> {
    directory::verify(settings, trust).await
}

/// Where the history is.
enum Source {
    /// In a data directory; that of the settings, if none.
    Directory(Option<PathBuf>),
    /// In an export; on standard input, if in no file.
    Export(Option<PathBuf>),
    /// Behind a server.
    Server(Url),
}

impl Source {
    fn of(name: Option<String>) -> Self {
        let Some(name) = name else {
            return Self::Directory(None);
        };
        if name == "-" {
            return Self::Export(None);
        }
        if let Some(url) = Url::parse(&name)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
        {
            return Self::Server(url);
        }
        let path = PathBuf::from(name);
        if path.is_dir() {
            Self::Directory(Some(path))
        } else {
            Self::Export(Some(path))
        }
    }
}

/// The settings, with the directory in the place of theirs.
pub(super) fn settings(flags: Flags, directory: Option<PathBuf>) -> Result<Settings, String> {
    Settings::resolve(match directory {
        None => flags,
        Some(directory) => Flags {
            shared: flags.shared.or_else(|| Some(directory.clone())),
            data: Some(directory),
            ..flags
        },
    })
}

/// The earlier checkpoints.
fn since(files: &[PathBuf]) -> Result<Vec<SignedCheckpoint>, String> {
    let read = |file: &PathBuf| {
        let name = file.display();
        let text =
            fs::read_to_string(file).map_err(|error| format!("cannot read {name}: {error}"))?;
        SignedCheckpoint::parse(&text).map_err(|error| format!("{name}: {error}"))
    };
    files.iter().map(read).collect()
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what errors are turned into"
)]
fn unclear(why: impl ToString) -> Doubt {
    Doubt::Unclear(why.to_string())
}

/// The keys that the reviewer gave, or those that stand beside the log.
#[expect(clippy::print_stderr, reason = "it is a command line")]
fn keys_or(
    given: Vec<PublicKey>,
    place: &str,
    beside: Option<&str>,
) -> Result<Vec<PublicKey>, Doubt> {
    if !given.is_empty() {
        return Ok(given);
    }
    let Some(text) = beside else {
        let why = format!("there is no public key: give one with --key, for {place} has none");
        return Err(Doubt::Unclear(why));
    };
    let keys: Result<Vec<PublicKey>, _> = text.lines().map(str::parse).collect();
    let keys = keys.map_err(|error| unclear(format!("{place}: {error}")))?;
    eprintln!(
        "pawl: the public key is the one in {place}, which nobody checked: whoever can alter the \
         history can alter it too; give the one that you know with --key"
    );
    Ok(keys)
}

/// A log that cannot be read: damaged, or not there.
fn doubt_of(error: StoreError) -> Doubt {
    match error {
        StoreError::Corrupt(what) => Wrong::what(what).into(),
        error => unclear(error),
    }
}

/// The checkpoint among the files of an audit log.
fn checkpoint_in(tiles: &TileFiles) -> Result<SignedCheckpoint, Doubt> {
    let file = tiles.checkpoint_file();
    let name = file.display();
    match fs::read(&file) {
        Ok(text) => parse_checkpoint(&text, &name.to_string()),
        Err(error) => Err(unclear(format!("cannot read {name}: {error}"))),
    }
}

fn parse_checkpoint(text: &[u8], name: &str) -> Result<SignedCheckpoint, Doubt> {
    let parsed = str::from_utf8(text).ok().map(SignedCheckpoint::parse);
    match parsed {
        Some(Ok(signed)) => Ok(signed),
        _ => Err(Wrong::what(format!("{name} is no checkpoint of a log")).into()),
    }
}

/// The text of a small file, if it is there.
fn text_of(file: &Path) -> Option<String> {
    fs::read_to_string(file).ok()
}
