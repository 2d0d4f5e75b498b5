//! `CloudEvents` 1.0 in its JSON form. Attributes beyond the standard's have names of lower-case letters
//! only, as it asks, and are texts where they may grow past its 32-bit integers.

use super::{Entry, actor, moment};
use projections::audit_trail;
use serde_json::{Value, json};

/// What comes before the names of events in `type`. It stays.
const PREFIX: &str = "pawl.";

pub(super) fn object(entry: &Entry<'_>) -> Value {
    let Entry { event, .. } = entry;
    let metadata = &event.metadata;
    let (kind, id) = actor(event);
    let mut object = json!({
        "specversion": "1.0",
        "id": event.id,
        "source": entry.origin,
        "type": format!("{PREFIX}{}", event.data.event_type().0),
        "subject": audit_trail::subject(event).as_str(),
        "time": moment(event),
        "datacontenttype": "application/json",
        "leafindex": entry.index.to_string(),
        "typeversion": metadata.version,
        "actorkind": kind,
        "correlationid": metadata.correlation_id,
        "causationid": metadata.causation_id,
        "data": entry.content,
    });
    // An attribute without a value is left out.
    if let Some(id) = id {
        object["actorid"] = id.into();
    }
    if let Some(organization) = metadata.organization_id {
        object["organization"] = organization.to_string().into();
    }
    object
}
