//! How far each read model has come, and what stopped it.

use crate::{
    DatabaseError, Home,
    catalog::{self, Side},
    writer::Model,
};
use chrono::{DateTime, Utc};
use eventstore::{Direction, EventStore, StoreError};
use eventstore_schema::Position;
use std::collections::{BTreeMap, btree_map::Entry};

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
    /// Whether the read model is merely being built anew, which passes by itself.
    #[must_use]
    pub fn passes(&self) -> bool {
        matches!(self, Self::Outdated { .. })
    }

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
    /// How old the oldest event is that it has not seen, in seconds, once
    /// [`measure_lag`] has looked.
    pub lag_seconds: u64,
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
            position: model.checkpoint.position,
            lag_events: head.0.saturating_sub(model.checkpoint.position.0),
            lag_seconds: 0,
            failure: model.failure.clone(),
            building: model.building,
        }
    }
}

/// Looks in the log for the oldest event that each of these has not seen, and says how old it is.
pub async fn measure_lag(
    statuses: &mut [ProjectionStatus],
    store: &dyn EventStore,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut looked = BTreeMap::new();
    for status in statuses.iter_mut().filter(|status| status.lag_events > 0) {
        let Entry::Vacant(place) = looked.entry(status.position) else {
            continue;
        };
        let next = store.read_all(status.position, Direction::Forwards, 1);
        let next = next
            .await?
            .pop()
            .and_then(|event| event.read_metadata().ok());
        let age = next.map(|metadata| now - metadata.recorded_at);
        place.insert(age.map_or(0, |age| age.num_seconds().max(0).unsigned_abs()));
    }
    for status in statuses {
        status.lag_seconds = looked.get(&status.position).copied().unwrap_or(0);
    }
    Ok(())
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
            position: entry.checkpoint.position,
            lag_events: head.0.saturating_sub(entry.checkpoint.position.0),
            lag_seconds: 0,
            failure: entry.failure.clone(),
            building: building.map(|building| building.checkpoint.position),
        }
    });
    Ok(statuses.collect())
}
