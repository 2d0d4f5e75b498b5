//! Verifying a source before anything is said about it.

use super::source::{Export, Log, Source};
use crate::storage::StartError;
use audit_log::{
    PublicKey, SignedCheckpoint,
    verify::{Doubt, ExportVerifier, LogVerifier, Sound},
};
use clap::Args;
use std::{fs, path::Path};

/// Whose word counts.
#[derive(Args)]
pub struct KeyArguments {
    /// A public key of the log that you trust (NAME+ID+KEY), or a file of such keys, one a line; an
    /// export needs one
    #[arg(long = "key", value_name = "KEY")]
    keys: Vec<String>,
    /// A checkpoint that you kept: the history must have grown from it
    #[arg(long = "since", value_name = "CHECKPOINT-FILE")]
    earlier: Vec<std::path::PathBuf>,
}

/// What the reviewer brought along.
pub struct Trusted {
    keys: Vec<PublicKey>,
    earlier: Vec<SignedCheckpoint>,
}

impl KeyArguments {
    /// Reads them.
    pub fn read(&self) -> Result<Trusted, StartError> {
        let mut keys = Vec::new();
        for key in &self.keys {
            match key.parse() {
                Ok(key) => keys.push(key),
                Err(error) if !Path::new(key).is_file() => return Err(Box::new(error)),
                Err(_) => {
                    for line in fs::read_to_string(key)?
                        .lines()
                        .filter(|line| !line.is_empty())
                    {
                        keys.push(line.parse()?);
                    }
                }
            }
        }
        let read = |file: &std::path::PathBuf| -> Result<SignedCheckpoint, StartError> {
            let text = fs::read_to_string(file);
            let text = text.map_err(|error| format!("cannot read {}: {error}", file.display()))?;
            Ok(SignedCheckpoint::parse(&text)?)
        };
        let earlier: Result<_, _> = self.earlier.iter().map(read).collect();
        Ok(Trusted {
            keys,
            earlier: earlier?,
        })
    }
}

/// Holds a source against what was signed. `None` where it is the log itself and no key was given:
/// whoever has it holds the keys, and asks nobody.
pub async fn verify(source: &Source, trusted: Trusted) -> Result<Option<Sound>, Doubt> {
    match source {
        Source::Export(_) if trusted.keys.is_empty() => Err(Doubt::Unclear(
            "say with --key which public key of the log you trust: what nobody signed that you know \
             proves nothing"
                .to_owned(),
        )),
        Source::Export(export) => verify_export(export, trusted).map(Some),
        Source::Log(_) if trusted.keys.is_empty() => Ok(None),
        Source::Log(log) => verify_log(log, &trusted).await.map(Some),
    }
}

fn verify_export(export: &Export, trusted: Trusted) -> Result<Sound, Doubt> {
    let mut verifier = ExportVerifier::new(trusted.keys, trusted.earlier);
    export.raw_lines(|line| verifier.line(line))?;
    verifier.finish()
}

async fn verify_log(log: &Log, trusted: &Trusted) -> Result<Sound, Doubt> {
    let signed = log.tiles.checkpoint().map_err(unclear)?;
    let signed = signed.ok_or_else(|| Doubt::Unclear("there is no checkpoint yet".to_owned()))?;
    let mut verifier = LogVerifier::new(&log.tiles, &signed, &trusted.earlier, &trusted.keys)?;
    let mut doubt = None;
    let read = log.each(|_, stored| {
        if verifier.seen() == verifier.size() {
            return Ok(std::ops::ControlFlow::Break(()));
        }
        Ok(match verifier.record(&stored) {
            Ok(()) => std::ops::ControlFlow::Continue(()),
            Err(found) => {
                doubt = Some(found);
                std::ops::ControlFlow::Break(())
            }
        })
    });
    read.await.map_err(unclear)?;
    match doubt {
        Some(doubt) => Err(doubt),
        None => verifier.finish(),
    }
}

fn unclear(error: impl std::fmt::Display) -> Doubt {
    Doubt::Unclear(error.to_string())
}
