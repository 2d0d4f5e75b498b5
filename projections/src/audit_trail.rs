//! The audit trail: where in the log the events are that somebody may ask for. It is an index of the log
//! and holds nothing that could be shown; the entries themselves are read from the log.

mod days;
mod entries;
mod number;
mod query;
#[cfg(test)]
mod tests;

pub use entries::{AuditEntry, EntryError, entries, record};
pub use query::{Filter, Found, by_event, latest, leaves, page};

use crate::{
    Projection, ProjectionError, Rows, Table,
    rows::values,
    sql::{
        params,
        value::{Micros, Whole},
    },
};
use eventstore_schema::{
    Actor, AddressEvent, AuditEvent, AuditRead, Event, PasswordResetDeclined, Recorded,
    SignInRejected, StreamName, UserId,
};
use number::Owner;
use std::borrow::Cow;

/// The read model behind `/audit`.
pub struct AuditTrail;

const TRAIL: Table = Table {
    name: "audit_trail",
    // `organization`, `event`, `type`, `actor` and `person` are numbers that only find; see `number`.
    columns: "organization BIGINT NOT NULL,
                  position BIGINT NOT NULL,
                  leaf_index BIGINT NOT NULL,
                  event BIGINT NOT NULL,
                  type BIGINT NOT NULL,
                  actor BIGINT NOT NULL,
                  person BIGINT,
                  recorded_at BIGINT NOT NULL",
    key: &["organization", "position"],
    indexes: &[
        "(type, position)",
        "(actor, position)",
        "(person, position) WHERE person IS NOT NULL",
        "(event)",
    ],
};

/// How many leaves the audit log has, in one row.
const LEAVES: Table = Table {
    name: "audit_leaves",
    columns: "log BIGINT NOT NULL,
                  leaves BIGINT NOT NULL",
    key: &["log"],
    indexes: &[],
};

/// The log, of which there is one.
const LOG: i64 = 0;

impl Projection for AuditTrail {
    fn name(&self) -> &'static str {
        "audit_trail"
    }

    fn version(&self) -> u32 {
        6
    }

    fn tables(&self) -> &'static [Table] {
        &[TRAIL, LEAVES, days::TABLE]
    }

    fn project(&self, rows: &mut Rows<'_>, event: &Recorded<Event>) -> Result<(), ProjectionError> {
        let owner = Owner::of(event.metadata.organization_id);
        let actor = event.metadata.actor;
        // Who caused an event is found as its actor.
        let person = person(event).filter(|person| actor != Actor::User(*person));
        let leaf_index = next_leaf(rows)?;
        rows.append(
            &TRAIL,
            params![
                owner.0,
                Whole(event.position.0),
                leaf_index,
                number::of_event(event.id),
                owner.event_type(event.data.event_type().0),
                owner.actor(actor),
                person.map(|person| owner.person(person)),
                Micros(event.metadata.recorded_at)
            ],
        )?;
        days::note(rows, event)
    }
}

/// The index of a new leaf. Every event of Pawl's is one.
fn next_leaf(rows: &mut Rows<'_>) -> Result<i64, ProjectionError> {
    let key = params![LOG];
    let before = rows.find(&LEAVES, key, |row| row.get::<i64>("leaves"))?;
    let leaf_index = before.unwrap_or(0);
    let values = values! { leaves = leaf_index + 1 };
    match before {
        None => rows.insert(&LEAVES, key, values)?,
        Some(_) => rows.update(&LEAVES, key, values)?,
    }
    Ok(leaf_index)
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
