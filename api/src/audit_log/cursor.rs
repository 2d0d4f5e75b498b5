//! Where in the log the tree of a checkpoint ends. What is noted is an event and not a position, for a
//! log that moves to another store gets other positions there, and the tree goes on.

use eventstore::{Direction, EventStore, StoreError};
use eventstore_schema::{EventId, RecordedEvent, StreamName};
use std::{fs, io, path::Path};

/// The event of the last leaf of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// How many leaves the tree has.
    pub size: u64,
    /// The event's id.
    pub event: EventId,
    /// Its revision in its stream.
    pub revision: u64,
    /// Its stream.
    pub stream: StreamName,
}

impl Place {
    /// The place of an event that is the last of so many leaves.
    #[must_use]
    pub fn of(event: &RecordedEvent, size: u64) -> Self {
        Self {
            size,
            event: event.id,
            revision: event.revision,
            stream: event.stream.clone(),
        }
    }

    /// The event in this log, unless another stands in its place, or none.
    pub async fn find(&self, log: &dyn EventStore) -> Result<Option<RecordedEvent>, StoreError> {
        let found = log
            .read_stream(&self.stream, self.revision, Direction::Forwards, 1)
            .await?;
        let found = found.into_iter().next();
        Ok(found.filter(|found| (found.revision, found.id) == (self.revision, self.event)))
    }

    fn to_line(&self) -> String {
        let Self {
            size,
            event,
            revision,
            stream,
        } = self;
        format!("{size} {event} {revision} {}\n", stream.as_str())
    }

    fn from_line(line: &str) -> Option<Self> {
        let mut fields = line.splitn(4, ' ');
        Some(Self {
            size: fields.next()?.parse().ok()?,
            event: fields.next()?.parse().ok()?,
            revision: fields.next()?.parse().ok()?,
            stream: StreamName::named(fields.next()?),
        })
    }
}

/// The places of the newest checkpoints, the newest last. It is written before the checkpoint, so that
/// whichever of the two checkpoints is there after a crash, its place is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor(pub Vec<Place>);

impl Cursor {
    /// Reads it. A file that is missing or that says nothing is an empty cursor.
    pub fn read(file: &Path) -> io::Result<Self> {
        match fs::read_to_string(file) {
            Ok(text) => Ok(Self(text.lines().filter_map(Place::from_line).collect())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// As it is written.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.0.iter().map(Place::to_line).collect()
    }

    /// The place of the tree of this size.
    #[must_use]
    pub fn at(&self, size: u64) -> Option<&Place> {
        self.0.iter().find(|place| place.size == size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cursor");
        assert_eq!(Cursor::read(&file).unwrap(), Cursor::default());
        let place = |size| Place {
            size,
            event: EventId(uuid::Uuid::from_u128(7)),
            revision: 3,
            stream: StreamName::named("installation-pawl"),
        };
        let cursor = Cursor(vec![place(5), place(9)]);
        fs::write(&file, cursor.to_text()).unwrap();
        assert_eq!(Cursor::read(&file).unwrap(), cursor);
        assert_eq!(cursor.at(9), Some(&place(9)));
        assert_eq!(cursor.at(7), None);
        fs::write(&file, "no cursor\n").unwrap();
        assert_eq!(Cursor::read(&file).unwrap(), Cursor::default());
    }
}
