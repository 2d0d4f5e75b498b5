//! A history as an export, or beside tiles: signed by a key that the reviewer knows.

use crate::moments::Beginning;
use audit_log::{
    Checkpoint, HASH_BYTES, Leaf, SignedCheckpoint, SigningKey, Tile, Tree,
    export::{End, FORMAT, Header, Line, Others, Record, opened_digest},
    leaf_hash,
};
use chrono::{DateTime, Utc};
use data_encoding::{BASE64, HEXLOWER};
use eventstore::keyring::Keyring;
use eventstore_schema::{
    Actor, CommandId, Event, EventId, Metadata, OrganizationId, Position, RecordedEvent, StreamName,
};
use pawl::{
    application::open_content,
    audit_log::{AUDIT_LOG_FOLDER, origin, owner, tag_key},
};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};
use uuid::Uuid;
use zeroize::Zeroizing;

/// A history that somebody signed.
pub struct Signed {
    organization: OrganizationId,
    events: Vec<RecordedEvent>,
    leaves: Vec<Leaf>,
    keyring: Keyring,
    key: SigningKey,
}

impl Signed {
    /// Signs what the log holds, whatever that is.
    pub fn of(log: Beginning, organization: OrganizationId, keyring: Keyring) -> Self {
        let events: Vec<_> = log
            .0
            .into_iter()
            .filter(|event| event.stream.is_ours())
            .collect();
        let leaf = |(index, event)| Leaf::of(event, index, &tag_key(&keyring, owner(event)));
        Self {
            organization,
            leaves: (0..).zip(&events).map(leaf).collect(),
            key: SigningKey::from_seed(&origin(&keyring), &Zeroizing::new([9; 32])),
            events,
            keyring,
        }
    }

    /// The public key, as the reviewer was given it.
    pub fn key(&self) -> String {
        self.key.public().to_string()
    }

    /// Records of the organization.
    pub fn records(&self) -> u64 {
        let ours = |event: &&RecordedEvent| owner(event) == Some(self.organization);
        self.events.iter().filter(ours).count() as u64
    }

    fn tree(&self) -> Tree {
        let mut tree = Tree::default();
        for leaf in &self.leaves {
            tree.append(leaf_hash(&leaf.to_bytes()));
        }
        tree
    }

    fn checkpoint(&self) -> SignedCheckpoint {
        let tree = self.tree();
        let checkpoint = Checkpoint {
            origin: origin(&self.keyring),
            size: tree.size(),
            root: tree.root(),
        };
        SignedCheckpoint::sign(checkpoint, &[&self.key]).unwrap()
    }

    /// Writes an export of the organization into this folder.
    pub fn export(&self, folder: &Path) -> PathBuf {
        let key = tag_key(&self.keyring, Some(self.organization));
        let mut lines = vec![Line::Header(Header {
            format: FORMAT.to_owned(),
            organization_id: Some(self.organization),
            tag_key: Some(HEXLOWER.encode(key.expose())),
            checkpoint: self.checkpoint().to_string(),
        })];
        for (index, (event, leaf)) in (0..).zip(self.events.iter().zip(&self.leaves)) {
            let entry = leaf.to_bytes();
            if owner(event) == Some(self.organization) {
                lines.push(Line::Record(self.record(index, event, leaf)));
            } else {
                let entries = BASE64.encode(&entry);
                lines.push(Line::Others(Others { index, entries }));
            }
        }
        lines.push(Line::End(End {
            records: self.records(),
            leaves: self.leaves.len() as u64,
        }));
        let text: String = lines
            .iter()
            .map(|line| serde_json::to_string(line).unwrap() + "\n")
            .collect();
        let file = folder.join("acme.ndjson");
        fs::write(&file, text).unwrap();
        file
    }

    fn record(&self, index: u64, event: &RecordedEvent, leaf: &Leaf) -> Record {
        let opened = open_content(&self.keyring, &event.data).unwrap();
        let content: Value = serde_json::from_str(&event.data).unwrap();
        Record {
            index,
            leaf: BASE64.encode(&leaf_hash(&leaf.to_bytes()).0),
            tag: None,
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

    /// Writes tiles and checkpoint beside the log in this data directory.
    pub fn write_tiles(&self, data: &Path) {
        let folder = data.join(AUDIT_LOG_FOLDER);
        let write = |path: String, bytes: &[u8]| {
            let file = folder.join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, bytes).unwrap();
        };
        let size = self.leaves.len() as u64;
        let mut tree = Tree::default();
        for leaf in &self.leaves {
            for full in tree.append(leaf_hash(&leaf.to_bytes())) {
                write(full.tile.path(), &bytes(&full.hashes));
            }
        }
        for (tile, hashes) in tree.partial_tiles() {
            write(tile.path(), &bytes(hashes));
        }
        for (number, leaves) in (0..).zip(self.leaves.chunks(audit_log::WIDTH)) {
            let mut bundle = audit_log::Bundle::default();
            for leaf in leaves {
                bundle.push(*leaf);
            }
            let tile = Tile::bundle(number * audit_log::WIDTH as u64, size);
            write(tile.path(), bundle.as_bytes());
        }
        write(
            "checkpoint".to_owned(),
            self.checkpoint().to_string().as_bytes(),
        );
    }
}

fn bytes(hashes: &[audit_log::Hash]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(hashes.len() * HASH_BYTES);
    for hash in hashes {
        bytes.extend(hash.0);
    }
    bytes
}

impl Beginning {
    /// Adds a record that no Pawl would have made.
    pub fn forge(
        &mut self,
        stream: StreamName,
        organization: OrganizationId,
        (actor, recorded_at): (Actor, DateTime<Utc>),
        event: impl Into<Event>,
    ) -> EventId {
        let event = event.into();
        let (event_type, version) = event.event_type();
        let command = Uuid::now_v7();
        let metadata = Metadata {
            version,
            recorded_at,
            actor,
            command_id: CommandId(command),
            command_digest: None,
            organization_id: Some(organization),
            correlation_id: command,
            causation_id: command,
        };
        let id = EventId(Uuid::now_v7());
        let revision = self.0.iter().filter(|event| event.stream == stream).count() as u64;
        let last = self.0.last().map_or(Position::START, |last| last.position);
        self.0.push(RecordedEvent {
            position: Position(last.0 + 1),
            stream,
            revision,
            id,
            event_type: event_type.to_owned(),
            metadata: metadata.encode().unwrap(),
            data: event.encode().unwrap(),
        });
        id
    }
}
