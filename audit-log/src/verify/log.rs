//! Verifying a log beside its tiles: each record against the digest in its leaf, the leaves against
//! what was signed, and the tiles of hashes against the leaves. No key but the public one is needed:
//! the tags in the leaves are taken as they are, for the root covers them.

use super::{Doubt, Sound, Wrong, history::History};
use crate::{
    Authenticated, Bundle, FullTile, Hash, Leaf, PublicKey, SignedCheckpoint, Tile, TileSource,
    Unreadable, WIDTH, leaf_hash, record_digest,
    tile::{hashes_of, within_tile},
};
use eventstore_schema::RecordedEvent;
use std::{cell::OnceCell, rc::Rc};

/// Damaged tiles that are named; whoever has more makes all of them anew.
const NAMED: usize = 20;

/// A log that is being verified, leaf by leaf.
pub struct LogVerifier<'a, S> {
    source: &'a S,
    history: History,
    bundle: std::vec::IntoIter<Leaf>,
    /// What the tile of hashes over the bundle holds.
    hashes: Result<Vec<Hash>, Unreadable>,
    /// The hashes of the bundle's leaves that were signed, if the tiles lead to them; looked up once
    /// something does not agree.
    signed: OnceCell<Option<Rc<[Hash]>>>,
    records: u64,
    damaged: Vec<String>,
}

impl<'a, S: TileSource> LogVerifier<'a, S> {
    /// Begins to verify with the public keys that the reviewer trusts, witnesses' among them, and
    /// checkpoints that they kept.
    pub fn new(
        source: &'a S,
        signed: &SignedCheckpoint,
        earlier: &[SignedCheckpoint],
        keys: &[PublicKey],
    ) -> Result<Self, Doubt> {
        Ok(Self {
            source,
            history: History::begin(signed, earlier, keys)?,
            bundle: Vec::new().into_iter(),
            hashes: Ok(Vec::new()),
            signed: OnceCell::new(),
            records: 0,
            damaged: Vec::new(),
        })
    }

    /// How many leaves were signed.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.history.checkpoint().size
    }

    /// How many of them have been seen.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.history.seen()
    }

    /// Holds the next record of the log against the next leaf.
    pub fn record(&mut self, record: &RecordedEvent) -> Result<(), Doubt> {
        let digest = record_digest(record);
        let taken = self.leaf().and_then(|leaf| self.take(leaf, Some(digest)));
        taken.map_err(|wrong| wrong.at(self.seen()).about(record))?;
        self.records += 1;
        Ok(())
    }

    /// Takes the next leaf without its record, which the reviewer does not have.
    pub fn leaf_alone(&mut self) -> Result<(), Doubt> {
        let taken = self.leaf().and_then(|leaf| self.take(leaf, None));
        Ok(taken.map_err(|wrong| wrong.at(self.seen()))?)
    }

    /// What was found, when there are no more leaves.
    pub fn finish(mut self) -> Result<Sound, Doubt> {
        self.history.finish()?;
        let partial: Vec<_> = self.history.tree().partial_tiles().collect();
        let damaged: Vec<_> = partial
            .into_iter()
            .filter_map(|(tile, hashes)| damage(&tile, hashes, self.read_hashes(&tile)))
            .collect();
        self.name_damaged(damaged);
        if !self.damaged.is_empty() {
            return Err(self.only_tiles().into());
        }
        let (checkpoint, signatures, grown_since) = self.history.into_parts();
        Ok(Sound {
            organization_id: None,
            records: self.records,
            checkpoint,
            signatures,
            grown_since,
        })
    }

    fn name_damaged(&mut self, damaged: impl IntoIterator<Item = String>) {
        let more = NAMED - self.damaged.len();
        self.damaged.extend(damaged.into_iter().take(more));
    }

    /// What is wrong where everything but tiles of hashes is as it was signed.
    fn only_tiles(&self) -> Wrong {
        let what = if self.records > 0 {
            "the records themselves are"
        } else {
            "the leaves themselves are"
        };
        let damaged = self.damaged.join("; ");
        Wrong::what(format!(
            "{damaged}; {what} as they were signed, but proofs made of such tiles would be wrong; \
             once they are deleted, Pawl makes them anew"
        ))
    }

    /// The next leaf of the bundles.
    fn leaf(&mut self) -> Result<Leaf, Wrong> {
        if let Some(leaf) = self.bundle.next() {
            return Ok(leaf);
        }
        let tile = Tile::bundle(self.seen(), self.size());
        let bytes = self.source.read(&tile);
        let bytes = bytes.map_err(|error| Wrong::what(error.to_string()))?;
        let bundle = Bundle::parse(bytes);
        let bundle = bundle.map_err(|error| Wrong::what(format!("{tile}: {error}")))?;
        if bundle.width() != tile.width() {
            let (found, wanted) = (bundle.width(), tile.width());
            let what = format!("{tile} has {found} leaves in place of {wanted}");
            return Err(Wrong::what(what));
        }
        let leaves: Vec<_> = bundle.leaves().collect();
        self.bundle = leaves.into_iter();
        self.hashes = self.read_hashes(&self.over(&tile));
        self.signed = OnceCell::new();
        self.bundle
            .next()
            .ok_or_else(|| Wrong::what(format!("{tile} is empty")))
    }

    /// The tile of hashes over a bundle.
    fn over(&self, bundle: &Tile) -> Tile {
        let partial = Tile::partial(0, self.size());
        partial
            .filter(|_| bundle.is_partial())
            .unwrap_or_else(|| Tile::full(0, bundle.index()))
    }

    fn take(&mut self, leaf: Leaf, digest: Option<[u8; 32]>) -> Result<(), Wrong> {
        let index = self.seen();
        let hash = leaf_hash(&leaf.to_bytes());
        let within = usize::from(within_tile(index));
        let in_tile = self.hashes.as_ref().ok().and_then(|all| all.get(within));
        let agree = digest.is_none_or(|digest| digest == leaf.digest);
        if !agree || in_tile.is_some_and(|known| *known != hash) {
            self.judge(leaf, digest)?;
        }
        for FullTile { tile, hashes } in self.history.append(hash)? {
            let found = match tile.level() {
                0 => self.hashes.clone(),
                _ => self.read_hashes(&tile),
            };
            self.name_damaged(damage(&tile, &hashes, found));
        }
        Ok(())
    }

    /// Where record, leaf and tile do not agree: which of them is not what was signed. Nothing, if it
    /// is the tile, which is named when it is compared as a whole.
    fn judge(&self, leaf: Leaf, digest: Option<[u8; 32]>) -> Result<(), Wrong> {
        let index = self.seen();
        let bundle = Tile::bundle(index, self.size());
        let signed = self.signed(index);
        let is_signed = |leaf: Leaf| signed == Some(leaf_hash(&leaf.to_bytes()));
        let of_record = Leaf {
            digest: digest.unwrap_or(leaf.digest),
            ..leaf
        };
        let agree = of_record == leaf;
        let what = if signed.is_none() && !agree {
            format!(
                "the record and its leaf in {bundle} differ, and no tile tells which was signed"
            )
        } else if signed.is_none() || (is_signed(leaf) && agree) {
            return Ok(());
        } else if is_signed(leaf) {
            "the record is not the one that was signed".to_owned()
        } else if is_signed(of_record) {
            format!(
                "the record is the one that was signed, but its leaf in {bundle} is not; once the \
                 bundle is deleted, Pawl makes it anew"
            )
        } else {
            format!("the leaf in {bundle} is not the one that was signed")
        };
        Err(Wrong::what(what))
    }

    /// The hash of the leaf that was signed, if the tiles lead to it.
    fn signed(&self, index: u64) -> Option<Hash> {
        let look_up = || {
            let tiles = Authenticated::open(self.source, self.history.checkpoint()).ok()?;
            tiles.tile(0, index / WIDTH as u64).ok()
        };
        let signed = self.signed.get_or_init(look_up).as_ref()?;
        signed.get(usize::from(within_tile(index))).copied()
    }

    fn read_hashes(&self, tile: &Tile) -> Result<Vec<Hash>, Unreadable> {
        hashes_of(tile, &self.source.read(tile)?)
    }
}

/// What is wrong with a tile that should hold these hashes.
fn damage(tile: &Tile, hashes: &[Hash], found: Result<Vec<Hash>, Unreadable>) -> Option<String> {
    match found {
        Ok(found) if found == hashes => None,
        Ok(_) => Some(format!("{tile} holds other hashes than the leaves make up")),
        Err(error) => Some(error.to_string()),
    }
}
