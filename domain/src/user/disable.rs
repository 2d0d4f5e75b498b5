//! Keeping a person from signing in, and letting them again.

use super::{Standing, User};
use crate::{
    Decide, Decision, Mandate, Permission, Rejection,
    decider::{emit, nothing_to_do},
};
use eventstore_schema::{OrganizationId, Position, UserDisabled, UserEnabled, UserEvent, UserId};

/// Keeps a person from signing in and ends all their sessions.
#[derive(Debug)]
pub struct DisableUser {
    /// The organization that the caller acts in.
    pub organization_id: OrganizationId,
    /// The person.
    pub user_id: UserId,
    /// Where the organization dismissed them as an administrator, the last time that it did.
    pub dismissed_at: Option<Position>,
}

impl DisableUser {
    /// Refuses who may not do so, before an administrator is dismissed for it.
    pub fn permit(&self, user: &User, by: &Mandate) -> Result<(), Rejection> {
        let permission = Permission::DisableUsers;
        user.managed(self.organization_id, self.user_id, permission, by)?;
        if by.is_of(self.user_id) {
            return Err(Rejection::NotYourself);
        }
        Ok(())
    }
}

impl Decide<DisableUser> for User {
    type By = Mandate;

    fn decide(&self, command: DisableUser, by: &Mandate) -> Decision<UserEvent> {
        command.permit(self, by)?;
        if self.is_disabled() {
            return nothing_to_do();
        }
        if !self.is_dismissed(command.dismissed_at) {
            return Err(Rejection::LastAdministrator);
        }
        emit(UserDisabled {})
    }
}

/// Lets a person sign in again.
#[derive(Debug)]
pub struct EnableUser {
    /// The organization that the caller acts in.
    pub organization_id: OrganizationId,
    /// The person.
    pub user_id: UserId,
}

impl Decide<EnableUser> for User {
    type By = Mandate;

    fn decide(&self, command: EnableUser, by: &Mandate) -> Decision<UserEvent> {
        let permission = Permission::DisableUsers;
        self.managed(command.organization_id, command.user_id, permission, by)?;
        match &self.person {
            Some((_, Standing::Disabled(_))) => emit(UserEnabled {}),
            _ => nothing_to_do(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Anyone,
        testing::*,
        user::{RequestPasswordReset, ResetPassword},
    };
    use eventstore_schema::{PasswordResetRequested, Role};

    fn disable(n: u128) -> DisableUser {
        DisableUser {
            organization_id: acme(),
            user_id: user(n),
            dismissed_at: None,
        }
    }

    fn enable() -> EnableUser {
        EnableUser {
            organization_id: acme(),
            user_id: user(2),
        }
    }

    fn disabled() -> UserEvent {
        UserDisabled {}.into()
    }

    #[test]
    fn a_person_is_disabled_and_enabled() {
        let person = || registered(Role::Member);
        for role in [Role::Admin, Role::UserManager] {
            given([person()])
                .when::<User, _>(disable(2), &authority(role))
                .then([disabled()]);
            given([person(), disabled()])
                .when::<User, _>(disable(2), &authority(role))
                .then_nothing();
            given([person(), disabled()])
                .when::<User, _>(enable(), &authority(role))
                .then([UserEnabled {}]);
            given([person()])
                .when::<User, _>(enable(), &authority(role))
                .then_nothing();
        }
        given([person()])
            .when::<User, _>(disable(2), &authority(Role::Auditor))
            .then_rejected(&Rejection::Forbidden);
        given([person()])
            .when::<User, _>(disable(2), &authority_elsewhere(Role::Admin))
            .then_rejected(&Rejection::NotFound);
    }

    #[test]
    fn nobody_manages_somebody_mightier_or_themselves() {
        for role in [Role::Admin, Role::Auditor] {
            given([registered(role)])
                .when::<User, _>(disable(2), &authority(Role::UserManager))
                .then_rejected(&Rejection::Forbidden);
            given([registered(role), disabled()])
                .when::<User, _>(enable(), &authority(Role::UserManager))
                .then_rejected(&Rejection::Forbidden);
        }
        given([registered(Role::UserManager)])
            .when::<User, _>(disable(1), &authority(Role::UserManager))
            .then_rejected(&Rejection::NotYourself);
    }

    #[test]
    fn an_administrator_is_disabled_only_after_the_organization_dismissed_them() {
        let mut command = disable(2);
        given([registered(Role::Admin)])
            .when::<User, _>(disable(2), &authority(Role::Admin))
            .then_rejected(&Rejection::LastAdministrator);
        command.dismissed_at = Some(Position(2));
        given([registered(Role::Admin)])
            .when::<User, _>(command, &authority(Role::Admin))
            .then([disabled()]);
    }

    #[test]
    fn who_is_disabled_shows_no_password_and_uses_no_link() {
        let asked = PasswordResetRequested {
            token_digest: digest("link"),
            expires_at: now() + crate::user::RESET_LIFETIME,
        };
        let history = || [registered(Role::Member), asked.clone().into(), disabled()];
        let person = state::<User>(history());
        assert!(person.show_password(user(1), true).is_err());
        assert!(person.password().is_none());
        let follow = ResetPassword {
            token_digest: digest("link"),
            password: another_password(8),
            at: now(),
        };
        given(history())
            .when::<User, _>(follow, &Anyone)
            .then_rejected(&Rejection::PasswordResetInvalid);
        let ask = RequestPasswordReset {
            token_digest: digest("another link"),
            at: now() + crate::user::RESET_LIFETIME,
        };
        given(history())
            .when::<User, _>(ask, &Anyone)
            .then_nothing();
        // Enabled again, the old link stays dead.
        let enabled = UserEvent::from(UserEnabled {});
        let person = state::<User>(history().into_iter().chain([enabled]));
        assert!(person.show_password(user(1), true).is_ok());
        let link = person.check_reset_link(&digest("link"), now());
        assert_eq!(link, Err(Rejection::PasswordResetInvalid));
    }
}
