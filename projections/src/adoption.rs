//! How a second factor spreads: for each organization and day (UTC), how many people can sign in and
//! how many of them have an authenticator. Days hold changes, so that nothing is counted twice and
//! nobody has to be looked through.

use crate::{
    DatabaseError, Projection, ProjectionError, Readers, Rows, Table,
    projection::{organization_of, user_of},
    sql::{
        BadValue, SqlError, params,
        value::{Text, Whole},
    },
};
use chrono::{DateTime, NaiveDate, Utc};
use eventstore_schema::{Event, OrganizationId, Recorded, UserEvent};

/// The read model behind `/adoption`.
pub struct Adoption;

const TABLES: &[Table] = &[
    // By how much the numbers of the day before changed; days since 1970.
    Table {
        name: "adoption",
        columns: "organization_id TEXT NOT NULL,
                  day BIGINT NOT NULL,
                  people BIGINT NOT NULL,
                  with_device BIGINT NOT NULL",
        key: &["organization_id", "day"],
        in_order: false,
        indexes: &[],
    },
    // What a person counts for at present.
    Table {
        name: "adoption_people",
        columns: "user_id TEXT NOT NULL,
                  active BIGINT NOT NULL,
                  devices BIGINT NOT NULL",
        key: &["user_id"],
        in_order: false,
        indexes: &[],
    },
];

/// What changes about a person.
enum Change {
    /// They can sign in from now on (1), or no longer (0).
    Active(u8),
    /// They have so many authenticators more, or fewer.
    Devices(i8),
    /// They have no authenticator any more.
    NoDevices,
}

/// What an event changes. An event that takes an authenticator or a person away is one more arm.
fn change(what: &UserEvent) -> Option<Change> {
    match what {
        UserEvent::UserRegistered(_)
        | UserEvent::InvitationAccepted(_)
        | UserEvent::UserEnabled(_) => Some(Change::Active(1)),
        UserEvent::UserDisabled(_) | UserEvent::UserErased(_) => Some(Change::Active(0)),
        UserEvent::OtpDeviceConfirmed(_) => Some(Change::Devices(1)),
        UserEvent::OtpDeviceRemoved(_) => Some(Change::Devices(-1)),
        UserEvent::OtpDevicesReset(_) => Some(Change::NoDevices),
        UserEvent::UserInvited(_)
        | UserEvent::InvitationResent(_)
        | UserEvent::InvitationRevoked(_)
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
        1
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
        let Event::User(what) = &event.data else {
            return Ok(());
        };
        match change(what) {
            Some(change) => project_change(rows, event, &change),
            None => Ok(()),
        }
    }
}

/// Takes out what the person counted for until now, and puts in what they count for from now on.
fn project_change(
    rows: &mut Rows<'_>,
    event: &Recorded<Event>,
    change: &Change,
) -> Result<(), ProjectionError> {
    let user = Text(user_of(&event.stream)?);
    count(rows, event, -1)?;
    match change {
        Change::Active(active) => {
            rows.execute(
                "INSERT INTO adoption_people (user_id, active, devices) VALUES (?1, ?2, 0)
                 ON CONFLICT (user_id) DO UPDATE SET active = excluded.active",
                params![user, active],
            )?;
        }
        Change::Devices(difference) => rows.change(
            "UPDATE adoption_people SET devices = devices + ?2 WHERE user_id = ?1",
            params![user, difference],
        )?,
        Change::NoDevices => rows.change(
            "UPDATE adoption_people SET devices = 0 WHERE user_id = ?1",
            params![user],
        )?,
    }
    count(rows, event, 1)
}

/// Adds what the person counts for to the day of the event, so many times.
fn count(rows: &mut Rows<'_>, event: &Recorded<Event>, times: i8) -> Result<(), ProjectionError> {
    rows.execute(
        "INSERT INTO adoption (organization_id, day, people, with_device)
         SELECT ?1, ?2, ?4 * active, CASE WHEN active = 1 AND devices > 0 THEN ?4 ELSE 0 END
         FROM adoption_people WHERE user_id = ?3
         ON CONFLICT (organization_id, day) DO UPDATE
         SET people = adoption.people + excluded.people,
             with_device = adoption.with_device + excluded.with_device",
        params![
            Text(organization_of(event)?),
            day_of(event.metadata.recorded_at.date_naive()),
            Text(user_of(&event.stream)?),
            times
        ],
    )?;
    Ok(())
}

/// Days since 1970.
fn day_of(date: NaiveDate) -> i64 {
    date.signed_duration_since(DateTime::<Utc>::UNIX_EPOCH.date_naive())
        .num_days()
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
    let since = since.map(day_of);
    readers.read(|view| {
        let days = view.all(
            "SELECT CASE WHEN day < ?2 THEN ?2 ELSE day END AS day, people, with_device
                 FROM (
                     SELECT day,
                         sum(people) OVER so_far AS people,
                         sum(with_device) OVER so_far AS with_device,
                         lead(day) OVER so_far AS next_day
                     FROM adoption
                     WHERE organization_id = ?1 AND (people <> 0 OR with_device <> 0)
                     WINDOW so_far AS (ORDER BY day)
                 ) AS days
                 WHERE ?2 IS NULL OR next_day IS NULL OR next_day > ?2
                 ORDER BY day",
            params![Text(organization_id), since],
            |row| {
                let day: i64 = row.get("day")?;
                let date = DateTime::from_timestamp(day * 24 * 60 * 60, 0).ok_or_else(|| {
                    SqlError::Column {
                        column: "day".to_owned(),
                        problem: BadValue(format!("{day} is no day")),
                    }
                })?;
                Ok(Day {
                    date: date.date_naive(),
                    people: row.get::<Whole>("people")?.0,
                    with_device: row.get::<Whole>("with_device")?.0,
                })
            },
        )?;
        Ok(days)
    })
}

#[cfg(test)]
mod tests {
    use super::{
        Change::{Active, Devices},
        *,
    };
    use crate::{
        Projections,
        sql::names::Names,
        testing::{History, at, home_in, readers_of},
    };
    use chrono::TimeDelta;
    use eventstore_schema::Actor;
    use tempfile::TempDir;

    fn day(days: i64, people: u64, with_device: u64) -> Day {
        let date = at(0).date_naive() + TimeDelta::days(days);
        Day {
            date,
            people,
            with_device,
        }
    }

    #[test]
    fn the_curve_counts_people_once_and_says_only_the_days_with_a_change() {
        let mut history = History::default();
        let acme = history.organization("Acme");
        let other = history.organization("Other");
        let admin = history.registered(acme);
        history.registered(other);
        let invited = history.invited(acme, Actor::Operator);
        let pending = history.invited(acme, Actor::Operator);
        history.days = 2;
        history.accepted(invited);
        history.device_confirmed(invited);
        history.days = 3;
        let second = history.device_confirmed(invited);
        history.code_accepted(invited, second);
        history.revoked(pending);
        history.days = 7;
        history.device_confirmed(admin);
        let (_directory, readers) = readers_of(&history);

        let curve_of = |organization, since: Option<i64>| {
            let since = since.map(|days| at(0).date_naive() + TimeDelta::days(days));
            curve(&readers, organization, since).unwrap()
        };
        let all = [day(0, 1, 0), day(2, 2, 1), day(7, 2, 2)];
        assert_eq!(curve_of(acme, None), all);
        assert_eq!(curve_of(other, None), [day(0, 1, 0)]);
        // The last days, with what there was when they began.
        for (since, expected) in [
            (-1, &all[..]),
            (0, &all),
            (1, &[day(1, 1, 0), all[1], all[2]]),
            (2, &all[1..]),
            (3, &[day(3, 2, 1), all[2]]),
            (7, &all[2..]),
            (9, &[day(9, 2, 2)]),
        ] {
            assert_eq!(curve_of(acme, Some(since)), expected, "since {since}");
        }
    }

    #[test]
    fn what_is_taken_away_is_counted_down_once() {
        let mut history = History::default();
        let acme = history.organization("Acme");
        history.registered(acme);
        let event = history.last().clone().decode().unwrap();
        let directory = TempDir::new().unwrap();
        let home = home_in(directory.path());
        drop(Projections::open(&home).unwrap());
        let mut connection = home.open_writable().unwrap();
        let mut numbers = |changes: &[Change]| -> (i64, i64) {
            let mut names = Names::default();
            let mut rows = Rows::new(&mut *connection, &mut names);
            for change in changes {
                project_change(&mut rows, &event, change).unwrap();
            }
            let sums = "SELECT sum(people), sum(with_device) FROM adoption";
            let sums = connection.first(sums, &[], |row| Ok((row.at(0)?, row.at(1)?)));
            sums.unwrap().unwrap()
        };
        assert_eq!(numbers(&[Active(1), Devices(1), Devices(1)]), (1, 1));
        // One of two authenticators, then the last, then all of them once more.
        assert_eq!(numbers(&[Devices(-1)]), (1, 1));
        assert_eq!(numbers(&[Devices(-1)]), (1, 0));
        assert_eq!(numbers(&[Devices(1)]), (1, 1));
        // A person who goes takes their authenticators along; who comes back brings them again.
        assert_eq!(numbers(&[Active(0)]), (0, 0));
        assert_eq!(numbers(&[Active(0), Devices(-1)]), (0, 0));
        assert_eq!(numbers(&[Active(1)]), (1, 0));
    }
}
