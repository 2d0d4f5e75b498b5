//! Days and hours in UTC, as text that sorts as they follow each other.

use chrono::{DateTime, SecondsFormat, Timelike as _, Utc};

/// The day of a time: `2026-11-26`.
pub(crate) fn day_of(at: DateTime<Utc>) -> String {
    at.date_naive().to_string()
}

/// The hour of a time, by its beginning: `2026-11-26T13:00:00Z`.
pub(crate) fn hour_of(at: DateTime<Utc>) -> String {
    format!("{}T{:02}:00:00Z", at.date_naive(), at.hour())
}

/// A time to the second: `2026-11-26T13:14:15Z`.
pub(crate) fn second_of(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
