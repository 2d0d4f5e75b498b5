//! Axes: from counts and days to places, with marks at numbers and dates that people like.

use chrono::{Datelike, Days as Later, Months, NaiveDate, Weekday};

/// An axis of counts, from 0 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    step: u64,
    top: u64,
}

impl Counts {
    /// An axis that holds this count, with at most so many steps. It has one at least.
    #[must_use]
    pub fn up_to(most: u64, steps: u64) -> Self {
        let most = most.max(1);
        let mut power = 1_u64;
        loop {
            for step in [1, 2, 5].map(|nice| power.saturating_mul(nice)) {
                if most.div_ceil(step) <= steps.max(1) || step == u64::MAX {
                    let top = most.div_ceil(step).saturating_mul(step);
                    return Self { step, top };
                }
            }
            power = power.saturating_mul(10);
        }
    }

    /// Where the marks are, from 0 to the top.
    pub fn ticks(self) -> impl Iterator<Item = u64> {
        (0..=self.top / self.step).map(move |index| index.saturating_mul(self.step))
    }

    /// How far up a count is: 0 at the bottom, 1 at the top.
    #[must_use]
    pub fn share(self, count: u64) -> f64 {
        ratio(count.min(self.top), self.top)
    }
}

/// The one number divided by the other.
#[expect(
    clippy::cast_precision_loss,
    reason = "a picture has a thousand points across"
)]
pub fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// An axis of days, from the beginning of the first to the end of the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    first: NaiveDate,
    last: NaiveDate,
}

/// The mark of a time axis, at the beginning of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// The day.
    pub day: NaiveDate,
    /// What it begins.
    pub grain: Grain,
}

/// What a mark of a time axis begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// A day.
    Day,
    /// A month.
    Month,
    /// A year.
    Year,
}

/// How far apart the marks of a time axis are.
#[derive(Clone, Copy)]
enum Step {
    Days(u64),
    /// From Monday on.
    Weeks(u64),
    Months(u32),
    Years(u32),
}

const STEPS: [Step; 17] = [
    Step::Days(1),
    Step::Days(2),
    Step::Weeks(1),
    Step::Weeks(2),
    Step::Months(1),
    Step::Months(2),
    Step::Months(3),
    Step::Months(6),
    Step::Years(1),
    Step::Years(2),
    Step::Years(5),
    Step::Years(10),
    Step::Years(20),
    Step::Years(50),
    Step::Years(100),
    Step::Years(1_000),
    Step::Years(100_000),
];

impl Days {
    /// The days from the first to the last, which is none before it.
    #[must_use]
    pub fn new(first: NaiveDate, last: NaiveDate) -> Self {
        let last = last.max(first);
        Self { first, last }
    }

    /// The first day.
    #[must_use]
    pub fn first(self) -> NaiveDate {
        self.first
    }

    /// The last day.
    #[must_use]
    pub fn last(self) -> NaiveDate {
        self.last
    }

    /// How many there are.
    #[must_use]
    pub fn count(self) -> u64 {
        (self.last - self.first).num_days().unsigned_abs() + 1
    }

    /// How far along a day begins: the first at 0, the one behind the last at 1.
    #[must_use]
    pub fn share(self, day: NaiveDate) -> f64 {
        let days = (day - self.first).num_days().max(0).unsigned_abs();
        ratio(days.min(self.count()), self.count())
    }

    /// Marks at dates that people like, at most so many (and one at least, where the days have a place
    /// for it).
    #[must_use]
    pub fn ticks(self, at_most: usize) -> Vec<Tick> {
        let each = STEPS.into_iter().map(|step| self.marks(step, at_most));
        let mut few = each.filter(|marks| marks.len() <= at_most);
        few.find(|marks| !marks.is_empty()).unwrap_or_default()
    }

    /// The marks, and one more than that if there are more.
    fn marks(self, step: Step, at_most: usize) -> Vec<Tick> {
        let marks = std::iter::successors(step.begin(self.first), |tick| step.next(*tick));
        let marks = marks.skip_while(|tick| tick.day < self.first);
        let marks = marks.take_while(|tick| tick.day <= self.last);
        marks.take(at_most + 1).collect()
    }
}

impl Step {
    /// The mark of this day or the last one before it.
    fn begin(self, day: NaiveDate) -> Option<Tick> {
        let (day, grain) = match self {
            Self::Days(_) => (Some(day), Grain::Day),
            Self::Weeks(_) => (Some(day.week(Weekday::Mon).first_day()), Grain::Day),
            Self::Months(months) => {
                let month = day.month0() / months * months + 1;
                (NaiveDate::from_ymd_opt(day.year(), month, 1), Grain::Month)
            }
            Self::Years(years) => {
                let years = i32::try_from(years).unwrap_or(i32::MAX);
                let year = day.year().div_euclid(years).saturating_mul(years);
                (NaiveDate::from_ymd_opt(year, 1, 1), Grain::Year)
            }
        };
        day.map(|day| Tick { day, grain }.or_year())
    }

    fn next(self, tick: Tick) -> Option<Tick> {
        let day = match self {
            Self::Days(days) => tick.day.checked_add_days(Later::new(days)),
            Self::Weeks(weeks) => tick.day.checked_add_days(Later::new(7 * weeks)),
            Self::Months(months) => tick.day.checked_add_months(Months::new(months)),
            Self::Years(years) => tick.day.checked_add_months(Months::new(12 * years)),
        };
        let grain = match self {
            Self::Days(_) | Self::Weeks(_) => Grain::Day,
            Self::Months(_) => Grain::Month,
            Self::Years(_) => Grain::Year,
        };
        day.map(|day| Tick { day, grain }.or_year())
    }
}

impl Tick {
    /// Where months are told, the first of a year tells the year.
    fn or_year(self) -> Self {
        match self.grain {
            Grain::Month if self.day.month() == 1 => Self {
                grain: Grain::Year,
                ..self
            },
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn marks(first: &str, last: &str, at_most: usize) -> Vec<String> {
        let ticks = Days::new(day(first), day(last)).ticks(at_most);
        ticks.iter().map(|tick| tick.day.to_string()).collect()
    }

    #[test]
    fn counts_go_in_steps_of_one_two_or_five() {
        for (most, ticks) in [
            (0, vec![0, 1]),
            (1, vec![0, 1]),
            (3, vec![0, 1, 2, 3]),
            (7, vec![0, 2, 4, 6, 8]),
            (23, vec![0, 5, 10, 15, 20, 25]),
            (
                1_000_000,
                vec![0, 200_000, 400_000, 600_000, 800_000, 1_000_000],
            ),
        ] {
            let found: Vec<_> = Counts::up_to(most, 5).ticks().collect();
            assert_eq!(found, ticks, "{most}");
        }
    }

    #[test]
    fn days_are_marked_where_weeks_months_and_years_begin() {
        assert_eq!(
            marks("2026-11-24", "2026-11-26", 4),
            ["2026-11-24", "2026-11-25", "2026-11-26"]
        );
        assert_eq!(
            marks("2026-10-28", "2026-11-26", 5),
            ["2026-11-02", "2026-11-09", "2026-11-16", "2026-11-23"]
        );
        assert_eq!(
            marks("2025-11-27", "2026-11-26", 4),
            ["2026-01-01", "2026-04-01", "2026-07-01", "2026-10-01"]
        );
        assert_eq!(marks("2026-11-26", "2026-11-26", 4), ["2026-11-26"]);
    }

    proptest! {
        #[test]
        fn an_axis_holds_every_count_in_few_steps(most: u64, steps in 1_u64..9, count: u64) {
            let axis = Counts::up_to(most, steps);
            let last = axis.ticks().last().unwrap();
            prop_assert!(last >= most || last == u64::MAX / axis.step * axis.step);
            prop_assert!(axis.ticks().count() <= usize::try_from(steps).unwrap() + 1);
            prop_assert!((0.0..=1.0).contains(&axis.share(count)));
        }

        #[test]
        fn days_have_few_marks_and_all_among_them(
            first in -700_000_i32..3_000_000,
            length in 0_u64..40_000,
            at_most in 1_usize..12,
        ) {
            let first = NaiveDate::from_num_days_from_ce_opt(first).unwrap();
            let days = Days::new(first, first + Later::new(length));
            let ticks = days.ticks(at_most);
            prop_assert!(ticks.len() <= at_most);
            for pair in ticks.windows(2) {
                prop_assert!(pair[0].day < pair[1].day);
            }
            for tick in ticks {
                prop_assert!((days.first()..=days.last()).contains(&tick.day));
                prop_assert!((0.0..1.0).contains(&days.share(tick.day)));
            }
        }
    }
}
