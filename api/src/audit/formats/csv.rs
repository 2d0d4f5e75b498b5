//! CSV with fixed columns.

use super::{Entry, actor, moment};
use crate::csv_row::{harmless, row};
use projections::audit_trail;

/// The columns. New ones come at the end.
pub(super) const COLUMNS: [&str; 9] = [
    "leaf_index",
    "event_id",
    "recorded_at",
    "type",
    "actor_kind",
    "actor_id",
    "subject",
    "organization_id",
    "data",
];

pub(super) fn header() -> String {
    row(&COLUMNS)
}

pub(super) fn line(entry: &Entry<'_>) -> String {
    let Entry { event, .. } = entry;
    let (kind, id) = actor(event);
    let organization = event.metadata.organization_id;
    let cells = [
        entry.index.to_string(),
        event.id.to_string(),
        moment(event),
        event.data.event_type().0.to_owned(),
        kind.to_owned(),
        id.unwrap_or_default(),
        audit_trail::subject(event).to_string(),
        organization.map_or_else(String::new, |id| id.to_string()),
        entry.content.to_string(),
    ];
    row(&cells.map(harmless))
}
