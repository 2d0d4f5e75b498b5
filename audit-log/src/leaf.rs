//! What a leaf of the tree holds: a digest of the record, and a tag by which those whom it concerns
//! recognise it. Neither says anything to anybody else.

use eventstore_schema::RecordedEvent;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use std::fmt;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// Bytes of a leaf: 32 of the digest, then 32 of the tag.
pub const LEAF_BYTES: usize = 64;

/// What the digest of a record begins with, so that it is the digest of nothing else.
const RECORD: &[u8] = b"pawl record v1\n";
/// What the message of a tag begins with.
const TAG: &[u8] = b"pawl tag v1\n";

/// The digest of a record, byte for byte as it is stored: SHA-256 of `pawl record v1` and a newline,
/// then of its stream, revision (decimal), event id, type, metadata and data, each behind its length
/// in 8 bytes, big-endian. Its position is no part of it, for a log that moves to another store gets
/// other positions there; that the order stays is what the tree says.
///
/// The ids in a record are random enough that nobody guesses it from its digest.
#[must_use]
pub fn record_digest(record: &RecordedEvent) -> [u8; 32] {
    let revision = record.revision.to_string();
    let id = record.id.to_string();
    let mut digest = Sha256::new_with_prefix(RECORD);
    for field in [
        record.stream.as_str(),
        &revision,
        &id,
        &record.event_type,
        &record.metadata,
        &record.data,
    ] {
        digest.update((field.len() as u64).to_be_bytes());
        digest.update(field);
    }
    digest.finalize().into()
}

/// The key of an organization, by which its reviewers recognise their leaves.
#[derive(Clone)]
pub struct TagKey(Zeroizing<[u8; 32]>);

impl TagKey {
    /// A key from its bytes.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self(Zeroizing::new(key))
    }

    /// Its bytes, for those who may recognise.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The tag of the leaf at this index: HMAC-SHA256 under this key of `pawl tag v1`, a newline and
    /// the index in 8 bytes, big-endian.
    #[must_use]
    pub fn tag(&self, index: u64) -> Tag {
        self.tags().at(index)
    }

    /// For many tags: the key is taken in once.
    pub(crate) fn tags(&self) -> Tags {
        // A key shorter than the block is padded with zeros (RFC 2104 section 2).
        let mut block = Zeroizing::new([0; 64]);
        block[..32].copy_from_slice(&*self.0);
        Tags(Hmac::new(&(*block).into()))
    }
}

/// The tags under one key.
pub(crate) struct Tags(Hmac<Sha256>);

impl Tags {
    /// See [`TagKey::tag`].
    pub(crate) fn at(&self, index: u64) -> Tag {
        let mut mac = self.0.clone();
        mac.update(TAG);
        mac.update(&index.to_be_bytes());
        Tag(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for TagKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TagKey(…)")
    }
}

/// Says to those who have the key, and to nobody else, whose leaf it is.
#[derive(Clone, Copy, Debug)]
pub struct Tag(pub [u8; 32]);

impl PartialEq for Tag {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Tag {}

/// A leaf of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The digest of the record; see [`record_digest`].
    pub digest: [u8; 32],
    /// Whose it is.
    pub tag: Tag,
}

/// An entry that is no leaf of this log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an entry has {0} bytes, and a leaf has {LEAF_BYTES}")]
pub struct EntryError(pub usize);

impl Leaf {
    /// The leaf of a record at this index.
    #[must_use]
    pub fn of(record: &RecordedEvent, index: u64, key: &TagKey) -> Self {
        Self {
            digest: record_digest(record),
            tag: key.tag(index),
        }
    }

    /// As an entry of the log.
    #[must_use]
    pub fn to_bytes(self) -> [u8; LEAF_BYTES] {
        let mut bytes = [0; LEAF_BYTES];
        bytes[..32].copy_from_slice(&self.digest);
        bytes[32..].copy_from_slice(&self.tag.0);
        bytes
    }

    /// From an entry of the log.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EntryError> {
        let whole: &[u8; LEAF_BYTES] = bytes.try_into().map_err(|_| EntryError(bytes.len()))?;
        let (mut digest, mut tag) = ([0; 32], [0; 32]);
        digest.copy_from_slice(&whole[..32]);
        tag.copy_from_slice(&whole[32..]);
        Ok(Self {
            digest,
            tag: Tag(tag),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;
    use eventstore_schema::{EventId, Position, StreamName};

    fn record() -> RecordedEvent {
        RecordedEvent {
            position: Position(7),
            stream: StreamName::named("organization-a"),
            revision: 1,
            id: "0190163d-8694-739b-aea5-966c26f8ad91"
                .parse::<EventId>()
                .unwrap(),
            event_type: "TwoFactorEnforced".into(),
            metadata: "{}".into(),
            data: "{ }".into(),
        }
    }

    /// Computed by another program, and never to change again.
    #[test]
    fn the_form_of_a_leaf_is_fixed() {
        let leaf = Leaf::of(&record(), 258, &TagKey::new([7; 32]));
        assert_eq!(
            (
                HEXLOWER.encode(&leaf.digest).as_str(),
                HEXLOWER.encode(&leaf.tag.0).as_str()
            ),
            (
                "4840c766826c946991d0ad01178f22e8abe46e62dd13f20e631704d87bfcf586",
                "13ab96b57956be3d12f41424f1ace4f0bde1c3f5678edceb46283cf514b87ea2"
            )
        );
        assert_eq!(Leaf::from_bytes(&leaf.to_bytes()), Ok(leaf));
        assert_eq!(Leaf::from_bytes(&[0; 63]), Err(EntryError(63)));
    }

    #[test]
    fn every_field_counts_and_none_runs_into_the_next() {
        let of = |change: fn(&mut RecordedEvent)| {
            let mut record = record();
            change(&mut record);
            record_digest(&record)
        };
        let mut digests = vec![
            of(|_| ()),
            of(|record| record.stream = StreamName::named("organization-b")),
            of(|record| record.revision = 2),
            of(|record| record.id = EventId(uuid::Uuid::nil())),
            of(|record| record.event_type.push('d')),
            of(|record| record.metadata.push(' ')),
            of(|record| record.data.push(' ')),
            of(|record| {
                record.metadata = "{".into();
                record.data = "}{ }".into();
            }),
        ];
        let all = digests.len();
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), all);
        assert_eq!(of(|record| record.position = Position(8)), of(|_| ()));
    }
}
