//! How safe an organization is: whether a second factor is enforced, since when and by whom, and
//! how many of its people have one.

use crate::{
    DatabaseError, Projection, ProjectionError, Readers, Rows, Table,
    projection::{organization_of, user_of},
    rows::values,
    sql::{
        Row, SqlError, params,
        value::{Micros, Text, Whole, actor_columns, actor_from},
    },
};
use chrono::{DateTime, Utc};
use eventstore_schema::{
    Actor, Event, EventId, OrganizationEvent, OrganizationId, Recorded, UserEvent,
};

/// The read model behind `/two-factor`.
pub struct OrganizationSecurity;

const SECURITY: Table = Table {
    name: "organization_security",
    columns: "organization_id TEXT NOT NULL,
                  name TEXT NOT NULL,
                  enforced_at BIGINT,
                  enforced_by_kind TEXT,
                  enforced_by_id TEXT,
                  enforcing_event_id TEXT,
                  set_up_link BIGINT NOT NULL DEFAULT 0,
                  revision BIGINT NOT NULL",
    key: &["organization_id"],
    indexes: &[],
};

/// Apart, because the first person may stand in the log before their organization.
const PEOPLE: Table = Table {
    name: "organization_people",
    columns: "organization_id TEXT NOT NULL,
                  active BIGINT NOT NULL,
                  with_device BIGINT NOT NULL,
                  invited BIGINT NOT NULL",
    key: &["organization_id"],
    indexes: &[],
};

/// What a person counts for at present.
const MEMBERS: Table = Table {
    name: "organization_members",
    columns: "user_id TEXT NOT NULL,
                  active BIGINT NOT NULL,
                  invited BIGINT NOT NULL,
                  devices BIGINT NOT NULL",
    key: &["user_id"],
    indexes: &[],
};

impl Projection for OrganizationSecurity {
    fn name(&self) -> &'static str {
        "organization_security"
    }

    fn version(&self) -> u32 {
        3
    }

    fn tables(&self) -> &'static [Table] {
        &[SECURITY, PEOPLE, MEMBERS]
    }

    fn project(&self, rows: &mut Rows<'_>, event: &Recorded<Event>) -> Result<(), ProjectionError> {
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
        OrganizationEvent::OtpSetUpLinkEnforced(_) => rows.change(
            "UPDATE organization_security SET set_up_link = 1, revision = ?2 WHERE organization_id = ?1",
            params![organization, Whole(event.revision)],
        ),
        OrganizationEvent::OrganizationRenamed(renamed) => rows.change(
            "UPDATE organization_security SET name = ?2, revision = ?3 WHERE organization_id = ?1",
            params![organization, renamed.name, Whole(event.revision)],
        ),
        OrganizationEvent::AccentColorChanged(_)
        | OrganizationEvent::LogoChanged(_)
        | OrganizationEvent::AdministratorAppointed(_)
        | OrganizationEvent::AdministratorDismissed(_) => rows.change(
            "UPDATE organization_security SET revision = ?2 WHERE organization_id = ?1",
            params![organization, Whole(event.revision)],
        ),
    }
}

/// What changes about a person.
enum Change {
    /// They are active, or invited, or neither.
    Standing { active: bool, invited: bool },
    /// They have so many authenticators more, or fewer.
    Devices(i8),
    /// They have no authenticator any more.
    NoDevices,
}

fn change(what: &UserEvent) -> Option<Change> {
    let standing = |active, invited| Some(Change::Standing { active, invited });
    match what {
        UserEvent::UserRegistered(_)
        | UserEvent::InvitationAccepted(_)
        | UserEvent::UserEnabled(_) => standing(true, false),
        UserEvent::UserInvited(_) => standing(false, true),
        UserEvent::InvitationRevoked(_) | UserEvent::UserDisabled(_) | UserEvent::UserErased(_) => {
            standing(false, false)
        }
        UserEvent::OtpDeviceConfirmed(_) => Some(Change::Devices(1)),
        UserEvent::OtpDeviceRemoved(_) => Some(Change::Devices(-1)),
        UserEvent::OtpDevicesReset(_) => Some(Change::NoDevices),
        _ => None,
    }
}

/// What a person counts for.
#[derive(Clone, Copy, Default)]
struct Member {
    active: bool,
    invited: bool,
    devices: i64,
}

impl Member {
    fn after(mut self, change: &Change) -> Self {
        match *change {
            Change::Standing { active, invited } => (self.active, self.invited) = (active, invited),
            Change::Devices(difference) => self.devices += i64::from(difference),
            Change::NoDevices => self.devices = 0,
        }
        self
    }

    /// In the columns of [`PEOPLE`].
    fn numbers(self) -> [i64; 3] {
        let with_device = self.active && self.devices > 0;
        [self.active, with_device, self.invited].map(i64::from)
    }
}

fn member_from(row: &Row<'_>) -> Result<Member, SqlError> {
    Ok(Member {
        active: row.get("active")?,
        invited: row.get("invited")?,
        devices: row.get("devices")?,
    })
}

/// Takes out what the person counted for until now, and puts in what they count for from now on.
fn project_user(
    rows: &mut Rows<'_>,
    event: &Recorded<Event>,
    what: &UserEvent,
) -> Result<(), ProjectionError> {
    let Some(change) = change(what) else {
        return Ok(());
    };
    let key = params![Text(user_of(&event.stream)?)];
    let known = rows.find(&MEMBERS, key, member_from)?;
    if known.is_none() && !matches!(change, Change::Standing { .. }) {
        return Err(SqlError::NothingChanged.into());
    }
    let before = known.unwrap_or_default();
    let member = before.after(&change);
    let values = values! {
        active = member.active,
        invited = member.invited,
        devices = member.devices,
    };
    match known {
        None => rows.insert(&MEMBERS, key, values)?,
        Some(_) => rows.update(&MEMBERS, key, values)?,
    }
    let (old, new) = (before.numbers(), member.numbers());
    let [active, with_device, invited] = std::array::from_fn(|index| new[index] - old[index]);
    rows.add(
        &PEOPLE,
        params![Text(organization_of(event)?)],
        values! { active = active, with_device = with_device, invited = invited },
    )
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
    /// Whether a mailed link is asked for before a first set-up.
    pub set_up_link: bool,
    /// The revision of the organization's stream's last event.
    pub revision: u64,
    /// People who can sign in: neither invited nor disabled.
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
        Ok(view.first(
            "SELECT security.*, COALESCE(people.active, 0) AS active,
                     COALESCE(people.with_device, 0) AS with_device,
                     COALESCE(people.invited, 0) AS invited
                 FROM organization_security AS security
                 LEFT JOIN organization_people AS people
                     ON people.organization_id = security.organization_id
                 WHERE security.organization_id = ?1",
            params![Text(id)],
            security_from,
        )?)
    })
}

fn security_from(row: &Row<'_>) -> Result<Security, SqlError> {
    let enforcement = match row.get::<Option<Micros>>("enforced_at")? {
        Some(Micros(at)) => Some(Enforcement {
            at,
            by: actor_from(row, "enforced_by_kind", "enforced_by_id")?,
            event_id: row.get::<Text<_>>("enforcing_event_id")?.0,
        }),
        None => None,
    };
    Ok(Security {
        organization_id: row.get::<Text<_>>("organization_id")?.0,
        name: row.get("name")?,
        enforcement,
        set_up_link: row.get("set_up_link")?,
        revision: row.get::<Whole>("revision")?.0,
        people_active: row.get::<Whole>("active")?.0,
        people_with_device: row.get::<Whole>("with_device")?.0,
        invitations_pending: row.get::<Whole>("invited")?.0,
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
        history.set_up_link_enforced(acme);
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
                set_up_link: true,
                revision: 2,
                people_active: 2,
                people_with_device: 1,
                invitations_pending: 1,
            })
        );
    }

    #[test]
    fn another_name_is_the_name_and_another_look_changes_nothing_else() {
        let mut history = History::default();
        let acme = history.organization("Acme");
        let other = history.organization("Other");
        history.renamed(acme, "Acme and Sons");
        history.look_changed(acme);
        let (_directory, readers) = readers_of(&history);
        let security = by_id(&readers, acme).unwrap().unwrap();
        assert_eq!(
            (security.name.as_str(), security.revision),
            ("Acme and Sons", 3)
        );
        assert_eq!(security.enforcement, None);
        let other = by_id(&readers, other).unwrap().unwrap();
        assert_eq!((other.name.as_str(), other.revision), ("Other", 0));
    }

    #[test]
    fn who_is_disabled_is_not_counted_until_enabled() {
        let mut history = History::default();
        let acme = history.organization("Acme");
        let [with, without] = [(); 2].map(|()| history.registered(acme));
        history.device_confirmed(with);
        let counts = |history: &History| {
            let (_directory, readers) = readers_of(history);
            let security = by_id(&readers, acme).unwrap().unwrap();
            (security.people_active, security.people_with_device)
        };
        assert_eq!(counts(&history), (2, 1));
        history.disabled(with);
        assert_eq!(counts(&history), (1, 0));
        history.disabled(without);
        // Under way when they were disabled.
        history.device_confirmed(without);
        assert_eq!(counts(&history), (0, 0));
        history.enabled(with);
        assert_eq!(counts(&history), (1, 1));
        history.enabled(without);
        assert_eq!(counts(&history), (2, 2));
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
