//! Whether the revisions of every stream follow one another.

use eventstore_schema::{RecordedEvent, StreamName};
use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
};

/// The next revision of each stream. Of a stream it keeps 16 bytes, not its name: a history has as many
/// streams as it has sessions.
#[derive(Debug)]
pub struct Revisions {
    next: HashMap<u64, u64>,
    /// Unlike any other run's, so that nobody can choose names that get into one another's way.
    names: RandomState,
    of_one_organization: bool,
}

impl Revisions {
    /// Of everybody's streams: they begin at 0.
    #[must_use]
    pub fn of_everybody() -> Self {
        Self {
            next: HashMap::new(),
            names: RandomState::new(),
            of_one_organization: false,
        }
    }

    /// Of the streams of one organization. An e-mail address may have been others' before, and
    /// between.
    #[must_use]
    pub fn of_one_organization() -> Self {
        Self {
            of_one_organization: true,
            ..Self::of_everybody()
        }
    }

    /// Takes the next record. If it does not follow the one before it in its stream, what would.
    pub fn follows(&mut self, record: &RecordedEvent) -> Result<(), String> {
        let next = self.next.entry(self.names.hash_one(record.stream.as_str()));
        let next = next.or_insert(0);
        let revision = record.revision;
        let may_skip = self.of_one_organization && is_of_an_address(&record.stream);
        if revision < *next || (revision > *next && !may_skip) {
            let (stream, next) = (&record.stream, *next);
            return Err(format!(
                "it is revision {revision} of {stream}, where {next} comes next"
            ));
        }
        *next = revision.saturating_add(1);
        Ok(())
    }
}

fn is_of_an_address(stream: &StreamName) -> bool {
    stream.as_str().starts_with("address-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use eventstore_schema::{EventId, Position};

    fn record(stream: &str, revision: u64) -> RecordedEvent {
        RecordedEvent {
            position: Position(1),
            stream: StreamName::named(stream),
            revision,
            id: EventId(uuid::Uuid::nil()),
            event_type: "SignedIn".into(),
            metadata: "{}".into(),
            data: "{}".into(),
        }
    }

    fn follow(mut revisions: Revisions, records: &[(&str, u64)]) -> Option<usize> {
        let mut wrong = |(stream, revision): &(&str, u64)| {
            revisions.follows(&record(stream, *revision)).is_err()
        };
        records.iter().position(&mut wrong)
    }

    #[test]
    fn a_revision_that_does_not_follow_is_found() {
        let everybody = [
            (vec![("user-a", 0), ("user-b", 0), ("user-a", 1)], None),
            (vec![("user-a", 0), ("user-a", 2)], Some(1)),
            (vec![("user-a", 0), ("user-a", 0)], Some(1)),
            (vec![("user-a", 1)], Some(0)),
            (vec![("address-a", 1)], Some(0)),
        ];
        for (records, wrong) in everybody {
            assert_eq!(follow(Revisions::of_everybody(), &records), wrong);
        }
        let one = [
            (vec![("address-a", 3), ("address-a", 7)], None),
            (vec![("address-a", 3), ("address-a", 3)], Some(1)),
            (vec![("user-a", 0), ("user-a", 2)], Some(1)),
        ];
        for (records, wrong) in one {
            assert_eq!(follow(Revisions::of_one_organization(), &records), wrong);
        }
    }
}
