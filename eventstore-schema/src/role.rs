//! What a person is in an organization.

use serde::{Deserialize, Serialize};

/// A person's role. What each may do is decided in `domain::permission`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Account Administrator: everything, enforcement included.
    Admin,
    /// Invites and manages people, but not administrators.
    UserManager,
    /// Reads the history.
    Auditor,
    /// Reads projections.
    Analyst,
    /// Signs in.
    Member,
}
