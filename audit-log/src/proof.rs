//! Proofs: that a leaf is in a tree, and that a tree only grew. The forms are RFC 9162's (sections
//! 2.1.3 and 2.1.4) and, as text, C2SP's `tlog-proof`.

use crate::{Authenticated, Checkpoint, SignedCheckpoint, TileSource, Unreadable};
use std::fmt;
use tlog_tiles::{EMPTY_HASH, Hash, check_record, check_tree, prove_record, prove_tree};

/// The first line of a proof as text.
const PROOF: &str = "c2sp.org/tlog-proof@v1";

/// A proof that proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// It is about something else, or has been changed.
    #[error("the proof does not lead to the root of the tree")]
    Wrong,
    /// It does not have the form.
    #[error("this is no proof about a log")]
    Malformed,
}

/// That a leaf stands at an index of a tree.
#[derive(Clone, Debug, PartialEq)]
pub struct InclusionProof {
    /// Where it stands.
    pub index: u64,
    /// The hashes beside the way to the root, from the leaf on.
    pub hashes: Vec<Hash>,
}

impl InclusionProof {
    /// Whether it leads from the leaf to the root of the checkpoint.
    pub fn verify(&self, leaf: Hash, checkpoint: &Checkpoint) -> Result<(), ProofError> {
        check_record(
            &self.hashes,
            checkpoint.size,
            checkpoint.root,
            self.index,
            leaf,
        )
        .map_err(|_| ProofError::Wrong)
    }

    /// As text, with the checkpoint of the tree (C2SP `tlog-proof`).
    #[must_use]
    pub fn to_text(&self, checkpoint: &SignedCheckpoint) -> String {
        let head = [PROOF.to_owned(), format!("index {}", self.index)];
        let hashes = self.hashes.iter().map(Hash::to_string);
        let lines: Vec<_> = head.into_iter().chain(hashes).collect();
        format!("{}\n\n{checkpoint}", lines.join("\n"))
    }

    /// Reads such a text.
    pub fn parse(text: &str) -> Result<(Self, SignedCheckpoint), ProofError> {
        let parse = || {
            let (proof, checkpoint) = text.split_once("\n\n")?;
            let mut lines = proof.lines().peekable();
            lines.next().filter(|line| *line == PROOF)?;
            lines.next_if(|line| line.starts_with("extra "));
            let number = lines.next()?.strip_prefix("index ")?;
            let index: u64 = number.parse().ok()?;
            let hashes: Option<_> = lines.map(|line| Hash::parse_hash(line).ok()).collect();
            let canonical = index.to_string() == number;
            let proof = Self {
                index,
                hashes: hashes?,
            };
            canonical.then_some((proof, SignedCheckpoint::parse(checkpoint).ok()?))
        };
        parse().ok_or(ProofError::Malformed)
    }
}

/// Proves that a leaf stands at an index, from the tiles.
pub fn inclusion_proof(
    index: u64,
    checkpoint: &Checkpoint,
    source: &impl TileSource,
) -> Result<InclusionProof, Unreadable> {
    let tiles = Authenticated::open(source, checkpoint)?;
    let hashes = prove_record(checkpoint.size, index, &tiles).map_err(unreadable)?;
    Ok(InclusionProof { index, hashes })
}

/// Proves that the tree of this size is the beginning of the tree of the checkpoint, from the tiles.
/// The beginning without leaves needs no proof.
pub fn consistency_proof(
    size: u64,
    checkpoint: &Checkpoint,
    source: &impl TileSource,
) -> Result<Vec<Hash>, Unreadable> {
    if size == 0 {
        return Ok(Vec::new());
    }
    let tiles = Authenticated::open(source, checkpoint)?;
    prove_tree(checkpoint.size, size, &tiles).map_err(unreadable)
}

/// Whether a proof shows that one tree is the beginning of another.
pub fn verify_consistency(
    proof: &Vec<Hash>,
    earlier: &Checkpoint,
    later: &Checkpoint,
) -> Result<(), ProofError> {
    if earlier.size == 0 {
        let empty = proof.is_empty() && earlier.root == EMPTY_HASH;
        return if empty {
            Ok(())
        } else {
            Err(ProofError::Wrong)
        };
    }
    check_tree(proof, later.size, later.root, earlier.size, earlier.root)
        .map_err(|_| ProofError::Wrong)
}

fn unreadable(error: impl fmt::Display) -> Unreadable {
    Unreadable(format!(
        "the tiles do not make up the tree of the checkpoint: {error}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        SigningKey,
        tree::tests::{Tiles, leaf},
    };
    use proptest::prelude::*;
    use zeroize::Zeroizing;

    fn checkpoint(size: u64) -> (Tiles, Checkpoint) {
        let (tiles, tree) = Tiles::of(size);
        let origin = "log".into();
        let root = tree.root();
        (tiles, Checkpoint { origin, size, root })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_proof_proves_one_thing(size in 1..1_500_u64, at in 0..1_500_u64, other in 0..1_500_u64) {
            let (tiles, now) = checkpoint(size);
            let index = at % size;
            let proof = inclusion_proof(index, &now, &tiles).unwrap();
            prop_assert_eq!(proof.verify(leaf(index), &now), Ok(()));
            if other % size != index {
                prop_assert!(proof.verify(leaf(other % size), &now).is_err());
                let moved = InclusionProof { index: other % size, ..proof };
                prop_assert!(moved.verify(leaf(index), &now).is_err());
            }

            let (_, earlier) = checkpoint(index);
            let grown = consistency_proof(index, &now, &tiles).unwrap();
            prop_assert_eq!(verify_consistency(&grown, &earlier, &now), Ok(()));
            let forged = Checkpoint { root: leaf(9_999), ..earlier };
            if size > 1 {
                prop_assert!(verify_consistency(&grown, &forged, &now).is_err());
            }
        }
    }

    #[test]
    fn a_proof_is_read_as_it_was_written() {
        let (tiles, now) = checkpoint(300);
        let key = SigningKey::from_seed("log", &Zeroizing::new([1; 32]));
        let signed = SignedCheckpoint::sign(now.clone(), &[&key]).unwrap();
        let proof = inclusion_proof(42, &now, &tiles).unwrap();
        let text = proof.to_text(&signed);
        assert_eq!(InclusionProof::parse(&text), Ok((proof, signed)));
        for wrong in [
            text.replacen("index 42", "index 042", 1),
            text.replacen("@v1", "@v2", 1),
            text.replacen("index 42\n", "index 42\nabc\n", 1),
        ] {
            assert_eq!(InclusionProof::parse(&wrong), Err(ProofError::Malformed));
        }
        let extra = text.replacen("index", "extra AAAA\nindex", 1);
        assert!(InclusionProof::parse(&extra).is_ok());
    }
}
