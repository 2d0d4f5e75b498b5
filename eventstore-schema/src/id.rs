//! Identifiers. Each kind has a type of its own, so that one cannot be passed for another.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

uuid_id! {
    /// One recorded event (`UUIDv7`, RFC 9562 section 5.7).
    EventId,
    /// One command; equal for every retry of it.
    CommandId,
    /// An organization.
    OrganizationId,
    /// A person, from the invitation on: an invitation has the id of the person it invites.
    UserId,
    /// A session, from the password step to its end.
    SessionId,
    /// An authenticator (OTP device).
    DeviceId,
    /// An API credential.
    ApiCredentialId,
    /// One password, replaced by another with another id.
    PasswordId,
}

macro_rules! text_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

text_id! {
    /// An e-mail address as the log knows it: a keyed hash in lower-case hexadecimal. Without the
    /// key it reveals nothing; with it, the same address always has the same id.
    AddressId,
    /// A recovery code as the log knows it: a keyed hash over the person and the code, in lower-case
    /// hexadecimal. Without the key it cannot be guessed from.
    RecoveryCodeDigest,
    /// The name of a scope. Which names there are, and what they open, `domain` says: a name that it
    /// does not know opens nothing, so a new one changes no event.
    ScopeName,
    /// A browser as the log knows it: a keyed hash over a person and the random text that the browser
    /// keeps. Without the key it reveals nothing, not even which people share a browser.
    BrowserDigest,
    /// The SHA-256 of a bearer token, in lower-case hexadecimal. The token itself has 256 random
    /// bits, so its digest need not be kept secret.
    TokenDigest,
}
