//! The audit trail: every event of the log, as it was stored, in the order of the log.

mod days;
mod query;
#[cfg(test)]
mod tests;

pub use query::{Filter, by_event, latest, leaves, page};

use crate::{
    Index, Projection, ProjectionError, Rows, Table,
    sql::{
        Row, SqlError, params,
        value::{Micros, Text, Whole, actor_columns, actor_from},
    },
};
use chrono::{DateTime, Utc};
use eventstore_schema::{
    Actor, AddressEvent, AuditEvent, AuditRead, Event, EventId, OrganizationId,
    PasswordResetDeclined, Position, Recorded, SignInRejected, StreamName,
};
use std::borrow::Cow;

/// The read model behind `/audit`.
pub struct AuditTrail;

const TABLES: &[Table] = &[
    Table {
        name: "audit_trail",
        columns: "position INTEGER NOT NULL,
                  leaf_index BIGINT NOT NULL,
                  organization_id TEXT,
                  event_id TEXT NOT NULL,
                  type TEXT NOT NULL,
                  recorded_at BIGINT NOT NULL,
                  actor_kind TEXT NOT NULL,
                  actor_id TEXT,
                  subject TEXT NOT NULL,
                  stream TEXT NOT NULL,
                  revision BIGINT NOT NULL,
                  data TEXT NOT NULL",
        key: &["position"],
        in_order: true,
        indexes: &[
            Index {
                on: "(organization_id, position) WHERE position > 0",
                projecting: false,
            },
            Index {
                on: "(organization_id, type, position)",
                projecting: false,
            },
            Index {
                on: "(organization_id, actor_kind, actor_id, position)",
                projecting: false,
            },
            Index {
                on: "(organization_id, subject, position)",
                projecting: false,
            },
            Index {
                on: "(event_id)",
                projecting: false,
            },
        ],
    },
    days::TABLE,
];

impl Projection for AuditTrail {
    fn name(&self) -> &'static str {
        "audit_trail"
    }

    fn version(&self) -> u32 {
        4
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    fn project(
        &self,
        rows: &mut Rows<'_>,
        event: &Recorded<Event>,
        content: &str,
    ) -> Result<(), ProjectionError> {
        let (actor_kind, actor_id) = actor_columns(event.metadata.actor);
        rows.execute(
            "INSERT INTO audit_trail (position, leaf_index, organization_id, event_id, type,
                 recorded_at, actor_kind, actor_id, subject, stream, revision, data)
             VALUES (?1,
                 COALESCE(
                     (SELECT leaf_index + 1 FROM audit_trail ORDER BY position DESC LIMIT 1), 0),
                 ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            params![
                Whole(event.position.0),
                event.metadata.organization_id.map(Text),
                Text(event.id),
                event.data.event_type().0,
                Micros(event.metadata.recorded_at),
                actor_kind,
                actor_id,
                subject(event).as_str(),
                event.stream.as_str(),
                Whole(event.revision),
                content
            ],
        )?;
        days::note(rows, event)
    }
}

/// Whom or what an event is about: its stream, save where the person is known but the stream is
/// that of an e-mail address, or of the audit trail in which somebody looked for them.
#[must_use]
pub fn subject(event: &Recorded<Event>) -> Cow<'_, StreamName> {
    match &event.data {
        Event::Address(
            AddressEvent::SignInRejected(SignInRejected {
                user_id: Some(id), ..
            })
            | AddressEvent::PasswordResetDeclined(PasswordResetDeclined { user_id: Some(id) }),
        )
        | Event::Audit(AuditEvent::AuditRead(AuditRead {
            person: Some(id), ..
        })) => Cow::Owned(StreamName::user(*id)),
        _ => Cow::Borrowed(&event.stream),
    }
}

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

fn entry_from(row: &Row<'_>) -> Result<AuditEntry, SqlError> {
    Ok(AuditEntry {
        position: Position(row.get::<Whole>("position")?.0),
        leaf_index: row.get::<Whole>("leaf_index")?.0,
        organization_id: row
            .get::<Option<Text<_>>>("organization_id")?
            .map(|id| id.0),
        event_id: row.get::<Text<_>>("event_id")?.0,
        event_type: row.get("type")?,
        recorded_at: row.get::<Micros>("recorded_at")?.0,
        actor: actor_from(row, "actor_kind", "actor_id")?,
        subject: StreamName::named(row.get::<String>("subject")?),
        stream: StreamName::named(row.get::<String>("stream")?),
        revision: row.get::<Whole>("revision")?.0,
        data: row.get("data")?,
    })
}
