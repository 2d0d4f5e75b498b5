//! The right to show a second factor.

use super::{Acting, Authority, NextStep, SessionHolder};
use crate::Rejection;
use eventstore_schema::Actor;

/// Whoever shows a second factor: in a session that waits for it, or once more in one that lacks
/// nothing.
#[derive(Clone, Debug)]
pub struct Showing {
    holder: SessionHolder,
    again: bool,
}

impl Showing {
    /// In a session that waits for it. Whether it does is asked with the decision, so that a repeat
    /// of one that was taken hears the same again.
    #[must_use]
    pub fn to_sign_in(holder: SessionHolder) -> Self {
        Self {
            holder,
            again: false,
        }
    }

    /// Once more.
    #[must_use]
    pub fn again(authority: Authority) -> Self {
        Self {
            holder: authority.holder,
            again: true,
        }
    }

    /// Whose session it is.
    #[must_use]
    pub fn holder(&self) -> &SessionHolder {
        &self.holder
    }

    pub(crate) fn is_expected(&self) -> Result<(), Rejection> {
        match self.holder.next {
            NextStep::Otp => Ok(()),
            NextStep::Done if self.again => Ok(()),
            NextStep::Done => Err(Rejection::OtpNotNeeded),
            NextStep::OtpSetUp => Err(Rejection::OtpDeviceMissing),
        }
    }
}

impl Acting for Showing {
    fn actor(&self) -> Actor {
        self.holder.actor()
    }
}
