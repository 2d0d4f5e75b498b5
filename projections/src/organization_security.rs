//! How safe an organization is: whether a second factor is enforced, since when and by whom, and
//! how many of its people have one.

use crate::{
    DatabaseError, Projection, ProjectionError, Readers, Rows, Table,
    projection::{organization_of, user_of},
    value::{Micros, Text, Whole, actor_columns, actor_from},
};
use chrono::{DateTime, Utc};
use eventstore_schema::{
    Actor, Event, EventId, OrganizationEvent, OrganizationId, Recorded, UserEvent,
};
use rusqlite::{OptionalExtension, Row, params};

/// The read model behind `/two-factor`.
pub struct OrganizationSecurity;

const TABLES: &[Table] = &[
    Table {
        name: "organization_security",
        create: "CREATE TABLE organization_security (
                     organization_id TEXT PRIMARY KEY,
                     name TEXT NOT NULL,
                     enforced_at BIGINT,
                     enforced_by_kind TEXT,
                     enforced_by_id TEXT,
                     enforcing_event_id TEXT,
                     revision BIGINT NOT NULL
                 ) WITHOUT ROWID",
    },
    // Apart, because the first person may stand in the log before their organization.
    Table {
        name: "organization_people",
        create: "CREATE TABLE organization_people (
                     organization_id TEXT PRIMARY KEY,
                     active BIGINT NOT NULL,
                     with_device BIGINT NOT NULL,
                     invited BIGINT NOT NULL
                 ) WITHOUT ROWID",
    },
    // So that a person's second device is not counted as a second person, and the person is counted
    // until the last one goes.
    Table {
        name: "people_with_device",
        create: "CREATE TABLE people_with_device (
                     user_id TEXT PRIMARY KEY,
                     devices BIGINT NOT NULL
                 ) WITHOUT ROWID",
    },
];

impl Projection for OrganizationSecurity {
    fn name(&self) -> &'static str {
        "organization_security"
    }

    fn version(&self) -> u32 {
        2
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    fn project(
        &self,
        rows: &mut Rows<'_>,
        event: &Recorded<Event>,
        _content: &str,
    ) -> Result<(), ProjectionError> {
        match &event.data {
            Event::Organization(what) => project_organization(rows, event, what),
            Event::User(what) => project_user(rows, event, what),
            _ => Ok(()),
        }
    }
}

fn project_organization(
    rows: &mut Rows<'_>,
    event: &Recorded<Event>,
    what: &OrganizationEvent,
) -> Result<(), ProjectionError> {
    let organization = Text(organization_of(event)?);
    match what {
        OrganizationEvent::OrganizationRegistered(registered) => {
            rows.execute(
                "INSERT INTO organization_security (organization_id, name, revision)
                 VALUES (?1, ?2, ?3)",
                params![organization, registered.name, Whole(event.revision)],
            )?;
            Ok(())
        }
        // Enforcement begins once and never ends, so the first event of it stands.
        OrganizationEvent::TwoFactorEnforced(_) => {
            let (by_kind, by_id) = actor_columns(event.metadata.actor);
            rows.change(
                "UPDATE organization_security
                 SET enforced_at = ?2, enforced_by_kind = ?3, enforced_by_id = ?4,
                     enforcing_event_id = ?5, revision = ?6
                 WHERE organization_id = ?1 AND enforced_at IS NULL",
                params![
                    organization,
                    Micros(event.metadata.recorded_at),
                    by_kind,
                    by_id,
                    Text(event.id),
                    Whole(event.revision)
                ],
            )
        }
    }
}

fn project_user(
    rows: &mut Rows<'_>,
    event: &Recorded<Event>,
    what: &UserEvent,
) -> Result<(), ProjectionError> {
    let (active, with_device, invited) = match what {
        UserEvent::UserRegistered(_) => (1, 0, 0),
        UserEvent::UserInvited(_) => (0, 0, 1),
        UserEvent::InvitationAccepted(_) => (1, 0, -1),
        UserEvent::InvitationRevoked(_) => (0, 0, -1),
        UserEvent::OtpDeviceConfirmed(_) => {
            let user = Text(user_of(&event.stream)?);
            let more = rows.execute(
                "UPDATE people_with_device SET devices = devices + 1 WHERE user_id = ?1",
                [&user],
            )?;
            if more > 0 {
                return Ok(());
            }
            rows.execute(
                "INSERT INTO people_with_device (user_id, devices) VALUES (?1, 1)",
                [&user],
            )?;
            (0, 1, 0)
        }
        UserEvent::OtpDeviceRemoved(_) => {
            let user = Text(user_of(&event.stream)?);
            let last = rows.execute(
                "DELETE FROM people_with_device WHERE user_id = ?1 AND devices = 1",
                [&user],
            )?;
            if last == 0 {
                return rows.change(
                    "UPDATE people_with_device SET devices = devices - 1 WHERE user_id = ?1",
                    [&user],
                );
            }
            (0, -1, 0)
        }
        UserEvent::OtpDevicesReset(_) => {
            let had = rows.execute(
                "DELETE FROM people_with_device WHERE user_id = ?1",
                [Text(user_of(&event.stream)?)],
            )?;
            if had == 0 {
                return Ok(());
            }
            (0, -1, 0)
        }
        _ => return Ok(()),
    };
    rows.execute(
        "INSERT INTO organization_people (organization_id, active, with_device, invited)
         VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (organization_id) DO UPDATE
         SET active = organization_people.active + excluded.active,
             with_device = organization_people.with_device + excluded.with_device,
             invited = organization_people.invited + excluded.invited",
        params![Text(organization_of(event)?), active, with_device, invited],
    )?;
    Ok(())
}

/// How safe an organization is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Security {
    /// Which organization.
    pub organization_id: OrganizationId,
    /// Its name.
    pub name: String,
    /// The enforcement of a second factor, `None` as long as there is none.
    pub enforcement: Option<Enforcement>,
    /// The revision of the organization's stream's last event.
    pub revision: u64,
    /// People who can sign in.
    pub people_active: u64,
    /// Those of them who have a confirmed authenticator.
    pub people_with_device: u64,
    /// Invitations neither accepted nor revoked, expired ones included.
    pub invitations_pending: u64,
}

/// The enforcement of a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enforcement {
    /// Since when.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Actor,
    /// The event that began it.
    pub event_id: EventId,
}

/// How safe the organization with this id is.
pub fn by_id(readers: &Readers, id: OrganizationId) -> Result<Option<Security>, DatabaseError> {
    readers.read(|view| {
        Ok(view
            .prepare_cached(
                "SELECT security.*, COALESCE(people.active, 0) AS active,
                     COALESCE(people.with_device, 0) AS with_device,
                     COALESCE(people.invited, 0) AS invited
                 FROM organization_security AS security
                 LEFT JOIN organization_people AS people
                     ON people.organization_id = security.organization_id
                 WHERE security.organization_id = ?1",
            )?
            .query_row([Text(id)], security_from)
            .optional()?)
    })
}

fn security_from(row: &Row<'_>) -> rusqlite::Result<Security> {
    let enforcement = match row.get::<_, Option<Micros>>("enforced_at")? {
        Some(Micros(at)) => Some(Enforcement {
            at,
            by: actor_from(row, "enforced_by_kind", "enforced_by_id")?,
            event_id: row.get::<_, Text<_>>("enforcing_event_id")?.0,
        }),
        None => None,
    };
    Ok(Security {
        organization_id: row.get::<_, Text<_>>("organization_id")?.0,
        name: row.get("name")?,
        enforcement,
        revision: row.get::<_, Whole>("revision")?.0,
        people_active: row.get::<_, Whole>("active")?.0,
        people_with_device: row.get::<_, Whole>("with_device")?.0,
        invitations_pending: row.get::<_, Whole>("invited")?.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{History, at, readers_of};

    #[test]
    fn people_are_counted_once_and_the_enforcement_names_its_event() {
        let mut history = History::default();
        let acme = history.organization("Acme");
        let admin = history.registered(acme);
        history.device_confirmed(admin);
        history.device_confirmed(admin);
        let [accepted, revoked, _pending] =
            [(); 3].map(|()| history.invited(acme, Actor::Operator));
        history.accepted(accepted);
        history.revoked(revoked);
        history.enforced(acme, admin.0);
        let event_id = history.last().id;
        let (_directory, readers) = readers_of(&history);

        assert_eq!(
            by_id(&readers, acme).unwrap(),
            Some(Security {
                organization_id: acme,
                name: "Acme".into(),
                enforcement: Some(Enforcement {
                    at: at(9),
                    by: Actor::User(admin.0),
                    event_id,
                }),
                revision: 1,
                people_active: 2,
                people_with_device: 1,
                invitations_pending: 1,
            })
        );
    }

    #[test]
    fn a_person_is_counted_until_the_last_device_goes() {
        let mut history = History::default();
        let acme = history.organization("Acme");
        let [ada, grace] = [(); 2].map(|()| history.registered(acme));
        let with_device = |history: &History| {
            let (_directory, readers) = readers_of(history);
            by_id(&readers, acme).unwrap().unwrap().people_with_device
        };
        history.device_confirmed(grace);
        let [first, second] = [(); 2].map(|()| history.device_confirmed(ada));
        assert_eq!(with_device(&history), 2);
        history.device_removed(ada, first);
        assert_eq!(with_device(&history), 2);
        history.device_removed(ada, second);
        assert_eq!(with_device(&history), 1);
        history.device_confirmed(ada);
        assert_eq!(with_device(&history), 2);
        history.device_confirmed(ada);
        history.devices_reset(ada);
        assert_eq!(with_device(&history), 1);
        history.devices_reset(ada);
        assert_eq!(with_device(&history), 1);
    }

    #[test]
    fn an_organization_without_people_or_enforcement_is_there_too() {
        let mut history = History::default();
        let acme = history.organization("Acme");
        let (_directory, readers) = readers_of(&history);
        let security = by_id(&readers, acme).unwrap().unwrap();
        assert_eq!((security.enforcement, security.people_active), (None, 0));
    }
}
