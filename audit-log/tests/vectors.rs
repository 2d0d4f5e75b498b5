//! Leaves, trees, tiles, checkpoints and proofs, held against what a verifier says that shares no code
//! with this crate: `tests/verifier/vectors.json`, which is made from the public texts and
//! `docs/audit-log.md` alone.

#![expect(clippy::unwrap_used, reason = "it is all test")]

use audit_log::{
    Checkpoint, Cosignature, Hash, InclusionProof, Leaf, PublicKey, SignedCheckpoint, SigningKey,
    TagKey, Tile, TileSource, Tree, Unreadable, consistency_proof, inclusion_proof, leaf_hash,
    verify_consistency,
};
use data_encoding::HEXLOWER;
use eventstore_schema::{Position, RecordedEvent};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::{collections::HashMap, sync::LazyLock};
use zeroize::Zeroizing;

static VECTORS: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../tests/verifier/vectors.json")).unwrap()
});

/// The leaf at an index of the trees.
fn leaf(index: u64) -> Hash {
    let half = |name: &str| Sha256::digest(format!("{name} {index}"));
    leaf_hash(&[half("digest"), half("tag")].concat())
}

#[derive(Default)]
struct Tiles(HashMap<String, Vec<u8>>);

impl TileSource for Tiles {
    fn read(&self, tile: &Tile) -> Result<Vec<u8>, Unreadable> {
        let found = self.0.get(&tile.path()).cloned();
        found.ok_or_else(|| Unreadable(tile.path()))
    }
}

impl Tiles {
    fn of(size: u64) -> Self {
        let (mut tiles, mut tree) = (Self::default(), Tree::default());
        for index in 0..size {
            for full in tree.append(leaf(index)) {
                tiles.keep(&full.tile, &full.hashes);
            }
        }
        for (tile, hashes) in tree.partial_tiles() {
            tiles.keep(&tile, hashes);
        }
        tiles
    }

    fn keep(&mut self, tile: &Tile, hashes: &[Hash]) {
        let bytes = hashes.iter().flat_map(|hash| hash.0).collect();
        self.0.insert(tile.path(), bytes);
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn all(name: &str) -> &'static [Value] {
    VECTORS[name].as_array().unwrap()
}

/// The sizes of the trees.
const SIZES: [u64; 12] = [0, 1, 2, 3, 7, 8, 255, 256, 257, 65_536, 65_537, 70_000];

/// Their roots.
static ROOTS: LazyLock<HashMap<u64, Hash>> = LazyLock::new(|| {
    let mut tree = Tree::default();
    let to = |size| {
        (tree.size()..size).for_each(|index| drop(tree.append(leaf(index))));
        (size, tree.root())
    };
    SIZES.into_iter().map(to).collect()
});

/// The checkpoint of the log of the vectors at a size.
fn checkpoint(size: u64) -> Checkpoint {
    Checkpoint {
        origin: signing_key().public().name().to_owned(),
        size,
        root: ROOTS[&size],
    }
}

fn signing_key() -> SigningKey {
    let key: PublicKey = text(&VECTORS["log"]).parse().unwrap();
    SigningKey::from_seed(key.name(), &Zeroizing::new([0; 32]))
}

fn sign(size: u64) -> SignedCheckpoint {
    let witness: PublicKey = text(&VECTORS["witness"]).parse().unwrap();
    let witness = SigningKey::from_seed(witness.name(), &Zeroizing::new([b'w'; 32]));
    let cosignature = Cosignature::at(witness, number(&VECTORS["time"]));
    SignedCheckpoint::sign(checkpoint(size), &[&signing_key(), &cosignature]).unwrap()
}

#[test]
fn leaves_are_what_the_page_for_outsiders_says() {
    let mut key = [0; 32];
    let written = HEXLOWER.decode(text(&VECTORS["tag_key"]).as_bytes());
    key.copy_from_slice(&written.unwrap());
    for vector in all("records") {
        let index = number(&vector["index"]);
        let record = RecordedEvent {
            position: Position(7),
            stream: serde_json::from_value(vector["stream"].clone()).unwrap(),
            revision: number(&vector["revision"]),
            id: text(&vector["event_id"]).parse().unwrap(),
            event_type: text(&vector["type"]).to_owned(),
            metadata: text(&vector["metadata"]).to_owned(),
            data: text(&vector["data"]).to_owned(),
        };
        let entry = Leaf::of(&record, index, &TagKey::new(key)).to_bytes();
        assert_eq!(HEXLOWER.encode(&entry), text(&vector["entry"]), "{index}");
        let hash = leaf_hash(&entry).to_string();
        assert_eq!(hash, text(&vector["leaf"]), "{index}");
    }
}

#[test]
fn checkpoints_are_signed_and_cosigned_byte_for_byte_alike() {
    let keys = ["log", "witness"].map(|name| text(&VECTORS[name]).parse::<PublicKey>().unwrap());
    assert_eq!(all("checkpoints").len(), SIZES.len());
    for note in all("checkpoints") {
        let parsed = SignedCheckpoint::parse(text(note)).unwrap();
        let (signed, witnesses) = parsed.verify(&keys).unwrap();
        assert_eq!(witnesses, [&keys[1]]);
        assert_eq!(signed, &checkpoint(signed.size));
        assert_eq!(sign(signed.size).to_string(), text(note));
    }
}

#[test]
fn tiles_hold_the_same_hashes_at_the_same_paths() {
    let tiles = Tiles::of(70_000);
    let expected = VECTORS["tiles"].as_object().unwrap();
    assert_eq!(expected.len(), 5);
    for (path, digest) in expected {
        let found = HEXLOWER.encode(&Sha256::digest(&tiles.0[path]));
        assert_eq!(found, text(digest), "{path}");
    }
}

#[test]
fn proofs_are_the_same() {
    for vector in all("inclusion") {
        let (index, size) = (number(&vector["index"]), number(&vector["size"]));
        let made = inclusion_proof(index, &checkpoint(size), &Tiles::of(size)).unwrap();
        assert_eq!(made.to_text(&sign(size)), text(&vector["proof"]));
        let (read, within) = InclusionProof::parse(text(&vector["proof"])).unwrap();
        read.verify(leaf(index), within.unverified()).unwrap();
    }
    for vector in all("consistency") {
        let [older, newer] = ["older", "newer"].map(|size| number(&vector[size]));
        let path = vector["path"].as_array().unwrap();
        let path: Vec<_> = path.iter().map(text).collect();
        let made = consistency_proof(older, &checkpoint(newer), &Tiles::of(newer)).unwrap();
        let written: Vec<_> = made.iter().map(Hash::to_string).collect();
        assert_eq!(written, path, "{older} in {newer}");
        verify_consistency(&made, &checkpoint(older), &checkpoint(newer)).unwrap();
    }
}
