//! Where each day began and ended, so that who looks into the past begins there and not at the oldest
//! event or the newest.
//! Times alone do not tell: clocks go wrong, and each node has one of its own.

use super::number::Owner;
use crate::{
    ProjectionError, Rows, Table,
    readers::View,
    rows::values,
    sql::{SqlError, params, value::Whole},
};
use eventstore_schema::{Event, OrganizationId, Recorded};

pub(super) const TABLE: Table = Table {
    name: "audit_days",
    // The positions of the first and the last event that were recorded on the day; days since 1970. Of
    // organizations that have the same number, there are the first of all and the last of all.
    columns: "organization BIGINT NOT NULL,
                  day BIGINT NOT NULL,
                  first BIGINT NOT NULL,
                  last BIGINT NOT NULL",
    key: &["organization", "day"],
    indexes: &[],
};

/// Microseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

fn day_of(micros: i64) -> i64 {
    micros.div_euclid(DAY)
}

/// Remembers the event as the last of its day, and perhaps the first.
pub(super) fn note(rows: &mut Rows<'_>, event: &Recorded<Event>) -> Result<(), ProjectionError> {
    let Some(organization) = event.metadata.organization_id else {
        return Ok(());
    };
    let key = params![
        Owner::of(Some(organization)).0,
        day_of(event.metadata.recorded_at.timestamp_micros())
    ];
    let position = Whole(event.position.0);
    rows.put(
        &TABLE,
        key,
        values! { first = position },
        values! { last = position },
    )
}

/// A position after which no event of the organization was recorded on the day of this time
/// (microseconds) or before.
pub(super) fn last_by(
    view: &mut View<'_>,
    organization_id: OrganizationId,
    micros: i64,
) -> Result<i64, SqlError> {
    let last = view.first(
        "SELECT max(last) FROM audit_days WHERE organization = ?1 AND day <= ?2",
        params![Owner::of(Some(organization_id)).0, day_of(micros)],
        |row| row.at::<Option<i64>>(0),
    )?;
    Ok(last.flatten().unwrap_or(0))
}

/// A position before which no event of the organization was recorded on the day of this time
/// (microseconds) or after; behind every event where none was at all.
pub(super) fn first_since(
    view: &mut View<'_>,
    organization_id: OrganizationId,
    micros: i64,
) -> Result<i64, SqlError> {
    let first = view.first(
        "SELECT min(first) FROM audit_days WHERE organization = ?1 AND day >= ?2",
        params![Owner::of(Some(organization_id)).0, day_of(micros)],
        |row| row.at::<Option<i64>>(0),
    )?;
    Ok(first.flatten().unwrap_or(i64::MAX))
}
