//! The tree as it grows with the log. Nothing is written here: what of the files is complete is handed
//! to whoever writes them, and whoever only wants to know what the log makes of a tree drops it.

use super::{
    TileFiles,
    cursor::{Cursor, Place},
    owner, tag_key,
};
use audit_log::{
    Authenticated, Bundle, Checkpoint, Hash, Leaf, Tile, TileSource as _, Tree, WIDTH, leaf_hash,
};
use eventstore::{Direction, EventStore, StoreError, keyring::Keyring};
use eventstore_schema::{Position, RecordedEvent};
use std::sync::Arc;

/// Events read at a time.
const PAGE: usize = 1_000;

/// What leaves are made of.
#[derive(Clone)]
pub struct Source {
    /// The log.
    pub store: Arc<dyn EventStore>,
    /// The keys, from which those of the tags come.
    pub keyring: Keyring,
}

/// A tree, and where in the log it ends.
#[derive(Clone, Debug, Default)]
pub struct Growth {
    tree: Tree,
    /// The leaves of the bundle that is not full.
    bundle: Bundle,
    last: Option<Place>,
    /// Up to where the log has been looked through: beyond the last leaf, where events of other
    /// programs follow.
    position: Position,
}

/// A file of the audit log, and what it holds.
pub type TileFile = (Tile, Vec<u8>);

/// What a look at the log brought.
#[derive(Debug, Default)]
pub struct Step {
    /// Tiles and bundles that are full.
    pub completed: Vec<TileFile>,
    /// Whether the log has nothing more.
    pub ended: bool,
}

impl Growth {
    /// The tree of everything that the log holds.
    pub async fn whole(source: &Source) -> Result<Self, StoreError> {
        let mut grown = Self::default();
        while !grown.step(source, u64::MAX).await?.ended {}
        Ok(grown)
    }

    /// The tree of a checkpoint, from the tiles, which nobody has to be trusted for; as long as they are
    /// whole and the log still has the event at which the tree ends.
    pub async fn resume(
        source: &Source,
        files: &TileFiles,
        checkpoint: &Checkpoint,
    ) -> Result<Option<Self>, StoreError> {
        if checkpoint.size == 0 {
            return Ok(Some(Self::default()));
        }
        let Some(mut grown) = Self::from_files(files, checkpoint) else {
            return Ok(None);
        };
        if let Some(place) = &grown.last {
            let Some(event) = place.find(&*source.store).await? else {
                return Ok(None);
            };
            grown.position = event.position;
        }
        Ok(Some(grown))
    }

    /// The same before it is known where in the log its last event stands.
    fn from_files(files: &TileFiles, checkpoint: &Checkpoint) -> Option<Self> {
        let tree = Authenticated::open(files, checkpoint).ok()?.tree().clone();
        let cursor = Cursor::read(&files.cursor_file()).ok()?;
        Some(Self {
            bundle: last_bundle(files, &tree)?,
            last: Some(cursor.at(tree.size())?.clone()),
            tree,
            position: Position::START,
        })
    }

    /// Takes in what the log has next, until the tree has so many leaves.
    pub async fn step(&mut self, source: &Source, until: u64) -> Result<Step, StoreError> {
        let page = source
            .store
            .read_all(self.position, Direction::Forwards, PAGE)
            .await?;
        let mut step = Step {
            ended: page.is_empty(),
            ..Step::default()
        };
        for event in &page {
            if self.tree.size() >= until {
                break;
            }
            if event.stream.is_ours() {
                self.take(event, &source.keyring, &mut step.completed);
            }
            self.position = event.position;
        }
        Ok(step)
    }

    fn take(&mut self, event: &RecordedEvent, keyring: &Keyring, completed: &mut Vec<TileFile>) {
        let index = self.tree.size();
        let leaf = Leaf::of(event, index, &tag_key(keyring, owner(event)));
        self.bundle.push(leaf);
        if self.bundle.width() == WIDTH {
            let full = std::mem::take(&mut self.bundle);
            completed.push((Tile::bundle(index, index + 1), full.as_bytes().to_vec()));
        }
        for full in self.tree.append(leaf_hash(&leaf.to_bytes())) {
            completed.push((full.tile, bytes(&full.hashes)));
        }
        self.last = Some(Place::of(event, self.tree.size()));
    }

    /// How many leaves the tree has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// Up to where the log has been looked through.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// The event of the last leaf.
    #[must_use]
    pub fn last(&self) -> Option<&Place> {
        self.last.as_ref()
    }

    /// The tree as a checkpoint of this log states it.
    #[must_use]
    pub fn checkpoint(&self, origin: String) -> Checkpoint {
        Checkpoint {
            origin,
            size: self.tree.size(),
            root: self.tree.root(),
        }
    }

    /// The tiles and the bundle that are not full.
    #[must_use]
    pub fn partial_files(&self) -> Vec<TileFile> {
        let tiles = self.tree.partial_tiles();
        let mut files: Vec<_> = tiles.map(|(tile, hashes)| (tile, bytes(hashes))).collect();
        if self.bundle.width() > 0 {
            let tile = Tile::bundle(self.tree.size() - 1, self.tree.size());
            files.push((tile, self.bundle.as_bytes().to_vec()));
        }
        files
    }
}

/// The bundle of the last leaves of a tree, if it is what the tree says; empty where the last is full.
fn last_bundle(files: &TileFiles, tree: &Tree) -> Option<Bundle> {
    let Some((tile, hashes)) = tree.partial_tiles().find(|(tile, _)| tile.level() == 0) else {
        return Some(Bundle::default());
    };
    let tile = Tile::bundle(tile.index() * WIDTH as u64, tree.size());
    let bundle = Bundle::parse(files.read(&tile).ok()?).ok()?;
    let found = bundle.leaves().map(|leaf| leaf_hash(&leaf.to_bytes()));
    found.eq(hashes.iter().copied()).then_some(bundle)
}

fn bytes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}
