//! The tree of a history while its leaves come in, held against what was signed: its checkpoint, and
//! earlier ones on the way.

use super::{Doubt, Wrong};
use crate::{Checkpoint, CheckpointError, FullTile, Hash, PublicKey, SignedCheckpoint, Tree};

/// Who signed a checkpoint, as far as the reviewer knows them.
#[derive(Clone, Debug, PartialEq)]
pub struct Signatures {
    /// Keys of the log.
    pub log: Vec<PublicKey>,
    /// Keys of witnesses.
    pub witnesses: Vec<PublicKey>,
}

/// A history of which some leaves have been seen.
pub(super) struct History {
    checkpoint: Checkpoint,
    signatures: Signatures,
    tree: Tree,
    /// Those still to come, the largest first.
    earlier: Vec<Checkpoint>,
    grown_since: Vec<u64>,
}

impl History {
    /// Begins with what was signed, by the keys that the reviewer trusts.
    pub(super) fn begin(
        signed: &SignedCheckpoint,
        earlier: &[SignedCheckpoint],
        keys: &[PublicKey],
    ) -> Result<Self, Doubt> {
        let (checkpoint, signatures) = believe(signed, keys)?;
        let believed = |earlier: &SignedCheckpoint| match believe(earlier, keys) {
            Ok((earlier, _)) if earlier.origin == checkpoint.origin => Ok(earlier),
            Ok((earlier, _)) => {
                let (origin, other) = (&checkpoint.origin, &earlier.origin);
                let why = format!("the earlier checkpoint is of {other}, and this is {origin}");
                Err(Doubt::Unclear(why))
            }
            Err(doubt) => Err(Doubt::Unclear(format!(
                "the earlier checkpoint proves nothing: {doubt}"
            ))),
        };
        let earlier: Result<Vec<_>, _> = earlier.iter().map(believed).collect();
        let mut earlier = earlier?;
        earlier.sort_by_key(|earlier| std::cmp::Reverse(earlier.size));
        if let Some(larger) = earlier.first().filter(|first| first.size > checkpoint.size) {
            let (size, before) = (checkpoint.size, larger.size);
            let what = format!(
                "only {size} leaves are signed here, and {before} were signed before: the newest \
                 records were cut off"
            );
            return Err(Wrong::what(what).into());
        }
        let mut history = Self {
            checkpoint,
            signatures,
            tree: Tree::default(),
            earlier,
            grown_since: Vec::new(),
        };
        history.compare_earlier()?;
        Ok(history)
    }

    /// How many leaves have been seen.
    pub(super) fn seen(&self) -> u64 {
        self.tree.size()
    }

    pub(super) fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The tree of what has been seen.
    pub(super) fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Takes the hash of the next leaf. The tiles that it completes.
    pub(super) fn append(&mut self, leaf: Hash) -> Result<Vec<FullTile>, Wrong> {
        let (seen, size) = (self.seen(), self.checkpoint.size);
        if seen >= size {
            let what = format!("it is beyond the {size} leaves that were signed");
            return Err(Wrong::what(what).at(seen));
        }
        let completed = self.tree.append(leaf);
        self.compare_earlier()?;
        Ok(completed)
    }

    fn compare_earlier(&mut self) -> Result<(), Wrong> {
        let size = self.seen();
        while let Some(earlier) = self.earlier.pop_if(|earlier| earlier.size == size) {
            if earlier.root != self.tree.root() {
                let what = format!(
                    "the first {size} leaves are not those of the earlier checkpoint: something \
                     before index {size} was altered since"
                );
                return Err(Wrong::what(what));
            }
            self.grown_since.push(size);
        }
        Ok(())
    }

    /// Compares the whole tree with what was signed.
    pub(super) fn finish(&self) -> Result<(), Wrong> {
        let (seen, size) = (self.seen(), self.checkpoint.size);
        if seen < size {
            let what =
                format!("{size} leaves were signed, and there are {seen}: the newest were cut off");
            return Err(Wrong::what(what).at(seen));
        }
        if self.tree.root() != self.checkpoint.root {
            let what = format!(
                "the {size} leaves do not make up the root that was signed: one of them was \
                 altered, a leaf of others perhaps, or a record with its leaf computed anew"
            );
            return Err(Wrong::what(what));
        }
        Ok(())
    }

    /// Takes the earlier checkpoint that comes next, to compare it in another way.
    pub(super) fn next_earlier(&mut self) -> Option<Checkpoint> {
        self.earlier.pop()
    }

    /// Notes that it only grew since it had so many leaves.
    pub(super) fn note_growth(&mut self, since: u64) {
        self.grown_since.push(since);
    }

    /// What was believed on the way: the checkpoint, who signed it, the earlier ones.
    pub(super) fn into_parts(self) -> (Checkpoint, Signatures, Vec<u64>) {
        (self.checkpoint, self.signatures, self.grown_since)
    }
}

/// What a checkpoint says, if a key signed it that the reviewer trusts.
fn believe(
    signed: &SignedCheckpoint,
    keys: &[PublicKey],
) -> Result<(Checkpoint, Signatures), Doubt> {
    let origin = &signed.unverified().origin;
    let of_the_log = |key: &&PublicKey| !key.is_of_a_witness() && key.name() == origin;
    if !keys.iter().any(|key| of_the_log(&key)) {
        return Err(Doubt::Unclear(format!(
            "no key was given of the log that it is of, which is {origin}"
        )));
    }
    let (checkpoint, witnesses) = signed.verify(keys).map_err(|error| match error {
        CheckpointError::Foreign { .. } => Doubt::unclear(error),
        error => Wrong::what(error.to_string()).into(),
    })?;
    let is_signed_by = |key: &&PublicKey| signed.verify(std::slice::from_ref(key)).is_ok();
    let log = keys.iter().filter(of_the_log).filter(is_signed_by);
    let signatures = Signatures {
        log: log.cloned().collect(),
        witnesses: witnesses.into_iter().cloned().collect(),
    };
    Ok((checkpoint.clone(), signatures))
}
