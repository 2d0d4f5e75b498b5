//! The first factor. Hashing takes time and memory on purpose, so it happens outside; what comes
//! back in is its outcome.

use super::User;
use crate::{Acting, Rejection};
use eventstore_schema::{Actor, OrganizationId, UserId};

/// A person has just shown, or chosen, their password. Opens a session and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct PasswordProof {
    user: UserId,
    organization: OrganizationId,
}

impl PasswordProof {
    /// The person.
    #[must_use]
    pub fn user(&self) -> UserId {
        self.user
    }

    /// Their organization.
    #[must_use]
    pub fn organization(&self) -> OrganizationId {
        self.organization
    }
}

impl Acting for PasswordProof {
    fn actor(&self) -> Actor {
        Actor::User(self.user)
    }
}

impl User {
    /// Turns the outcome of comparing the password with this person's hash into a proof.
    pub fn show_password(&self, id: UserId, matches: bool) -> Result<PasswordProof, Rejection> {
        match self.active() {
            Some(profile) if matches => Ok(PasswordProof {
                user: id,
                organization: profile.organization_id,
            }),
            _ => Err(Rejection::SignInRejected),
        }
    }
}
