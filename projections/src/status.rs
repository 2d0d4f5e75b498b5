//! How far each read model has come, and what stopped it.

use crate::{DatabaseError, database::open_read_only, value::Whole, writer::Model};
use eventstore_schema::Position;
use std::path::Path;

/// What stopped a read model. It tries again when Pawl starts again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It cannot take in the event at this position. The others go on.
    #[error("stopped before the event at {position}: {error}")]
    Event {
        /// Where the event is.
        position: Position,
        /// What was wrong with it.
        error: String,
    },
    /// The log or the database of the projections failed, and so stopped all of them.
    #[error("stopped: {error}")]
    Outage {
        /// What failed.
        error: String,
    },
}

/// How far a read model has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectionStatus {
    /// Its name.
    pub name: String,
    /// The version that built its rows.
    pub version: u32,
    /// The last event that it has seen.
    pub position: Position,
    /// How much of the log is still before it.
    pub lag_events: u64,
    /// What stopped it, if anything did.
    pub failure: Option<Failure>,
}

impl ProjectionStatus {
    pub(crate) fn of(model: &Model, head: Position) -> Self {
        Self {
            name: model.projection.name().to_owned(),
            version: model.projection.version(),
            position: model.position,
            lag_events: head.0.saturating_sub(model.position.0),
            failure: model.failure.clone(),
        }
    }
}

/// How far the read models in the file have come, also while another process runs them. What
/// stopped them is known to that process only.
pub fn status_read_only(
    file: impl AsRef<Path>,
    head: Position,
) -> Result<Vec<ProjectionStatus>, DatabaseError> {
    let connection = open_read_only(file.as_ref())?;
    let mut checkpoints = connection
        .prepare("SELECT projection, version, position FROM checkpoints ORDER BY projection")?;
    let statuses = checkpoints.query_map([], |row| {
        let Whole(position) = row.get("position")?;
        Ok(ProjectionStatus {
            name: row.get("projection")?,
            version: row.get("version")?,
            position: Position(position),
            lag_events: head.0.saturating_sub(position),
            failure: None,
        })
    })?;
    Ok(statuses.collect::<Result<_, _>>()?)
}
