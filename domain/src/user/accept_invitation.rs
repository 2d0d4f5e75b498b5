//! The invited person follows the link.

use super::{Standing, User};
use crate::{Anyone, Decide, Decision, Rejection, decider::emit};
use chrono::{DateTime, Utc};
use eventstore_schema::{InvitationAccepted, PasswordHash, TokenDigest, UserEvent};
use subtle::ConstantTimeEq;

/// Accepts an invitation with the token of its link and a password.
#[derive(Debug)]
pub struct AcceptInvitation {
    /// The digest of the token that was presented.
    pub token_digest: TokenDigest,
    /// The password.
    pub password: PasswordHash,
    /// Now.
    pub at: DateTime<Utc>,
}

impl User {
    /// Refuses a link that does not work, before the work of hashing a password is spent on it.
    pub fn check_link(&self, digest: &TokenDigest, now: DateTime<Utc>) -> Result<(), Rejection> {
        match &self.person {
            Some((_, Standing::Invited(link))) => {
                let genuine = link.token_digest.0.as_bytes().ct_eq(digest.0.as_bytes());
                if !bool::from(genuine) {
                    Err(Rejection::InvitationInvalid)
                } else if link.expires_at <= now {
                    Err(Rejection::InvitationExpired)
                } else {
                    Ok(())
                }
            }
            Some((_, Standing::Active(_) | Standing::Disabled(_))) => {
                Err(Rejection::InvitationUsed)
            }
            Some((_, Standing::Revoked | Standing::Erased)) | None => {
                Err(Rejection::InvitationInvalid)
            }
        }
    }
}

impl Decide<AcceptInvitation> for User {
    type By = Anyone;

    fn decide(&self, command: AcceptInvitation, _by: &Anyone) -> Decision<UserEvent> {
        self.check_link(&command.token_digest, command.at)?;
        emit(InvitationAccepted {
            password: command.password,
        })
    }
}
