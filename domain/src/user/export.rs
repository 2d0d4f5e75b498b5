//! Giving somebody everything that is stored about a person: them, who may ask for it, or an
//! administrator. Reading all of it is worth an entry itself.

use super::User;
use crate::{Authority, Decide, Decision, Permission, Rejection, decider::emit};
use chrono::{DateTime, Utc};
use eventstore_schema::{OrganizationId, UserEvent, UserExported};

/// Gives an administrator everything about somebody.
#[derive(Debug)]
pub struct ExportUser {
    /// The organization that the caller acts in.
    pub organization_id: OrganizationId,
    /// Now.
    pub at: DateTime<Utc>,
}

impl ExportUser {
    /// Refuses who may not. Asked of a repeat too, which is given everything once more.
    pub fn permit(&self, user: &User, by: &Authority) -> Result<(), Rejection> {
        by.permit(Permission::ExportUsers, self.organization_id)?;
        let theirs = user.profile().map(|profile| profile.organization_id);
        if theirs != Some(self.organization_id) {
            return Err(Rejection::NotFound);
        }
        by.require_fresh_second_factor(self.at)
    }
}

impl Decide<ExportUser> for User {
    type By = Authority;

    fn decide(&self, command: ExportUser, by: &Authority) -> Decision<UserEvent> {
        command.permit(self, by)?;
        emit(UserExported {})
    }
}

/// Gives a person everything about themselves.
#[derive(Debug)]
pub struct ExportOneself {
    /// Now.
    pub at: DateTime<Utc>,
}

impl ExportOneself {
    /// The same for oneself.
    pub fn permit(&self, user: &User, by: &Authority) -> Result<(), Rejection> {
        if user.active().is_none() {
            return Err(Rejection::Unauthenticated);
        }
        by.require_fresh_second_factor(self.at)
    }
}

impl Decide<ExportOneself> for User {
    type By = Authority;

    fn decide(&self, command: ExportOneself, by: &Authority) -> Decision<UserEvent> {
        command.permit(self, by)?;
        emit(UserExported {})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;
    use chrono::TimeDelta;
    use eventstore_schema::{Role, UserErased};

    fn export() -> ExportUser {
        ExportUser {
            organization_id: acme(),
            at: now(),
        }
    }

    fn exported() -> UserEvent {
        UserExported {}.into()
    }

    #[test]
    fn administrators_are_given_everybody_of_their_own() {
        let member = || given([registered(Role::Member)]);
        member()
            .when::<User, _>(export(), &authority(Role::Admin))
            .then([exported()]);
        for role in [Role::UserManager, Role::Auditor, Role::Member] {
            member()
                .when::<User, _>(export(), &authority(role))
                .then_rejected(&Rejection::Forbidden);
        }
        member()
            .when::<User, _>(export(), &authority_elsewhere(Role::Admin))
            .then_rejected(&Rejection::NotFound);
        given([] as [UserEvent; 0])
            .when::<User, _>(export(), &authority(Role::Admin))
            .then_rejected(&Rejection::NotFound);
    }

    #[test]
    fn everybody_is_given_what_there_is_about_themselves() {
        let oneself = || ExportOneself { at: now() };
        given([registered(Role::Member)])
            .when::<User, _>(oneself(), &authority(Role::Member))
            .then([exported()]);
        given([registered(Role::Member), UserErased {}.into()])
            .when::<User, _>(oneself(), &authority(Role::Member))
            .then_rejected(&Rejection::Unauthenticated);
    }

    #[test]
    fn who_has_a_second_factor_has_shown_it_just_now() {
        let by = Authority::of(holder(Role::Admin, acme(), device_set_up(1), false, true)).unwrap();
        let at = now() + TimeDelta::minutes(6);
        given([registered(Role::Member)])
            .when::<User, _>(ExportUser { at, ..export() }, &by)
            .then_rejected(&Rejection::FreshSecondFactorRequired);
        given([registered(Role::Admin)])
            .when::<User, _>(ExportOneself { at }, &by)
            .then_rejected(&Rejection::FreshSecondFactorRequired);
    }
}
