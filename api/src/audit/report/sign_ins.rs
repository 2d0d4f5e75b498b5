//! Sign-ins by the factors that were shown, and those that ended at the password.

use super::super::{history::History, source::Entry};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{NextStep, authority::next_step};
use eventstore_schema::{Event, EventId, Factor, SessionEvent, SessionId};
use serde::Serialize;
use std::collections::HashMap;

/// A session is over after so long, whatever the operator chose.
const LONGEST: TimeDelta = TimeDelta::hours(24);

/// Sign-ins of a stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SignIns {
    /// With a password and a code of an authenticator.
    pub password_and_authenticator: u64,
    /// With a password and a recovery code.
    pub password_and_recovery_code: u64,
    /// With a password, where no more was asked for at that moment.
    pub password_alone: u64,
    /// Sessions that ended at the password, or had come no further by the end of the history. They
    /// opened nothing.
    pub ended_at_the_password: u64,
}

/// Counts them.
#[derive(Debug)]
pub struct Counter {
    period: (DateTime<Utc>, DateTime<Utc>),
    enforced_at: Option<DateTime<Utc>>,
    /// Those of the period.
    pub in_period: SignIns,
    /// Those since enforcement.
    pub since_enforcement: SignIns,
    /// Sign-ins with a password alone, since enforcement, to which the policy gave authority.
    pub under_a_single_factor: Vec<EventId>,
    /// Sessions that have not signed in, and when they began.
    waiting: HashMap<SessionId, DateTime<Utc>>,
    looked_at: DateTime<Utc>,
}

impl Counter {
    /// Of this period, both its ends included.
    pub fn of(period: (DateTime<Utc>, DateTime<Utc>)) -> Self {
        Self {
            period,
            enforced_at: None,
            in_period: SignIns::default(),
            since_enforcement: SignIns::default(),
            under_a_single_factor: Vec::new(),
            waiting: HashMap::new(),
            looked_at: DateTime::default(),
        }
    }

    /// Enforcement began.
    pub fn begin(&mut self, at: DateTime<Utc>) {
        self.enforced_at = Some(at);
    }

    /// Looks at an event, in the state after it.
    pub fn look(&mut self, after: &History, entry: &Entry) {
        let event = &entry.event;
        let Event::Session(what) = &event.data else {
            return;
        };
        let id = event.stream.as_str().strip_prefix("session-");
        let Some(id) = id.and_then(|id| id.parse().ok()) else {
            return;
        };
        let at = event.metadata.recorded_at;
        match what {
            SessionEvent::SessionStarted(_) => {
                self.waiting.insert(id, at);
            }
            SessionEvent::SignedIn(signed_in) => {
                self.waiting.remove(&id);
                let shown = &signed_in.factors;
                self.count(at, |sign_ins| match second(shown) {
                    Some(Factor::RecoveryCode) => sign_ins.password_and_recovery_code += 1,
                    Some(_) => sign_ins.password_and_authenticator += 1,
                    None => sign_ins.password_alone += 1,
                });
                if self.enforced_at.is_some()
                    && second(shown).is_none()
                    && let Some((held, person)) = after.session(id)
                    && next_step(&person.user, after.policy(), &held.session) == NextStep::Done
                {
                    self.under_a_single_factor.push(event.id);
                }
            }
            _ => {}
        }
        self.give_up(at);
    }

    /// What has waited for so long ended at the password.
    fn give_up(&mut self, now: DateTime<Utc>) {
        if now < self.looked_at + LONGEST {
            return;
        }
        self.looked_at = now;
        let over = self.waiting.extract_if(|_, began| now >= *began + LONGEST);
        let over: Vec<_> = over.map(|(_, began)| began).collect();
        self.ended(over);
    }

    fn ended(&mut self, began: impl IntoIterator<Item = DateTime<Utc>>) {
        for at in began {
            self.count(at, |sign_ins| sign_ins.ended_at_the_password += 1);
        }
    }

    fn count(&mut self, at: DateTime<Utc>, count: impl Fn(&mut SignIns)) {
        if self.period.0 <= at && at <= self.period.1 {
            count(&mut self.in_period);
        }
        if self.enforced_at.is_some_and(|since| since <= at) {
            count(&mut self.since_enforcement);
        }
    }

    /// The history is over.
    pub fn finish(&mut self) {
        let waiting: Vec<_> = self.waiting.drain().map(|(_, began)| began).collect();
        self.ended(waiting);
    }
}

/// What was shown beside the password.
fn second(shown: &[Factor]) -> Option<Factor> {
    let mut factors = shown.iter().copied();
    factors.find(|factor| *factor != Factor::Password)
}
