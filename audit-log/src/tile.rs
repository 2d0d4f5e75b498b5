//! Tiles and entry bundles (C2SP `tlog-tiles`): where they stand, what they hold, and reading them
//! with no more trust than a checkpoint gives.

use crate::{LEAF_BYTES, Leaf, Tag};
use std::fmt;
use tlog_tiles::Hash;

/// Hashes in a full tile, and leaves in a full bundle.
pub const WIDTH: usize = 256;
const FULL: u16 = 256;
/// Bytes of a hash.
pub const HASH_BYTES: usize = 32;
/// The levels that a tile has within itself.
const HEIGHT: u8 = 8;
/// What goes before a leaf in a bundle: how long it is.
const LENGTH: [u8; 2] = [0, 64];
/// Bytes of a leaf in a bundle: its length goes before it.
const ENTRY_BYTES: usize = LENGTH.len() + LEAF_BYTES;

/// Where in its tile something is that is counted over all tiles.
pub(crate) fn within_tile(index: u64) -> u8 {
    index.to_le_bytes()[0]
}

/// What a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TileKind {
    /// The hashes of a level of the tree, the leaves' being 0, counted in tiles.
    Hashes(u8),
    /// The leaves themselves: an entry bundle.
    Entries,
}

/// The coordinates of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tile {
    kind: TileKind,
    index: u64,
    width: u16,
}

impl Tile {
    /// A full tile of hashes.
    #[must_use]
    pub fn full(level: u8, index: u64) -> Self {
        Self {
            kind: TileKind::Hashes(level),
            index,
            width: FULL,
        }
    }

    /// The partial tile of a level of a tree of this size, if it has one.
    #[must_use]
    pub fn partial(level: u8, size: u64) -> Option<Self> {
        let hashes = size.checked_shr(8 * u32::from(level))?;
        let width = u16::from(within_tile(hashes));
        (width > 0).then_some(Self {
            kind: TileKind::Hashes(level),
            index: hashes / WIDTH as u64,
            width,
        })
    }

    /// The bundle in which the leaf at this index stands, in a tree of this size.
    #[must_use]
    pub fn bundle(leaf: u64, size: u64) -> Self {
        let index = leaf / WIDTH as u64;
        Self {
            kind: TileKind::Entries,
            index,
            width: if index < size / WIDTH as u64 {
                FULL
            } else {
                u16::from(within_tile(size)).max(1)
            },
        }
    }

    /// What it holds.
    #[must_use]
    pub fn kind(&self) -> TileKind {
        self.kind
    }

    /// Its level, where it holds hashes; 0 for the leaves.
    #[must_use]
    pub fn level(&self) -> u8 {
        match self.kind {
            TileKind::Hashes(level) => level,
            TileKind::Entries => 0,
        }
    }

    /// Which of its level it is.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Hashes or leaves in it.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width.into()
    }

    /// How many bytes it has.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let each = match self.kind {
            TileKind::Hashes(_) => HASH_BYTES,
            TileKind::Entries => ENTRY_BYTES,
        };
        self.width() * each
    }

    /// Whether more leaves will change it.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.width() < WIDTH
    }

    /// The same tile, once it is full.
    #[must_use]
    pub fn filled(&self) -> Self {
        Self {
            width: FULL,
            ..*self
        }
    }

    /// Where it stands: `tile/<level>/<index>[.p/<width>]`, or `tile/entries/…`.
    #[must_use]
    pub fn path(&self) -> String {
        let (level, is_data) = match self.kind {
            TileKind::Hashes(level) => (level, false),
            TileKind::Entries => (0, true),
        };
        let path =
            tlog_tiles::Tile::new(HEIGHT, level, self.index, self.width.into(), is_data).path();
        let path = path.trim_start_matches("tile/8/");
        match self.kind {
            TileKind::Hashes(_) => format!("tile/{path}"),
            TileKind::Entries => format!("tile/{}", path.replacen("data", "entries", 1)),
        }
    }

    /// The tile that stands at a path, if the path is exactly that of a tile.
    #[must_use]
    pub fn at(path: &str) -> Option<Self> {
        let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        // The library's reader stops the program at a level or a width that no tile has.
        let level = match level {
            "entries" => "data",
            level if level.parse::<u8>().is_ok_and(|level| level < 64) => level,
            _ => return None,
        };
        if rest.contains(".p/0") {
            return None;
        }
        let tile = tlog_tiles::Tile::from_path(&format!("tile/{HEIGHT}/{level}/{rest}")).ok()?;
        let tile = Self::from_coordinates(&tile)?;
        (tile.path() == path).then_some(tile)
    }

    fn from_coordinates(tile: &tlog_tiles::Tile) -> Option<Self> {
        Some(Self {
            kind: if tile.is_data() {
                TileKind::Entries
            } else {
                TileKind::Hashes(tile.level())
            },
            index: tile.level_index(),
            width: u16::try_from(tile.width())
                .ok()
                .filter(|width| *width > 0)?,
        })
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())
    }
}

/// A tile that is not there, or not whole. The sentence says which and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

/// Where tiles come from. What they hold is believed of nobody.
pub trait TileSource {
    /// The bytes of a tile.
    fn read(&self, tile: &Tile) -> Result<Vec<u8>, Unreadable>;
}

/// The hashes in the bytes of a tile.
pub(crate) fn hashes_of(tile: &Tile, bytes: &[u8]) -> Result<Vec<Hash>, Unreadable> {
    let (hashes, rest) = bytes.as_chunks::<HASH_BYTES>();
    if hashes.len() != tile.width() || !rest.is_empty() {
        let (found, wanted) = (bytes.len(), tile.bytes());
        return Err(Unreadable(format!(
            "{tile} has {found} bytes in place of {wanted}"
        )));
    }
    Ok(hashes.iter().copied().map(Hash).collect())
}

/// An entry bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle(Vec<u8>);

/// Bytes that are no bundle of this log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// They end in the middle of a leaf.
    #[error("the bundle is cut off after {0} leaves")]
    CutOff(usize),
    /// An entry is no leaf.
    #[error("entry {0} of the bundle is no leaf")]
    NotALeaf(usize),
}

impl Bundle {
    /// Appends a leaf.
    pub fn push(&mut self, leaf: Leaf) {
        self.0.extend(LENGTH);
        self.0.extend(leaf.to_bytes());
    }

    /// How many leaves it has.
    #[must_use]
    pub fn width(&self) -> usize {
        self.0.len() / ENTRY_BYTES
    }

    /// As it is served.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads what was served.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, BundleError> {
        let (entries, rest) = bytes.as_chunks::<ENTRY_BYTES>();
        let is_leaf = |entry: &[u8; ENTRY_BYTES]| entry.starts_with(&LENGTH);
        match entries.iter().position(|entry| !is_leaf(entry)) {
            Some(index) => Err(BundleError::NotALeaf(index)),
            None if !rest.is_empty() => Err(BundleError::CutOff(entries.len())),
            None => Ok(Self(bytes)),
        }
    }

    /// Its leaves.
    #[must_use]
    pub fn leaves(&self) -> impl ExactSizeIterator<Item = Leaf> {
        let (entries, _) = self.0.as_chunks::<ENTRY_BYTES>();
        entries.iter().map(|entry| {
            let (mut digest, mut tag) = ([0; 32], [0; 32]);
            digest.copy_from_slice(&entry[2..34]);
            tag.copy_from_slice(&entry[34..]);
            Leaf {
                digest,
                tag: Tag(tag),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tiles_stand_where_the_specification_says() {
        for (tile, path) in [
            (Tile::full(0, 1_234_067), "tile/0/x001/x234/067"),
            (Tile::partial(1, 70_000).unwrap(), "tile/1/001.p/17"),
            (Tile::bundle(0, 1), "tile/entries/000.p/1"),
            (Tile::bundle(256_000, 300_000), "tile/entries/x001/000"),
        ] {
            assert_eq!(tile.path(), path);
            assert_eq!(Tile::at(path), Some(tile));
        }
        for wrong in [
            "",
            "tile/0",
            "tile/0/1",
            "tile/0/001.p/256",
            "tile/0/001.p/0",
            "tile/0/001.p/01",
            "tile/0/001.p/00",
            "tile/00/001",
            "tile/64/001",
            "tile/data/001",
            "tile/entries/../../checkpoint",
            "tile/0/x001",
        ] {
            assert_eq!(Tile::at(wrong), None, "{wrong}");
        }
        assert_eq!(Tile::partial(0, 256), None);
        assert_eq!(Tile::partial(200, 256), None);
    }

    #[test]
    fn a_bundle_that_is_not_whole_is_named() {
        let leaf = Leaf {
            digest: [1; 32],
            tag: Tag([2; 32]),
        };
        let mut bundle = Bundle::default();
        bundle.push(leaf);
        bundle.push(leaf);
        assert_eq!(bundle.width(), 2);
        let bytes = bundle.as_bytes().to_vec();
        assert_eq!(Bundle::parse(bytes.clone()), Ok(bundle.clone()));
        assert!(bundle.leaves().eq([leaf, leaf]));
        assert_eq!(
            Bundle::parse(bytes[..131].to_vec()),
            Err(BundleError::CutOff(1))
        );
        let mut other = bytes;
        other[67] = 63;
        assert_eq!(Bundle::parse(other), Err(BundleError::NotALeaf(1)));
    }

    proptest! {
        #[test]
        fn no_path_is_that_of_two_tiles(path in "(tile/)?(entries|[0-9]{1,2})(/x?[0-9]{1,4}){1,4}(\\.p/[0-9]{1,3})?") {
            if let Some(tile) = Tile::at(&path) {
                prop_assert_eq!(tile.path(), path);
            }
        }
    }
}
