//! What can happen to an installation as a whole.

use crate::{OrganizationId, UserId, event::events};
use serde::{Deserialize, Serialize};

/// The link of the first start was used: these are the ids of the first organization, which
/// operates the installation, and of its first administrator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct SetUpClaimed {
    /// The first organization.
    pub organization_id: OrganizationId,
    /// Its first administrator.
    pub user_id: UserId,
}

events! {
    /// What can happen to an installation. It happens once.
    InstallationEvent {
        /// See [`SetUpClaimed`].
        SetUpClaimed = 1,
    }
}
