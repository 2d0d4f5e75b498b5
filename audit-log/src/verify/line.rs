//! Reading a line of an export that is exactly what Pawl writes, to the byte: so a reader that takes
//! JSON more lightly than this one cannot be shown something else in the same file, and every changed
//! bit is found. All that can be told from the line alone is told here, on any core; see
//! [`super::ExportVerifier`] for what it means where it stands.

use super::{LONGEST_LINE, Wrong, opened};
use crate::{
    export::{Line, Record, opened_digest},
    record_digest,
};
use eventstore_schema::{EventId, Position, RecordedEvent, StreamName};
use memchr::{memchr, memchr2};
use serde_json::Value;
use std::io::{self, ErrorKind};

/// A line, and what it says about itself.
pub(super) enum Read {
    Record(ReadRecord),
    Other(Line),
}

/// A record as it is held against its leaf.
pub(super) struct ReadRecord {
    pub(super) index: u64,
    pub(super) leaf: String,
    pub(super) tag: Option<String>,
    pub(super) event: RecordedEvent,
    pub(super) digest: [u8; 32],
    /// What is wrong with what it shows as opened.
    pub(super) opened: Result<(), String>,
}

/// Reads a line, its newline included.
pub(super) fn read(line: &[u8]) -> Result<Read, Wrong> {
    let Some((b'\n', text)) = line.split_last() else {
        return Err(Wrong::what("it is cut off in the middle of a line"));
    };
    if text.len() > LONGEST_LINE {
        return Err(Wrong::what("the line is longer than any that Pawl writes"));
    }
    if let Some(record) = quickly(text) {
        return Ok(Read::Record(record));
    }
    match by_writing_it_again(text)? {
        Line::Record(record) => Ok(Read::Record(held_against_itself(&record))),
        line => Ok(Read::Other(line)),
    }
}

/// The definition of a line that is as Pawl writes it: written again, it is the same.
fn by_writing_it_again(text: &[u8]) -> Result<Line, Wrong> {
    let line: Line = serde_json::from_slice(text)
        .map_err(|error| Wrong::what(format!("it is no line of an export: {error}")))?;
    if serde_json::to_vec(&line).is_ok_and(|again| again == text) {
        return Ok(line);
    }
    let wrong = Wrong::what("the line says what it says in another form than Pawl writes");
    Err(match &line {
        Line::Record(record) => wrong.at(record.index).about_record(&record.recorded()),
        _ => wrong,
    })
}

fn held_against_itself(record: &Record) -> ReadRecord {
    let event = record.recorded();
    let opened = match serde_json::from_str(&record.data) {
        Ok(content) => agrees(&content, &record.opened, record.opened_digest.as_deref()),
        Err(error) => Err(format!("its content is no JSON: {error}")),
    };
    ReadRecord {
        index: record.index,
        leaf: record.leaf.clone(),
        tag: record.tag.clone(),
        digest: record_digest(&event),
        event,
        opened,
    }
}

/// Whether what is shown as opened is what was signed, as far as anybody can tell.
fn agrees(content: &Value, shown: &Value, digest: Option<&str>) -> Result<(), String> {
    if let Some(place) = opened::differs(content, shown) {
        return Err(format!(
            "what it shows as opened is not what was signed, {place}"
        ));
    }
    if digest != opened_digest(content, shown).as_deref() {
        return Err("the personal data that it shows as opened was altered".to_owned());
    }
    Ok(())
}

/// Reads the line of a record without writing it again. Of any other, and of any that is not as Pawl
/// writes it, nothing.
fn quickly(text: &[u8]) -> Option<ReadRecord> {
    // Nothing that has to be escaped stands in it as it is.
    if text.iter().copied().fold(u8::MAX, u8::min) < b' ' {
        return None;
    }
    let mut rest = Rest(str::from_utf8(text).ok()?);
    rest.literal(r#"{"kind":"record","index":"#)?;
    let index = rest.number()?;
    rest.literal(r#","leaf":"#)?;
    let leaf = rest.string()?;
    let tag = match rest.literal(r#","tag":"#) {
        Some(()) => Some(rest.string()?),
        None => None,
    };
    rest.literal(r#","stream":"#)?;
    let stream = StreamName::named(rest.string()?);
    rest.literal(r#","revision":"#)?;
    let revision = rest.number()?;
    rest.literal(r#","event_id":"#)?;
    let id = rest.id()?;
    rest.literal(r#","type":"#)?;
    let event_type = rest.string()?;
    rest.literal(r#","metadata":"#)?;
    let metadata = rest.string()?;
    rest.literal(r#","data":"#)?;
    let data = rest.string()?;
    rest.literal(r#","opened":"#)?;
    let opened = shown(&data, rest.0.strip_suffix('}')?)?;
    let event = RecordedEvent {
        position: Position(index.checked_add(1)?),
        stream,
        revision,
        id,
        event_type,
        metadata,
        data,
    };
    Some(ReadRecord {
        index,
        leaf,
        tag,
        digest: record_digest(&event),
        event,
        opened,
    })
}

/// Holds the end of a line, from the opened content on, against the content. Nothing if it is not as
/// Pawl writes it.
fn shown(data: &str, end: &str) -> Option<Result<(), String>> {
    let content: Value = serde_json::from_str(data).ok()?;
    if is_written(&content, end) {
        return Some(agrees(&content, &content, None));
    }
    let (shown, digest) = match end.rsplit_once(r#","opened_digest":""#) {
        Some((shown, digest)) => (shown, Some(digest.strip_suffix('"')?)),
        None => (end, None),
    };
    // A digest has no character that is ever escaped.
    if digest.is_some_and(|digest| !digest.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
        return None;
    }
    let value: Value = serde_json::from_str(shown).ok()?;
    is_written(&value, shown).then(|| agrees(&content, &value, digest))
}

/// Whether a value is written as in this text.
fn is_written(value: &Value, text: &str) -> bool {
    let mut same = Same(text.as_bytes());
    serde_json::to_writer(&mut same, value).is_ok() && same.0.is_empty()
}

/// Takes what is written as long as it is this.
struct Same<'a>(&'a [u8]);

impl io::Write for Same<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.strip_prefix(bytes).ok_or(ErrorKind::InvalidData)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What of a line has not been read.
struct Rest<'a>(&'a str);

impl Rest<'_> {
    fn literal(&mut self, literal: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(literal)?;
        Some(())
    }

    fn number(&mut self) -> Option<u64> {
        let end = self.0.bytes().position(|byte| !byte.is_ascii_digit())?;
        let (digits, rest) = self.0.split_at(end);
        self.0 = rest;
        let is_shortest = digits == "0" || !digits.starts_with('0');
        digits.parse().ok().filter(|_| is_shortest)
    }

    fn id(&mut self) -> Option<EventId> {
        let text = self.string()?;
        let id: EventId = text.parse().ok()?;
        (id.to_string() == text).then_some(id)
    }

    /// A string in quotation marks, with what it stands for in the place of escapes.
    fn string(&mut self) -> Option<String> {
        self.literal("\"")?;
        let bytes = self.0.as_bytes();
        let closing = memchr(b'"', bytes)?;
        // What most escapes are of, quotation marks, double the length at worst.
        let mut text = String::with_capacity(2 * closing);
        let mut from = 0;
        loop {
            let at = from + memchr2(b'"', b'\\', &bytes[from..])?;
            text.push_str(&self.0[from..at]);
            if bytes[at] == b'"' {
                self.0 = &self.0[at + 1..];
                return Some(text);
            }
            let (character, length) = escaped(&bytes[at + 1..])?;
            text.push(character);
            from = at + 1 + length;
        }
    }
}

/// The character that Pawl escapes in this way, and how long that is behind the backslash.
fn escaped(escape: &[u8]) -> Option<(char, usize)> {
    let character = match escape.first()? {
        b'"' => '"',
        b'\\' => '\\',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return control(escape.get(1..5)?).map(|character| (character, 5)),
        _ => return None,
    };
    Some((character, 1))
}

/// A control character that has no escape of its own, by its four digits.
fn control(digits: &[u8]) -> Option<char> {
    let known = (0..b' ').map(char::from);
    let mut known = known.filter(|character| !"\u{8}\u{c}\n\r\t".contains(*character));
    known.find(|character| format!("{:04x}", u32::from(*character)).as_bytes() == digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn line(text: &str, note: &str, opened: Option<&str>) -> Vec<u8> {
        let data = json!({ "b": text, "a": { "key": "person/1", "box": "AAAA" } });
        let mut shown = data.clone();
        if let Some(opened) = opened {
            shown["a"] = json!(opened);
        }
        let record = Record {
            index: 7,
            leaf: note.to_owned(),
            tag: opened.map(str::to_owned),
            stream: StreamName::named(text),
            revision: 0,
            event_id: EventId(uuid::Uuid::nil()),
            event_type: note.to_owned(),
            metadata: text.to_owned(),
            data: data.to_string(),
            opened_digest: opened_digest(&data, &shown),
            opened: shown,
        };
        serde_json::to_vec(&Line::Record(record)).unwrap()
    }

    /// What a record says, save its digest.
    fn said(record: ReadRecord) -> impl PartialEq + std::fmt::Debug {
        let ReadRecord {
            index,
            leaf,
            tag,
            event,
            digest,
            opened,
        } = record;
        (index, leaf, tag, event, digest, opened)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// A line that is read quickly is one that is the same when written again, and the other way
        /// round.
        #[test]
        fn quickly_means_the_same(
            text in "(?s:[\u{0}-\u{24}a\"\\\\\u{7f}\u{e9}\u{2028}]{0,6})",
            note in "[a-z\"\\\\]{0,4}",
            opened in prop::option::of("[a-z\"]{0,4}"),
            edit in prop::option::of((any::<prop::sample::Index>(), 0..3_u8, "[ -~]")),
        ) {
            let mut line = line(&text, &note, opened.as_deref());
            if let Some((at, how, byte)) = edit {
                let at = at.index(line.len());
                match how {
                    0 => line[at] = byte.as_bytes()[0],
                    1 => line.insert(at, byte.as_bytes()[0]),
                    _ => drop(line.remove(at)),
                }
            }
            let slowly = match by_writing_it_again(&line) {
                Ok(Line::Record(record)) => Some(held_against_itself(&record)),
                _ => None,
            };
            match (quickly(&line), slowly) {
                (Some(quickly), slowly) => prop_assert_eq!(Some(said(quickly)), slowly.map(said)),
                // What is no JSON within is left to the other way, which says why.
                (None, slowly) => prop_assert!(slowly.is_none_or(|record| record.opened.is_err())),
            }
        }
    }
}
