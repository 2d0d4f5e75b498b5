//! How long things last that an operator may choose.

use chrono::TimeDelta;
use domain::{session::SessionLimits, user::INVITATION_LIFETIME};

/// The limits in force on this node.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Of sessions.
    pub sessions: SessionLimits,
    /// How long the link of an invitation works.
    pub invitation: TimeDelta,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sessions: SessionLimits::default(),
            invitation: INVITATION_LIFETIME,
        }
    }
}
