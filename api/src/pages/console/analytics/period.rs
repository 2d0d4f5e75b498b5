//! Which days the page is about, as they stand in its address, and into which columns they are put.

use super::super::super::charts::Days;
use chrono::{Datelike as _, Days as Later, Months, NaiveDate, Weekday};
use serde::Deserialize;

/// The periods that are a link away, in days.
pub(super) const USUAL: [u64; 3] = [30, 90, 365];

/// More days than this are not drawn.
const LONGEST: u64 = 3_660;

/// What is asked for. An empty field of the form asks for nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PeriodQuery {
    /// So many days, today included.
    days: Option<u64>,
    /// The first day.
    from: String,
    /// The last day.
    to: String,
}

/// The days that the page is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first and the last.
    pub days: Days,
    /// How many days were asked for by a link.
    pub usual: Option<u64>,
}

impl Period {
    /// So many days, the last of which is today.
    fn until(today: NaiveDate, count: u64) -> Self {
        let first = today.checked_sub_days(Later::new(count - 1));
        Self {
            days: Days::new(first.unwrap_or(today), today),
            usual: USUAL.contains(&count).then_some(count),
        }
    }

    /// What one sees who asks for nothing.
    #[must_use]
    pub fn usual(today: NaiveDate) -> Self {
        Self::until(today, USUAL[0])
    }

    /// The days that are asked for, where there are such days. Those that are to come have not been
    /// counted yet, and are left out.
    #[must_use]
    pub fn asked(query: &PeriodQuery, today: NaiveDate) -> Option<Self> {
        let (from, to) = (query.from.trim(), query.to.trim());
        if from.is_empty() && to.is_empty() {
            let count = query.days.unwrap_or(USUAL[0]);
            return (1..=LONGEST)
                .contains(&count)
                .then(|| Self::until(today, count));
        }
        let last = if to.is_empty() {
            today
        } else {
            to.parse::<NaiveDate>().ok()?.min(today)
        };
        let first = if from.is_empty() {
            last.checked_sub_days(Later::new(USUAL[0] - 1))?
        } else {
            from.parse().ok()?
        };
        let days = Days::new(first, last);
        (first <= last && days.count() <= LONGEST).then_some(Self { days, usual: None })
    }

    /// The first day behind it.
    #[must_use]
    pub fn end(self) -> NaiveDate {
        self.days.last().succ_opt().unwrap_or(self.days.last())
    }

    /// Its days as they stand in the address of a file: the last is not among them.
    #[must_use]
    pub fn address(self) -> String {
        format!("from={}&until={}", self.days.first(), self.end())
    }

    /// The columns of a chart, each from its first to its last day: days, weeks from Monday on, or
    /// months, so that there are neither too few nor too many.
    #[must_use]
    pub fn buckets(self) -> Vec<(NaiveDate, NaiveDate)> {
        let next = |day: NaiveDate| match self.days.count() {
            0..=62 => day.succ_opt(),
            63..=460 => {
                let monday = day.week(Weekday::Mon).first_day();
                monday.checked_add_days(Later::new(7))
            }
            _ => day.with_day(1)?.checked_add_months(Months::new(1)),
        };
        let mut buckets = Vec::new();
        let mut begin = Some(self.days.first());
        while let Some(first) = begin.filter(|day| *day <= self.days.last()) {
            begin = next(first);
            let last = begin.and_then(|next| next.pred_opt());
            buckets.push((first, last.unwrap_or(first).min(self.days.last())));
        }
        buckets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn asked(days: Option<u64>, from: &str, to: &str) -> Option<(String, String)> {
        let query = PeriodQuery {
            days,
            from: from.into(),
            to: to.into(),
        };
        let period = Period::asked(&query, day("2026-11-26"))?;
        let days = period.days;
        Some((days.first().to_string(), days.last().to_string()))
    }

    #[test]
    fn a_period_is_asked_for_in_days_or_by_its_ends() {
        for ((days, from, to), first, last) in [
            ((None, "", ""), "2026-10-28", "2026-11-26"),
            ((Some(1), "", ""), "2026-11-26", "2026-11-26"),
            ((Some(365), "", ""), "2025-11-27", "2026-11-26"),
            ((None, "2026-01-01", ""), "2026-01-01", "2026-11-26"),
            ((None, "", "2026-01-30"), "2026-01-01", "2026-01-30"),
            (
                (None, "2026-11-01", "2030-01-01"),
                "2026-11-01",
                "2026-11-26",
            ),
        ] {
            let expected = Some((first.to_owned(), last.to_owned()));
            assert_eq!(asked(days, from, to), expected);
        }
        for (days, from, to) in [
            (Some(0), "", ""),
            (Some(3_661), "", ""),
            (None, "yesterday", ""),
            (None, "2026-02-30", ""),
            (None, "2026-11-02", "2026-11-01"),
            (None, "2026-11-27", ""),
            (None, "1990-01-01", ""),
        ] {
            assert_eq!(asked(days, from, to), None, "{days:?} {from} {to}");
        }
    }

    #[test]
    fn columns_are_days_weeks_or_months_and_leave_no_day_out() {
        for (count, columns) in [(1, 1), (62, 62), (90, 14), (365, 53), (3_660, 121)] {
            let period = Period::until(day("2026-11-26"), count);
            let buckets = period.buckets();
            assert_eq!(buckets.len(), columns, "{count}");
            assert_eq!(buckets[0].0, period.days.first());
            assert_eq!(buckets[buckets.len() - 1].1, period.days.last());
            for pair in buckets.windows(2) {
                assert_eq!(pair[0].1.succ_opt(), Some(pair[1].0));
            }
        }
    }
}
