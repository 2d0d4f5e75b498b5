//! What can happen to an organization.

use crate::{UserId, event::events};
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

/// Whoever has no authenticator needs a link that is mailed to them before they set up their first,
/// from now on and for good. It comes with the enforcement, or after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct OtpSetUpLinkEnforced {}

/// The organization goes by another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct OrganizationRenamed {
    /// Its new name.
    pub name: String,
}

/// The organization shows itself in another color, or in none of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct AccentColorChanged {
    /// `#rrggbb` in lower case; white text on it can be read.
    pub accent_color: Option<String>,
}

/// The organization shows another picture, or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct LogoChanged {
    /// A PNG picture, in base64.
    pub logo: Option<String>,
}

/// The person counts as an administrator who can act from now on. Recorded after the event of the
/// person that made them one, so that nobody counts who is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct AdministratorAppointed {
    /// The person.
    pub user_id: UserId,
}

/// The person no longer counts as an administrator; another one remains. Recorded before the event of
/// the person that takes the role, or the use of it, from them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct AdministratorDismissed {
    /// The person.
    pub user_id: UserId,
}

events! {
    /// What can happen to an organization. There is no event that ends enforcement, and there will
    /// be none.
    OrganizationEvent {
        /// See [`OrganizationRegistered`].
        OrganizationRegistered = 1,
        /// See [`TwoFactorEnforced`].
        TwoFactorEnforced = 1,
        /// See [`OrganizationRenamed`].
        OrganizationRenamed = 1,
        /// See [`AccentColorChanged`].
        AccentColorChanged = 1,
        /// See [`LogoChanged`].
        LogoChanged = 1,
        /// See [`AdministratorAppointed`].
        AdministratorAppointed = 1,
        /// See [`AdministratorDismissed`].
        AdministratorDismissed = 1,
        /// See [`OtpSetUpLinkEnforced`].
        OtpSetUpLinkEnforced = 1,
    }
}
