//! The audit trail: where in the log the events are that somebody may ask for. It is an index of the log
//! and holds nothing that could be shown; the entries themselves are read from the log.

mod days;
mod entries;
mod number;
mod query;
#[cfg(test)]
mod tests;

pub use entries::{AuditEntry, EntryError, entries, records};
pub use query::{Filter, Found, by_event, latest, leaves, page};

use crate::{
    Index, Projection, ProjectionError, Rows, Table,
    sql::{
        params,
        value::{Micros, Whole},
    },
};
use eventstore_schema::{
    Actor, AddressEvent, AuditEvent, AuditRead, Event, PasswordResetDeclined, Recorded,
    SignInRejected, StreamName, UserId,
};
use std::borrow::Cow;

/// The read model behind `/audit`.
pub struct AuditTrail;

const TRAIL: Table = Table {
    name: "audit_trail",
    // `organization`, `event`, `type`, `actor` and `person` are numbers that only find; see `number`.
    columns: "position INTEGER NOT NULL,
                  leaf_index BIGINT NOT NULL,
                  organization BIGINT,
                  event BIGINT NOT NULL,
                  type BIGINT NOT NULL,
                  actor BIGINT NOT NULL,
                  person BIGINT,
                  recorded_at BIGINT NOT NULL",
    key: &["position"],
    in_order: true,
    indexes: &[
        Index {
            on: "(organization, position) WHERE position > 0",
            projecting: false,
        },
        Index {
            on: "(organization, type, position)",
            projecting: false,
        },
        Index {
            on: "(organization, actor, position)",
            projecting: false,
        },
        Index {
            on: "(organization, person, position) WHERE person IS NOT NULL",
            projecting: false,
        },
        Index {
            on: "(event)",
            projecting: false,
        },
    ],
};

impl Projection for AuditTrail {
    fn name(&self) -> &'static str {
        "audit_trail"
    }

    fn version(&self) -> u32 {
        5
    }

    fn tables(&self) -> &'static [Table] {
        &[TRAIL, days::TABLE]
    }

    fn project(&self, rows: &mut Rows<'_>, event: &Recorded<Event>) -> Result<(), ProjectionError> {
        let actor = event.metadata.actor;
        // Who caused an event is found as its actor.
        let person = person(event).filter(|person| actor != Actor::User(*person));
        rows.append(
            "INSERT INTO audit_trail
                 (position, leaf_index, organization, event, type, actor, person, recorded_at)
             VALUES (?1,
                 COALESCE(
                     (SELECT leaf_index + 1 FROM audit_trail ORDER BY position DESC LIMIT 1), 0),
                 ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                Whole(event.position.0),
                event.metadata.organization_id.map(number::of_organization),
                number::of_event(event.id),
                number::of_type(event.data.event_type().0),
                number::of_actor(actor),
                person.map(number::of_person),
                Micros(event.metadata.recorded_at)
            ],
        )?;
        days::note(rows, event)
    }
}

/// Whom or what an event is about: its stream, save where the person is known but the stream is
/// that of an e-mail address, or of the audit trail in which somebody looked for them.
#[must_use]
pub fn subject(event: &Recorded<Event>) -> Cow<'_, StreamName> {
    match mentioned(event) {
        Some(id) => Cow::Owned(StreamName::user(id)),
        None => Cow::Borrowed(&event.stream),
    }
}

/// The person whom an event is about, where it is about one.
fn person(event: &Recorded<Event>) -> Option<UserId> {
    mentioned(event).or_else(|| event.stream.as_str().strip_prefix("user-")?.parse().ok())
}

/// The person whom an event of another stream is about.
fn mentioned(event: &Recorded<Event>) -> Option<UserId> {
    match &event.data {
        Event::Address(
            AddressEvent::SignInRejected(SignInRejected { user_id: id, .. })
            | AddressEvent::PasswordResetDeclined(PasswordResetDeclined { user_id: id }),
        )
        | Event::Audit(AuditEvent::AuditRead(AuditRead { person: id, .. })) => *id,
        _ => None,
    }
}
