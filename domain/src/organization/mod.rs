//! An organization and its policy, which turns one way only (invariant I1).

mod accent_color;
mod administrators;
mod change_appearance;
mod enforce_two_factor;
mod logo;
mod register_organization;

pub use accent_color::AccentColor;
pub use administrators::{AppointAdministrator, DismissAdministrator};
pub use change_appearance::ChangeAppearance;
pub use enforce_two_factor::{CONFIRMATION, EnforceTwoFactor};
pub use logo::{LOGO_BYTES, Logo};
pub use register_organization::RegisterOrganization;

use crate::decider::Decider;
use chrono::{DateTime, Utc};
use eventstore_schema::{
    Actor, EventId, OrganizationEvent, OrganizationId, Position, Recorded, UserId,
};
use std::collections::{BTreeMap, BTreeSet};

/// When, by whom and with which event enforcement began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enforcement {
    /// Since when.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Actor,
    /// The event.
    pub event_id: EventId,
}

/// What is known of an organization.
#[derive(Clone, Debug, Default)]
pub struct Organization {
    id: Option<OrganizationId>,
    name: String,
    accent_color: Option<AccentColor>,
    logo: Option<Logo>,
    enforcement: Option<Enforcement>,
    asks_for_set_up_link: bool,
    /// Those who count. Each of them is an administrator who can act; not each such administrator
    /// need be among them.
    administrators: BTreeSet<UserId>,
    /// Where each person was dismissed for the last time.
    dismissed: BTreeMap<UserId, Position>,
}

impl Organization {
    /// Its name, once it is registered.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.id.is_some().then_some(self.name.as_str())
    }

    /// The color that it shows itself in, if it has chosen one.
    #[must_use]
    pub fn accent_color(&self) -> Option<AccentColor> {
        self.accent_color
    }

    /// Its picture, if it has one.
    #[must_use]
    pub fn logo(&self) -> Option<&Logo> {
        self.logo.as_ref()
    }

    /// The enforcement of two-factor authentication, if it has begun.
    #[must_use]
    pub fn enforcement(&self) -> Option<&Enforcement> {
        self.enforcement.as_ref()
    }

    /// Whether its people need a second factor.
    #[must_use]
    pub fn requires_second_factor(&self) -> bool {
        self.enforcement.is_some()
    }

    /// Whether its people need a mailed link before their first authenticator.
    #[must_use]
    pub fn asks_for_set_up_link(&self) -> bool {
        self.asks_for_set_up_link
    }
}

impl Decider for Organization {
    type Event = OrganizationEvent;

    fn evolve(&mut self, event: &Recorded<OrganizationEvent>) {
        match &event.data {
            OrganizationEvent::OrganizationRegistered(registered) => {
                self.id = event.metadata.organization_id;
                self.name.clone_from(&registered.name);
            }
            OrganizationEvent::TwoFactorEnforced(_) => {
                // The first enforcement stands; nothing takes it back or changes its date.
                self.enforcement.get_or_insert(Enforcement {
                    at: event.metadata.recorded_at,
                    by: event.metadata.actor,
                    event_id: event.id,
                });
            }
            OrganizationEvent::OrganizationRenamed(renamed) => {
                self.name.clone_from(&renamed.name);
            }
            OrganizationEvent::AccentColorChanged(changed) => {
                let color = changed.accent_color.as_deref();
                self.accent_color = color.and_then(AccentColor::read);
            }
            OrganizationEvent::LogoChanged(changed) => {
                self.logo = changed.logo.as_deref().and_then(Logo::read);
            }
            OrganizationEvent::AdministratorAppointed(appointed) => {
                self.administrators.insert(appointed.user_id);
            }
            OrganizationEvent::AdministratorDismissed(dismissed) => {
                self.administrators.remove(&dismissed.user_id);
                self.dismissed.insert(dismissed.user_id, event.position);
            }
            // As one-way as the enforcement, and it leaves that alone.
            OrganizationEvent::OtpSetUpLinkEnforced(_) => self.asks_for_set_up_link = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;
    use eventstore_schema::{
        AccentColorChanged, AdministratorAppointed, AdministratorDismissed, LogoChanged,
        OrganizationRegistered, OrganizationRenamed, OtpSetUpLinkEnforced, TwoFactorEnforced,
    };
    use proptest::prelude::*;

    fn any_event() -> impl Strategy<Value = OrganizationEvent> {
        prop_oneof![
            ".{0,20}".prop_map(|name| OrganizationRegistered { name }.into()),
            Just(TwoFactorEnforced {}.into()),
            ".{0,20}".prop_map(|name| OrganizationRenamed { name }.into()),
            prop::option::of(".{0,8}")
                .prop_map(|accent_color| AccentColorChanged { accent_color }.into()),
            prop::option::of(".{0,8}").prop_map(|logo| LogoChanged { logo }.into()),
            (0..3_u128).prop_map(|n| AdministratorAppointed { user_id: user(n) }.into()),
            (0..3_u128).prop_map(|n| AdministratorDismissed { user_id: user(n) }.into()),
            Just(OtpSetUpLinkEnforced {}.into()),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// I1: whatever happens afterwards, and whether it makes sense or not.
        #[test]
        fn enforcement_is_never_undone(events in prop::collection::vec(any_event(), 0..30)) {
            let mut organization = Organization::default();
            let mut since = None;
            let mut asked = false;
            for (revision, event) in events.into_iter().enumerate() {
                asked |= matches!(event, OrganizationEvent::OtpSetUpLinkEnforced(_));
                organization.evolve(&recorded(revision as u64, event));
                if since.is_none() {
                    since = organization.enforcement().cloned();
                }
                prop_assert_eq!(organization.enforcement(), since.as_ref());
                prop_assert_eq!(organization.requires_second_factor(), since.is_some());
                prop_assert_eq!(organization.asks_for_set_up_link(), asked);
            }
        }
    }
}
