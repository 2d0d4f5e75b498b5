//! How long sessions last: the operator chooses, NIST SP 800-63B-4 (section 2.2.3) recommends.

use chrono::TimeDelta;

/// How long a session lives at most, unless the operator chooses otherwise (NIST allows 24 hours).
pub const LIFETIME: TimeDelta = TimeDelta::hours(12);
/// How long it may rest (NIST recommends an hour at most).
pub const IDLE: TimeDelta = TimeDelta::minutes(60);
/// Use is noted again after this part of the time that a session may rest.
const NOTED_AFTER: i32 = 4;

/// The limits in force.
#[derive(Clone, Copy, Debug)]
pub struct SessionLimits {
    /// After this time a session is over, whatever happens in it.
    pub lifetime: TimeDelta,
    /// After this time without use, too.
    pub idle: TimeDelta,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            lifetime: LIFETIME,
            idle: IDLE,
        }
    }
}

impl SessionLimits {
    /// Use is noted when the last note is as old as this. So a session that is used and then rests
    /// may be over earlier than its limit by this much, and never later.
    #[must_use]
    pub fn noted_every(self) -> TimeDelta {
        self.idle / NOTED_AFTER
    }
}
