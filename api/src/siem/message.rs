//! One event as it goes to a SIEM: with ids, without anything personal. What is sealed in the log stays
//! out, for what somebody else has kept cannot be forgotten when a person is erased.

use crate::audit::formats::{self, Entry, Format, Severity};
use chrono::{DateTime, Utc};
use eventstore_schema::{DecodeError, EventId, OrganizationId, RecordedEvent, Sealed};
use serde_json::{Value, json};

/// Bytes of a text beyond which it is left out: receivers of syslog need take no more than a few
/// thousand (RFC 5425 section 4.3.1), and nothing so long is of use to a SIEM, a logo for one.
const LONGEST_TEXT: usize = 1024;

/// An event to send.
#[derive(Clone, Debug)]
pub struct Message {
    pub(super) id: EventId,
    pub(super) event_type: &'static str,
    pub(super) index: u64,
    pub(super) recorded_at: DateTime<Utc>,
    pub(super) organization: Option<OrganizationId>,
    pub(super) severity: Severity,
    /// The event as a JSON object, without the end of the line.
    pub(super) json: String,
}

impl Message {
    /// The event whose leaf has this index.
    pub fn new(
        format: Format,
        origin: &str,
        index: u64,
        event: RecordedEvent,
    ) -> Result<Self, DecodeError> {
        let (event, content) = event.decode_with_content()?;
        // Decoding has read it as JSON.
        let mut content = serde_json::from_str(&content).unwrap_or_default();
        withhold(&mut content);
        let line = format.line(&Entry {
            origin,
            index,
            event: &event,
            content: &content,
        });
        Ok(Self {
            id: event.id,
            event_type: event.data.event_type().0,
            index,
            recorded_at: event.metadata.recorded_at,
            organization: event.metadata.organization_id,
            severity: formats::severity(&event.data),
            json: line.trim_end().to_owned(),
        })
    }
}

/// Leaves out what is sealed, and what is long.
fn withhold(value: &mut Value) {
    match value {
        Value::String(text) if text.len() > LONGEST_TEXT => *value = json!({ "left_out": true }),
        Value::Object(fields) => {
            let sealed = serde_json::from_value::<Sealed>(Value::Object(fields.clone())).is_ok();
            if sealed {
                *value = json!({ "sealed": true });
            } else {
                fields.values_mut().for_each(withhold);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(withhold),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_sealed_and_nothing_long_leaves() {
        let mut content = json!({
            "name": { "key": "person/1", "box": "c2VjcmV0" },
            "password": { "password_id": 7, "hash": { "key": "password/7", "box": "c2VjcmV0" } },
            "list": [{ "key": "person/1", "box": "c2VjcmV0" }],
            "logo": "x".repeat(LONGEST_TEXT + 1),
            "role": "admin",
        });
        withhold(&mut content);
        let sealed = json!({ "sealed": true });
        let left = json!({
            "name": sealed,
            "password": { "password_id": 7, "hash": sealed },
            "list": [sealed],
            "logo": { "left_out": true },
            "role": "admin",
        });
        assert_eq!(content, left);
    }
}
