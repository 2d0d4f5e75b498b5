//! The entries of an audit trail, each made of the event as the log has it. What was found by numbers is
//! shown to nobody before the event itself has been asked whether it is meant.

use super::{Filter, Found, subject};
use chrono::{DateTime, Utc};
use eventstore::{EventStore, StoreError};
use eventstore_schema::{
    Actor, DecodeError, Event, EventId, OrganizationId, Position, Recorded, RecordedEvent,
    StreamName,
};

/// An event in the audit trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its place in the log.
    pub position: Position,
    /// The index of its leaf in the audit log: how many events Pawl had recorded before it.
    pub leaf_index: u64,
    /// The organization whose history it belongs to, if any.
    pub organization_id: Option<OrganizationId>,
    /// Identifies it.
    pub event_id: EventId,
    /// The name of its type.
    pub event_type: String,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who caused it.
    pub actor: Actor,
    /// Whom or what it is about.
    pub subject: StreamName,
    /// The stream that it belongs to.
    pub stream: StreamName,
    /// Its place in that stream.
    pub revision: u64,
    /// Its content, as the JSON text that the log holds. Personal data and secrets are sealed.
    pub data: String,
}

/// Why entries that were found cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// The log failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log holds an event that cannot be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The read model was built from another log.
    #[error(
        "the audit trail has an event at position {0}, where the log has none: build it again with \
         pawl projections rebuild audit_trail"
    )]
    NotInTheLog(Position),
}

/// The event with this id, as the log holds it, where something was found by its number.
pub async fn record(
    store: &dyn EventStore,
    event_id: EventId,
    found: Vec<Found>,
) -> Result<Option<(Found, RecordedEvent)>, EntryError> {
    let mut records = records(store, found).await?.into_iter();
    Ok(records.find(|(_, record)| record.id == event_id))
}

/// What the log holds where something was found.
async fn records(
    store: &dyn EventStore,
    found: Vec<Found>,
) -> Result<Vec<(Found, RecordedEvent)>, EntryError> {
    let positions: Vec<_> = found.iter().map(|found| found.position).collect();
    let mut records = store.read_at(&positions).await?.into_iter();
    let mut pairs = Vec::with_capacity(found.len());
    for found in found {
        let record = records.next();
        let record = record.filter(|record| record.position == found.position);
        pairs.push((
            found,
            record.ok_or(EntryError::NotInTheLog(found.position))?,
        ));
    }
    Ok(pairs)
}

/// The entries where something was found, in the same order: those that are the organization's and meet
/// what was asked for.
pub async fn entries(
    store: &dyn EventStore,
    organization_id: OrganizationId,
    filter: &Filter,
    found: Vec<Found>,
) -> Result<Vec<AuditEntry>, EntryError> {
    let mut entries = Vec::with_capacity(found.len());
    for (found, record) in records(store, found).await? {
        let (event, data) = record.decode_with_content()?;
        entries.push(entry(found.leaf_index, event, data));
    }
    let is_theirs = |entry: &AuditEntry| entry.organization_id == Some(organization_id);
    entries.retain(|entry| is_theirs(entry) && filter.meets(entry));
    Ok(entries)
}

fn entry(leaf_index: u64, event: Recorded<Event>, data: String) -> AuditEntry {
    AuditEntry {
        position: event.position,
        leaf_index,
        organization_id: event.metadata.organization_id,
        event_id: event.id,
        event_type: event.data.event_type().0.to_owned(),
        recorded_at: event.metadata.recorded_at,
        actor: event.metadata.actor,
        subject: subject(&event).into_owned(),
        stream: event.stream,
        revision: event.revision,
        data,
    }
}
