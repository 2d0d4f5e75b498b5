//! What a person shows besides the password, and the proof that they did.

use super::User;
use crate::{Acting, Rejection};
use eventstore_schema::{Actor, DeviceId, Factor, SessionId, UserId};

/// A second factor that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondFactor {
    /// A code of this authenticator.
    Otp(DeviceId),
    /// A recovery code, in place of an authenticator.
    RecoveryCode,
}

impl From<SecondFactor> for Factor {
    fn from(shown: SecondFactor) -> Self {
        match shown {
            SecondFactor::Otp(_) => Self::Otp,
            SecondFactor::RecoveryCode => Self::RecoveryCode,
        }
    }
}

/// A second factor of this person was accepted in this session. Made from the log only.
#[derive(Clone, Copy, Debug)]
pub struct SecondFactorProof {
    user: UserId,
    shown: SecondFactor,
}

impl SecondFactorProof {
    /// The person.
    #[must_use]
    pub fn user(&self) -> UserId {
        self.user
    }

    /// What they showed.
    #[must_use]
    pub fn shown(&self) -> SecondFactor {
        self.shown
    }
}

impl Acting for SecondFactorProof {
    fn actor(&self) -> Actor {
        Actor::User(self.user)
    }
}

impl User {
    /// The proof that the newest accepted factor was shown in this session.
    pub fn second_factor_shown(
        &self,
        id: UserId,
        session: SessionId,
    ) -> Result<SecondFactorProof, Rejection> {
        match self.last_accepted {
            Some((shown_in, shown)) if shown_in == session => {
                Ok(SecondFactorProof { user: id, shown })
            }
            _ => Err(Rejection::SecondFactorRequired),
        }
    }
}
