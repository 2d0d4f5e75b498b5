//! Verifying a source before anything is said about it.

use super::{source::Source, verify};
use crate::storage::StartError;
use audit_log::{
    PublicKey,
    verify::{Doubt, Sound},
};
use clap::Args;
use std::path::PathBuf;

/// Whose word counts.
#[derive(Args)]
pub struct TrustArguments {
    /// Public key of the log, or of a witness, that you were given by somebody you trust; again for
    /// more. An export needs one
    #[arg(long = "key", value_name = "VKEY")]
    pub keys: Vec<PublicKey>,
    /// Checkpoint that you kept: history must only have grown since; again for more
    #[arg(long, value_name = "CHECKPOINT-FILE")]
    pub since: Vec<PathBuf>,
}

/// What the verifier found.
pub struct Verified {
    /// What is sound.
    pub sound: Sound,
    /// Records of the log that are newer than what was signed.
    pub newer: u64,
    /// Whether the reviewer brought the keys along, or they stood beside the log.
    pub by_known_keys: bool,
}

/// Holds a source against what was signed. `None` where it is a log of which nothing is signed yet.
pub async fn verify_source(
    source: &Source,
    trusted: TrustArguments,
) -> Result<Option<Verified>, StartError> {
    let by_known_keys = !trusted.keys.is_empty();
    let brought = verify::trust(trusted.keys, &trusted.since)?;
    let found = match source {
        Source::Export(export) => verify::export(&export.file, brought)?,
        Source::Log(log) => {
            if !by_known_keys && log.tiles.checkpoint()?.is_none() {
                return Ok(None);
            }
            verify::directory(&log.settings, brought).await?
        }
    };
    Ok(Some(Verified {
        sound: found.sound,
        newer: found.newer,
        by_known_keys,
    }))
}

/// The doubt of the verifier, where that is why a command failed.
pub fn doubt(error: StartError) -> Result<Doubt, StartError> {
    error.downcast::<Doubt>().map(|doubt| *doubt)
}
