//! OCSF 1.8.0: what surrounds every event, and what its class asks for. What the schema has no place for
//! is in `unmapped`. Pawl records no network addresses, so there is no `src_endpoint`.

mod meaning;
mod objects;

pub use meaning::Severity;

use super::{Entry, moment};
use eventstore_schema::Event;
use meaning::{Class, Meaning, OTHER};
use projections::audit_trail;
use serde_json::{Value, json};

/// The version of the schema.
const VERSION: &str = "1.8.0";

pub(super) fn severity(event: &Event) -> Severity {
    meaning::of(event).severity
}

pub(super) fn object(entry: &Entry<'_>) -> Value {
    let Entry { event, .. } = entry;
    let meaning = meaning::of(&event.data);
    let name = event.data.event_type().0;
    let (class, activity) = (meaning.class, meaning.activity);
    let (status_id, status) = if meaning.refused {
        (2, "Failure")
    } else {
        (1, "Success")
    };
    let mut object = json!({
        "category_uid": Class::CATEGORY,
        "category_name": "Identity & Access Management",
        "class_uid": class.uid(),
        "class_name": class.name(),
        "activity_id": activity.0,
        "activity_name": if activity == OTHER { name } else { activity.1 },
        "type_uid": class.uid() * 100 + activity.0,
        "type_name": format!("{}: {}", class.name(), activity.1),
        "severity_id": meaning.severity as u32,
        "severity": format!("{:?}", meaning.severity),
        "status_id": status_id,
        "status": status,
        "time": event.metadata.recorded_at.timestamp_millis(),
        "message": format!("{name}: {}", audit_trail::subject(event)),
        "metadata": metadata(entry),
        "actor": objects::actor(entry),
        "unmapped": {
            "stream": event.stream,
            "revision": event.revision,
            "causation_id": event.metadata.causation_id,
            "data": entry.content,
        },
    });
    add_of_class(&mut object, entry, &meaning);
    object
}

fn metadata(entry: &Entry<'_>) -> Value {
    let Entry { event, .. } = entry;
    let mut metadata = json!({
        "version": VERSION,
        "product": {
            "name": "Pawl",
            "vendor_name": "Pawl",
            "version": env!("CARGO_PKG_VERSION"),
        },
        "uid": event.id,
        "event_code": event.data.event_type().0,
        "original_time": moment(event),
        "log_name": entry.origin,
        "log_version": event.metadata.version.to_string(),
        "sequence": entry.index,
        "correlation_uid": event.metadata.correlation_id,
    });
    if let Some(organization) = event.metadata.organization_id {
        metadata["tenant_uid"] = organization.to_string().into();
    }
    metadata
}

/// What the class asks for.
fn add_of_class(object: &mut Value, entry: &Entry<'_>, meaning: &Meaning) {
    let event = &entry.event.data;
    match meaning.class {
        Class::Authentication => {
            object["user"] = objects::user(entry);
            object["service"] = json!({ "name": "Pawl", "uid": entry.origin });
            if let Some(session) = objects::session(entry) {
                object["session"] = session;
            }
            if let Some(is_mfa) = objects::is_mfa(event) {
                object["is_mfa"] = is_mfa.into();
            }
            if meaning.refused {
                object["status_detail"] = "INVALID_CREDENTIALS".into();
            }
        }
        Class::AccountChange => object["user"] = objects::user(entry),
        Class::EntityManagement => object["entity"] = objects::entity(entry),
        Class::UserAccess => {
            object["user"] = objects::user(entry);
            object["privileges"] = objects::privileges(event).into();
        }
    }
    let factors = objects::factors(event);
    let has_factors = matches!(meaning.class, Class::Authentication | Class::AccountChange);
    if has_factors && !factors.is_empty() {
        object["auth_factors"] = factors.into();
    }
}
