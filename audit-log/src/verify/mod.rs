//! Verifying: that history was never altered, from an export alone or from a log and its tiles. What
//! comes out is one of three: it is sound; it is not, and the first thing that is wrong; or it cannot
//! be told. Nothing is ever called sound because something could not be read.
//!
//! Whatever is verified was written by somebody who may have reason to deceive: nothing here trusts
//! more of it than the signature by a key that the reviewer brought along.

mod export;
mod growth;
mod history;
mod line;
mod log;
#[cfg(test)]
mod log_tests;
mod opened;
mod revisions;
#[cfg(test)]
mod test_world;
#[cfg(test)]
mod tests;

pub use export::{ExportVerifier, LONGEST_LINE};
pub use growth::verify_growth;
pub use history::Signatures;
pub use log::LogVerifier;
pub use revisions::Revisions;

use crate::Checkpoint;
use eventstore_schema::{EventId, OrganizationId, RecordedEvent};
use serde::Serialize;
use std::fmt;

/// Why something is not called sound.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Doubt {
    /// It was altered, or is not whole.
    #[error("{0}")]
    NotSound(Box<Wrong>),
    /// There is not enough to tell. The sentence says what is missing.
    #[error("{0}")]
    Unclear(String),
}

impl Doubt {
    pub(crate) fn unclear(why: impl fmt::Display) -> Self {
        Self::Unclear(why.to_string())
    }
}

impl From<Wrong> for Doubt {
    fn from(wrong: Wrong) -> Self {
        Self::NotSound(Box::new(wrong))
    }
}

/// The first thing that is wrong, and where.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Wrong {
    /// The line of the export, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Where the record stands in the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// The index of the leaf.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    /// The event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<EventId>,
    /// The name of its type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// What is wrong, as a sentence.
    pub what: String,
}

impl Wrong {
    /// Something that is wrong, at no place in particular.
    pub fn what(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            ..Self::default()
        }
    }

    /// The same at a leaf.
    #[must_use]
    pub fn at(self, index: u64) -> Self {
        Self {
            index: self.index.or(Some(index)),
            ..self
        }
    }

    /// The same about a record.
    #[must_use]
    pub fn about(self, event: &RecordedEvent) -> Self {
        Self {
            position: Some(event.position.0),
            event_id: Some(event.id),
            event_type: Some(event.event_type.clone()),
            ..self
        }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut place = Vec::new();
        let numbers = [
            ("line", self.line),
            ("position", self.position),
            ("index", self.index),
        ];
        for (name, number) in numbers {
            place.extend(number.map(|number| format!("{name} {number}")));
        }
        place.extend(self.event_id.map(|id| {
            let event_type = self.event_type.as_deref().unwrap_or("event");
            format!("{event_type:?} {id}")
        }));
        if place.is_empty() {
            return f.write_str(&self.what);
        }
        write!(f, "{}: {}", place.join(", "), self.what)
    }
}

/// What was found to be sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    /// Whose records they are, in an export of one organization.
    pub organization_id: Option<OrganizationId>,
    /// Records that were held against their leaves.
    pub records: u64,
    /// What was signed: how many leaves, and their root.
    pub checkpoint: Checkpoint,
    /// Who signed it.
    pub signatures: Signatures,
    /// The sizes of the earlier checkpoints that it only grew since.
    pub grown_since: Vec<u64>,
}
