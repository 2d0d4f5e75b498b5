//! The proof that the record which began enforcement stands in the tree that was signed: from the
//! leaves of an export, or from the tiles of a log.

use super::{
    super::source::{Export, Log, Source},
    evidence::Enforced,
};
use crate::storage::StartError;
use audit_log::{
    Hash, InclusionProof, LEAF_BYTES, ProofAlong, SignedCheckpoint, export::Line, inclusion_proof,
    leaf_hash,
};
use data_encoding::BASE64;
use eventstore_schema::OrganizationId;
use serde::Serialize;
use std::ops::ControlFlow;

/// A proof that was checked.
#[derive(Serialize)]
pub struct Proof {
    /// The hash of the leaf, in base64.
    pub leaf: String,
    /// As C2SP's `tlog-proof`, the checkpoint included.
    pub text: String,
}

/// Makes it, and checks it against the checkpoint; `None` where the newest checkpoint does not reach
/// the record yet.
pub fn prove(
    source: &Source,
    organization: OrganizationId,
    enforced: &Enforced,
    signed: &SignedCheckpoint,
) -> Result<Option<Proof>, StartError> {
    let (index, checkpoint) = (enforced.index, signed.unverified());
    if index >= checkpoint.size {
        return Ok(None);
    }
    let (leaf, proof) = match source {
        Source::Export(export) => along(export, index, checkpoint.size)?,
        Source::Log(log) => {
            let leaf = of_the_log(log, organization, enforced);
            (leaf, inclusion_proof(index, checkpoint, &log.tiles)?)
        }
    };
    proof.verify(leaf, checkpoint)?;
    Ok(Some(Proof {
        leaf: leaf.to_string(),
        text: proof.to_text(signed),
    }))
}

fn of_the_log(log: &Log, organization: OrganizationId, enforced: &Enforced) -> Hash {
    let leaf = log.leaf(&enforced.record, enforced.index, organization);
    leaf_hash(&leaf.to_bytes())
}

/// In one more pass over the export, which has every leaf.
fn along(export: &Export, index: u64, size: u64) -> Result<(Hash, InclusionProof), StartError> {
    let mut proof = ProofAlong::of(index, size).ok_or("the record is not in the tree")?;
    let mut leaf = None;
    export.lines(|line| {
        match line {
            Line::Record(record) => {
                let hash = Hash::parse_hash(&record.leaf).map_err(|error| error.to_string())?;
                if record.index == index {
                    leaf = Some(hash);
                }
                proof.append(hash);
            }
            Line::Others(others) => {
                let entries = BASE64.decode(others.entries.as_bytes())?;
                for entry in entries.chunks(LEAF_BYTES) {
                    proof.append(leaf_hash(entry));
                }
            }
            Line::Header(_) | Line::End(_) => {}
        }
        Ok(ControlFlow::Continue(()))
    })?;
    let leaf = leaf.ok_or("the record is not in the export")?;
    Ok((leaf, proof.finish()))
}
