//! What can happen to a session.

use crate::{BrowserDigest, DeviceId, OrganizationId, TokenDigest, UserId, event::events};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A proof of identity (NIST SP 800-63B: something you know, something you have).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Factor {
    /// A password.
    Password,
    /// A time-based one-time password (RFC 6238).
    Otp,
    /// A recovery code, in place of an authenticator (a look-up secret).
    RecoveryCode,
}

/// A person passed the password step. What the session opens is decided at each request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct SessionStarted {
    /// The person.
    pub user_id: UserId,
    /// Their organization.
    pub organization_id: OrganizationId,
    /// The digest of the token that the client holds.
    pub token_digest: TokenDigest,
    /// The session is over then, whatever happens before.
    pub expires_at: DateTime<Utc>,
    /// The browser, where it is one that lets itself be known again. Not known of those recorded in
    /// version 1.
    pub browser: Option<BrowserDigest>,
}

/// Version 1, before browsers were known again.
#[derive(Deserialize)]
pub(crate) struct SessionStartedV1 {
    user_id: UserId,
    organization_id: OrganizationId,
    token_digest: TokenDigest,
    expires_at: DateTime<Utc>,
}

impl From<SessionStartedV1> for SessionStarted {
    fn from(old: SessionStartedV1) -> Self {
        Self {
            user_id: old.user_id,
            organization_id: old.organization_id,
            token_digest: old.token_digest,
            expires_at: old.expires_at,
            browser: None,
        }
    }
}

/// The person showed a second factor in this session, whose token was exchanged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct SecondFactorAccepted {
    /// The authenticator.
    pub device_id: DeviceId,
    /// The digest of the session's new token; the old one is dead.
    pub token_digest: TokenDigest,
}

/// The person showed a recovery code in this session, whose token was exchanged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct RecoveryCodeAccepted {
    /// The digest of the session's new token; the old one is dead.
    pub token_digest: TokenDigest,
}

/// The person is signed in: every factor that was required at this moment has been shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct SignedIn {
    /// The factors shown.
    pub factors: Vec<Factor>,
}

/// Version 1, before there were recovery codes.
#[derive(Deserialize)]
pub(crate) struct SignedInV1 {
    factors: Vec<FactorV1>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum FactorV1 {
    Password,
    Otp,
}

impl From<SignedInV1> for SignedIn {
    fn from(old: SignedInV1) -> Self {
        let factor = |factor| match factor {
            FactorV1::Password => Factor::Password,
            FactorV1::Otp => Factor::Otp,
        };
        Self {
            factors: old.factors.into_iter().map(factor).collect(),
        }
    }
}

/// The session is in use. Noted now and then, so that one which rests for too long is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct SessionUsed {}

/// The person ended the session, in it or in another one of theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct SessionEnded {}

events! {
    /// What can happen to a session.
    SessionEvent {
        /// See [`SessionStarted`].
        SessionStarted = 2 { 1: SessionStartedV1 },
        /// See [`SecondFactorAccepted`].
        SecondFactorAccepted = 1,
        /// See [`RecoveryCodeAccepted`].
        RecoveryCodeAccepted = 1,
        /// See [`SignedIn`].
        SignedIn = 2 { 1: SignedInV1 },
        /// See [`SessionUsed`].
        SessionUsed = 1,
        /// See [`SessionEnded`].
        SessionEnded = 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Event;

    #[test]
    fn who_signed_in_before_there_were_recovery_codes_showed_what_they_showed() {
        let old = r#"{"factors":["password","otp"]}"#;
        let read = Event::decode("SignedIn", 1, old).unwrap();
        let factors = vec![Factor::Password, Factor::Otp];
        assert_eq!(read, Event::Session(SignedIn { factors }.into()));
        let impossible = r#"{"factors":["recovery_code"]}"#;
        assert!(Event::decode("SignedIn", 1, impossible).is_err());
    }

    #[test]
    fn a_session_of_before_browsers_were_known_again_is_of_none() {
        let old = include_str!("../published/SessionStarted.v1.sample.json");
        let read = Event::decode("SessionStarted", 1, old).unwrap();
        let Event::Session(SessionEvent::SessionStarted(started)) = read else {
            panic!("{read:?}");
        };
        assert_eq!(started.browser, None);
    }
}
