//! The audit log of an installation: the Merkle tree over every event, built from the log as files that
//! anybody may read and any web server could serve, and signed. The crate `audit-log` computes, without
//! I/O; what reviewers do with it at the command line is in `audit`.

mod anchor;
mod builder;
mod claim;
mod cursor;
mod export;
mod files;
mod growth;
mod inspection;
mod keepers;
mod publisher;
pub mod rotation;
mod signers;
#[cfg(test)]
mod tests;
mod witnesses;

pub use anchor::{Anchor, AnchorError};
pub use builder::AuditLog;
pub use claim::Refusal;
pub use export::{ExportError, Exporter, Opener, Whose};
pub use files::TileFiles;
pub use growth::{Growth, Source};
pub use keepers::Keepers;
pub use publisher::Publisher;
pub use signers::Signers;
pub use witnesses::{Witness, Witnesses};

use audit_log::{CheckpointError, TagKey};
use data_encoding::HEXLOWER;
use eventstore::{
    StoreError,
    keyring::{Keyring, KeyringError},
};
use eventstore_schema::{OrganizationId, RecordedEvent};
use std::io;

/// The folder of the audit log, in the directory that the nodes share.
pub const AUDIT_LOG_FOLDER: &str = "audit-log";

/// What this log calls itself in its checkpoints: the same on every node, whatever its address.
#[must_use]
pub fn origin(keyring: &Keyring) -> String {
    let name = keyring.mac("audit log origin", b"");
    format!("pawl-audit-log/{}", HEXLOWER.encode(&name[..16]))
}

/// The key by which an organization's leaves are recognised; those of events that belong to none
/// are recognised by the operator's.
#[must_use]
pub fn tag_key(keyring: &Keyring, organization: Option<OrganizationId>) -> TagKey {
    let whose = organization.map_or_else(|| "installation".to_owned(), |id| id.to_string());
    TagKey::new(keyring.mac("audit log tag", whose.as_bytes()))
}

/// Whose an event is. One whose envelope cannot be read is the operator's to explain.
#[must_use]
pub fn owner(event: &RecordedEvent) -> Option<OrganizationId> {
    event.read_metadata().ok()?.organization_id
}

/// What keeps the audit log from going on.
#[derive(Debug, thiserror::Error)]
pub enum AuditLogError {
    /// The log failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keyring failed.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The files cannot be read or written.
    #[error("the audit log: {0}")]
    Files(#[from] io::Error),
    /// The checkpoint cannot be signed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The anchor cannot be used.
    #[error(transparent)]
    Anchor(#[from] AnchorError),
    /// The witnesses cannot be asked at all.
    #[error("the witnesses: {0}")]
    Witnesses(String),
    /// The log is not what was said of it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Another log has taken the place of the one that the tree was built from.
    #[error("the log no longer has the event at which the audit log ends")]
    Replaced,
}
