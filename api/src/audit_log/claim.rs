//! What was said of the log before, and whether the log that is there lives up to it: it has at least
//! as many events, and the first of them make up the same tree. Whatever it costs to find out, nothing
//! is written meanwhile.

use super::{
    AuditLogError, TileFiles,
    growth::{Growth, Source},
};
use audit_log::{Checkpoint, Hash, consistency_proof, verify_consistency};

/// A statement about the log's past.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Who says so, for a sentence to begin with.
    pub who: String,
    /// How many events the log had.
    pub size: u64,
    /// The root of their tree, where it was said.
    pub root: Option<Hash>,
    /// What the operator can do who has lost what is missing for good.
    pub remedy: String,
}

impl Claim {
    /// The refusal of a log that has only so many events.
    #[must_use]
    pub fn shorter(&self, found: u64) -> Refusal {
        Refusal::Shorter {
            who: self.who.clone(),
            said: self.size,
            found,
            remedy: self.remedy.clone(),
        }
    }

    /// The refusal of a log whose first events are others.
    #[must_use]
    pub fn different(&self) -> Refusal {
        Refusal::Different {
            who: self.who.clone(),
            said: self.size,
            remedy: self.remedy.clone(),
        }
    }
}

/// A log that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The newest events are missing.
    #[error(
        "{who} is of a log of {said} events, and this log has {found}: the newest {} are missing. It \
         was put back to an older state: put back a newer copy. If there is none, {remedy}; whoever \
         keeps a later checkpoint will see what is gone", said - found
    )]
    Shorter {
        /// Who says so.
        who: String,
        /// How many events it had.
        said: u64,
        /// How many it has.
        found: u64,
        /// What else can be done.
        remedy: String,
    },
    /// There are other events in their place.
    #[error(
        "{who} is of a log of {said} events, and the first {said} of this log are not those: this is \
         another history. Put back the log that it is of. If there is none, {remedy}; whoever keeps a \
         checkpoint of it will see that it is gone"
    )]
    Different {
        /// Who says so.
        who: String,
        /// How many events it had.
        said: u64,
        /// What else can be done.
        remedy: String,
    },
}

/// Holds the log against what was said of it. From the checkpoint that is published it takes no more
/// than some tiles, where those are whole; else the log is read.
pub async fn hold(
    source: &Source,
    files: &TileFiles,
    published: Option<&Checkpoint>,
    claims: &[Claim],
) -> Result<(), AuditLogError> {
    let mut claims: Vec<_> = claims.iter().collect();
    claims.sort_by_key(|claim| claim.size);
    let resumed = match published {
        Some(checkpoint) => {
            let grown = Growth::resume(source, files, checkpoint).await?;
            grown.map(|grown| (grown, checkpoint))
        }
        None => None,
    };
    let mut growth = Growth::default();
    if let Some((grown, checkpoint)) = resumed {
        let (earlier, later): (Vec<_>, Vec<_>) = claims
            .iter()
            .partition(|claim| claim.size <= checkpoint.size);
        if earlier
            .into_iter()
            .all(|claim| is_beginning(claim, checkpoint, files))
        {
            (growth, claims) = (grown, later);
        }
    }
    if growth.size() == 0 && claims.iter().any(|claim| claim.size > 0) {
        tracing::info!(
            "the log is read from its beginning, to hold it against earlier checkpoints"
        );
    }
    for claim in &claims {
        let mut ended = false;
        while growth.size() < claim.size && !ended {
            ended = growth.step(source, claim.size).await?.ended;
        }
        if growth.size() < claim.size {
            // Whoever knows of the most says best what is missing.
            let most = claims.last().unwrap_or(claim);
            return Err(most.shorter(growth.size()).into());
        }
        let root = growth.checkpoint(String::new()).root;
        if claim.root.is_some_and(|said| said != root) {
            return Err(claim.different().into());
        }
    }
    Ok(())
}

/// Whether the tiles show that what was said is the beginning of the tree of this checkpoint.
fn is_beginning(claim: &Claim, checkpoint: &Checkpoint, files: &TileFiles) -> bool {
    let Some(root) = claim.root else {
        return true;
    };
    if claim.size == checkpoint.size {
        return root == checkpoint.root;
    }
    let earlier = Checkpoint {
        origin: checkpoint.origin.clone(),
        size: claim.size,
        root,
    };
    consistency_proof(claim.size, checkpoint, files)
        .is_ok_and(|proof| verify_consistency(&proof, &earlier, checkpoint).is_ok())
}
