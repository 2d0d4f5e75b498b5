//! How far a read model has come in the log, and whether a log is the one in which it has.

use crate::writer::Model;
use eventstore::{EventStore, StoreError};
use eventstore_schema::{EventId, Position};

/// The last event that a read model has seen: where it is, and which one. A place alone is one in any log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Checkpoint {
    pub(crate) position: Position,
    /// None where it has seen nothing.
    pub(crate) event_id: Option<EventId>,
}

/// A log that is not the one that the read models were built from.
#[derive(Debug, thiserror::Error)]
pub enum AnotherLog {
    /// It ends before an event that they have seen.
    #[error(
        "the log ends at position {head}, but the read model {projection} has seen the event at \
         {seen}: the log was put back to an older state, and what it lacks is lost; or it is another \
         one, and read models belong to one installation; if the log was put back, and that is \
         intended, stop Pawl and run: pawl projections rebuild"
    )]
    Ahead {
        /// The read model.
        projection: &'static str,
        /// What it has seen.
        seen: Position,
        /// Where the log ends.
        head: Position,
    },
    /// It does not have an event that they have seen.
    #[error(
        "the last event that the read model {projection} has seen is not in the log: the log is another \
         one, and read models belong to one installation; or it was put back to an older state and \
         has grown since; if the log was put back, and that is intended, stop Pawl and run: pawl \
         projections rebuild"
    )]
    Different {
        /// The read model.
        projection: &'static str,
    },
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Refuses a log that does not have what the read models have seen: it is not the one that the rows
/// were built from, and what it lacks would be missing without a trace.
pub(crate) async fn expect_same_log(
    models: &[Model],
    log: &dyn EventStore,
) -> Result<(), AnotherLog> {
    let head = log.head().await?;
    if let Some(ahead) = models.iter().find(|model| model.checkpoint.position > head) {
        return Err(AnotherLog::Ahead {
            projection: ahead.projection.name(),
            seen: ahead.checkpoint.position,
            head,
        });
    }
    match of_another_log(models, log).await?.first() {
        Some(projection) => Err(AnotherLog::Different { projection }),
        None => Ok(()),
    }
}

/// The names of those of the read models that have seen an event which is not where it was in this log.
pub(crate) async fn of_another_log(
    models: &[Model],
    log: &dyn EventStore,
) -> Result<Vec<&'static str>, StoreError> {
    let mut positions: Vec<_> = models
        .iter()
        .map(|model| model.checkpoint.position)
        .collect();
    positions.sort_unstable();
    positions.dedup();
    let events = log.read_at(&positions).await?;
    let is_there = |seen: Checkpoint| {
        let mut events = events.iter();
        seen.event_id
            .is_none_or(|id| events.any(|event| event.position == seen.position && event.id == id))
    };
    let strangers = models.iter().filter(|model| !is_there(model.checkpoint));
    Ok(strangers.map(|model| model.projection.name()).collect())
}
