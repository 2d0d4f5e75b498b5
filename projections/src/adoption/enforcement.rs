//! How long it takes, once a second factor is enforced, until people have set one up.
//!
//! Looked at are those who could sign in when it was enforced. The enforcement is one event and touches
//! nobody's row, however many they are: that somebody is one of them is seen by the positions in their
//! row, when they set up an authenticator or leave.

use super::{Change, Standing};
use crate::{
    ProjectionError, Rows, Table,
    analytics::second_of,
    projection::organization_of,
    sql::{
        params,
        value::{Micros, Text, Whole},
    },
};
use eventstore_schema::{Event, Recorded, UserId};

/// Those who could sign in when it was enforced, without those who left before they had set up.
pub(super) const COHORTS: Table = Table {
    name: "adoption_cohorts",
    columns: "organization_id TEXT NOT NULL,
                  enforced_at TEXT NOT NULL,
                  enforced_micros BIGINT NOT NULL,
                  position BIGINT NOT NULL,
                  people BIGINT NOT NULL",
    key: &["organization_id"],
    in_order: false,
    indexes: &[],
};

/// How many of them had set up for the first time so many seconds later.
pub(super) const SET_UPS: Table = Table {
    name: "adoption_set_ups",
    columns: "organization_id TEXT NOT NULL,
                  seconds BIGINT NOT NULL,
                  people BIGINT NOT NULL",
    key: &["organization_id", "seconds"],
    in_order: false,
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
    person: UserId,
    change: &Change,
) -> Result<(), ProjectionError> {
    match change {
        Change::Devices(1..) => set_up(rows, event, person),
        Change::Becomes(Standing::Disabled) | Change::Goes => leave(rows, event, person),
        _ => Ok(()),
    }
}

/// Counts a person who had been able to sign in all the time, and had had no authenticator since.
fn set_up(
    rows: &mut Rows<'_>,
    event: &Recorded<Event>,
    person: UserId,
) -> Result<(), ProjectionError> {
    rows.execute(
        "INSERT INTO adoption_set_ups (organization_id, seconds, people)
         SELECT cohort.organization_id,
             CASE WHEN ?3 > cohort.enforced_micros
                 THEN (?3 - cohort.enforced_micros) / 1000000 ELSE 0 END,
             1
         FROM adoption_cohorts AS cohort, adoption_people AS person
         WHERE cohort.organization_id = ?1 AND person.user_id = ?2
             AND person.active_since < cohort.position AND person.devices = 0
             AND COALESCE(person.bare_since, 0) < cohort.position
         ON CONFLICT (organization_id, seconds) DO UPDATE
         SET people = adoption_set_ups.people + excluded.people",
        params![
            Text(organization_of(event)?),
            Text(person),
            Micros(event.metadata.recorded_at)
        ],
    )?;
    Ok(())
}

/// Leaves such a person out.
fn leave(
    rows: &mut Rows<'_>,
    event: &Recorded<Event>,
    person: UserId,
) -> Result<(), ProjectionError> {
    rows.execute(
        "UPDATE adoption_cohorts SET people = people - 1
         WHERE organization_id = ?1 AND EXISTS (
             SELECT 1 FROM adoption_people AS person
             WHERE person.user_id = ?2
                 AND person.active_since < adoption_cohorts.position AND person.devices = 0
                 AND COALESCE(person.bare_since, 0) < adoption_cohorts.position)",
        params![Text(organization_of(event)?), Text(person)],
    )?;
    Ok(())
}
