//! The installation: set up once, by whoever holds the link of the first start.

use crate::{
    SetUpLink,
    decider::{Decide, Decider, Decision, emit, nothing_to_do},
};
use eventstore_schema::{InstallationEvent, OrganizationId, Recorded, SetUpClaimed, UserId};

/// What is known of the installation.
#[derive(Clone, Debug, Default)]
pub struct Installation {
    claimed: Option<SetUpClaimed>,
}

impl Installation {
    /// The first organization and its first administrator, once they have ids.
    #[must_use]
    pub fn claimed(&self) -> Option<&SetUpClaimed> {
        self.claimed.as_ref()
    }

    /// Whether this organization operates the installation, and so may register others.
    #[must_use]
    pub fn is_operated_by(&self, organization: OrganizationId) -> bool {
        self.claimed
            .as_ref()
            .is_some_and(|claim| claim.organization_id == organization)
    }
}

impl Decider for Installation {
    type Event = InstallationEvent;

    fn evolve(&mut self, event: &Recorded<InstallationEvent>) {
        match &event.data {
            InstallationEvent::SetUpClaimed(claimed) => self.claimed = Some(claimed.clone()),
        }
    }
}

/// Gives ids to the first organization and administrator. The first claim holds: a set-up that was
/// cut off is continued with the same ids, and two at once cannot make two organizations.
#[derive(Debug)]
pub struct ClaimSetUp {
    /// The id of the organization.
    pub organization_id: OrganizationId,
    /// The id of the administrator.
    pub user_id: UserId,
}

impl Decide<ClaimSetUp> for Installation {
    type By = SetUpLink;

    fn decide(&self, command: ClaimSetUp, _by: &SetUpLink) -> Decision<InstallationEvent> {
        if self.claimed.is_some() {
            return nothing_to_do();
        }
        emit(SetUpClaimed {
            organization_id: command.organization_id,
            user_id: command.user_id,
        })
    }
}
