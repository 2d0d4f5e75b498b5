//! How a second factor spreads: for each organization and day (UTC), how many people there are of each
//! kind: invited, or able to sign in with so many authenticators. Days hold changes, so that nothing is
//! counted twice and nobody has to be looked through.

mod enforcement;
#[cfg(test)]
mod tests;

use crate::{
    DatabaseError, Projection, ProjectionError, Readers, Rows, Table,
    analytics::{day_of, people},
    projection::{NamedView, organization_of, user_of},
    sql::{
        params,
        value::{Text, Whole},
    },
};
use chrono::NaiveDate;
use eventstore_schema::{Event, OrganizationEvent, OrganizationId, Recorded, UserEvent, UserId};

/// The read model behind `/adoption`, and behind the datasets about people and their authenticators.
pub struct Adoption;

const TABLES: &[Table] = &[
    // By how many the people of a kind became more, or fewer, on the day.
    Table {
        name: "adoption",
        columns: "organization_id TEXT NOT NULL,
                  day TEXT NOT NULL,
                  standing TEXT NOT NULL,
                  devices BIGINT NOT NULL,
                  people BIGINT NOT NULL",
        key: &["organization_id", "day", "standing", "devices"],
        in_order: false,
        indexes: &[],
    },
    // What a person counts for at present, and since which day. The positions tell when they became
    // able to sign in, where they are, and when they lost their last authenticator, where they did.
    Table {
        name: "adoption_people",
        columns: "user_id TEXT NOT NULL,
                  standing TEXT NOT NULL,
                  devices BIGINT NOT NULL,
                  day TEXT NOT NULL,
                  active_since BIGINT,
                  bare_since BIGINT",
        key: &["user_id"],
        in_order: false,
        indexes: &[],
    },
    enforcement::COHORTS,
    enforcement::SET_UPS,
];

/// What changes about a person.
enum Change {
    /// They are there, invited or able to sign in.
    Comes(Standing),
    /// They can sign in, or no longer.
    Becomes(Standing),
    /// They have so many authenticators more, or fewer.
    Devices(i8),
    /// They have no authenticator any more.
    NoDevices,
    /// They are not there any more, for good.
    Goes,
}

/// How far a person has come, as the column `standing` has it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Pending,
    Active,
    Disabled,
}

impl Standing {
    fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }
}

/// What an event changes. An event that takes an authenticator or a person away is one more arm.
fn change(what: &UserEvent) -> Option<Change> {
    match what {
        UserEvent::UserRegistered(_) => Some(Change::Comes(Standing::Active)),
        UserEvent::UserInvited(_) => Some(Change::Comes(Standing::Pending)),
        UserEvent::InvitationAccepted(_) | UserEvent::UserEnabled(_) => {
            Some(Change::Becomes(Standing::Active))
        }
        UserEvent::UserDisabled(_) => Some(Change::Becomes(Standing::Disabled)),
        UserEvent::InvitationRevoked(_) | UserEvent::UserErased(_) => Some(Change::Goes),
        UserEvent::OtpDeviceConfirmed(_) => Some(Change::Devices(1)),
        UserEvent::OtpDeviceRemoved(_) => Some(Change::Devices(-1)),
        UserEvent::OtpDevicesReset(_) => Some(Change::NoDevices),
        UserEvent::InvitationResent(_)
        | UserEvent::OtpDeviceRegistered(_)
        | UserEvent::OtpDeviceRenamed(_)
        | UserEvent::OtpVerified(_)
        | UserEvent::OtpRejected(_)
        | UserEvent::RecoveryCodesIssued(_)
        | UserEvent::RecoveryCodeUsed(_)
        | UserEvent::RecoveryCodeRejected(_)
        | UserEvent::OtpSetUpLinkRequested(_)
        | UserEvent::OtpSetUpLinkFollowed(_)
        | UserEvent::PasswordResetRequested(_)
        | UserEvent::PasswordReset(_)
        | UserEvent::PasswordChanged(_)
        | UserEvent::PasswordRehashed(_)
        | UserEvent::RoleChanged(_)
        | UserEvent::UserExported(_) => None,
    }
}

impl Projection for Adoption {
    fn name(&self) -> &'static str {
        "adoption"
    }

    fn version(&self) -> u32 {
        2
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    fn views(&self) -> &'static [NamedView] {
        const {
            &[
                people::ADOPTION.as_view("analytics_adoption"),
                people::ENFORCEMENT.as_view("analytics_enforcement"),
                people::DEVICES.as_view("analytics_devices"),
            ]
        }
    }

    fn project(
        &self,
        rows: &mut Rows<'_>,
        event: &Recorded<Event>,
        _content: &str,
    ) -> Result<(), ProjectionError> {
        match &event.data {
            Event::Organization(OrganizationEvent::TwoFactorEnforced(_)) => {
                enforcement::begin(rows, event)
            }
            Event::User(what) => match change(what) {
                Some(change) => project_change(rows, event, &change),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

/// Takes out what the person counted for until now, and puts in what they count for from now on.
fn project_change(
    rows: &mut Rows<'_>,
    event: &Recorded<Event>,
    change: &Change,
) -> Result<(), ProjectionError> {
    let person = user_of(&event.stream)?;
    if let Change::Comes(standing) = change {
        let active = *standing == Standing::Active;
        rows.execute(
            "INSERT INTO adoption_people (user_id, standing, devices, day, active_since)
             VALUES (?1, ?2, 0, ?3, ?4)",
            params![
                Text(person),
                standing.word(),
                day_of(event.metadata.recorded_at),
                active.then_some(Whole(event.position.0))
            ],
        )?;
        return count(rows, event, person, 1);
    }
    enforcement::note(rows, event, person, change)?;
    count(rows, event, person, -1)?;
    update(rows, event, person, change)?;
    if matches!(change, Change::Goes) {
        return Ok(());
    }
    count(rows, event, person, 1)
}

/// Changes what the person counts for. A day before that of their last change, by a clock that is
/// late, is that of the last change: nobody stops being what they were not yet.
fn update(
    rows: &mut Rows<'_>,
    event: &Recorded<Event>,
    person: UserId,
    change: &Change,
) -> Result<(), ProjectionError> {
    let person = Text(person);
    let day = day_of(event.metadata.recorded_at);
    let position = Whole(event.position.0);
    match change {
        Change::Comes(_) => Ok(()),
        Change::Becomes(standing) => rows.change(
            "UPDATE adoption_people
             SET standing = ?3, active_since = ?4, day = CASE WHEN day > ?2 THEN day ELSE ?2 END
             WHERE user_id = ?1",
            params![
                person,
                day,
                standing.word(),
                (*standing == Standing::Active).then_some(position)
            ],
        ),
        Change::Devices(difference) => rows.change(
            "UPDATE adoption_people
             SET devices = devices + ?3, day = CASE WHEN day > ?2 THEN day ELSE ?2 END,
                 bare_since = CASE WHEN devices + ?3 = 0 THEN ?4 ELSE bare_since END
             WHERE user_id = ?1",
            params![person, day, difference, position],
        ),
        Change::NoDevices => {
            rows.execute(
                "UPDATE adoption_people
                 SET devices = 0, day = CASE WHEN day > ?2 THEN day ELSE ?2 END, bare_since = ?3
                 WHERE user_id = ?1 AND devices > 0",
                params![person, day, position],
            )?;
            Ok(())
        }
        Change::Goes => {
            rows.execute(
                "DELETE FROM adoption_people WHERE user_id = ?1",
                params![person],
            )?;
            Ok(())
        }
    }
}

/// Adds the person to those of their kind so many times.
fn count(
    rows: &mut Rows<'_>,
    event: &Recorded<Event>,
    person: UserId,
    times: i8,
) -> Result<(), ProjectionError> {
    rows.execute(
        "INSERT INTO adoption (organization_id, day, standing, devices, people)
         SELECT ?1, CASE WHEN day > ?2 THEN day ELSE ?2 END, standing, devices, CAST(?4 AS BIGINT)
         FROM adoption_people WHERE user_id = ?3 AND standing <> 'disabled'
         ON CONFLICT (organization_id, day, standing, devices) DO UPDATE
         SET people = adoption.people + excluded.people",
        params![
            Text(organization_of(event)?),
            day_of(event.metadata.recorded_at),
            Text(person),
            times
        ],
    )?;
    Ok(())
}

/// The numbers at the end of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// The day, in UTC.
    pub date: NaiveDate,
    /// People who can sign in.
    pub people: u64,
    /// Those of them who have a confirmed authenticator.
    pub with_device: u64,
}

/// The curve of an organization: each day on which the numbers changed. With `since`, earlier days are
/// left out, and where there are any, that day is there in any case, with what there was by then.
pub fn curve(
    readers: &Readers,
    organization_id: OrganizationId,
    since: Option<NaiveDate>,
) -> Result<Vec<Day>, DatabaseError> {
    // Every day comes after no text at all.
    let since = since.map(|day| day.to_string()).unwrap_or_default();
    readers.read(|view| {
        let days = view.all(
            "SELECT CASE WHEN day > ?2 THEN day ELSE ?2 END AS day, people, with_device
                 FROM (
                     SELECT day,
                         CAST(sum(people) OVER so_far AS BIGINT) AS people,
                         CAST(sum(with_device) OVER so_far AS BIGINT) AS with_device,
                         lead(day) OVER so_far AS next_day
                     FROM (
                         SELECT day, sum(people) AS people,
                             sum(CASE WHEN devices > 0 THEN people ELSE 0 END) AS with_device
                         FROM adoption
                         WHERE organization_id = ?1 AND standing = 'active'
                         GROUP BY day
                     ) AS changes
                     WHERE people <> 0 OR with_device <> 0
                     WINDOW so_far AS (ORDER BY day)
                 ) AS days
                 WHERE next_day IS NULL OR next_day > ?2
                 ORDER BY day",
            params![Text(organization_id), since],
            |row| {
                Ok(Day {
                    date: row.get::<Text<_>>("day")?.0,
                    people: row.get::<Whole>("people")?.0,
                    with_device: row.get::<Whole>("with_device")?.0,
                })
            },
        )?;
        Ok(days)
    })
}
