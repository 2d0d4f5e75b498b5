//! Verifying an export, line by line, as it comes. It keeps the right edge of the tree and the next
//! revisions of the streams, however long the export is.

use super::{
    Doubt, Revisions, Sound, Wrong,
    history::History,
    line::{Read, ReadRecord, read},
};
use crate::{
    LEAF_BYTES, Leaf, PublicKey, SignedCheckpoint, Tag, TagKey,
    export::{End, FORMAT, Header, Line, Others},
    leaf::Tags,
    leaf_hash,
};
use data_encoding::{BASE64, HEXLOWER};
use eventstore_schema::{OrganizationId, RecordedEvent};
use memchr::memchr_iter;
use std::{mem, thread};

/// Bytes of a line at most. A record has a mebibyte at most, and stands in its line twice, escaped.
pub const LONGEST_LINE: usize = 16 << 20;

/// An export that is being verified.
pub struct ExportVerifier {
    keys: Vec<PublicKey>,
    earlier: Vec<SignedCheckpoint>,
    line: u64,
    stage: Stage,
}

enum Stage {
    Header,
    Leaves(Box<Leaves>),
    End(Box<Leaves>),
}

/// What has been seen behind the header.
struct Leaves {
    organization: Option<(OrganizationId, Tags)>,
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
        }
    }

    /// Takes the next line, its newline included. After a doubt it is over.
    pub fn line(&mut self, line: &[u8]) -> Result<(), Doubt> {
        self.take(read(line))
    }

    /// Takes the next lines, reading them on as many threads. After a doubt it is over.
    pub fn lines(&mut self, text: &[u8], threads: usize) -> Result<(), Doubt> {
        let lines: Vec<_> = lines_of(text).collect();
        let share = lines.len().div_ceil(threads.max(1)).max(1);
        thread::scope(|scope| {
            let read_share = |lines: &[&[u8]]| lines.iter().map(|line| read(line)).collect();
            let shares = lines.chunks(share);
            let shares = shares.map(|lines| scope.spawn(move || -> Vec<_> { read_share(lines) }));
            for share in shares.collect::<Vec<_>>() {
                let read = share.join();
                let read = read.map_err(|_| Doubt::unclear("a line could not be read"))?;
                read.into_iter().try_for_each(|line| self.take(line))?;
            }
            Ok(())
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

    fn take(&mut self, line: Result<Read, Wrong>) -> Result<(), Doubt> {
        self.line += 1;
        let number = self.line;
        self.take_in_turn(line).map_err(|doubt| match doubt {
            Doubt::NotSound(wrong) => Doubt::NotSound(Box::new(Wrong {
                line: Some(number),
                ..*wrong
            })),
            unclear @ Doubt::Unclear(_) => unclear,
        })
    }

    fn take_in_turn(&mut self, line: Result<Read, Wrong>) -> Result<(), Doubt> {
        match &mut self.stage {
            Stage::Header => {
                let Ok(Read::Other(Line::Header(header))) = line else {
                    let what = "the first line is not that of an export by Pawl";
                    return Err(Doubt::Unclear(what.to_owned()));
                };
                let leaves = Leaves::behind(&header, &self.earlier, &self.keys)?;
                self.stage = Stage::Leaves(Box::new(leaves));
                Ok(())
            }
            Stage::Leaves(leaves) => {
                let seen = leaves.history.seen();
                let taken = line.and_then(|line| leaves.take(line));
                if taken.map_err(|wrong| wrong.at(seen))? {
                    return Ok(());
                }
                if let Stage::Leaves(leaves) = mem::replace(&mut self.stage, Stage::Header) {
                    self.stage = Stage::End(leaves);
                }
                Ok(())
            }
            Stage::End(_) => Err(Wrong::what("it stands behind the last line").into()),
        }
    }
}

/// The lines of a text, each with its newline; only the last may have none.
fn lines_of(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ends = memchr_iter(b'\n', text).map(|at| at + 1);
    let ends = ends.chain([text.len()]);
    let lines = ends.scan(0, |from, end| Some(&text[mem::replace(from, end)..end]));
    lines.filter(|line| !line.is_empty())
}

impl Wrong {
    /// About a record of an export, whose place in the store nobody knows.
    pub(super) fn about_record(self, event: &RecordedEvent) -> Self {
        Self {
            position: None,
            ..self.about(event)
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
                Some((id, TagKey::new(key).tags()))
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
    fn take(&mut self, line: Read) -> Result<bool, Wrong> {
        match line {
            Read::Record(record) => {
                let taken = self.record(&record);
                taken.map_err(|wrong| wrong.about_record(&record.event))?;
                Ok(true)
            }
            Read::Other(Line::Others(others)) => self.others(&others).map(|()| true),
            Read::Other(Line::End(end)) => self.end(&end).map(|()| false),
            Read::Other(_) => Err(Wrong::what("a header stands in the middle of it")),
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

    fn record(&mut self, record: &ReadRecord) -> Result<(), Wrong> {
        self.begins_at(record.index)?;
        let (digest, tag) = (record.digest, self.tag(record)?);
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
        self.belongs(&record.event)?;
        let follows = self.revisions.follows(&record.event);
        follows.map_err(Wrong::what)?;
        record.opened.clone().map_err(Wrong::what)?;
        self.records += 1;
        self.history.append(leaf).map(drop)
    }

    fn tag(&self, record: &ReadRecord) -> Result<Tag, Wrong> {
        match (&self.organization, &record.tag) {
            (Some((_, tags)), None) => Ok(tags.at(record.index)),
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
        let Some((organization, tags)) = &self.organization else {
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
            if leaf.tag == tags.at(index) {
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
        })
    }
}

fn array(bytes: Option<Vec<u8>>) -> Option<[u8; 32]> {
    bytes?.try_into().ok()
}
