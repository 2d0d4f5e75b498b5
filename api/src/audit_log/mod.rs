//! The audit log: the Merkle tree over every event, as files that anybody may read and any web server
//! could serve.

mod export;
mod files;

pub use export::{ExportError, Exporter, Opener, Whose};
pub use files::TileFiles;

use audit_log::TagKey;
use data_encoding::HEXLOWER;
use eventstore::keyring::Keyring;
use eventstore_schema::{OrganizationId, RecordedEvent};

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
