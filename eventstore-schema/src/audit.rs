//! What can happen to the audit trail of an organization: that somebody looked at it, or took it away.
//! It is remembered what was asked for, never what somebody typed: that may be a name.

use crate::{Actor, EventId, UserId, event::events};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// In which way somebody looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AuditReading {
    /// Page by page, in the console or over HTTP.
    Page,
    /// Following what happens.
    Live,
    /// The proof that one entry is in the log.
    Proof,
    /// With a client of KurrentDB.
    #[serde(rename = "kurrentdb")]
    KurrentDb,
}

/// Somebody looked at the audit trail. Recorded before they were shown anything; looking again with
/// the same question shortly afterwards, or turning the pages, is not recorded again.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct AuditRead {
    /// In which way.
    pub how: AuditReading,
    /// Only what they caused, where that was asked for.
    pub actor: Option<Actor>,
    /// Only what this person caused and what is about them, where that was asked for.
    pub person: Option<UserId>,
    /// Only events of these types, in the order of their names, where that was asked for.
    pub types: Option<Vec<String>>,
    /// Only what was recorded then or later, where that was asked for.
    pub from: Option<DateTime<Utc>>,
    /// Only what was recorded before then, where that was asked for.
    pub until: Option<DateTime<Utc>>,
    /// The audit trail as it was then, where that was asked for.
    pub as_of: Option<DateTime<Utc>>,
    /// The one entry that was asked for, where it was one.
    pub event_id: Option<EventId>,
}

/// In which form somebody took the audit trail away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum AuditFormat {
    /// Pawl's own, which can be verified.
    Pawl,
    /// `CloudEvents` 1.0, one JSON object a line.
    CloudEvents,
    /// The classes of the Open Cybersecurity Schema Framework, one JSON object a line.
    Ocsf,
    /// Comma-separated values.
    Csv,
}

/// Somebody was given the whole audit trail. Recorded before it was handed out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct AuditExported {
    /// In which form.
    pub format: AuditFormat,
}

events! {
    /// What can happen to the audit trail of an organization.
    AuditEvent {
        /// See [`AuditRead`].
        AuditRead = 1,
        /// See [`AuditExported`].
        AuditExported = 1,
    }
}
