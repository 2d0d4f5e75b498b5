//! Moments as a reviewer writes them.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use std::str::FromStr;

/// The end of a stretch of history: everything before the first event that was recorded after it, in
/// the order of the log. What a date stands for is the end of that day (UTC).
///
/// The log has one order, and each event the time of the node that recorded it. Where clocks differ,
/// an event may say an earlier time than one before it; the order decides, so that no state is shown
/// which never was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(DateTime<Utc>);

/// A text that is no moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is neither a time such as 2026-03-31T18:00:00Z nor a date such as 2026-03-31")]
pub struct NoMoment(String);

impl Moment {
    /// The end of a day.
    pub fn end_of(day: NaiveDate) -> Option<Self> {
        let next = day.checked_add_days(Days::new(1))?;
        let midnight = next.and_time(NaiveTime::MIN).and_utc();
        Some(Self(midnight - chrono::TimeDelta::nanoseconds(1)))
    }

    /// As a time.
    pub fn time(self) -> DateTime<Utc> {
        self.0
    }

    /// Whether it is past when something is recorded at this time.
    pub fn is_before(self, recorded_at: DateTime<Utc>) -> bool {
        recorded_at > self.0
    }
}

impl FromStr for Moment {
    type Err = NoMoment;

    fn from_str(text: &str) -> Result<Self, NoMoment> {
        let time = || {
            DateTime::parse_from_rfc3339(text)
                .ok()
                .map(|time| Self(time.to_utc()))
        };
        let day = || text.parse().ok().and_then(Self::end_of);
        time().or_else(day).ok_or_else(|| NoMoment(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_the_end_of_its_day() {
        let day: Moment = "2026-03-31".parse().unwrap();
        let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
        assert!(!day.is_before(at("2026-03-31T23:59:59.999999Z")));
        assert!(day.is_before(at("2026-04-01T00:00:00Z")));
        let noon: Moment = "2026-03-31T14:00:00+02:00".parse().unwrap();
        assert_eq!(noon.time(), at("2026-03-31T12:00:00Z"));
        for wrong in ["", "yesterday", "2026-02-30", "2026-03-31T12:00:00"] {
            assert!(wrong.parse::<Moment>().is_err(), "{wrong}");
        }
    }
}
