//! Names of streams: `category-id`, as KurrentDB's category projection expects.

use crate::{AddressId, ApiCredentialId, OrganizationId, SessionId, UserId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The name of a stream.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StreamName(String);

impl StreamName {
    /// How the names of Pawl's own streams begin. A log may hold other programs' streams beside
    /// them, which are none of Pawl's business.
    pub const CATEGORIES: [&str; 7] = [
        "installation-",
        "organization-",
        "user-",
        "session-",
        "address-",
        "api_credential-",
        "audit-",
    ];

    /// Whether it is one of Pawl's own streams.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        Self::CATEGORIES
            .iter()
            .any(|category| self.0.starts_with(category))
    }

    /// The one stream of this installation.
    #[must_use]
    pub fn installation() -> Self {
        Self("installation-pawl".into())
    }

    /// The stream of an organization.
    #[must_use]
    pub fn organization(id: OrganizationId) -> Self {
        Self(format!("organization-{id}"))
    }

    /// The stream of a person.
    #[must_use]
    pub fn user(id: UserId) -> Self {
        Self(format!("user-{id}"))
    }

    /// The stream of a session.
    #[must_use]
    pub fn session(id: SessionId) -> Self {
        Self(format!("session-{id}"))
    }

    /// The stream of an e-mail address: who holds it, and who failed to sign in with it.
    #[must_use]
    pub fn address(id: &AddressId) -> Self {
        Self(format!("address-{id}"))
    }

    /// The stream of an API credential.
    #[must_use]
    pub fn api_credential(id: ApiCredentialId) -> Self {
        Self(format!("api_credential-{id}"))
    }

    /// The stream of the audit trail of an organization: who looked at it.
    #[must_use]
    pub fn audit(id: OrganizationId) -> Self {
        Self(format!("audit-{id}"))
    }

    /// A stream by its full name, as it was read from a log.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The full name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
