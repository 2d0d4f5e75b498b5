//! An export with some of its bytes changed: it is sound where nothing is, and nowhere else.
#![no_main]

use arbitrary::Arbitrary;
use audit_log::{
    Checkpoint, Leaf, SignedCheckpoint, SigningKey, TagKey, Tree,
    export::{End, FORMAT, Header, Line, Others, Record},
    leaf_hash,
    verify::{Doubt, ExportVerifier, Sound},
};
use data_encoding::{BASE64, HEXLOWER};
use eventstore_schema::{EventId, OrganizationId, Position, RecordedEvent, StreamName};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use zeroize::Zeroizing;

const ORGANIZATION: &str = "0190163d-8694-739b-aea5-966c26f8ad91";

/// What is done to it, at a place counted from the beginning and over again.
#[derive(Arbitrary, Debug)]
enum Edit {
    Set(u16, u8),
    Insert(u16, Vec<u8>),
    Remove(u16, u8),
    Repeat(u16, u16, u8),
}

static EXPORT: LazyLock<Vec<u8>> = LazyLock::new(export);

fuzz_target!(|edits: Vec<Edit>| {
    let mut file = EXPORT.clone();
    for edit in edits {
        apply(&mut file, edit);
    }
    assert_eq!(verify(&file).is_ok(), file == *EXPORT);
});

fn apply(file: &mut Vec<u8>, edit: Edit) {
    let length = file.len();
    let at = |at: u16| usize::from(at) % (length + 1);
    let piece = |from: u16, count: u8| at(from)..length.min(at(from) + usize::from(count));
    match edit {
        Edit::Set(place, byte) => file[at(place)..]
            .iter_mut()
            .take(1)
            .for_each(|old| *old = byte),
        Edit::Insert(place, bytes) => drop(file.splice(at(place)..at(place), bytes)),
        Edit::Remove(place, count) => drop(file.drain(piece(place, count))),
        Edit::Repeat(from, to, count) => {
            let bytes = file[piece(from, count)].to_vec();
            file.splice(at(to)..at(to), bytes);
        }
    }
}

fn key() -> SigningKey {
    SigningKey::from_seed("log", &Zeroizing::new([1; 32]))
}

fn verify(file: &[u8]) -> Result<Sound, Doubt> {
    let mut verifier = ExportVerifier::new(vec![key().public()], Vec::new());
    for line in file.split_inclusive(|byte| *byte == b'\n') {
        verifier.line(line)?;
    }
    verifier.finish()
}

/// Two records of the organization, and between them one of another.
fn export() -> Vec<u8> {
    let (own, other) = (TagKey::new([2; 32]), TagKey::new([3; 32]));
    let mut tree = Tree::default();
    let mut lines = Vec::new();
    for index in 0..3_u64 {
        let event = event(index);
        let leaf = Leaf::of(&event, index, if index == 1 { &other } else { &own });
        let hash = leaf_hash(&leaf.to_bytes());
        tree.append(hash);
        lines.push(if index == 1 {
            let entries = BASE64.encode(&leaf.to_bytes());
            Line::Others(Others { index, entries })
        } else {
            Line::Record(record(index, event, BASE64.encode(&hash.0)))
        });
    }
    let checkpoint = Checkpoint {
        origin: "log".to_owned(),
        size: 3,
        root: tree.root(),
    };
    let header = Line::Header(Header {
        format: FORMAT.to_owned(),
        organization_id: Some(organization()),
        tag_key: Some(HEXLOWER.encode(own.expose())),
        checkpoint: SignedCheckpoint::sign(checkpoint, &[&key()])
            .unwrap()
            .to_string(),
    });
    let end = Line::End(End {
        records: 2,
        leaves: 3,
    });
    let lines = std::iter::once(header).chain(lines).chain([end]);
    lines
        .map(|line| serde_json::to_string(&line).unwrap() + "\n")
        .collect::<String>()
        .into()
}

fn organization() -> OrganizationId {
    serde_json::from_value(ORGANIZATION.into()).unwrap()
}

fn event(index: u64) -> RecordedEvent {
    let metadata = serde_json::json!({
        "version": 1, "recorded_at": "2026-11-26T12:00:00Z", "actor": { "kind": "operator" },
        "command_id": ORGANIZATION, "organization_id": ORGANIZATION,
        "$correlationId": ORGANIZATION, "$causationId": ORGANIZATION,
    });
    RecordedEvent {
        position: Position(index + 1),
        stream: StreamName::named(format!("user-{index}")),
        revision: 0,
        id: ORGANIZATION.parse::<EventId>().unwrap(),
        event_type: "SignedIn".to_owned(),
        metadata: metadata.to_string(),
        data: r#"{"a":[1,{"b":"\u00e9"}]}"#.to_owned(),
    }
}

fn record(index: u64, event: RecordedEvent, leaf: String) -> Record {
    Record {
        index,
        leaf,
        tag: None,
        opened: serde_json::from_str(&event.data).unwrap(),
        stream: event.stream,
        revision: event.revision,
        event_id: event.id,
        event_type: event.event_type,
        metadata: event.metadata,
        data: event.data,
        opened_digest: None,
    }
}
