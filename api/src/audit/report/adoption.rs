//! How many people could sign in at the end of each day, and how many of them had still to set up an
//! authenticator; who was invited and who set one up that day.

use super::super::{history::History, source::Entry};
use chrono::{DateTime, NaiveDate, Utc};
use eventstore_schema::{Event, UserEvent};
use serde::Serialize;

/// A day (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Day {
    /// Which.
    pub date: NaiveDate,
    /// People who could sign in at its end.
    pub people: u64,
    /// Those of them who had no authenticator.
    pub to_set_up: u64,
    /// People who were invited that day.
    pub invited: u64,
    /// People who set up their first authenticator that day, or one again after a reset.
    pub set_up: u64,
}

/// The days of a period.
#[derive(Debug)]
pub struct Curve {
    period: (NaiveDate, NaiveDate),
    today: Option<Day>,
    /// Those that are over.
    pub days: Vec<Day>,
}

impl Curve {
    /// Of this period, both its ends included.
    pub fn of(period: (NaiveDate, NaiveDate)) -> Self {
        Self {
            period,
            today: None,
            days: Vec::new(),
        }
    }

    /// Looks at an event, in the state before it.
    pub fn look(&mut self, before: &History, entry: &Entry) {
        let event = &entry.event;
        let date = event.metadata.recorded_at.date_naive();
        // By the order of the log: a clock that is behind does not open a day again.
        if self.today.is_none_or(|today| today.date < date) {
            self.close_until(before, date);
        }
        let (Some(today), Event::User(what)) = (&mut self.today, &event.data) else {
            return;
        };
        match what {
            UserEvent::UserInvited(_) => today.invited += 1,
            UserEvent::OtpDeviceConfirmed(_) => {
                let id = event.stream.as_str().trim_start_matches("user-").parse();
                let person = id.ok().and_then(|id| before.people().get(&id));
                today.set_up += u64::from(person.is_some_and(|one| !one.user.has_otp_device()));
            }
            _ => {}
        }
    }

    /// Ends the day, and the days without an event, before this one begins.
    fn close_until(&mut self, history: &History, date: NaiveDate) {
        if let Some(mut day) = self.today.take() {
            while day.date < date && day.date <= self.period.1 {
                if day.date >= self.period.0 {
                    self.days.push(numbers(history, day));
                }
                let Some(next) = day.date.succ_opt() else {
                    return;
                };
                day = begun(next);
            }
        }
        self.today = Some(begun(date));
    }

    /// The history is over: its last day, and what followed until the period ends or until now.
    pub fn finish(&mut self, history: &History, now: DateTime<Utc>) {
        let end = self.period.1.min(now.date_naive());
        if let Some(after) = end.succ_opt()
            && self.today.is_some()
        {
            self.close_until(history, after);
        }
    }
}

fn begun(date: NaiveDate) -> Day {
    Day {
        date,
        people: 0,
        to_set_up: 0,
        invited: 0,
        set_up: 0,
    }
}

fn numbers(history: &History, day: Day) -> Day {
    let people = history.people().values();
    let active = people.filter(|person| person.user.active().is_some());
    let (mut people, mut to_set_up) = (0, 0);
    for person in active {
        people += 1;
        to_set_up += u64::from(person.is_to_set_up());
    }
    Day {
        people,
        to_set_up,
        ..day
    }
}
