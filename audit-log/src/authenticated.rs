//! Hashes of a tree out of tiles that nobody has to be trusted for: each tile is held against the one
//! above it, and those at the right edge, together, against the root of a checkpoint.
//!
//! The reader that `tlog_tiles` has for this leaves out tiles where several subtrees of the right edge
//! stand in one of them.

use crate::{
    Checkpoint, Hash, Tile, TileSource, Tree, Unreadable, WIDTH,
    tile::{hashes_of, within_tile},
    tree::subtree_hash,
};
use std::{cell::RefCell, collections::HashMap, rc::Rc};
use tlog_tiles::{HashReader, split_stored_hash_index};

/// The hashes of tiles, by level and index.
type Tiles = HashMap<(u8, u64), Rc<[Hash]>>;

/// Tiles that were held against a checkpoint.
pub struct Authenticated<'a, S> {
    source: &'a S,
    edge: Tree,
    tiles: RefCell<Tiles>,
}

impl<'a, S: TileSource> Authenticated<'a, S> {
    /// Reads the right edge of the tree that the checkpoint stands for.
    pub fn open(source: &'a S, checkpoint: &Checkpoint) -> Result<Self, Unreadable> {
        let edge = Tree::resume(checkpoint.size, source)?;
        if edge.root() != checkpoint.root {
            let size = checkpoint.size;
            return Err(Unreadable(format!(
                "the tiles at the right edge do not make up the tree of {size} leaves that was signed"
            )));
        }
        let mut tiles = HashMap::new();
        for (tile, hashes) in edge.partial_tiles() {
            tiles.insert((tile.level(), tile.index()), hashes.into());
        }
        Ok(Self {
            source,
            tiles: RefCell::new(tiles),
            edge,
        })
    }

    /// The tree, to go on from.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.edge
    }

    /// The hashes of a tile of the tree.
    pub fn tile(&self, level: u8, index: u64) -> Result<Rc<[Hash]>, Unreadable> {
        if let Some(known) = self.tiles.borrow().get(&(level, index)) {
            return Ok(known.clone());
        }
        let tile = Tile::full(level, index);
        let above = u32::from(level) * 8 + 8;
        if index >= self.edge.size().checked_shr(above).unwrap_or(0) {
            return Err(Unreadable(format!("{tile} is no tile of the tree")));
        }
        let hashes = hashes_of(&tile, &self.source.read(&tile)?)?;
        let parent = self.tile(level + 1, index / WIDTH as u64)?;
        if parent.get(usize::from(within_tile(index))) != Some(&subtree_hash(&hashes)) {
            return Err(Unreadable(format!("{tile} is not what was signed")));
        }
        let hashes: Rc<[Hash]> = hashes.into();
        self.tiles
            .borrow_mut()
            .insert((level, index), hashes.clone());
        Ok(hashes)
    }

    fn hash(&self, stored: u64) -> Result<Hash, Unreadable> {
        let (height, number) = split_stored_hash_index(stored);
        let (level, within) = (height / 8, height % 8);
        let first = number << within;
        let hashes = self.tile(level, first / WIDTH as u64)?;
        let from = usize::from(within_tile(first));
        let covered = hashes.get(from..from + (1 << within));
        let covered =
            covered.ok_or_else(|| Unreadable(format!("hash {stored} is not in the tree")))?;
        Ok(subtree_hash(covered))
    }
}

impl<S: TileSource> HashReader for Authenticated<'_, S> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
        let read = |index: &u64| {
            self.hash(*index)
                .map_err(|error| tlog_tiles::Error::InvalidInput(error.to_string()))
        };
        indexes.iter().map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::tests::{Tiles, leaf};
    use tlog_tiles::{stored_hash_index, tree_hash};

    fn checkpoint(tree: &Tree) -> Checkpoint {
        Checkpoint {
            origin: "log".into(),
            size: tree.size(),
            root: tree.root(),
        }
    }

    #[test]
    fn a_changed_tile_is_not_believed() {
        let (mut tiles, tree) = Tiles::of(70_000);
        let checkpoint = checkpoint(&tree);
        let read = |tiles: &Tiles| {
            let tiles = Authenticated::open(tiles, &checkpoint)?;
            tiles.hash(stored_hash_index(0, 1_000))
        };
        assert_eq!(read(&tiles), Ok(leaf(1_000)));
        for path in [
            "tile/0/003",
            "tile/1/000",
            "tile/1/001.p/17",
            "tile/2/000.p/1",
        ] {
            for byte in [0, 31] {
                tiles.0.get_mut(path).unwrap()[byte] ^= 1;
                assert!(read(&tiles).is_err(), "{path}");
                tiles.0.get_mut(path).unwrap()[byte] ^= 1;
            }
        }
        tiles.0.get_mut("tile/0/003").unwrap().pop();
        assert!(read(&tiles).is_err());
    }

    #[test]
    fn every_hash_of_the_tree_is_found() {
        for size in [1, 2, 255, 256, 257, 700] {
            let (tiles, tree) = Tiles::of(size);
            let tiles = Authenticated::open(&tiles, &checkpoint(&tree)).unwrap();
            assert_eq!(tree_hash(size, &tiles).unwrap(), tree.root());
            for index in 0..size {
                let hash = tiles.hash(stored_hash_index(0, index));
                assert_eq!(hash, Ok(leaf(index)), "{index} of {size}");
            }
            assert!(tiles.hash(stored_hash_index(0, size)).is_err());
        }
    }
}
