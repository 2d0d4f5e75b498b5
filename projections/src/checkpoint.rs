//! How far a read model has come in the log, and whether a log is the one in which it has.

use crate::writer::Model;
use eventstore::{EventStore, StoreError};
use eventstore_schema::{EventId, Position};

/// The last event that a read model has seen: where it is, and which one. A place alone is one in any log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(crate) position: Position,
    /// None where it has seen nothing.
    pub(crate) event_id: Option<EventId>,
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
