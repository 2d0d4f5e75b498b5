//! The first factor. Hashing takes time and memory on purpose, so it happens outside; what comes
//! back in is its outcome.

use super::User;
use crate::{Acting, Rejection};
use eventstore_schema::{Actor, OrganizationId, PasswordId, UserId};

/// A person has just shown, or chosen, their password. Opens a session and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct PasswordProof {
    user: UserId,
    organization: OrganizationId,
    password: PasswordId,
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
        match user.password() {
            Some(current) if current.password_id == self.password => Ok(()),
            _ => Err(Rejection::SignInRejected),
        }
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
        match (self.active(), self.password()) {
            (Some(profile), Some(current)) if matches => Ok(PasswordProof {
                user: id,
                organization: profile.organization_id,
                password: current.password_id,
            }),
            _ => Err(Rejection::SignInRejected),
        }
    }

    /// The proof of a person who has just chosen this password.
    pub fn choose_password(
        &self,
        id: UserId,
        chosen: PasswordId,
    ) -> Result<PasswordProof, Rejection> {
        let current = self.password().map(|password| password.password_id);
        self.show_password(id, current == Some(chosen))
    }
}
