//! What a history is to be like.

use crate::GenerateError;
use chrono::{DateTime, TimeDelta, Utc};

/// The first day of every history: a Monday.
const BEGIN: i64 = 1_736_121_600;
const DAY: i64 = 24 * 60 * 60;
/// When people begin to work, in seconds of the day.
const MORNING: i64 = 6 * 60 * 60;
/// For how long they do.
const WORKING: i64 = 14 * 60 * 60;
/// Fewer would not let everybody come.
const EVENTS_OF_A_PERSON: u64 = 8;
/// People of an organization, where the plan does not say otherwise.
const PEOPLE_OF_AN_ORGANIZATION: u64 = 500;

/// What a history is to be like.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    people: u64,
    events: u64,
    seed: u64,
    organizations: u64,
    days: u32,
    enforcing: bool,
}

impl Plan {
    /// A history of so many people and events over a year, in organizations of some 500 people.
    /// Its last append may take it one or two events further.
    pub fn new(people: u64, events: u64, seed: u64) -> Result<Self, GenerateError> {
        if people == 0 {
            return Err(GenerateError::Plan(
                "a history needs at least one person".to_owned(),
            ));
        }
        let needed = people.saturating_mul(EVENTS_OF_A_PERSON);
        if events < needed {
            return Err(GenerateError::Plan(format!(
                "{events} events are too few for {people} people to come and sign in: take \
                 {needed} or more"
            )));
        }
        Ok(Self {
            people,
            events,
            seed,
            organizations: people.div_ceil(PEOPLE_OF_AN_ORGANIZATION),
            days: 365,
            enforcing: true,
        })
    }

    /// With so many organizations instead, at most one for each person.
    #[must_use]
    pub fn organizations(self, organizations: u64) -> Self {
        Self {
            organizations: organizations.clamp(1, self.people),
            ..self
        }
    }

    /// Over so many days instead.
    #[must_use]
    pub fn days(self, days: u32) -> Self {
        Self {
            days: days.max(1),
            ..self
        }
    }

    /// Where no organization enforces two-factor authentication.
    #[must_use]
    pub fn without_enforcement(self) -> Self {
        Self {
            enforcing: false,
            ..self
        }
    }

    pub(crate) fn may_enforce(&self) -> bool {
        self.enforcing
    }

    pub(crate) fn people(&self) -> u64 {
        self.people
    }

    pub(crate) fn events(&self) -> u64 {
        self.events
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    pub(crate) fn organization_count(&self) -> u64 {
        self.organizations
    }

    /// How many people have come when there have been so many events: all of them after three fifths.
    pub(crate) fn people_after(&self, events: u64) -> u64 {
        share(self.people, events, self.events / 5 * 3).min(self.people)
    }

    /// The time of day when there have been so many events. There are none at night.
    pub(crate) fn time_after(&self, events: u64) -> DateTime<Utc> {
        let seconds = u64::from(self.days) * DAY.unsigned_abs();
        let spent = share(seconds, events.min(self.events), self.events).cast_signed();
        let (day, within) = (spent / DAY, spent % DAY);
        let seconds = day * DAY + MORNING + within * WORKING / DAY;
        DateTime::UNIX_EPOCH + TimeDelta::seconds(BEGIN + seconds)
    }

    /// How long it is from one event to the next, by day and on average.
    pub(crate) fn pace(&self) -> TimeDelta {
        let seconds = i64::from(self.days) * WORKING;
        let events = i64::try_from(self.events).unwrap_or(i64::MAX);
        TimeDelta::microseconds(seconds * 1_000_000 / events.max(1))
    }
}

/// `whole * part / of`, without overflow.
fn share(whole: u64, part: u64, of: u64) -> u64 {
    let share = u128::from(whole) * u128::from(part) / u128::from(of.max(1));
    u64::try_from(share).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_needs_events_for_everybody() {
        assert!(Plan::new(0, 100, 1).is_err());
        assert!(Plan::new(10, 79, 1).is_err());
        assert!(Plan::new(10, 80, 1).is_ok());
    }

    #[test]
    fn days_begin_in_the_morning_and_end_in_the_evening() {
        let plan = Plan::new(1, 1_000, 1).unwrap().days(2);
        let at = |events| plan.time_after(events).format("%F %T").to_string();
        assert_eq!(at(0), "2025-01-06 06:00:00");
        assert_eq!(at(499), "2025-01-06 19:58:19");
        assert_eq!(at(500), "2025-01-07 06:00:00");
    }
}
