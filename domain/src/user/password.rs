//! The first factor. Hashing takes time and memory on purpose, so it happens outside; what comes
//! back in is its outcome.

use super::User;
use crate::{Acting, Rejection};
use eventstore_schema::{Actor, OrganizationId, PasswordHash, PasswordId, UserId};

/// A person has just shown, or chosen, their password. Opens a session and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct PasswordProof {
    user: UserId,
    organization: OrganizationId,
    /// The password, whichever of its hashes it was compared with.
    chosen: PasswordId,
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

    /// Refuses once another password has taken the place of the one that was shown, or the person
    /// can no longer sign in. Hashing takes long enough for that to happen in the meantime.
    pub fn still_holds(&self, user: &User) -> Result<(), Rejection> {
        self.current(user).map(|_| ())
    }

    /// The present hash of the password that was shown.
    pub(super) fn current<'a>(&self, user: &'a User) -> Result<&'a PasswordHash, Rejection> {
        user.password()
            .filter(|_| user.chosen == Some(self.chosen))
            .ok_or(Rejection::SignInRejected)
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
        match (self.active(), self.chosen) {
            (Some(profile), Some(chosen)) if matches => Ok(PasswordProof {
                user: id,
                organization: profile.organization_id,
                chosen,
            }),
            _ => Err(Rejection::SignInRejected),
        }
    }

    /// Whether the password is the same as it was, and its hash another.
    #[must_use]
    pub fn was_rehashed_since(&self, earlier: &Self) -> bool {
        self.chosen == earlier.chosen && self.password() != earlier.password()
    }

    /// The proof of a person who has just chosen this password.
    pub fn choose_password(
        &self,
        id: UserId,
        chosen: PasswordId,
    ) -> Result<PasswordProof, Rejection> {
        self.show_password(id, self.chosen == Some(chosen))
    }
}
