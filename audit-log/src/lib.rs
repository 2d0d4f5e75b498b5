//! The proof that history was never altered: every event of the log is a leaf of a Merkle tree
//! (RFC 9162), whose tiles and signed checkpoints have the forms of C2SP's `tlog-tiles`,
//! `tlog-checkpoint` and `signed-note`. `docs/audit-log.md` says the same for people who write a
//! verifier of their own.
//!
//! Nothing here does I/O, and nothing here knows a secret but what it is handed: whoever writes the
//! log and whoever doubts it compute with the same code.

mod authenticated;
mod checkpoint;
pub mod export;
mod key;
mod leaf;
mod proof;
mod tile;
mod tree;
pub mod verify;

pub use authenticated::Authenticated;
pub use checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
pub use key::{Cosignature, KeyError, PublicKey, SigningKey};
pub use leaf::{EntryError, LEAF_BYTES, Leaf, Tag, TagKey, record_digest};
pub use proof::{
    InclusionProof, ProofError, consistency_proof, inclusion_proof, verify_consistency,
};
pub use signed_note::Signer;
pub use tile::{Bundle, BundleError, HASH_BYTES, Tile, TileKind, TileSource, Unreadable, WIDTH};
pub use tlog_tiles::Hash;
pub use tree::{FullTile, Tree, leaf_hash};
