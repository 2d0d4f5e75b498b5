//! The way back for a person who forgot their password: a link to their mailbox. It replaces the
//! password and nothing else; whoever has an authenticator still shows it.

use super::{Link, User};
use crate::{
    Anyone, Decide, Decision, Rejection,
    decider::{emit, nothing_to_do},
};
use chrono::{DateTime, TimeDelta, Utc};
use eventstore_schema::{
    PasswordHash, PasswordReset, PasswordResetRequested, TokenDigest, UserEvent,
};
use subtle::ConstantTimeEq;

/// How long the link works.
pub const RESET_LIFETIME: TimeDelta = TimeDelta::hours(1);

/// Asks for a link. What comes of it is not told to whoever asks.
#[derive(Debug)]
pub struct RequestPasswordReset {
    /// The digest of the token in the link.
    pub token_digest: TokenDigest,
    /// Now.
    pub at: DateTime<Utc>,
}

impl Decide<RequestPasswordReset> for User {
    type By = Anyone;

    fn decide(&self, command: RequestPasswordReset, _by: &Anyone) -> Decision<UserEvent> {
        let reads_mail = self.active().is_some() && !self.set_up_links.mailbox_is_lost();
        if !reads_mail || !self.reset_mails.admits(command.at) {
            return nothing_to_do();
        }
        emit(PasswordResetRequested {
            token_digest: command.token_digest,
            expires_at: command.at + RESET_LIFETIME,
        })
    }
}

/// Chooses a new password with the token of a link.
#[derive(Debug)]
pub struct ResetPassword {
    /// The digest of the token that was presented.
    pub token_digest: TokenDigest,
    /// The new password.
    pub password: PasswordHash,
    /// Now.
    pub at: DateTime<Utc>,
}

impl User {
    /// Refuses a link that does not work, before the work of hashing a password is spent on it.
    pub fn check_reset_link(
        &self,
        presented: &TokenDigest,
        now: DateTime<Utc>,
    ) -> Result<(), Rejection> {
        let link = self.reset_link().ok_or(Rejection::PasswordResetInvalid)?;
        let genuine = link.token_digest.0.as_bytes().ct_eq(presented.0.as_bytes());
        if !bool::from(genuine) {
            Err(Rejection::PasswordResetInvalid)
        } else if link.expires_at <= now {
            Err(Rejection::PasswordResetExpired)
        } else {
            Ok(())
        }
    }

    fn reset_link(&self) -> Option<&Link> {
        self.active().and(self.reset_link.as_ref())
    }
}

impl Decide<ResetPassword> for User {
    type By = Anyone;

    fn decide(&self, command: ResetPassword, _by: &Anyone) -> Decision<UserEvent> {
        self.check_reset_link(&command.token_digest, command.at)?;
        let current = self.password().ok_or(Rejection::PasswordResetInvalid)?;
        emit(PasswordReset {
            password: command.password,
            replaces: current.password_id,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;
    use eventstore_schema::{PasswordChanged, Role, UserInvited};

    fn ask(link: &str, at: DateTime<Utc>) -> RequestPasswordReset {
        RequestPasswordReset {
            token_digest: digest(link),
            at,
        }
    }

    fn asked(link: &str) -> UserEvent {
        PasswordResetRequested {
            token_digest: digest(link),
            expires_at: now() + RESET_LIFETIME,
        }
        .into()
    }

    fn follow(link: &str, at: DateTime<Utc>) -> ResetPassword {
        ResetPassword {
            token_digest: digest(link),
            password: another_password(8),
            at,
        }
    }

    fn reset() -> UserEvent {
        PasswordReset {
            password: another_password(8),
            replaces: password().password_id,
        }
        .into()
    }

    #[test]
    fn a_link_works_once_and_replaces_the_password() {
        given([registered(Role::Member)])
            .when::<User, _>(ask("link", now()), &Anyone)
            .then([asked("link")]);
        given([registered(Role::Member), asked("link")])
            .when::<User, _>(follow("link", now()), &Anyone)
            .then([reset()]);
        given([registered(Role::Member), asked("link"), reset()])
            .when::<User, _>(follow("link", now()), &Anyone)
            .then_rejected(&Rejection::PasswordResetInvalid);
    }

    #[test]
    fn a_link_expires_and_a_newer_one_kills_the_older() {
        given([registered(Role::Member), asked("link")])
            .when::<User, _>(follow("link", now() + RESET_LIFETIME), &Anyone)
            .then_rejected(&Rejection::PasswordResetExpired);
        let both = [registered(Role::Member), asked("link"), asked("new link")];
        given(both.clone())
            .when::<User, _>(follow("link", now()), &Anyone)
            .then_rejected(&Rejection::PasswordResetInvalid);
        given(both)
            .when::<User, _>(follow("new link", now()), &Anyone)
            .then([reset()]);
    }

    #[test]
    fn a_change_of_password_kills_the_link() {
        let changed = PasswordChanged {
            password: another_password(9),
            replaces: password().password_id,
            session_id: session(1),
        };
        given([registered(Role::Member), asked("link"), changed.into()])
            .when::<User, _>(follow("link", now()), &Anyone)
            .then_rejected(&Rejection::PasswordResetInvalid);
    }

    #[test]
    fn a_mailbox_is_not_flooded() {
        given([registered(Role::Member), asked("link")])
            .when::<User, _>(ask("another", now()), &Anyone)
            .then_nothing();
    }

    #[test]
    fn who_cannot_sign_in_gets_no_link() {
        let invited = UserInvited {
            organization_id: acme(),
            email: personal(1),
            address_id: address(),
            name: personal(1),
            role: Role::Member,
            token_digest: digest("invitation"),
            expires_at: now(),
        };
        given([invited])
            .when::<User, _>(ask("link", now()), &Anyone)
            .then_nothing();
    }
}
