//! Histories of several organizations are exported, then tampered with at random: nothing that was
//! touched is ever called sound.

use super::{
    test_world::{World, file, id, others, public_key, sign},
    *,
};
use crate::{
    Leaf, SignedCheckpoint, SigningKey, Tag,
    export::{End, Line, Record, opened_digest},
    leaf_hash,
};
use data_encoding::{BASE64, HEXLOWER};
use eventstore_schema::StreamName;
use proptest::{prelude::*, sample::Index};
use serde_json::json;
use zeroize::Zeroizing;

fn verify(file: &[u8], earlier: &[SignedCheckpoint]) -> Result<Sound, Doubt> {
    let begin = || ExportVerifier::new(vec![public_key()], earlier.to_vec());
    let mut verifier = begin();
    let lines = file.split_inclusive(|byte| *byte == b'\n');
    let taken = lines.into_iter().try_for_each(|line| verifier.line(line));
    let found = taken.and_then(|()| verifier.finish());
    let mut at_once = begin();
    let taken = at_once.lines(file, 2);
    assert_eq!(taken.and_then(|()| at_once.finish()), found);
    found
}

/// What somebody does to an export.
#[derive(Clone, Debug)]
enum Tampering {
    Flip(Index, u8),
    Cut(Index),
    Drop(Index),
    Swap(Index, Index),
    Duplicate(Index, Index),
    /// Changes a record, and perhaps its leaf along with it.
    Change(Index, u8, bool),
    /// Leaves a record out by having its leaf look like others'.
    Disguise(Index, bool),
    /// A checkpoint of another key, of another size, of another root; or one of these that is not
    /// even signed anew.
    Forge(u8, Index),
    /// A line out of another export.
    Mix(Index, Index),
}

fn tampering() -> impl Strategy<Value = Tampering> {
    let index = any::<Index>;
    prop_oneof![
        6 => (index(), 0..8_u8).prop_map(|(at, bit)| Tampering::Flip(at, bit)),
        1 => index().prop_map(Tampering::Cut),
        1 => index().prop_map(Tampering::Drop),
        1 => (index(), index()).prop_map(|(a, b)| Tampering::Swap(a, b)),
        1 => (index(), index()).prop_map(|(a, b)| Tampering::Duplicate(a, b)),
        3 => (index(), any::<u8>(), any::<bool>()).prop_map(|(at, how, leaf)| Tampering::Change(at, how, leaf)),
        1 => (index(), any::<bool>()).prop_map(|(at, tag)| Tampering::Disguise(at, tag)),
        1 => (any::<u8>(), index()).prop_map(|(how, at)| Tampering::Forge(how, at)),
        1 => (index(), index()).prop_map(|(a, b)| Tampering::Mix(a, b)),
    ]
}

/// The changed export, and the line and index at which it has to be found where that is certain.
struct Tampered {
    file: Vec<u8>,
    line: Option<usize>,
    index: Option<u64>,
}

impl Tampering {
    fn of(&self, lines: &[Line], world: &World, other: &[Line]) -> Tampered {
        let mut lines = lines.to_vec();
        let count = lines.len();
        let is_record = |line: &Line| matches!(line, Line::Record(_));
        let (mut at, mut index) = (None, None);
        match self {
            Self::Flip(byte, bit) => {
                let mut file = file(&lines);
                let byte = byte.index(file.len());
                let line = file[..byte].split(|byte| *byte == b'\n').count() - 1;
                file[byte] ^= 1 << bit;
                let line = is_record(&lines[line]).then_some(line);
                return Tampered { file, line, index };
            }
            Self::Cut(byte) => {
                let mut file = file(&lines);
                file.truncate(byte.index(file.len()));
                return Tampered {
                    file,
                    line: None,
                    index,
                };
            }
            Self::Drop(line) => drop(lines.remove(line.index(count))),
            Self::Swap(a, b) => lines.swap(a.index(count), b.index(count)),
            Self::Duplicate(from, to) => {
                let line = lines[from.index(count)].clone();
                lines.insert(to.index(count + 1), line);
            }
            Self::Change(which, how, leaf) => {
                let line = nth_record(&lines, *which);
                let Line::Record(record) = &mut lines[line] else {
                    unreachable!("it is a record")
                };
                change(record, *how);
                if *leaf {
                    let tag = world.leaves[usize::try_from(record.index).unwrap()].tag;
                    let digest = crate::record_digest(&record.recorded());
                    let leaf = Leaf { digest, tag };
                    record.leaf = BASE64.encode(&leaf_hash(&leaf.to_bytes()).0);
                } else {
                    (at, index) = (Some(line), Some(record.index));
                }
            }
            Self::Disguise(which, other_tag) => {
                let line = nth_record(&lines, *which);
                let Line::Record(record) = &lines[line] else {
                    unreachable!("it is a record")
                };
                let place = record.index;
                let mut leaf = world.leaves[usize::try_from(place).unwrap()];
                if *other_tag {
                    leaf.tag = Tag([9; 32]);
                } else {
                    (at, index) = (Some(line), Some(place));
                }
                lines[line] = others(place, &[leaf]);
                if let Some(Line::End(end)) = lines.last_mut() {
                    end.records -= 1;
                }
            }
            Self::Forge(how, size) => {
                let Line::Header(header) = &mut lines[0] else {
                    unreachable!("it is the header")
                };
                header.checkpoint = forge(world, &header.checkpoint, *how, *size);
            }
            Self::Mix(a, b) => lines[a.index(count)] = other[b.index(other.len())].clone(),
        }
        Tampered {
            file: file(&lines),
            line: at,
            index,
        }
    }
}

fn nth_record(lines: &[Line], which: Index) -> usize {
    let records = (0..lines.len()).filter(|line| matches!(lines[*line], Line::Record(_)));
    let records: Vec<_> = records.collect();
    records[which.index(records.len())]
}

fn change(record: &mut Record, how: u8) {
    match how % 6 {
        0 => record.event_type.push('d'),
        1 => record.revision += 1,
        2 => record.event_id = EventId(id("other", 0)),
        3 => record.metadata = record.metadata.replace("2026", "2025"),
        4 => record.stream = StreamName::named("user-somebody"),
        _ => {
            record.data = json!({ "role": "admin" }).to_string();
            record.opened = json!({ "role": "admin" });
            record.opened_digest = None;
        }
    }
}

fn forge(world: &World, signed: &str, how: u8, size: Index) -> String {
    let other = size.index(world.leaves.len());
    let body = |text: &str| text.split_once("\n\n").unwrap().0.to_owned();
    let (_, signatures) = signed.split_once("\n\n").unwrap();
    let size = world.leaves.len();
    match how % 4 {
        // By another key, which has the same name.
        0 => world.signed_by(2, size).to_string(),
        1 => world.signed_by(1, other).to_string(),
        // The signature of the true one under other words.
        2 => format!(
            "{}\n\n{signatures}",
            body(&world.signed_by(1, other).to_string())
        ),
        _ => {
            let root = crate::Hash([7; 32]);
            format!(
                "{}\n\n{signatures}",
                body(&sign(1, size as u64, root).to_string())
            )
        }
    }
}

/// What of a tampering was not found, or was found elsewhere.
fn unfound(tampered: &Tampered) -> Option<String> {
    match verify(&tampered.file, &[]) {
        Ok(_) => Some("it was called sound".to_owned()),
        Err(Doubt::Unclear(_)) if tampered.line.is_none() => None,
        Err(Doubt::Unclear(why)) => Some(why),
        Err(Doubt::NotSound(wrong)) => {
            let line = tampered.line.map(|line| line as u64 + 1);
            let there = line.is_none_or(|line| wrong.line == Some(line))
                && tampered
                    .index
                    .is_none_or(|index| wrong.index == Some(index));
            (!there).then(|| wrong.to_string())
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_was_touched_is_never_called_sound(
        choices in prop::collection::vec(any::<u8>(), 0..24),
        others in prop::collection::vec(any::<u8>(), 0..24),
        everything in any::<bool>(),
        tamperings in prop::collection::vec(tampering(), 20),
    ) {
        let (world, other) = (World::of(&choices), World::of(&others));
        let whose = (!everything).then_some(0);
        let lines = world.export(whose);
        let whole = file(&lines);
        let sound = verify(&whole, &[]).unwrap();
        prop_assert_eq!(sound.checkpoint.size, world.leaves.len() as u64);

        let elsewhere = other.export(whose);
        for tampering in tamperings {
            let tampered = tampering.of(&lines, &world, &elsewhere);
            if tampered.file != whole {
                prop_assert_eq!(unfound(&tampered), None, "{:?}", tampering);
            }
        }
    }
}

fn why(found: Result<Sound, Doubt>) -> String {
    found.unwrap_err().to_string()
}

#[test]
fn an_earlier_checkpoint_shows_that_history_only_grew() {
    let world = World::of(&[0, 1, 2, 3, 4, 5]);
    let export = file(&world.export(Some(0)));
    let earlier = [2, 0, 7].map(|size| world.signed_by(1, size));
    let sound = verify(&export, &earlier).unwrap();
    assert_eq!(sound.grown_since, [0, 2, 7]);

    let forked = World::of(&[4, 1]);
    let found = why(verify(&export, &[forked.signed_by(1, 2)]));
    assert!(
        found.contains("the first 2 leaves are not those"),
        "{found}"
    );
    let longer = World::of(&[0, 1, 2, 3, 4, 5, 6]);
    let found = why(verify(&export, &[longer.signed()]));
    assert!(found.contains("the newest records were cut off"), "{found}");
    let found = verify(&export, &[world.signed_by(2, 2)]);
    assert!(matches!(found, Err(Doubt::Unclear(_))), "{found:?}");
}

#[test]
fn without_the_right_key_nothing_can_be_told() {
    let export = file(&World::of(&[1, 2]).export(Some(0)));
    let other = SigningKey::from_seed("another-log", &Zeroizing::new([1; 32]));
    for keys in [vec![], vec![other.public()]] {
        let mut verifier = ExportVerifier::new(keys, Vec::new());
        let header = export
            .split_inclusive(|byte| *byte == b'\n')
            .next()
            .unwrap();
        let found = verifier.line(header);
        assert!(matches!(found, Err(Doubt::Unclear(_))), "{found:?}");
    }
}

/// Under a key that recognises nothing, every record can be passed off as one of others.
#[test]
fn an_export_without_a_record_proves_nothing() {
    let world = World::of(&[1, 2]);
    let mut lines = world.export(Some(0));
    let Line::Header(header) = &mut lines[0] else {
        unreachable!("it is the header")
    };
    header.tag_key = Some(HEXLOWER.encode(&[77; 32]));
    let end = Line::End(End {
        records: 0,
        leaves: 3,
    });
    let lines = [lines[0].clone(), others(0, &world.leaves), end];
    assert!(matches!(verify(&file(&lines), &[]), Err(Doubt::Unclear(_))));
}

/// The digest of what is shown can be computed anew; what was signed cannot.
#[test]
fn what_is_shown_as_opened_is_what_was_signed() {
    let mut lines = World::of(&[0, 0, 0]).export(None);
    let shown = lines.iter_mut().find_map(|line| match line {
        Line::Record(record) if record.data.contains("role") => Some(record),
        _ => None,
    });
    let record = shown.unwrap();
    record.opened["role"] = json!("admin");
    let content = serde_json::from_str(&record.data).unwrap();
    record.opened_digest = opened_digest(&content, &record.opened);
    let found = why(verify(&file(&lines), &[]));
    assert!(
        found.contains("not what was signed, at \"role\""),
        "{found}"
    );
}
