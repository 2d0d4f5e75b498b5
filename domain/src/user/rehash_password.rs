//! The same password, hashed anew: the operator has changed what a guess costs.

use super::{PasswordProof, User};
use crate::{
    Decide, Decision,
    decider::{emit, nothing_to_do},
};
use eventstore_schema::{PasswordHash, PasswordId, PasswordRehashed, UserEvent};

/// Puts a new hash of the present password in the place of the old one. To the person nothing
/// happens: their sessions and links go on.
#[derive(Debug)]
pub struct RehashPassword {
    /// The new hash.
    pub password: PasswordHash,
    /// The old one. Where another sign-in was first, there is nothing left to do.
    pub replaces: PasswordId,
}

impl Decide<RehashPassword> for User {
    type By = PasswordProof;

    fn decide(&self, command: RehashPassword, by: &PasswordProof) -> Decision<UserEvent> {
        if by.current(self)?.password_id != command.replaces {
            return nothing_to_do();
        }
        emit(PasswordRehashed {
            password: command.password,
            replaces: command.replaces,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Rejection, testing::*};
    use eventstore_schema::{PasswordReset, Role, UserEvent};

    fn rehashed() -> UserEvent {
        PasswordRehashed {
            password: another_password(8),
            replaces: password().password_id,
        }
        .into()
    }

    fn rehash() -> RehashPassword {
        RehashPassword {
            password: another_password(8),
            replaces: password().password_id,
        }
    }

    fn shown() -> PasswordProof {
        let person = state::<User>([registered(Role::Member)]);
        person.show_password(user(1), true).unwrap()
    }

    #[test]
    fn the_event_names_the_hash_that_is_replaced() {
        given([registered(Role::Member)])
            .when::<User, _>(rehash(), &shown())
            .then([rehashed()]);
    }

    /// Or of two sign-ins at once the second would fail.
    #[test]
    fn a_password_that_was_shown_before_it_was_hashed_anew_still_counts() {
        let later = state::<User>([registered(Role::Member), rehashed()]);
        assert_eq!(shown().still_holds(&later), Ok(()));
        let before = state::<User>([registered(Role::Member)]);
        assert!(later.was_rehashed_since(&before));
        assert!(!later.was_rehashed_since(&later));
        given([registered(Role::Member), rehashed()])
            .when::<User, _>(rehash(), &shown())
            .then_nothing();
        assert!(!later.has_ended(session(1), eventstore_schema::Position(1)));
    }

    #[test]
    fn another_password_is_not_hashed_anew() {
        let reset = PasswordReset {
            password: another_password(9),
            replaces: password().password_id,
        };
        given([registered(Role::Member), reset.clone().into()])
            .when::<User, _>(rehash(), &shown())
            .then_rejected(&Rejection::SignInRejected);
        let [before, after] = [vec![], vec![reset.into()]].map(|more: Vec<UserEvent>| {
            state::<User>(std::iter::once(registered(Role::Member)).chain(more))
        });
        assert!(!after.was_rehashed_since(&before));
    }
}
