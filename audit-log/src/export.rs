//! An export: the records of an organization, and of everything else that the log holds only the
//! leaves, so that whoever has the file can compute the whole tree. One JSON object a line.

use data_encoding::HEXLOWER;
use eventstore_schema::{EventId, OrganizationId, Position, RecordedEvent, StreamName};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// What the first line of an export says it is.
pub const FORMAT: &str = "pawl-audit-export/1";

/// A line of an export.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Line {
    /// The first line.
    Header(Header),
    /// A record of the organization, at its place in the order of the log.
    Record(Record),
    /// Leaves of others, one after the other.
    Others(Others),
    /// The last line; without it the file was cut off.
    End(End),
}

/// What an export is of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`FORMAT`].
    pub format: String,
    /// Whose records it has; those of everybody where there is none.
    pub organization_id: Option<OrganizationId>,
    /// The organization's key, in hexadecimal, by which its leaves are recognised. An export of
    /// everything has none, and each record its tag.
    pub tag_key: Option<String>,
    /// The signed checkpoint up to which it goes.
    pub checkpoint: String,
}

/// A record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The index of its leaf.
    pub index: u64,
    /// The hash of its leaf, in base64: it tells which record was changed.
    pub leaf: String,
    /// Its tag, in hexadecimal, where the header has no key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The stream that it belongs to.
    pub stream: StreamName,
    /// Its place in that stream.
    pub revision: u64,
    /// Identifies it.
    pub event_id: EventId,
    /// The name of its type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Its envelope, byte for byte as it is stored.
    pub metadata: String,
    /// Its content, byte for byte as it is stored: personal data and secrets are sealed.
    pub data: String,
    /// Its content with personal data opened, as far as it can be; it says the same otherwise.
    pub opened: Value,
    /// See [`opened_digest`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_digest: Option<String>,
}

/// SHA-256, in hexadecimal, of the text of the opened content, where it is another than that of the
/// content: nothing that was signed covers what was opened, and this at least tells when it was
/// damaged by accident.
#[must_use]
pub fn opened_digest(content: &Value, opened: &Value) -> Option<String> {
    (content != opened).then(|| HEXLOWER.encode(&Sha256::digest(opened.to_string())))
}

impl Record {
    /// The record as the log holds it. Its position is that of its leaf, counted from 1.
    #[must_use]
    pub fn recorded(&self) -> RecordedEvent {
        RecordedEvent {
            position: Position(self.index + 1),
            stream: self.stream.clone(),
            revision: self.revision,
            id: self.event_id,
            event_type: self.event_type.clone(),
            metadata: self.metadata.clone(),
            data: self.data.clone(),
        }
    }
}

/// Leaves of others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Others {
    /// The index of the first.
    pub index: u64,
    /// The leaves, 64 bytes each, in base64.
    pub entries: String,
}

/// How much there was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// Records of the organization.
    pub records: u64,
    /// Leaves altogether: the size of the tree.
    pub leaves: u64,
}
