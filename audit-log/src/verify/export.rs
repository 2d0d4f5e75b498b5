//! Verifying an export, line by line, as it comes. It keeps the right edge of the tree and the next
//! revisions of the streams, however long the export is.
//!
//! A line has to be exactly what Pawl writes, to the byte: so a reader that takes JSON more lightly
//! than this one cannot be shown something else in the same file, and every changed bit is found.

use super::{Doubt, Revisions, Sound, Wrong, history::History, opened};
use crate::{
    LEAF_BYTES, Leaf, PublicKey, SignedCheckpoint, Tag, TagKey,
    export::{End, FORMAT, Header, Line, Others, Record, opened_digest},
    leaf_hash, record_digest,
};
use data_encoding::{BASE64, HEXLOWER};
use eventstore_schema::{OrganizationId, RecordedEvent};
use serde_json::Value;

/// Bytes of a line at most. A record has a mebibyte at most, and stands in its line twice, escaped.
pub const LONGEST_LINE: usize = 16 << 20;

/// An export that is being verified.
pub struct ExportVerifier {
    keys: Vec<PublicKey>,
    earlier: Vec<SignedCheckpoint>,
    line: u64,
    stage: Stage,
    written: Vec<u8>,
}

enum Stage {
    Header,
    Leaves(Box<Leaves>),
    End(Box<Leaves>),
}

/// What has been seen behind the header.
struct Leaves {
    organization: Option<(OrganizationId, TagKey)>,
    history: History,
    records: u64,
    revisions: Revisions,
}

impl ExportVerifier {
    /// Begins to verify with the public keys that the reviewer trusts, witnesses' among them, and
    /// checkpoints that they kept.
    #[must_use]
    pub fn new(keys: Vec<PublicKey>, earlier: Vec<SignedCheckpoint>) -> Self {
        Self {
            keys,
            earlier,
            line: 0,
            stage: Stage::Header,
            written: Vec::new(),
        }
    }

    /// Takes the next line, its newline included. After a doubt it is over.
    pub fn line(&mut self, line: &[u8]) -> Result<(), Doubt> {
        self.line += 1;
        let number = self.line;
        self.take(line).map_err(|doubt| match doubt {
            Doubt::NotSound(wrong) => Doubt::NotSound(Box::new(Wrong {
                line: Some(number),
                ..*wrong
            })),
            unclear @ Doubt::Unclear(_) => unclear,
        })
    }

    /// What was found, when there are no more lines.
    pub fn finish(self) -> Result<Sound, Doubt> {
        match self.stage {
            Stage::Header => Err(Doubt::Unclear("there is nothing in it".to_owned())),
            Stage::Leaves(leaves) => {
                let seen = leaves.history.seen();
                let what = "it is cut off: there is no last line that says it is the end";
                Err(Wrong::what(what).at(seen).into())
            }
            Stage::End(leaves) => leaves.finish(),
        }
    }

    fn take(&mut self, line: &[u8]) -> Result<(), Doubt> {
        match &mut self.stage {
            Stage::Header => {
                let Ok(Line::Header(header)) = read(line, &mut self.written) else {
                    let what = "the first line is not that of an export by Pawl";
                    return Err(Doubt::Unclear(what.to_owned()));
                };
                let leaves = Leaves::behind(&header, &self.earlier, &self.keys)?;
                self.stage = Stage::Leaves(Box::new(leaves));
                Ok(())
            }
            Stage::Leaves(leaves) => {
                let seen = leaves.history.seen();
                let line = read(line, &mut self.written);
                let taken = line.and_then(|line| leaves.take(line));
                if taken.map_err(|wrong| wrong.at(seen))? {
                    return Ok(());
                }
                if let Stage::Leaves(leaves) = std::mem::replace(&mut self.stage, Stage::Header) {
                    self.stage = Stage::End(leaves);
                }
                Ok(())
            }
            Stage::End(_) => Err(Wrong::what("it stands behind the last line").into()),
        }
    }
}

/// Reads a line that is exactly as Pawl writes it.
fn read(line: &[u8], written: &mut Vec<u8>) -> Result<Line, Wrong> {
    let Some((b'\n', text)) = line.split_last() else {
        return Err(Wrong::what("it is cut off in the middle of a line"));
    };
    if text.len() > LONGEST_LINE {
        return Err(Wrong::what("the line is longer than any that Pawl writes"));
    }
    let line: Line = serde_json::from_slice(text)
        .map_err(|error| Wrong::what(format!("it is no line of an export: {error}")))?;
    written.clear();
    let again = serde_json::to_writer(&mut *written, &line);
    if again.is_err() || written != text {
        let wrong = Wrong::what("the line says what it says in another form than Pawl writes");
        return Err(match &line {
            Line::Record(record) => wrong.at(record.index).about_record(record),
            _ => wrong,
        });
    }
    Ok(line)
}

impl Wrong {
    /// About a record of an export, whose place in the store nobody knows.
    fn about_record(self, record: &Record) -> Self {
        Self {
            event_id: Some(record.event_id),
            event_type: Some(record.event_type.clone()),
            ..self
        }
    }
}

impl Leaves {
    fn behind(
        header: &Header,
        earlier: &[SignedCheckpoint],
        keys: &[PublicKey],
    ) -> Result<Self, Doubt> {
        if header.format != FORMAT {
            return Err(Doubt::Unclear(format!(
                "it is a {:?}, and this Pawl reads {FORMAT}",
                header.format
            )));
        }
        let signed = SignedCheckpoint::parse(&header.checkpoint)
            .map_err(|error| Wrong::what(error.to_string()))?;
        let organization = match (header.organization_id, &header.tag_key) {
            (None, None) => None,
            (Some(id), Some(key)) => {
                let key = array(HEXLOWER.decode(key.as_bytes()).ok());
                let key = key.ok_or_else(|| Wrong::what("the organization's key is no key"))?;
                Some((id, TagKey::new(key)))
            }
            _ => {
                let what = "an organization has a key, and an export of everything has none";
                return Err(Wrong::what(what).into());
            }
        };
        let revisions = match organization {
            Some(_) => Revisions::of_one_organization(),
            None => Revisions::of_everybody(),
        };
        Ok(Self {
            organization,
            history: History::begin(&signed, earlier, keys)?,
            records: 0,
            revisions,
        })
    }

    /// Takes a line. Whether more have to come.
    fn take(&mut self, line: Line) -> Result<bool, Wrong> {
        match line {
            Line::Header(_) => Err(Wrong::what("a header stands in the middle of it")),
            Line::Record(record) => {
                let taken = self.record(&record);
                taken.map_err(|wrong| wrong.about_record(&record))?;
                Ok(true)
            }
            Line::Others(others) => self.others(&others).map(|()| true),
            Line::End(end) => self.end(&end).map(|()| false),
        }
    }

    /// Whether the line begins where the one before it ended.
    fn begins_at(&self, index: u64) -> Result<(), Wrong> {
        let next = self.history.seen();
        if index == next {
            return Ok(());
        }
        let how = if index > next {
            "something was dropped before it"
        } else {
            "it stands here a second time, or in the wrong place"
        };
        let what = format!("it says index {index}, where {next} comes next: {how}");
        Err(Wrong::what(what))
    }

    fn record(&mut self, record: &Record) -> Result<(), Wrong> {
        self.begins_at(record.index)?;
        let tag = self.tag(record)?;
        let event = record.recorded();
        let digest = record_digest(&event);
        let leaf = leaf_hash(&Leaf { digest, tag }.to_bytes());
        if BASE64.decode(record.leaf.as_bytes()).ok().as_deref() != Some(&leaf.0) {
            return Err(Wrong::what(match self.organization {
                Some(_) => {
                    "it does not make up its leaf: the record was altered, or the key in the \
                     first line"
                }
                None => "it does not make up its leaf: the record was altered",
            }));
        }
        self.belongs(&event)?;
        self.revisions.follows(&event).map_err(Wrong::what)?;
        let content: Value = serde_json::from_str(&record.data)
            .map_err(|error| Wrong::what(format!("its content is no JSON: {error}")))?;
        if let Some(place) = opened::differs(&content, &record.opened) {
            let what = format!("what it shows as opened is not what was signed, {place}");
            return Err(Wrong::what(what));
        }
        if record.opened_digest != opened_digest(&content, &record.opened) {
            let what = "the personal data that it shows as opened was altered";
            return Err(Wrong::what(what));
        }
        self.records += 1;
        self.history.append(leaf).map(drop)
    }

    fn tag(&self, record: &Record) -> Result<Tag, Wrong> {
        match (&self.organization, &record.tag) {
            (Some((_, key)), None) => Ok(key.tag(record.index)),
            (Some(_), Some(_)) => Err(Wrong::what(
                "it has a tag of its own beside the organization's key",
            )),
            (None, tag) => {
                let tag = tag.as_ref();
                let tag = array(tag.and_then(|tag| HEXLOWER.decode(tag.as_bytes()).ok()));
                tag.map(Tag).ok_or_else(|| Wrong::what("it has no tag"))
            }
        }
    }

    fn belongs(&self, event: &RecordedEvent) -> Result<(), Wrong> {
        let Some((organization, _)) = &self.organization else {
            return Ok(());
        };
        let metadata = event.read_metadata();
        let metadata = metadata.map_err(|error| Wrong::what(error.to_string()))?;
        if metadata.organization_id == Some(*organization) {
            return Ok(());
        }
        let what = format!("it is not a record of the organization {organization}");
        Err(Wrong::what(what))
    }

    fn others(&mut self, others: &Others) -> Result<(), Wrong> {
        self.begins_at(others.index)?;
        let Some((organization, key)) = &self.organization else {
            return Err(Wrong::what("an export of everything leaves out a record"));
        };
        let entries = BASE64.decode(others.entries.as_bytes());
        let entries = entries.map_err(|_| Wrong::what("the leaves of others are no base64"))?;
        let (leaves, rest) = entries.as_chunks::<LEAF_BYTES>();
        if leaves.is_empty() || !rest.is_empty() {
            return Err(Wrong::what("the leaves of others are not whole"));
        }
        for bytes in leaves {
            let index = self.history.seen();
            let leaf = Leaf::from_bytes(bytes);
            let leaf = leaf.map_err(|error| Wrong::what(error.to_string()))?;
            if leaf.tag == key.tag(index) {
                let what = format!("a record of the organization {organization} was left out");
                return Err(Wrong::what(what).at(index));
            }
            self.history.append(leaf_hash(bytes))?;
        }
        Ok(())
    }

    fn end(&self, end: &End) -> Result<(), Wrong> {
        let (records, leaves) = (self.records, self.history.seen());
        if (end.records, end.leaves) != (records, leaves) {
            let what = format!(
                "it says {} records and {} leaves, and there are {records} and {leaves}",
                end.records, end.leaves
            );
            return Err(Wrong::what(what));
        }
        self.history.finish()
    }

    fn finish(self) -> Result<Sound, Doubt> {
        let organization_id = self.organization.map(|(id, _)| id);
        if let Some(id) = organization_id
            && self.records == 0
        {
            // Under a key that is not the organization's, every record of it looks like others'.
            return Err(Doubt::Unclear(format!(
                "it has no record of the organization {id}, so that the key in its first line \
                 recognises nothing"
            )));
        }
        let (checkpoint, signatures, grown_since) = self.history.into_parts();
        Ok(Sound {
            organization_id,
            records: self.records,
            checkpoint,
            signatures,
            grown_since,
            damaged_tiles: Vec::new(),
        })
    }
}

fn array(bytes: Option<Vec<u8>>) -> Option<[u8; 32]> {
    bytes?.try_into().ok()
}
