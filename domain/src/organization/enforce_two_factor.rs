//! The irreversible step.

use super::Organization;
use crate::{Decide, Decision, Mandate, Permission, Rejection, decider::emit_all};
use eventstore_schema::{OrganizationEvent, OtpSetUpLinkEnforced, TwoFactorEnforced};

/// What an administrator types or clicks to confirm.
pub const CONFIRMATION: &str = "Enforce 2FA";

/// Requires a second factor of everyone in the organization, from now on and for good.
#[derive(Debug)]
pub struct EnforceTwoFactor {
    /// Must be [`CONFIRMATION`].
    pub confirmation: String,
    /// Whether to require a mailed link before a first set-up too. It may be added later, and turns
    /// one way as well: without it, nothing is taken back.
    pub set_up_link: bool,
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
        let mut events = Vec::new();
        if self.enforcement.is_none() {
            events.push(TwoFactorEnforced {}.into());
        }
        if command.set_up_link && !self.asks_for_set_up_link {
            events.push(OtpSetUpLinkEnforced {}.into());
        }
        emit_all(events)
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
            set_up_link: false,
        }
    }

    fn with_the_link() -> EnforceTwoFactor {
        EnforceTwoFactor {
            set_up_link: true,
            ..confirmed()
        }
    }

    fn link() -> OrganizationEvent {
        OtpSetUpLinkEnforced {}.into()
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

    /// It comes with the enforcement or after it, never in its place, and nothing takes it back.
    #[test]
    fn the_link_is_added_to_the_enforcement_and_never_taken_from_it() {
        let admin = authority(Role::Admin);
        given([acme()])
            .when::<Organization, _>(with_the_link(), &admin)
            .then([enforced(), link()]);
        given([acme(), enforced()])
            .when::<Organization, _>(with_the_link(), &admin)
            .then([link()]);
        for again in [confirmed(), with_the_link()] {
            given([acme(), enforced(), link()])
                .when::<Organization, _>(again, &admin)
                .then_nothing();
        }
        let organization = state::<Organization>([acme(), enforced(), link()]);
        assert!(organization.requires_second_factor() && organization.asks_for_set_up_link());
        let without = state::<Organization>([acme(), enforced()]);
        assert_eq!(organization.enforcement(), without.enforcement());
        assert!(!without.asks_for_set_up_link());
    }

    #[test]
    fn nothing_happens_without_the_confirmation() {
        for confirmation in ["", "enforce 2fa", "yes"] {
            given([acme()])
                .when::<Organization, _>(
                    EnforceTwoFactor {
                        confirmation: confirmation.into(),
                        set_up_link: true,
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
