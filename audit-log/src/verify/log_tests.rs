//! A log and its tiles, either of them changed: what was altered is named, and only that.

use super::{
    Doubt, LogVerifier, Sound,
    test_world::{World, public_key},
    verify_growth,
};
use crate::{Bundle, Hash, Tile, TileSource, Tree, Unreadable, WIDTH, leaf_hash};
use proptest::{prelude::*, sample::Index};
use std::{cell::Cell, collections::HashMap};

/// Tiles in memory.
#[derive(Clone)]
struct Tiles(HashMap<String, Vec<u8>>);

impl TileSource for Tiles {
    fn read(&self, tile: &Tile) -> Result<Vec<u8>, Unreadable> {
        let found = self.0.get(&tile.path()).cloned();
        found.ok_or_else(|| Unreadable(format!("{tile} is not there")))
    }
}

impl Tiles {
    fn of(world: &World) -> Self {
        let mut tiles = Self(HashMap::new());
        let mut tree = Tree::default();
        let bytes = |hashes: &[Hash]| hashes.iter().flat_map(|hash| hash.0).collect();
        for leaf in &world.leaves {
            for full in tree.append(leaf_hash(&leaf.to_bytes())) {
                tiles.0.insert(full.tile.path(), bytes(&full.hashes));
            }
        }
        for (tile, hashes) in tree.partial_tiles() {
            tiles.0.insert(tile.path(), bytes(hashes));
        }
        for (first, leaves) in (0..).step_by(WIDTH).zip(world.leaves.chunks(WIDTH)) {
            let mut bundle = Bundle::default();
            for leaf in leaves {
                bundle.push(*leaf);
            }
            let tile = Tile::bundle(first, world.leaves.len() as u64);
            tiles.0.insert(tile.path(), bundle.as_bytes().to_vec());
        }
        tiles
    }
}

fn verify(world: &World, tiles: &Tiles) -> Result<Sound, Doubt> {
    let keys = [public_key()];
    let mut verifier = LogVerifier::new(tiles, &world.signed(), &[], &keys)?;
    for (_, event) in &world.events {
        verifier.record(event)?;
    }
    verifier.finish()
}

fn long() -> World {
    let choices: Vec<_> = (0..700_u32).map(|number| number.to_le_bytes()[0]).collect();
    World::of(&choices)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_changed_tile_is_named(which: Index, at: Index, bit in 0..8_u8) {
        let world = long();
        let mut tiles = Tiles::of(&world);
        let mut paths: Vec<_> = tiles.0.keys().cloned().collect();
        paths.sort();
        let path = &paths[which.index(paths.len())];
        let bytes = tiles.0.get_mut(path).unwrap();
        let byte = at.index(bytes.len());
        bytes[byte] ^= 1 << bit;
        match verify(&world, &tiles) {
            Err(Doubt::NotSound(wrong)) => {
                prop_assert!(wrong.what.contains(path), "{}", wrong);
                let as_signed = wrong.what.contains("the records themselves are as they were signed");
                prop_assert_eq!(as_signed, !path.contains("entries"), "{}", wrong);
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn a_changed_record_is_named_though_its_leaf_was_changed_too(at: Index, with_leaf: bool) {
        let mut world = long();
        let signed = Tiles::of(&world);
        let at = at.index(world.events.len());
        let event = &mut world.events[at].1;
        event.data.push(' ');
        let (id, digest) = (event.id, crate::record_digest(event));
        let mut tiles = signed;
        if with_leaf {
            let tile = Tile::bundle(at as u64, world.leaves.len() as u64);
            let begin = at % WIDTH * 66 + 2;
            tiles.0.get_mut(&tile.path()).unwrap()[begin..begin + 32].copy_from_slice(&digest);
        }
        match verify(&world, &tiles) {
            Err(Doubt::NotSound(wrong)) => {
                prop_assert_eq!(wrong.index, Some(at as u64));
                prop_assert_eq!(wrong.event_id, Some(id));
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }
}

#[test]
fn that_a_log_only_grew_is_proved_by_a_few_tiles() {
    let world = long();
    let mut tiles = Tiles::of(&world);
    let grew = |tiles: &Tiles, earlier: &[_]| {
        verify_growth(tiles, &world.signed(), earlier, &[public_key()])
    };
    let earlier = [700, 0, 1, 256, 701].map(|size| world.signed_by(1, size));
    let sound = grew(&tiles, &earlier).unwrap();
    assert_eq!(sound.grown_since, [0, 1, 256, 700, 701]);
    let other = World::of(&[3; 9]);
    assert!(grew(&tiles, &[other.signed()]).is_err());
    tiles.0.remove("tile/0/001");
    assert!(grew(&tiles, &[world.signed_by(1, 300)]).is_err());
}

#[test]
fn a_log_is_not_sound_without_its_tiles_of_hashes() {
    let world = long();
    let mut tiles = Tiles::of(&world);
    assert_eq!(verify(&world, &tiles).unwrap().records, 701);
    tiles.0.retain(|path, _| path.contains("entries"));
    let found = verify(&world, &tiles).unwrap_err().to_string();
    assert_eq!(found.matches("is not there").count(), 4, "{found}");
}

/// However many leaves do not agree with the tiles over them, what was signed is looked up once for
/// each bundle.
#[test]
fn wrong_tiles_of_hashes_are_not_read_for_each_leaf() {
    let world = long();
    let mut tiles = Tiles::of(&world);
    for (path, bytes) in &mut tiles.0 {
        if path.starts_with("tile/0/") {
            bytes.fill(7);
        }
    }
    let counted = Counted(&tiles, Cell::new(0));
    let mut verifier = LogVerifier::new(&counted, &world.signed(), &[], &[public_key()]).unwrap();
    while verifier.seen() < verifier.size() {
        verifier.leaf_alone().unwrap();
    }
    let found = verifier.finish().unwrap_err().to_string();
    assert!(found.contains("the leaves themselves are as they were signed"));
    assert!(counted.1.get() < 30, "{}", counted.1.get());
}

/// Tiles that count how often they are read.
struct Counted<'a>(&'a Tiles, Cell<u32>);

impl TileSource for Counted<'_> {
    fn read(&self, tile: &Tile) -> Result<Vec<u8>, Unreadable> {
        self.1.update(|count| count + 1);
        self.0.read(tile)
    }
}
