//! The audit trail: every event of the log, as it was stored, in the order of the log.

mod days;

use crate::{
    DatabaseError, Page, Projection, ProjectionError, Readers, Rows, Table,
    value::{Micros, Text, Whole, actor_columns, actor_from},
};
use chrono::{DateTime, Utc};
use eventstore_schema::{
    Actor, AddressEvent, Event, EventId, OrganizationId, PasswordResetDeclined, Position, Recorded,
    SignInRejected, StreamName, UserId,
};
use rusqlite::{Row, params};
use std::borrow::Cow;

/// The read model behind `/audit`.
pub struct AuditTrail;

const TABLES: &[Table] = &[
    Table {
        name: "audit_trail",
        create: "CREATE TABLE audit_trail (
                 position INTEGER PRIMARY KEY,
                 organization_id TEXT,
                 event_id TEXT NOT NULL,
                 type TEXT NOT NULL,
                 recorded_at BIGINT NOT NULL,
                 actor_kind TEXT NOT NULL,
                 actor_id TEXT,
                 subject TEXT NOT NULL,
                 stream TEXT NOT NULL,
                 revision BIGINT NOT NULL,
                 data TEXT NOT NULL
             );
             CREATE INDEX audit_trail_by_organization ON audit_trail (organization_id, position);
             CREATE INDEX audit_trail_by_type ON audit_trail (organization_id, type, position)",
    },
    days::TABLE,
];

impl Projection for AuditTrail {
    fn name(&self) -> &'static str {
        "audit_trail"
    }

    fn version(&self) -> u32 {
        3
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
            "INSERT INTO audit_trail (position, organization_id, event_id, type, recorded_at,
                 actor_kind, actor_id, subject, stream, revision, data)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
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
/// that of an e-mail address.
#[must_use]
pub fn subject(event: &Recorded<Event>) -> Cow<'_, StreamName> {
    match &event.data {
        Event::Address(
            AddressEvent::SignInRejected(SignInRejected {
                user_id: Some(id), ..
            })
            | AddressEvent::PasswordResetDeclined(PasswordResetDeclined { user_id: Some(id) }),
        ) => Cow::Owned(StreamName::user(*id)),
        _ => Cow::Borrowed(&event.stream),
    }
}

/// An event in the audit trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its place in the log.
    pub position: Position,
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

/// The events of an organization after the position `after`, in the order of the log; with `as_of`
/// only those recorded by then.
pub fn page(
    readers: &Readers,
    organization_id: OrganizationId,
    after: Position,
    as_of: Option<DateTime<Utc>>,
    limit: u32,
) -> Result<Page<AuditEntry, Position>, DatabaseError> {
    let as_of = as_of.map(|time| time.timestamp_micros());
    readers.read(|view| {
        let last = match as_of {
            Some(time) => days::last_by(view, organization_id, time)?,
            None => i64::MAX,
        };
        let rows = view
            .prepare_cached(
                "SELECT * FROM audit_trail
                 WHERE organization_id = ?1 AND position > ?2 AND position <= ?3
                     AND recorded_at <= ?4
                 ORDER BY position LIMIT ?5",
            )?
            .query_map(
                params![
                    Text(organization_id),
                    Whole(after.0),
                    last,
                    as_of.unwrap_or(i64::MAX),
                    i64::from(limit) + 1
                ],
                entry_from,
            )?
            .collect::<Result<_, _>>()?;
        Ok(Page::cut(rows, limit, |entry: &AuditEntry| entry.position))
    })
}

/// The events of an organization that a person caused, or that are about them, after the position
/// `after`, in the order of the log. It looks through the whole history of the organization, once
/// for all pages together.
pub fn of_person(
    readers: &Readers,
    organization_id: OrganizationId,
    user_id: UserId,
    after: Position,
    limit: u32,
) -> Result<Page<AuditEntry, Position>, DatabaseError> {
    readers.read(|view| {
        let rows = view
            .prepare_cached(
                "SELECT * FROM audit_trail
                 WHERE organization_id = ?1 AND position > ?2 AND (actor_id = ?3 OR subject = ?4)
                 ORDER BY position LIMIT ?5",
            )?
            .query_map(
                params![
                    Text(organization_id),
                    Whole(after.0),
                    Text(user_id),
                    StreamName::user(user_id).as_str(),
                    i64::from(limit) + 1
                ],
                entry_from,
            )?
            .collect::<Result<_, _>>()?;
        Ok(Page::cut(rows, limit, |entry: &AuditEntry| entry.position))
    })
}

/// Which events a list has.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those of this type.
    pub event_type: Option<String>,
    /// Only those recorded before then.
    pub until: Option<DateTime<Utc>>,
    /// Only those before this position.
    pub before: Option<Position>,
}

/// The events of an organization, the newest first.
pub fn latest(
    readers: &Readers,
    organization_id: OrganizationId,
    filter: &Filter,
    limit: u32,
) -> Result<Page<AuditEntry, Position>, DatabaseError> {
    let before = filter.before.map_or(i64::MAX, |position| {
        i64::try_from(position.0).unwrap_or(i64::MAX)
    });
    let until = filter.until.map(|time| time.timestamp_micros());
    // One statement each, so that each uses its index.
    let sql = match filter.event_type {
        None => {
            "SELECT * FROM audit_trail
             WHERE organization_id = ?1 AND position < ?2 AND recorded_at < ?3 AND ?4 IS NULL
             ORDER BY position DESC LIMIT ?5"
        }
        Some(_) => {
            "SELECT * FROM audit_trail
             WHERE organization_id = ?1 AND position < ?2 AND recorded_at < ?3 AND type = ?4
             ORDER BY position DESC LIMIT ?5"
        }
    };
    readers.read(|view| {
        let before = match until {
            Some(time) => before.min(days::last_by(view, organization_id, time - 1)? + 1),
            None => before,
        };
        let rows = view
            .prepare_cached(sql)?
            .query_map(
                params![
                    Text(organization_id),
                    before,
                    until.unwrap_or(i64::MAX),
                    filter.event_type,
                    i64::from(limit) + 1
                ],
                entry_from,
            )?
            .collect::<Result<_, _>>()?;
        Ok(Page::cut(rows, limit, |entry: &AuditEntry| entry.position))
    })
}

fn entry_from(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    Ok(AuditEntry {
        position: Position(row.get::<_, Whole>("position")?.0),
        organization_id: row
            .get::<_, Option<Text<_>>>("organization_id")?
            .map(|id| id.0),
        event_id: row.get::<_, Text<_>>("event_id")?.0,
        event_type: row.get("type")?,
        recorded_at: row.get::<_, Micros>("recorded_at")?.0,
        actor: actor_from(row, "actor_kind", "actor_id")?,
        subject: StreamName::named(row.get::<_, String>("subject")?),
        stream: StreamName::named(row.get::<_, String>("stream")?),
        revision: row.get::<_, Whole>("revision")?.0,
        data: row.get("data")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{History, at, readers_of};
    use chrono::TimeDelta;
    use eventstore_schema::{AddressId, InstallationEvent, SetUpClaimed};

    #[test]
    fn an_entry_is_the_event_as_it_was_stored() {
        let mut history = History::default();
        let acme = history.organization("Acme");
        let admin = history.registered(acme);
        history.events[1].data.push(' ');
        let (_directory, readers) = readers_of(&history);

        let page = page(&readers, acme, Position(1), None, 10).unwrap();
        let event = history.last();
        assert_eq!(
            page.items,
            [AuditEntry {
                position: Position(4),
                organization_id: Some(acme),
                event_id: event.id,
                event_type: "UserRegistered".into(),
                recorded_at: at(1),
                actor: Actor::Operator,
                subject: StreamName::user(admin.0),
                stream: StreamName::user(admin.0),
                revision: 0,
                data: event.data.clone(),
            }]
        );
    }

    #[test]
    fn a_rejected_sign_in_is_about_the_person_where_one_is_known() {
        let mut history = History::default();
        let acme = history.organization("Acme");
        let admin = history.registered(acme);
        let address = StreamName::address(&AddressId("0".into()));
        for user_id in [Some(admin.0), None] {
            let event = AddressEvent::from(SignInRejected {
                user_id,
                browser: None,
            });
            history.record(address.clone(), Some(acme), Actor::Anonymous, event);
        }
        let (_directory, readers) = readers_of(&history);

        let page = page(&readers, acme, Position(4), None, 10).unwrap();
        let subjects: Vec<_> = page.items.iter().map(|entry| &entry.subject).collect();
        assert_eq!(subjects, [&StreamName::user(admin.0), &address]);
    }

    #[test]
    fn the_past_is_told_by_time_also_where_a_clock_was_wrong() {
        let mut history = History::default();
        let acme = history.organization("Acme");
        let admin = history.registered(acme);
        for day in [0, 3, 1, 5] {
            history.days = day;
            history.code_rejected(admin);
        }
        let (_directory, readers) = readers_of(&history);
        let end_of = |day| at(0) + TimeDelta::days(day) + TimeDelta::minutes(1);
        let positions = |page: Page<AuditEntry, Position>| -> Vec<_> {
            page.items.iter().map(|entry| entry.position.0).collect()
        };
        for (day, expected) in [
            (-1, &[][..]),
            (0, &[1, 4, 7]),
            (1, &[1, 4, 7, 13]),
            (2, &[1, 4, 7, 13]),
            (3, &[1, 4, 7, 10, 13]),
            (9, &[1, 4, 7, 10, 13, 16]),
        ] {
            let oldest = page(&readers, acme, Position(0), Some(end_of(day)), 9).unwrap();
            assert_eq!(positions(oldest), expected, "day {day}");
            let filter = Filter {
                until: Some(end_of(day)),
                ..Filter::default()
            };
            let mut newest = positions(latest(&readers, acme, &filter, 9).unwrap());
            newest.reverse();
            assert_eq!(newest, expected, "day {day}, newest first");
        }
    }

    #[test]
    fn pages_keep_to_one_organization_and_one_time() {
        let mut history = History::default();
        let acme = history.organization("Acme");
        history.organization("Other");
        let admin = history.registered(acme);
        let set_up = InstallationEvent::from(SetUpClaimed {
            organization_id: acme,
            user_id: admin.0,
        });
        history.record(StreamName::installation(), None, Actor::Operator, set_up);
        history.code_rejected(admin);
        history.code_rejected(admin);
        let (_directory, readers) = readers_of(&history);
        let page = |after, as_of, limit| {
            let page = page(&readers, acme, Position(after), as_of, limit).unwrap();
            let positions = page.items.iter().map(|entry| entry.position.0).collect();
            (positions, page.next.map(|next| next.0))
        };

        assert_eq!(page(0, None, 2), (vec![1, 7], Some(7)));
        assert_eq!(page(7, None, 2), (vec![13, 16], None));
        assert_eq!(page(0, Some(at(4)), 10), (vec![1, 7, 13], None));
        let latest = |event_type: Option<&str>, until, before: Option<u64>, limit| {
            let filter = Filter {
                event_type: event_type.map(str::to_owned),
                until,
                before: before.map(Position),
            };
            let page = latest(&readers, acme, &filter, limit).unwrap();
            let positions: Vec<_> = page.items.iter().map(|entry| entry.position.0).collect();
            (positions, page.next.map(|next| next.0))
        };
        assert_eq!(latest(None, None, None, 3), (vec![16, 13, 7], Some(7)));
        assert_eq!(latest(None, None, Some(7), 3), (vec![1], None));
        assert_eq!(latest(None, Some(at(4)), None, 9), (vec![7, 1], None));
        assert_eq!(
            latest(Some("OtpRejected"), None, Some(16), 9),
            (vec![13], None)
        );

        let unowned: i64 = readers
            .read(|view| {
                let count = "SELECT count(*) FROM audit_trail WHERE organization_id IS NULL";
                Ok(view.query_row(count, [], |row| row.get(0))?)
            })
            .unwrap();
        assert_eq!(unowned, 1);
    }
}
