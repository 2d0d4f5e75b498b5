//! Looks whether every full tile and bundle is there, as long as it should be: some at a time, since a
//! long log has many, and nothing waits for them.

use super::TileFiles;
use audit_log::{Tile, WIDTH};
use std::fs;

/// Files that are looked at together.
const TOGETHER: usize = 500;

/// The tiles and bundles that are still to be looked at.
pub(super) struct Inspection(Box<dyn Iterator<Item = Tile> + Send + Sync>);

impl Inspection {
    /// Of the tree of this size.
    pub(super) fn of(size: u64) -> Self {
        let tiles = (0..7_u8).flat_map(move |level| {
            let full = size >> (8 * (u32::from(level) + 1));
            (0..full).map(move |index| Tile::full(level, index))
        });
        let full_bundles = size / WIDTH as u64;
        let bundles = (0..full_bundles).map(move |index| Tile::bundle(index * WIDTH as u64, size));
        Self(Box::new(tiles.chain(bundles)))
    }

    /// Those to be looked at next; none when all were.
    pub(super) fn next(&mut self) -> Vec<Tile> {
        self.0.by_ref().take(TOGETHER).collect()
    }
}

/// Whether all of these files are there, as long as they should be.
pub(super) fn are_whole(files: &TileFiles, tiles: &[Tile]) -> bool {
    tiles.iter().all(|tile| {
        let found = fs::metadata(files.file(tile));
        found.is_ok_and(|found| found.len() == tile.bytes() as u64)
    })
}
