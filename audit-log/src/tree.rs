//! The tree while it grows: the rightmost tile of each level is all that has to be kept.

use crate::{Tile, TileSource, Unreadable, WIDTH, tile::hashes_of};
use tlog_tiles::{EMPTY_HASH, Hash, node_hash, record_hash};

/// The hash of a leaf (RFC 9162 section 2.1.1) from its entry.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    record_hash(entry)
}

/// A tile that will never change again.
#[derive(Clone, Debug, PartialEq)]
pub struct FullTile {
    /// Which.
    pub tile: Tile,
    /// What it holds.
    pub hashes: Vec<Hash>,
}

/// A Merkle tree that leaves are appended to. It takes memory by the logarithm of its size.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    size: u64,
    /// The hashes of the rightmost tile of each level that are there, fewer than a tile is wide.
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// Goes on from the tiles of a tree of this size.
    pub fn resume(size: u64, source: &impl TileSource) -> Result<Self, Unreadable> {
        let mut levels = Vec::new();
        let mut level = 0;
        while size >> (8 * u32::from(level)) > 0 {
            levels.push(match Tile::partial(level, size) {
                Some(tile) => hashes_of(&tile, &source.read(&tile)?)?,
                None => Vec::new(),
            });
            level += 1;
        }
        Ok(Self { size, levels })
    }

    /// How many leaves it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf by its hash. The tiles that it completes, the lowest first.
    pub fn append(&mut self, leaf: Hash) -> Vec<FullTile> {
        self.size += 1;
        let mut completed = Vec::new();
        let mut hash = leaf;
        for level in 0.. {
            if self.levels.len() <= usize::from(level) {
                self.levels.push(Vec::new());
            }
            let hashes = &mut self.levels[usize::from(level)];
            hashes.push(hash);
            if hashes.len() < WIDTH {
                break;
            }
            let hashes = std::mem::take(hashes);
            hash = subtree_hash(&hashes);
            let index = (self.size >> (8 * (u32::from(level) + 1))) - 1;
            let tile = Tile::full(level, index);
            completed.push(FullTile { tile, hashes });
        }
        completed
    }

    /// The tiles at its right edge that more leaves will change.
    pub fn partial_tiles(&self) -> impl Iterator<Item = (Tile, &[Hash])> {
        let levels = (0..).zip(&self.levels);
        levels.filter_map(|(level, hashes)| {
            Tile::partial(level, self.size).map(|tile| (tile, hashes.as_slice()))
        })
    }

    /// Its root (RFC 9162 section 2.1.1).
    #[must_use]
    pub fn root(&self) -> Hash {
        // From the right: each perfect subtree is a left child of what is hashed so far.
        let subtrees = self.levels.iter().flat_map(|hashes| perfect(hashes));
        subtrees
            .reduce(|right, left| node_hash(left, right))
            .unwrap_or(EMPTY_HASH)
    }
}

/// The roots of the perfect subtrees that these hashes make up, from the right.
fn perfect(hashes: &[Hash]) -> Vec<Hash> {
    let mut rest = hashes;
    let mut roots = Vec::new();
    while !rest.is_empty() {
        let (left, right) = rest.split_at(rest.len() - (1 << rest.len().trailing_zeros()));
        roots.push(subtree_hash(right));
        rest = left;
    }
    roots
}

/// The root of a perfect subtree over these hashes.
pub(crate) fn subtree_hash(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => EMPTY_HASH,
        [one] => *one,
        _ => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            node_hash(subtree_hash(left), subtree_hash(right))
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::collections::HashMap;

    /// A hash for each leaf.
    pub(crate) fn leaf(index: u64) -> Hash {
        leaf_hash(&index.to_be_bytes())
    }

    /// The definition, as RFC 9162 gives it.
    fn defined(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => EMPTY_HASH,
            [one] => *one,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                node_hash(defined(left), defined(right))
            }
        }
    }

    /// Tiles in memory.
    #[derive(Default)]
    pub(crate) struct Tiles(pub(crate) HashMap<String, Vec<u8>>);

    impl TileSource for Tiles {
        fn read(&self, tile: &Tile) -> Result<Vec<u8>, Unreadable> {
            let found = self.0.get(&tile.path()).cloned();
            found.ok_or_else(|| Unreadable(format!("{} is not there", tile.path())))
        }
    }

    impl Tiles {
        /// All tiles of a tree of this size, and the tree.
        pub(crate) fn of(size: u64) -> (Self, Tree) {
            let (mut tiles, mut tree) = (Self::default(), Tree::default());
            for index in 0..size {
                for full in tree.append(leaf(index)) {
                    tiles.keep(&full.tile, &full.hashes);
                }
            }
            for (tile, hashes) in tree.partial_tiles() {
                tiles.keep(&tile, hashes);
            }
            (tiles, tree)
        }

        fn keep(&mut self, tile: &Tile, hashes: &[Hash]) {
            let bytes = hashes.iter().flat_map(|hash| hash.0).collect();
            self.0.insert(tile.path(), bytes);
        }
    }

    #[test]
    fn the_root_is_that_of_the_definition() {
        let mut tree = Tree::default();
        let mut leaves = Vec::new();
        assert_eq!(tree.root(), EMPTY_HASH);
        for index in 0..600 {
            leaves.push(leaf(index));
            tree.append(leaf(index));
            assert_eq!(tree.root(), defined(&leaves), "{index}");
        }
        assert_eq!(tree.size(), 600);
    }

    #[test]
    fn a_tree_goes_on_from_its_tiles() {
        for size in [0, 1, 255, 256, 257, 65_535, 65_536, 65_793, 70_000] {
            let (tiles, mut tree) = Tiles::of(size);
            let mut resumed = Tree::resume(size, &tiles).unwrap();
            assert_eq!(resumed.root(), tree.root(), "{size}");
            for index in size..size + 300 {
                assert_eq!(tree.append(leaf(index)), resumed.append(leaf(index)));
            }
            assert_eq!(resumed.root(), tree.root(), "{size}");
        }
    }

    /// The example of C2SP's `tlog-tiles`.
    #[test]
    fn a_tree_of_70000_has_the_tiles_of_the_specification() {
        let (tiles, _) = Tiles::of(70_000);
        let of = |begin: &str| {
            tiles
                .0
                .keys()
                .filter(|path| path.starts_with(begin))
                .count()
        };
        assert_eq!((of("tile/0/"), of("tile/1/"), of("tile/2/")), (274, 2, 1));
        for partial in ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"] {
            assert!(tiles.0.contains_key(partial), "{partial}");
        }
    }
}
