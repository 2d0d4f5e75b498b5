//! What can happen to an API credential, with which a machine acts in an organization.

use crate::{OrganizationId, ScopeName, TokenDigest, event::events};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A credential for a machine was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct ApiCredentialCreated {
    /// The organization in which the machine may act.
    pub organization_id: OrganizationId,
    /// What people call it. Not personal data.
    pub name: String,
    /// What it may ask for.
    pub scopes: Vec<ScopeName>,
    /// The digest of its secret.
    pub secret_digest: TokenDigest,
    /// It opens nothing from then on, whatever happens before.
    pub expires_at: DateTime<Utc>,
}

/// The credential has a new secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct ApiCredentialSecretRotated {
    /// The digest of the new secret.
    pub secret_digest: TokenDigest,
    /// The secret of before, and what was issued for it, opens nothing from then on.
    pub old_secret_until: DateTime<Utc>,
}

/// The credential opens nothing any more, for good, and what was issued for it neither.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct ApiCredentialRevoked {}

/// A machine showed the secret and was given an access token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct AccessTokenIssued {
    /// The digest of the token.
    pub token_digest: TokenDigest,
    /// What it opens: all scopes of the credential, or fewer.
    pub scopes: Vec<ScopeName>,
    /// It opens nothing from then on.
    pub expires_at: DateTime<Utc>,
}

events! {
    /// What can happen to an API credential.
    ApiCredentialEvent {
        /// See [`ApiCredentialCreated`].
        ApiCredentialCreated = 1,
        /// See [`ApiCredentialSecretRotated`].
        ApiCredentialSecretRotated = 1,
        /// See [`ApiCredentialRevoked`].
        ApiCredentialRevoked = 1,
        /// See [`AccessTokenIssued`].
        AccessTokenIssued = 1,
    }
}
