//! The proof that a leaf is in a tree, made while the leaves pass by: for whoever has them all and no
//! tiles. It takes memory by the logarithm of the tree's size.

use crate::{InclusionProof, Tree};
use std::ops::Range;
use tlog_tiles::Hash;

/// An inclusion proof in the making.
pub struct ProofAlong {
    index: u64,
    /// The subtrees beside the way from the leaf to the root, from the leaf on, and what has come of
    /// each so far.
    beside: Vec<(Range<u64>, Tree)>,
    next: u64,
}

impl ProofAlong {
    /// Of the leaf at this index in a tree of this size; `None` where it is not in the tree.
    #[must_use]
    pub fn of(index: u64, size: u64) -> Option<Self> {
        let beside = (index < size).then(|| beside(index, size))?;
        let begun = beside.into_iter().map(|range| (range, Tree::default()));
        Some(Self {
            index,
            beside: begun.collect(),
            next: 0,
        })
    }

    /// Takes in the hash of the next leaf of the tree.
    pub fn append(&mut self, leaf: Hash) {
        let next = self.next;
        let mut beside = self.beside.iter_mut();
        if let Some((_, tree)) = beside.find(|(range, _)| range.contains(&next)) {
            tree.append(leaf);
        }
        self.next += 1;
    }

    /// The proof, once every leaf has passed.
    #[must_use]
    pub fn finish(self) -> InclusionProof {
        InclusionProof {
            index: self.index,
            hashes: self.beside.iter().map(|(_, tree)| tree.root()).collect(),
        }
    }
}

/// The leaves of the subtrees that a proof names (RFC 9162 section 2.1.3.1).
fn beside(index: u64, size: u64) -> Vec<Range<u64>> {
    let (mut from, mut to) = (0, size);
    let mut beside = Vec::new();
    while to - from > 1 {
        // The largest power of two below the number of leaves.
        let middle = from + (to - from).next_power_of_two() / 2;
        if index < middle {
            beside.push(middle..to);
            to = middle;
        } else {
            beside.push(from..middle);
            from = middle;
        }
    }
    beside.reverse();
    beside
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Checkpoint, inclusion_proof,
        tree::tests::{Tiles, leaf},
    };
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn it_is_the_proof_that_the_tiles_give(size in 1..1_500_u64, at in 0..1_500_u64) {
            let index = at % size;
            let mut along = ProofAlong::of(index, size).unwrap();
            for index in 0..size {
                along.append(leaf(index));
            }
            let (tiles, tree) = Tiles::of(size);
            let checkpoint = Checkpoint { origin: "log".into(), size, root: tree.root() };
            let proof = inclusion_proof(index, &checkpoint, &tiles).unwrap();
            prop_assert_eq!(along.finish(), proof);
        }
    }

    #[test]
    fn there_is_none_of_a_leaf_beyond_the_tree() {
        assert!(ProofAlong::of(3, 3).is_none());
        assert!(ProofAlong::of(0, 0).is_none());
    }
}
