//! Erasing a person, for good (invariant I7). What the log says of them stays, and stays proven; who
//! they were, nobody can read any more. The keys that this takes are destroyed by whoever carries the
//! event out.

use super::User;
use crate::{
    Authority, Decide, Decision, Permission, Rejection,
    decider::{emit, nothing_to_do},
};
use chrono::{DateTime, Utc};
use eventstore_schema::{AddressId, OrganizationId, Position, UserErased, UserEvent, UserId};

/// Erases somebody else, whatever their standing.
#[derive(Debug)]
pub struct EraseUser {
    /// The organization that the caller acts in.
    pub organization_id: OrganizationId,
    /// The person.
    pub user_id: UserId,
    /// The e-mail address that was typed to confirm it, as a keyed hash; nothing where it was none.
    pub confirmation: Option<AddressId>,
    /// Where the organization dismissed them as an administrator, the last time that it did.
    pub dismissed_at: Option<Position>,
    /// Now.
    pub at: DateTime<Utc>,
}

impl EraseUser {
    /// Refuses who may not do so, or did not confirm it, before an administrator is dismissed for it.
    pub fn permit(&self, user: &User, by: &Authority) -> Result<(), Rejection> {
        by.permit(Permission::EraseUsers, self.organization_id)?;
        let ours = |profile: &&super::Profile| profile.organization_id == self.organization_id;
        let profile = user.profile().filter(ours).ok_or(Rejection::NotFound)?;
        if self.user_id == by.holder().user() {
            return Err(Rejection::NotOnYourself);
        }
        by.require_fresh_second_factor(self.at)?;
        // The address of who is erased, nobody can look up any more.
        if user.is_erased() || self.confirmation.as_ref() == Some(&profile.address_id) {
            Ok(())
        } else {
            Err(Rejection::ErasureUnconfirmed)
        }
    }
}

impl Decide<EraseUser> for User {
    type By = Authority;

    fn decide(&self, command: EraseUser, by: &Authority) -> Decision<UserEvent> {
        command.permit(self, by)?;
        if self.is_erased() {
            return nothing_to_do();
        }
        if !self.is_dismissed(command.dismissed_at) {
            return Err(Rejection::LastAdministrator);
        }
        emit(UserErased {})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Anyone,
        testing::*,
        user::{AcceptInvitation, RequestPasswordReset, ResetPassword},
    };
    use chrono::TimeDelta;
    use eventstore_schema::{
        InvitationRevoked, PasswordResetRequested, Role, UserDisabled, UserInvited,
    };

    /// User 1 acts; user 2 is erased.
    fn erase() -> EraseUser {
        EraseUser {
            organization_id: acme(),
            user_id: user(2),
            confirmation: Some(address()),
            dismissed_at: None,
            at: now(),
        }
    }

    fn erased() -> UserEvent {
        UserErased {}.into()
    }

    fn invited() -> UserEvent {
        UserInvited {
            organization_id: acme(),
            email: personal(2),
            address_id: address(),
            name: personal(2),
            role: Role::Member,
            token_digest: digest("link"),
            expires_at: now() + TimeDelta::days(7),
        }
        .into()
    }

    fn admin() -> Authority {
        authority(Role::Admin)
    }

    #[test]
    fn whoever_is_there_can_be_erased() {
        let member = || registered(Role::Member);
        for history in [
            vec![member()],
            vec![member(), UserDisabled {}.into()],
            vec![invited()],
            vec![invited(), InvitationRevoked {}.into()],
            with_devices(2),
        ] {
            given(history)
                .when::<User, _>(erase(), &admin())
                .then([erased()]);
        }
        given([] as [UserEvent; 0])
            .when::<User, _>(erase(), &admin())
            .then_rejected(&Rejection::NotFound);
    }

    #[test]
    fn erasing_again_changes_nothing_and_needs_no_address() {
        let again = EraseUser {
            confirmation: None,
            ..erase()
        };
        given([registered(Role::Member), erased()])
            .when::<User, _>(again, &admin())
            .then_nothing();
    }

    #[test]
    fn it_takes_the_address_of_the_person() {
        for confirmation in [None, Some(AddressId("eve".into()))] {
            let unconfirmed = EraseUser {
                confirmation,
                ..erase()
            };
            given([registered(Role::Member)])
                .when::<User, _>(unconfirmed, &admin())
                .then_rejected(&Rejection::ErasureUnconfirmed);
        }
    }

    #[test]
    fn only_another_administrator_of_the_same_organization_erases() {
        for role in [
            Role::UserManager,
            Role::Auditor,
            Role::Analyst,
            Role::Member,
        ] {
            given([registered(Role::Member)])
                .when::<User, _>(erase(), &authority(role))
                .then_rejected(&Rejection::Forbidden);
        }
        given([registered(Role::Member)])
            .when::<User, _>(erase(), &authority_elsewhere(Role::Admin))
            .then_rejected(&Rejection::NotFound);
        let oneself = EraseUser {
            user_id: user(1),
            ..erase()
        };
        given([registered(Role::Admin)])
            .when::<User, _>(oneself, &admin())
            .then_rejected(&Rejection::NotOnYourself);
    }

    #[test]
    fn who_has_a_second_factor_has_shown_it_just_now() {
        let by = Authority::of(holder(Role::Admin, acme(), device_set_up(1), false, true)).unwrap();
        given([registered(Role::Member)])
            .when::<User, _>(erase(), &by)
            .then([erased()]);
        let late = EraseUser {
            at: now() + TimeDelta::minutes(6),
            ..erase()
        };
        given([registered(Role::Member)])
            .when::<User, _>(late, &by)
            .then_rejected(&Rejection::FreshSecondFactorRequired);
    }

    #[test]
    fn an_administrator_is_dismissed_before() {
        given([registered(Role::Admin)])
            .when::<User, _>(erase(), &admin())
            .then_rejected(&Rejection::LastAdministrator);
        let dismissed = EraseUser {
            dismissed_at: Some(Position(5)),
            ..erase()
        };
        given([registered(Role::Admin)])
            .when::<User, _>(dismissed, &admin())
            .then([erased()]);
    }

    #[test]
    fn nothing_opens_anything_any_more() {
        let link = PasswordResetRequested {
            token_digest: digest("link"),
            expires_at: now() + TimeDelta::hours(1),
        };
        let mut history = with_devices(1);
        history.extend([link.into(), erased()]);
        let person = state::<User>(history.clone());
        assert!(person.is_erased());
        assert!(person.active().is_none() && person.password().is_none());
        assert!(person.devices().is_empty() && person.recovery_codes().is_none());
        assert!(person.administrator_since().is_none());
        assert!(person.has_given_up(&address()));
        assert_eq!(
            person.sessions_ended_at(),
            Some(Position(history.len() as u64))
        );
        let ask = RequestPasswordReset {
            token_digest: digest("another"),
            at: now(),
        };
        given(history.clone())
            .when::<User, _>(ask, &Anyone)
            .then_nothing();
        let reset = ResetPassword {
            token_digest: digest("link"),
            password: another_password(8),
            at: now(),
        };
        given(history)
            .when::<User, _>(reset, &Anyone)
            .then_rejected(&Rejection::PasswordResetInvalid);
        let accept = AcceptInvitation {
            token_digest: digest("link"),
            password: password(),
            at: now(),
        };
        given([invited(), erased()])
            .when::<User, _>(accept, &Anyone)
            .then_rejected(&Rejection::InvitationInvalid);
    }
}
