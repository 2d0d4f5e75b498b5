//! A person changes their password, knowing the present one.

use super::{PasswordProof, User};
use crate::{Authority, Decide, Decision, Rejection, decider::emit};
use eventstore_schema::{PasswordChanged, PasswordHash, UserEvent};

/// Puts another password in the place of the present one.
#[derive(Debug)]
pub struct ChangePassword {
    /// The present password was shown.
    pub shown: PasswordProof,
    /// The new one.
    pub password: PasswordHash,
}

impl Decide<ChangePassword> for User {
    type By = Authority;

    fn decide(&self, command: ChangePassword, by: &Authority) -> Decision<UserEvent> {
        let holder = by.holder();
        let current = self.password().ok_or(Rejection::Unauthenticated)?;
        // The session goes on afterwards, so one that has just ended must not come back this way.
        if self.has_ended(holder.session(), holder.began_at()) {
            return Err(Rejection::Unauthenticated);
        }
        if command.shown.user() != holder.user() || command.shown.still_holds(self).is_err() {
            return Err(Rejection::PasswordWrong);
        }
        emit(PasswordChanged {
            password: command.password,
            replaces: current.password_id,
            session_id: holder.session(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;
    use eventstore_schema::{PasswordReset, Role};

    fn shown() -> PasswordProof {
        let person = state::<User>([registered(Role::Member)]);
        person.show_password(user(1), true).unwrap()
    }

    fn change() -> ChangePassword {
        ChangePassword {
            shown: shown(),
            password: another_password(8),
        }
    }

    #[test]
    fn the_event_names_the_session_and_the_password_that_is_replaced() {
        given([registered(Role::Member)])
            .when::<User, _>(change(), &authority(Role::Member))
            .then([PasswordChanged {
                password: another_password(8),
                replaces: password().password_id,
                session_id: session(1),
            }]);
    }

    /// Or the old password, compared before a reset, would undo the reset after it.
    #[test]
    fn a_password_that_was_replaced_in_the_meantime_changes_nothing() {
        let reset = PasswordReset {
            password: another_password(9),
            replaces: password().password_id,
        };
        let later = authority_begun_at(3, Role::Member);
        given([registered(Role::Member), reset.into()])
            .when::<User, _>(change(), &later)
            .then_rejected(&Rejection::PasswordWrong);
    }

    #[test]
    fn a_session_that_ended_in_the_meantime_does_not_come_back() {
        let elsewhere = PasswordChanged {
            password: password(),
            replaces: password().password_id,
            session_id: session(2),
        };
        given([registered(Role::Member), elsewhere.into()])
            .when::<User, _>(change(), &authority(Role::Member))
            .then_rejected(&Rejection::Unauthenticated);
    }
}
