//! Histories of several organizations, and what Pawl would sign and export of them.

use super::*;
use crate::{
    Leaf, PublicKey, SignedCheckpoint, SigningKey, TagKey, Tree,
    export::{End, FORMAT, Header, Line, Others, Record, opened_digest},
    leaf_hash,
};
use data_encoding::{BASE64, HEXLOWER};
use eventstore_schema::{Actor, CommandId, Metadata, Position, StreamName};
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;
use zeroize::Zeroizing;

const ORIGIN: &str = "pawl-audit-log/test";

pub(super) fn signing_key(seed: u8) -> SigningKey {
    SigningKey::from_seed(ORIGIN, &Zeroizing::new([seed; 32]))
}

/// The key that the reviewer trusts.
pub(super) fn public_key() -> PublicKey {
    signing_key(1).public()
}

pub(super) fn id(kind: &str, number: usize) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{kind} {number}").as_bytes())
}

pub(super) fn organization(number: usize) -> OrganizationId {
    OrganizationId(id("organization", number))
}

/// A history, with the leaves that were signed.
pub(super) struct World {
    pub(super) events: Vec<(usize, RecordedEvent)>,
    pub(super) leaves: Vec<Leaf>,
}

impl World {
    /// A history in which each choice is an event: of one of three organizations, or of none, in one
    /// of their streams. The first organization always has one.
    pub(super) fn of(choices: &[u8]) -> Self {
        let mut revisions = HashMap::new();
        let mut world = Self {
            events: Vec::new(),
            leaves: Vec::new(),
        };
        for (number, choice) in std::iter::once(&0).chain(choices).enumerate() {
            let (whose, which) = (usize::from(choice % 4), choice / 4 % 3);
            let stream = match which {
                0 => format!("organization-{}", organization(whose)),
                _ => format!("user-{}", id("user", whose * 3 + usize::from(which))),
            };
            let revision = revisions.entry(stream.clone()).or_insert(0_u64);
            let event = event(number, whose, stream, *revision);
            *revision += 1;
            let leaf = Leaf::of(&event, number as u64, &Self::key(whose));
            world.events.push((whose, event));
            world.leaves.push(leaf);
        }
        world
    }

    fn key(whose: usize) -> TagKey {
        TagKey::new([u8::try_from(whose).unwrap() + 1; 32])
    }

    pub(super) fn signed(&self) -> SignedCheckpoint {
        self.signed_by(1, self.leaves.len())
    }

    /// The checkpoint of the history when it had so many leaves.
    pub(super) fn signed_by(&self, seed: u8, size: usize) -> SignedCheckpoint {
        let mut tree = Tree::default();
        for leaf in &self.leaves[..size] {
            tree.append(leaf_hash(&leaf.to_bytes()));
        }
        sign(seed, size as u64, tree.root())
    }

    /// The lines of an export, of an organization or of everything.
    pub(super) fn export(&self, whose: Option<usize>) -> Vec<Line> {
        let mut lines = vec![Line::Header(Header {
            format: FORMAT.into(),
            organization_id: whose.map(organization),
            tag_key: whose.map(|whose| HEXLOWER.encode(Self::key(whose).expose())),
            checkpoint: self.signed().to_string(),
        })];
        let mut records = 0;
        for (index, (leaf, (owner, event))) in (0..).zip(self.leaves.iter().zip(&self.events)) {
            if whose.is_none_or(|whose| whose == *owner) {
                records += 1;
                lines.push(Line::Record(record(index, leaf, event, whose.is_none())));
            } else if let Some(Line::Others(others)) = lines.last_mut() {
                let mut entries = BASE64.decode(others.entries.as_bytes()).unwrap();
                entries.extend(leaf.to_bytes());
                others.entries = BASE64.encode(&entries);
            } else {
                lines.push(others(index, &[*leaf]));
            }
        }
        let leaves = self.leaves.len() as u64;
        lines.push(Line::End(End { records, leaves }));
        lines
    }
}

pub(super) fn sign(seed: u8, size: u64, root: crate::Hash) -> SignedCheckpoint {
    let checkpoint = Checkpoint {
        origin: ORIGIN.into(),
        size,
        root,
    };
    SignedCheckpoint::sign(checkpoint, &[&signing_key(seed)]).unwrap()
}

fn event(number: usize, whose: usize, stream: String, revision: u64) -> RecordedEvent {
    let metadata = Metadata {
        version: 1,
        recorded_at: "2026-11-26T12:00:00Z".parse().unwrap(),
        actor: Actor::Operator,
        command_id: CommandId(id("command", number)),
        command_digest: None,
        organization_id: (whose < 3).then(|| organization(whose)),
        correlation_id: id("request", number),
        causation_id: id("command", number),
    };
    let data = match number % 3 {
        0 => json!({}),
        1 => json!({ "role": "member", "size": number, "note": "a \"word\"\n\u{e9}" }),
        _ => json!({ "name": { "key": "person/1", "box": "AAAA" }, "of": { "zone": 1, "at": 2 } }),
    };
    RecordedEvent {
        position: Position(number as u64 + 1),
        stream: StreamName::named(stream),
        revision,
        id: EventId(id("event", number)),
        event_type: ["SignedIn", "UserInvited"][number % 2].into(),
        metadata: metadata.encode().unwrap(),
        data: data.to_string(),
    }
}

fn record(index: u64, leaf: &Leaf, event: &RecordedEvent, tagged: bool) -> Record {
    let content: serde_json::Value = serde_json::from_str(&event.data).unwrap();
    let mut opened = content.clone();
    if let Some(name) = opened.get_mut("name") {
        *name = json!("Ada");
    }
    Record {
        index,
        leaf: BASE64.encode(&leaf_hash(&leaf.to_bytes()).0),
        tag: tagged.then(|| HEXLOWER.encode(&leaf.tag.0)),
        stream: event.stream.clone(),
        revision: event.revision,
        event_id: event.id,
        event_type: event.event_type.clone(),
        metadata: event.metadata.clone(),
        data: event.data.clone(),
        opened_digest: opened_digest(&content, &opened),
        opened,
    }
}

pub(super) fn others(index: u64, leaves: &[Leaf]) -> Line {
    let entries = leaves.iter().flat_map(|leaf| leaf.to_bytes());
    let entries = BASE64.encode(&entries.collect::<Vec<_>>());
    Line::Others(Others { index, entries })
}

fn text(line: &Line) -> Vec<u8> {
    let mut text = serde_json::to_vec(line).unwrap();
    text.push(b'\n');
    text
}

pub(super) fn file(lines: &[Line]) -> Vec<u8> {
    lines.iter().flat_map(text).collect()
}
