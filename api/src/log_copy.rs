//! `pawl log copy`: moves a log to another home, event by event and byte for byte. A copy that was
//! cut off goes on where it stopped, and nothing is believed before both have been compared.

use eventstore::{AppendError, Direction, EventStore, ExpectedRevision, StoreError};
use eventstore_schema::{NewEvent, Position, RecordedEvent, StreamName};

/// Events read at a time.
const PAGE: usize = 500;

/// A log that could not be copied. What has been copied stays; the same command goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// One of the logs failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Somebody else writes to the target.
    #[error("the target is written to by somebody else: {0}")]
    Append(#[from] AppendError),
    /// The target is not the beginning of the source.
    #[error(
        "the logs differ at the event {revision} of {stream}: the target is not a copy of the \
         source; copy into an empty log"
    )]
    Different {
        /// The stream.
        stream: StreamName,
        /// The revision in it.
        revision: u64,
    },
    /// One of them goes on where the other ends.
    #[error("the logs do not end together: compared {0} events")]
    Length(u64),
}

/// A finished copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Events in both logs.
    pub events: u64,
    /// Where the source ends.
    pub source: Position,
    /// Where the target ends.
    pub target: Position,
}

/// Copies what the target lacks, then compares both from the start. `progress` is told how far it
/// is in the source, once for copying and once for comparing.
pub async fn copy(
    source: &dyn EventStore,
    target: &dyn EventStore,
    mut progress: impl FnMut(&'static str, Position),
) -> Result<Copied, CopyError> {
    let mut after = resume(source, target).await?;
    loop {
        let page = source.read_all(after, Direction::Forwards, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.position;
        for run in page.chunk_by(follows) {
            append(target, run).await?;
        }
        progress("copied", after);
    }
    compare(source, target, progress).await
}

/// The position in the target of the newest event that stands at or before a position of the
/// source: what a checkpoint there is worth here.
pub async fn map(
    source: &dyn EventStore,
    target: &dyn EventStore,
    position: Position,
) -> Result<Position, CopyError> {
    let before = Position(position.0.saturating_add(1));
    let newest = source.read_all(before, Direction::Backwards, 1).await?;
    match newest.first() {
        Some(event) => Ok(same(target, event).await?.position),
        None => Ok(Position::START),
    }
}

/// Where in the source the target ends.
async fn resume(source: &dyn EventStore, target: &dyn EventStore) -> Result<Position, CopyError> {
    let last = target
        .read_all(Position(u64::MAX), Direction::Backwards, 1)
        .await?;
    match last.first() {
        Some(event) => Ok(same(source, event).await?.position),
        None => Ok(Position::START),
    }
}

/// The same event in another log.
async fn same(log: &dyn EventStore, event: &RecordedEvent) -> Result<RecordedEvent, CopyError> {
    let found = log
        .read_stream(&event.stream, event.revision, Direction::Forwards, 1)
        .await?;
    let found = found.into_iter().next();
    found
        .filter(|found| alike(found, event))
        .ok_or_else(|| different(event))
}

fn different(event: &RecordedEvent) -> CopyError {
    CopyError::Different {
        stream: event.stream.clone(),
        revision: event.revision,
    }
}

/// Whether they are equal but for their positions.
fn alike(a: &RecordedEvent, b: &RecordedEvent) -> bool {
    let fields = |event: &RecordedEvent| (event.revision, event.id);
    fields(a) == fields(b)
        && a.stream == b.stream
        && a.event_type == b.event_type
        && a.metadata == b.metadata
        && a.data == b.data
}

/// Whether the second event comes right after the first in the same stream, and can be appended
/// with it.
fn follows(first: &RecordedEvent, second: &RecordedEvent) -> bool {
    first.stream == second.stream && first.revision + 1 == second.revision
}

async fn append(target: &dyn EventStore, run: &[RecordedEvent]) -> Result<(), CopyError> {
    let Some(first) = run.first() else {
        return Ok(());
    };
    let expected = match first.revision {
        0 => ExpectedRevision::NoStream,
        revision => ExpectedRevision::Exact(revision - 1),
    };
    let events = run.iter().map(|event| NewEvent {
        id: event.id,
        event_type: event.event_type.clone(),
        metadata: event.metadata.clone(),
        data: event.data.clone(),
    });
    target
        .append(&first.stream, expected, events.collect())
        .await?;
    Ok(())
}

async fn compare(
    source: &dyn EventStore,
    target: &dyn EventStore,
    mut progress: impl FnMut(&'static str, Position),
) -> Result<Copied, CopyError> {
    let (mut here, mut there) = (Pages::of(source), Pages::of(target));
    let mut copied = Copied {
        events: 0,
        source: Position::START,
        target: Position::START,
    };
    loop {
        match (here.next().await?, there.next().await?) {
            (None, None) => return Ok(copied),
            (Some(a), Some(b)) if alike(&a, &b) => {
                copied.events += 1;
                (copied.source, copied.target) = (a.position, b.position);
                progress("compared", a.position);
            }
            (Some(a), Some(_)) => return Err(different(&a)),
            _ => return Err(CopyError::Length(copied.events)),
        }
    }
}

/// A log, event by event.
struct Pages<'a> {
    log: &'a dyn EventStore,
    after: Position,
    page: std::vec::IntoIter<RecordedEvent>,
}

impl<'a> Pages<'a> {
    fn of(log: &'a dyn EventStore) -> Self {
        Self {
            log,
            after: Position::START,
            page: Vec::new().into_iter(),
        }
    }

    async fn next(&mut self) -> Result<Option<RecordedEvent>, StoreError> {
        if self.page.len() == 0 {
            let page = self.log.read_all(self.after, Direction::Forwards, PAGE);
            self.page = page.await?.into_iter();
        }
        let next = self.page.next();
        if let Some(event) = &next {
            self.after = event.position;
        }
        Ok(next)
    }
}
