//! Tiles: a path is that of one tile at most, a bundle is read as it was written, and no
//! tiles stop whoever computes with them.
#![no_main]

use audit_log::{
    Authenticated, Bundle, Checkpoint, Hash, Tile, TileSource, Unreadable, inclusion_proof,
};
use libfuzzer_sys::fuzz_target;

/// The same bytes in every tile.
struct Same<'a>(&'a [u8]);

impl TileSource for Same<'_> {
    fn read(&self, tile: &Tile) -> Result<Vec<u8>, Unreadable> {
        let bytes = self.0.iter().copied().cycle();
        Ok(bytes.take(tile.bytes().min(self.0.len() * 8)).collect())
    }
}

fuzz_target!(|input: (u64, u64, &str, &[u8])| {
    let (size, index, path, bytes) = input;
    if let Some(tile) = Tile::at(path) {
        assert_eq!(tile.path(), path);
        assert!(tile.width() > 0 && tile.bytes() > 0);
    }
    if let Ok(bundle) = Bundle::parse(bytes.to_vec()) {
        let mut again = Bundle::default();
        bundle.leaves().for_each(|leaf| again.push(leaf));
        assert_eq!(again.as_bytes(), bytes);
    }
    let checkpoint = Checkpoint {
        origin: "log".to_owned(),
        size: size >> 16,
        root: Hash([0; 32]),
    };
    let source = Same(bytes);
    // A root can stand in a tile by itself, so either may come of it; only never the end of the program.
    let _ = Authenticated::open(&source, &checkpoint);
    let _ = inclusion_proof(index, &checkpoint, &source);
});
