//! How long it takes, once a second factor is enforced, until people have set one up.
//!
//! Looked at are those who could sign in when it was enforced. The enforcement is one event and touches
//! nobody's row, however many they are: that somebody is one of them is seen by the positions in their
//! row, when they set up an authenticator or leave.

use super::{Change, Person, Standing};
use crate::{
    ProjectionError, Rows, Table,
    analytics::second_of,
    projection::organization_of,
    rows::values,
    sql::{
        Row, SqlError, params,
        value::{Micros, Text, Whole},
    },
};
use chrono::{DateTime, Utc};
use eventstore_schema::{Event, Position, Recorded};

/// Those who could sign in when it was enforced, without those who left before they had set up.
pub(super) const COHORTS: Table = Table {
    name: "adoption_cohorts",
    columns: "organization_id TEXT NOT NULL,
                  enforced_at TEXT NOT NULL,
                  enforced_micros BIGINT NOT NULL,
                  position BIGINT NOT NULL,
                  people BIGINT NOT NULL",
    key: &["organization_id"],
    indexes: &[],
};

/// How many of them had set up for the first time so many seconds later.
pub(super) const SET_UPS: Table = Table {
    name: "adoption_set_ups",
    columns: "organization_id TEXT NOT NULL,
                  seconds BIGINT NOT NULL,
                  people BIGINT NOT NULL",
    key: &["organization_id", "seconds"],
    indexes: &[],
};

/// Takes in an enforcement: whoever has an authenticator by then took no time.
pub(super) fn begin(rows: &mut Rows<'_>, event: &Recorded<Event>) -> Result<(), ProjectionError> {
    let organization = Text(organization_of(event)?);
    let at = event.metadata.recorded_at;
    rows.execute(
        "INSERT INTO adoption_cohorts
             (organization_id, enforced_at, enforced_micros, position, people)
         VALUES (?1, ?2, ?3, ?4, (
             SELECT COALESCE(sum(people), 0) FROM adoption
             WHERE organization_id = ?1 AND standing = 'active'))",
        params![
            organization,
            second_of(at),
            Micros(at),
            Whole(event.position.0)
        ],
    )?;
    rows.execute(
        "INSERT INTO adoption_set_ups (organization_id, seconds, people)
         VALUES (?1, 0, (
             SELECT COALESCE(sum(people), 0) FROM adoption
             WHERE organization_id = ?1 AND standing = 'active' AND devices > 0))",
        params![organization],
    )?;
    Ok(())
}

/// Takes in a change that is about to be made to a person: they may set up, or leave.
pub(super) fn note(
    rows: &mut Rows<'_>,
    event: &Recorded<Event>,
    person: &Person,
    change: &Change,
) -> Result<(), ProjectionError> {
    let leaves = match change {
        Change::Devices(1..) => false,
        Change::Becomes(Standing::Disabled) | Change::Goes => true,
        _ => return Ok(()),
    };
    if person.devices > 0 {
        return Ok(());
    }
    let organization = Text(organization_of(event)?);
    let Some(cohort) = rows.find(&COHORTS, params![organization], cohort_from)? else {
        return Ok(());
    };
    // Whether they had been able to sign in all the time, and had had no authenticator since.
    let able = person
        .active_since
        .is_some_and(|since| since < cohort.position);
    if !able
        || person
            .bare_since
            .is_some_and(|since| since >= cohort.position)
    {
        return Ok(());
    }
    if leaves {
        let fewer = values! { people = cohort.people - 1 };
        return rows.update(&COHORTS, params![organization], fewer);
    }
    let took = event.metadata.recorded_at - cohort.enforced_at;
    let seconds = took.num_seconds().max(0);
    rows.add(
        &SET_UPS,
        params![organization, seconds],
        values! { people = 1 },
    )
}

/// The people who could sign in when it was enforced.
struct Cohort {
    enforced_at: DateTime<Utc>,
    position: Position,
    people: i64,
}

fn cohort_from(row: &Row<'_>) -> Result<Cohort, SqlError> {
    Ok(Cohort {
        enforced_at: row.get::<Micros>("enforced_micros")?.0,
        position: Position(row.get::<Whole>("position")?.0),
        people: row.get("people")?,
    })
}
