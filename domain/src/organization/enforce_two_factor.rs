//! The irreversible step.

use super::Organization;
use crate::{
    Decide, Decision, Mandate, Permission, Rejection,
    decider::{emit, nothing_to_do},
};
use eventstore_schema::{OrganizationEvent, TwoFactorEnforced};

/// What an administrator types or clicks to confirm.
pub const CONFIRMATION: &str = "Enforce 2FA";

/// Requires a second factor of everyone in the organization, from now on and for good.
#[derive(Debug)]
pub struct EnforceTwoFactor {
    /// Must be [`CONFIRMATION`].
    pub confirmation: String,
}

impl Decide<EnforceTwoFactor> for Organization {
    type By = Mandate;

    fn decide(&self, command: EnforceTwoFactor, by: &Mandate) -> Decision<OrganizationEvent> {
        by.permit(
            Permission::EnforceTwoFactor,
            self.id.ok_or(Rejection::NotFound)?,
        )?;
        if command.confirmation != CONFIRMATION {
            return Err(Rejection::ConfirmationMissing);
        }
        if self.enforcement.is_some() {
            return nothing_to_do();
        }
        emit(TwoFactorEnforced {})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;
    use eventstore_schema::{OrganizationRegistered, Role};

    fn acme() -> OrganizationEvent {
        OrganizationRegistered {
            name: "Acme".into(),
        }
        .into()
    }

    fn enforced() -> OrganizationEvent {
        TwoFactorEnforced {}.into()
    }

    fn confirmed() -> EnforceTwoFactor {
        EnforceTwoFactor {
            confirmation: CONFIRMATION.into(),
        }
    }

    #[test]
    fn an_admin_enforces_two_factor_authentication() {
        given([acme()])
            .when::<Organization, _>(confirmed(), &authority(Role::Admin))
            .then([enforced()]);
    }

    #[test]
    fn enforcing_again_changes_nothing() {
        given([acme(), enforced()])
            .when::<Organization, _>(confirmed(), &authority(Role::Admin))
            .then_nothing();
    }

    #[test]
    fn nothing_happens_without_the_confirmation() {
        for confirmation in ["", "enforce 2fa", "yes"] {
            given([acme()])
                .when::<Organization, _>(
                    EnforceTwoFactor {
                        confirmation: confirmation.into(),
                    },
                    &authority(Role::Admin),
                )
                .then_rejected(&Rejection::ConfirmationMissing);
        }
    }

    #[test]
    fn only_an_admin_enforces() {
        for role in [
            Role::UserManager,
            Role::Auditor,
            Role::Analyst,
            Role::Member,
        ] {
            given([acme()])
                .when::<Organization, _>(confirmed(), &authority(role))
                .then_rejected(&Rejection::Forbidden);
        }
    }

    #[test]
    fn another_organization_does_not_exist_for_its_neighbours() {
        given([acme()])
            .when::<Organization, _>(confirmed(), &authority_elsewhere(Role::Admin))
            .then_rejected(&Rejection::NotFound);
    }
}
