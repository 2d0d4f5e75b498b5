//! Writes the evidence report: what an auditor of an organization asks for, each statement with how it
//! was computed and which control it answers. It is refused of a source that is not sound.
//!
//! Exit code 1 also where the report finds what breaks the promise.

#![expect(clippy::print_stderr, reason = "it is a command line")]

mod adoption;
mod chart;
mod controls;
mod evidence;
mod page;
mod proof;
mod recovery;
mod sign_ins;
mod single_factor;

use super::{
    source::{Source, SourceArguments},
    verified::{TrustArguments, Verified, verify_source},
};
use crate::{files::place, storage::StartError};
use askama::Template as _;
use chrono::{DateTime, NaiveDate, Utc};
use clap::Args;
use data_encoding::HEXLOWER;
use eventstore_schema::OrganizationId;
use evidence::{Evidence, Gatherer, Period};
use page::Page;
use proof::{Proof, prove};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::{io::Write as _, ops::ControlFlow, path::PathBuf, process::ExitCode};

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    source: SourceArguments,
    #[command(flatten)]
    trusted: TrustArguments,
    /// The first day of the period (UTC)
    #[arg(long, value_name = "DATE")]
    from: NaiveDate,
    /// Its last day
    #[arg(long, value_name = "DATE")]
    to: NaiveDate,
    /// File to write
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// Replace the file if it is there
    #[arg(long)]
    force: bool,
    /// Write the same facts as JSON, in place of a page
    #[arg(long)]
    json: bool,
}

/// A report: the facts, and why they can be believed.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    evidence: Evidence,
    /// Whether the promise was kept.
    kept: bool,
    /// When the report was made.
    made_at: DateTime<Utc>,
    /// The program that made it.
    made_by: &'static str,
    source: Provenance,
    verification: Option<Verification>,
    /// The newest signed checkpoint.
    checkpoint: Option<String>,
    /// That the record which began enforcement stands in the tree of the checkpoint.
    inclusion_proof: Option<Proof>,
}

/// Where the records come from.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Provenance {
    /// An export.
    Export {
        /// The name of its file.
        file: String,
    },
    /// The log of the installation.
    Log,
}

/// What the verifier found.
#[derive(Serialize)]
struct Verification {
    records: u64,
    leaves: u64,
    root: String,
    origin: String,
    /// The keys of the log that signed, and were brought along.
    keys: Vec<Key>,
    /// The witnesses that signed, and were brought along.
    witnesses: Vec<Key>,
    /// The sizes of the earlier checkpoints that it only grew since.
    grown_since: Vec<u64>,
    /// Records of the log, everybody's, that are newer than what was signed.
    newer: u64,
    /// Whether the keys were brought along, or stood beside the log.
    by_known_keys: bool,
}

/// A public key.
#[derive(Serialize)]
struct Key {
    vkey: String,
    /// SHA-256 of that text, in hexadecimal.
    fingerprint: String,
}

pub(super) async fn run(arguments: Arguments) -> Result<ExitCode, StartError> {
    let period = period(&arguments)?;
    let mut file = place(&arguments.output, arguments.force)?;
    let (source, organization) = arguments.source.open().await?;
    let verified = verify_source(&source, arguments.trusted).await?;
    let verification = verified.map(Into::into);
    let report = Report::of(&source, organization, period, verification).await?;
    let text = if arguments.json {
        serde_json::to_string_pretty(&report)? + "\n"
    } else {
        Page::of(&report).render()?
    };
    file.write_all(text.as_bytes())?;
    file.finish()?;
    if report.kept {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("pawl: the report finds what breaks the promise; see its first page");
    Ok(ExitCode::FAILURE)
}

fn period(arguments: &Arguments) -> Result<Period, StartError> {
    let Arguments { from, to, .. } = *arguments;
    if to < from {
        return Err(format!("the period ends on {to}, before it begins on {from}").into());
    }
    Ok(Period { from, to })
}

impl Report {
    async fn of(
        source: &Source,
        organization: OrganizationId,
        period: Period,
        verification: Option<Verification>,
    ) -> Result<Self, StartError> {
        let mut gatherer = Gatherer::of(organization, period);
        source
            .read(organization, |entry| {
                gatherer.take(entry)?;
                Ok(ControlFlow::Continue(()))
            })
            .await?;
        let made_at = Utc::now();
        let evidence = gatherer.finish(made_at)?;
        let checkpoint = source.checkpoint()?;
        let inclusion_proof = match (&evidence.enforcement, &checkpoint) {
            (Some(enforced), Some(signed)) => prove(source, organization, enforced, signed)?,
            _ => None,
        };
        Ok(Self {
            kept: evidence.is_kept(),
            evidence,
            made_at,
            made_by: concat!("pawl ", env!("CARGO_PKG_VERSION")),
            source: Provenance::of(source),
            verification,
            checkpoint: checkpoint.map(|signed| signed.to_string()),
            inclusion_proof,
        })
    }
}

impl Provenance {
    /// Without the folders, which are nobody's business.
    fn of(source: &Source) -> Self {
        match source {
            Source::Export(export) => {
                let name = export.file.file_name().unwrap_or_default();
                let file = name.to_string_lossy().into_owned();
                Self::Export { file }
            }
            Source::Log(_) => Self::Log,
        }
    }
}

impl From<Verified> for Verification {
    fn from(verified: Verified) -> Self {
        let sound = verified.sound;
        let keys = |keys: &[audit_log::PublicKey]| keys.iter().map(Key::of).collect();
        Self {
            records: sound.records,
            leaves: sound.checkpoint.size,
            root: sound.checkpoint.root.to_string(),
            origin: sound.checkpoint.origin,
            keys: keys(&sound.signatures.log),
            witnesses: keys(&sound.signatures.witnesses),
            grown_since: sound.grown_since,
            newer: verified.newer,
            by_known_keys: verified.by_known_keys,
        }
    }
}

impl Key {
    fn of(key: &audit_log::PublicKey) -> Self {
        let vkey = key.to_string();
        let fingerprint = HEXLOWER.encode(&Sha256::digest(&vkey));
        Self { vkey, fingerprint }
    }
}
