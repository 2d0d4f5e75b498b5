//! Proving that a log only grew, from a few of its tiles: without reading what it grew by, and so
//! without a word on the records.

use super::{Doubt, Sound, Wrong, history::History};
use crate::{
    Authenticated, PublicKey, SignedCheckpoint, TileSource, Unreadable, consistency_proof,
    verify_consistency,
};

/// Whether the tree that was signed goes on from those of the earlier checkpoints.
pub fn verify_growth(
    source: &impl TileSource,
    signed: &SignedCheckpoint,
    earlier: &[SignedCheckpoint],
    keys: &[PublicKey],
) -> Result<Sound, Doubt> {
    let mut history = History::begin(signed, earlier, keys)?;
    let checkpoint = history.checkpoint().clone();
    let unreadable = |error: Unreadable| Wrong::what(error.to_string());
    Authenticated::open(source, &checkpoint).map_err(unreadable)?;
    while let Some(earlier) = history.next_earlier() {
        let size = earlier.size;
        let proof = consistency_proof(size, &checkpoint, source).map_err(unreadable)?;
        if verify_consistency(&proof, &earlier, &checkpoint).is_err() {
            let what = format!("the first {size} leaves are not those of the earlier checkpoint");
            return Err(Wrong::what(what).into());
        }
        history.note_growth(size);
    }
    let (checkpoint, signatures, grown_since) = history.into_parts();
    Ok(Sound {
        organization_id: None,
        records: 0,
        checkpoint,
        signatures,
        grown_since,
    })
}
