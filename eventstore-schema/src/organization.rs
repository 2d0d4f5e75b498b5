//! What can happen to an organization.

use crate::event::events;
use serde::{Deserialize, Serialize};

/// The organization exists from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct OrganizationRegistered {
    /// Its name as people know it.
    pub name: String,
}

/// Everyone in the organization needs a second factor, from now on and for good. By whom and since
/// when is in the envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct TwoFactorEnforced {}

events! {
    /// What can happen to an organization. There is no event that ends enforcement, and there will
    /// be none.
    OrganizationEvent {
        /// See [`OrganizationRegistered`].
        OrganizationRegistered = 1,
        /// See [`TwoFactorEnforced`].
        TwoFactorEnforced = 1,
    }
}
