//! Giving a person another role.

use super::{Profile, Standing, User};
use crate::{
    Decide, Decision, Mandate, Permission, Rejection,
    decider::{emit, nothing_to_do},
};
use eventstore_schema::{OrganizationId, Position, Role, RoleChanged, UserEvent, UserId};

/// Gives a person another role.
#[derive(Debug)]
pub struct ChangeRole {
    /// The organization that the caller acts in.
    pub organization_id: OrganizationId,
    /// The person.
    pub user_id: UserId,
    /// The new role.
    pub role: Role,
    /// Where the organization dismissed them as an administrator, the last time that it did.
    pub dismissed_at: Option<Position>,
}

impl ChangeRole {
    /// Refuses who may not do so, before an administrator is dismissed for it.
    pub fn permit(&self, user: &User, by: &Mandate) -> Result<(), Rejection> {
        let permission = Permission::ChangeRoles;
        let profile = user.managed(self.organization_id, self.user_id, permission, by)?;
        if by.is_of(self.user_id) && self.role != profile.role {
            return Err(Rejection::NotYourself);
        }
        by.permit_giving(self.role)
    }
}

impl User {
    /// The person, if they accepted their invitation and the caller has this right over them: in the
    /// same organization, and over nobody who may do more than the caller.
    pub(super) fn managed(
        &self,
        organization: OrganizationId,
        user: UserId,
        permission: Permission,
        by: &Mandate,
    ) -> Result<&Profile, Rejection> {
        by.permit(permission, organization)?;
        let (profile, standing) = self.person.as_ref().ok_or(Rejection::NotFound)?;
        if profile.organization_id != organization {
            return Err(Rejection::NotFound);
        }
        if !by.is_of(user) {
            by.permit_giving(profile.role)?;
        }
        match standing {
            Standing::Active(_) | Standing::Disabled(_) => Ok(profile),
            Standing::Invited(_) => Err(Rejection::InvitationPending),
            Standing::Revoked | Standing::Erased => Err(Rejection::NotFound),
        }
    }

    /// Whether the organization dismissed this administrator since they last became one. Until then
    /// they count, and may not stop being one: the organization knows whether they are the last.
    pub(crate) fn is_dismissed(&self, dismissed_at: Option<Position>) -> bool {
        self.administrator_since
            .is_none_or(|since| dismissed_at.is_some_and(|at| since < at))
    }
}

impl Decide<ChangeRole> for User {
    type By = Mandate;

    fn decide(&self, command: ChangeRole, by: &Mandate) -> Decision<UserEvent> {
        command.permit(self, by)?;
        let present = self.profile().map(|profile| profile.role);
        // An administrator who was dismissed, and then kept the role, is appointed anew.
        let uncounted =
            self.administrator_since.is_some() && self.is_dismissed(command.dismissed_at);
        if present == Some(command.role) && !uncounted {
            return nothing_to_do();
        }
        if command.role != Role::Admin && !self.is_dismissed(command.dismissed_at) {
            return Err(Rejection::LastAdministrator);
        }
        emit(RoleChanged { role: command.role })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;
    use eventstore_schema::{UserDisabled, UserInvited};

    /// Of user 2, by user 1.
    fn change(role: Role) -> ChangeRole {
        ChangeRole {
            organization_id: acme(),
            user_id: user(2),
            role,
            dismissed_at: None,
        }
    }

    #[test]
    fn an_admin_gives_another_role() {
        given([registered(Role::Member)])
            .when::<User, _>(change(Role::Auditor), &authority(Role::Admin))
            .then([RoleChanged {
                role: Role::Auditor,
            }]);
        given([registered(Role::Member)])
            .when::<User, _>(change(Role::Member), &authority(Role::Admin))
            .then_nothing();
        let disabled = [registered(Role::Member), UserDisabled {}.into()];
        given(disabled)
            .when::<User, _>(change(Role::Admin), &authority(Role::Admin))
            .then([RoleChanged { role: Role::Admin }]);
    }

    #[test]
    fn nobody_else_does() {
        for role in [
            Role::UserManager,
            Role::Auditor,
            Role::Analyst,
            Role::Member,
        ] {
            given([registered(Role::Member)])
                .when::<User, _>(change(Role::Analyst), &authority(role))
                .then_rejected(&Rejection::Forbidden);
        }
        given([registered(Role::Member)])
            .when::<User, _>(change(Role::Analyst), &authority_elsewhere(Role::Admin))
            .then_rejected(&Rejection::NotFound);
    }

    #[test]
    fn nobody_demotes_themselves() {
        let mut command = change(Role::Member);
        command.user_id = user(1);
        given([registered(Role::Admin)])
            .when::<User, _>(command, &authority(Role::Admin))
            .then_rejected(&Rejection::NotYourself);
    }

    #[test]
    fn an_administrator_is_demoted_only_after_the_organization_dismissed_them() {
        // They became one at position 1.
        for (dismissed_at, demoted) in [(None, false), (Some(1), false), (Some(2), true)] {
            let mut command = change(Role::Member);
            command.dismissed_at = dismissed_at.map(Position);
            let then =
                given([registered(Role::Admin)]).when::<User, _>(command, &authority(Role::Admin));
            if demoted {
                then.then([RoleChanged { role: Role::Member }]);
            } else {
                then.then_rejected(&Rejection::LastAdministrator);
            }
        }
    }

    #[test]
    fn an_administrator_who_was_dismissed_in_vain_can_be_appointed_anew() {
        let mut command = change(Role::Admin);
        command.dismissed_at = Some(Position(2));
        given([registered(Role::Admin)])
            .when::<User, _>(command, &authority(Role::Admin))
            .then([RoleChanged { role: Role::Admin }]);
        given([registered(Role::Admin)])
            .when::<User, _>(change(Role::Admin), &authority(Role::Admin))
            .then_nothing();
    }

    #[test]
    fn an_invited_person_has_to_accept_first() {
        let invited = UserInvited {
            organization_id: acme(),
            email: personal(1),
            address_id: address(),
            name: personal(1),
            role: Role::Member,
            token_digest: digest("link"),
            expires_at: now(),
        };
        given([invited])
            .when::<User, _>(change(Role::Auditor), &authority(Role::Admin))
            .then_rejected(&Rejection::InvitationPending);
    }
}
