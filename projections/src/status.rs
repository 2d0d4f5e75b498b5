//! How far each read model has come, and what stopped it.

use crate::{
    DatabaseError, Home,
    catalog::{self, Side},
    writer::Model,
};
use eventstore_schema::Position;

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
    /// Another version of Pawl built it, and this one is building it anew.
    #[error("is being built anew: version {built_by} of it was read before")]
    Outdated {
        /// The version that is there.
        built_by: u32,
    },
    /// The log or the database of the projections failed, and so stopped all of them.
    #[error("stopped: {error}")]
    Outage {
        /// What failed.
        error: String,
    },
}

impl Failure {
    /// Whether an event is to blame, so that trying again helps only once Pawl is another.
    pub(crate) fn is_the_events(&self) -> bool {
        matches!(self, Self::Event { .. })
    }
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
    /// How far the one has come that is being built to take its place, if one is.
    pub building: Option<Position>,
}

impl ProjectionStatus {
    pub(crate) fn of(model: &Model, head: Position) -> Self {
        Self {
            name: model.projection.name().to_owned(),
            version: model.projection.version(),
            position: model.position,
            lag_events: head.0.saturating_sub(model.position.0),
            failure: model.failure.clone(),
            building: model.building,
        }
    }
}

/// How far the read models have come, also while another process runs them, and what stopped them.
pub fn status_read_only(
    home: &Home,
    head: Position,
) -> Result<Vec<ProjectionStatus>, DatabaseError> {
    let entries = catalog::entries(&mut *home.open_read_only()?)?;
    let live = entries.iter().filter(|entry| entry.side == Side::Live);
    let statuses = live.map(|entry| {
        let mut building = entries.iter().filter(|other| other.side == Side::Building);
        let building = building.find(|other| other.projection == entry.projection);
        ProjectionStatus {
            name: entry.projection.clone(),
            version: entry.version,
            position: entry.position,
            lag_events: head.0.saturating_sub(entry.position.0),
            failure: entry.failure.clone(),
            building: building.map(|building| building.position),
        }
    });
    Ok(statuses.collect())
}
