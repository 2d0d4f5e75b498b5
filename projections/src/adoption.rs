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
    rows::values,
    sql::{
        Row, SqlError, params,
        value::{Text, Whole, Word},
    },
};
use chrono::NaiveDate;
use eventstore_schema::{Event, OrganizationEvent, OrganizationId, Position, Recorded, UserEvent};
use serde::{Deserialize, Serialize};

/// The read model behind `/adoption`, and behind the datasets about people and their authenticators.
pub struct Adoption;

/// By how many the people of a kind became more, or fewer, on the day.
const DAYS: Table = Table {
    name: "adoption",
    columns: "organization_id TEXT NOT NULL,
                  day TEXT NOT NULL,
                  standing TEXT NOT NULL,
                  devices BIGINT NOT NULL,
                  people BIGINT NOT NULL",
    key: &["organization_id", "day", "standing", "devices"],
    indexes: &[],
};

/// What a person counts for at present, and since which day. The positions tell when they became able to
/// sign in, where they are, and when they lost their last authenticator, where they did.
const PEOPLE: Table = Table {
    name: "adoption_people",
    columns: "user_id TEXT NOT NULL,
                  standing TEXT NOT NULL,
                  devices BIGINT NOT NULL,
                  day TEXT NOT NULL,
                  active_since BIGINT,
                  bare_since BIGINT",
    key: &["user_id"],
    indexes: &[],
};

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

/// How far a person has come.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Standing {
    Pending,
    Active,
    Disabled,
}

/// What a person counts for.
#[derive(Clone, PartialEq, Eq)]
struct Person {
    standing: Standing,
    devices: i64,
    day: String,
    active_since: Option<Position>,
    bare_since: Option<Position>,
}

impl Person {
    /// Somebody who is there from this event on.
    fn new(standing: Standing, event: &Recorded<Event>) -> Self {
        let active = standing == Standing::Active;
        Self {
            standing,
            devices: 0,
            day: day_of(event.metadata.recorded_at),
            active_since: active.then_some(event.position),
            bare_since: None,
        }
    }

    /// What they are from this event on. A day before that of their last change, by a clock that is late,
    /// is that of the last change: nobody stops being what they were not yet.
    fn after(&self, change: &Change, event: &Recorded<Event>) -> Option<Self> {
        let mut person = self.clone();
        match change {
            Change::Comes(standing) => return Some(Self::new(*standing, event)),
            Change::Goes => return None,
            Change::Becomes(standing) => {
                person.standing = *standing;
                person.active_since = (*standing == Standing::Active).then_some(event.position);
            }
            Change::NoDevices if self.devices == 0 => return Some(person),
            Change::NoDevices => person.devices = 0,
            Change::Devices(difference) => person.devices += i64::from(*difference),
        }
        person.day = person.day.max(day_of(event.metadata.recorded_at));
        let loses = matches!(change, Change::Devices(_) | Change::NoDevices);
        if loses && person.devices == 0 {
            person.bare_since = Some(event.position);
        }
        Some(person)
    }

    /// Adds them to those of their kind so many times, on the day of this event.
    fn count(
        &self,
        rows: &mut Rows<'_>,
        event: &Recorded<Event>,
        times: i8,
    ) -> Result<(), ProjectionError> {
        if self.standing == Standing::Disabled {
            return Ok(());
        }
        let today = day_of(event.metadata.recorded_at);
        let day = if self.day > today { &self.day } else { &today };
        rows.add(
            &DAYS,
            params![
                Text(organization_of(event)?),
                day,
                Word(self.standing),
                self.devices
            ],
            values! { people = times },
        )
    }
}

fn person_from(row: &Row<'_>) -> Result<Person, SqlError> {
    let position = |column| {
        let position = row.get::<Option<Whole>>(column)?;
        Ok::<_, SqlError>(position.map(|Whole(position)| Position(position)))
    };
    Ok(Person {
        standing: row.get::<Word<_>>("standing")?.0,
        devices: row.get("devices")?,
        day: row.get("day")?,
        active_since: position("active_since")?,
        bare_since: position("bare_since")?,
    })
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
        &[DAYS, PEOPLE, enforcement::COHORTS, enforcement::SET_UPS]
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

    fn project(&self, rows: &mut Rows<'_>, event: &Recorded<Event>) -> Result<(), ProjectionError> {
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
    let user = user_of(&event.stream)?;
    let key = params![Text(user)];
    let before = match change {
        Change::Comes(_) => None,
        _ => rows.find(&PEOPLE, key, person_from)?,
    };
    if let Some(person) = &before {
        enforcement::note(rows, event, person, change)?;
        person.count(rows, event, -1)?;
    }
    let after = match (&before, change) {
        (Some(person), change) => person.after(change, event),
        (None, Change::Comes(standing)) => Some(Person::new(*standing, event)),
        (None, Change::NoDevices | Change::Goes) => return Ok(()),
        (None, Change::Becomes(_) | Change::Devices(_)) => {
            return Err(SqlError::NothingChanged.into());
        }
    };
    let Some(person) = after else {
        return rows.delete(&PEOPLE, key);
    };
    let values = values! {
        standing = Word(person.standing),
        devices = person.devices,
        day = person.day,
        active_since = person.active_since.map(|position| Whole(position.0)),
        bare_since = person.bare_since.map(|position| Whole(position.0)),
    };
    match before {
        None => rows.insert(&PEOPLE, key, values)?,
        Some(_) => rows.update(&PEOPLE, key, values)?,
    }
    person.count(rows, event, 1)
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
