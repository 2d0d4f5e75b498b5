//! The sessions of a person, as long as something can still follow from them.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    authority::going_on,
    session::{Session, SessionLimits},
    user::User,
};
use eventstore_schema::SessionId;

/// How long after its end something may be recorded that a session was let do before it: a request
/// lasts 30 seconds at most, and the clocks of two nodes may differ by as much again.
pub const AFTERWARDS: TimeDelta = TimeDelta::seconds(60);

/// The widest limits that an operator can set: the log does not say which were in force.
const WIDEST: SessionLimits = SessionLimits {
    lifetime: TimeDelta::hours(24),
    idle: TimeDelta::hours(24),
};

/// A session.
#[derive(Clone, Debug)]
pub struct Held {
    /// Which one.
    pub id: SessionId,
    /// What the log says of it.
    pub session: Session,
    /// Since when it is over, if it is.
    over_since: Option<DateTime<Utc>>,
    ends_at: Option<DateTime<Utc>>,
}

impl Held {
    pub(super) fn new(id: SessionId) -> Self {
        Self {
            id,
            session: Session::default(),
            over_since: None,
            ends_at: None,
        }
    }

    /// Looks whether it still goes on, after something happened to it or to its person.
    pub(super) fn look(&mut self, user: &User, now: DateTime<Utc>) {
        if let Some((live, _)) = going_on(self.id, &self.session, user, (now, WIDEST)) {
            self.ends_at = Some(live.expires_at);
        } else {
            let ended = self.ends_at.map_or(now, |end| end.min(now));
            self.over_since.get_or_insert(ended);
        }
    }

    /// Whether it went on at this time, or had done so a moment before.
    #[must_use]
    pub fn went_on_at(&self, time: DateTime<Utc>) -> bool {
        let end = self.over_since.or(self.ends_at);
        end.is_some_and(|end| time <= end + AFTERWARDS)
    }

    /// Whether it goes on at this time.
    #[must_use]
    pub fn goes_on_at(&self, time: DateTime<Utc>) -> bool {
        self.over_since.is_none() && self.ends_at.is_some_and(|end| time < end)
    }
}
