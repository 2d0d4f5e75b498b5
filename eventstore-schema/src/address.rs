//! What can happen to an e-mail address.

use crate::{BrowserDigest, UserId, event::events};
use serde::{Deserialize, Serialize};

/// The address belongs to this person from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct AddressClaimed {
    /// The person.
    pub user_id: UserId,
}

/// The address no longer belongs to this person and can be claimed again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct AddressReleased {
    /// The person who held it.
    pub user_id: UserId,
}

/// Somebody showed a wrong password: at the sign-in with this address, or to change the password of
/// its holder. Recorded for unknown addresses as for known ones, so that neither time nor throttling
/// tells them apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct SignInRejected {
    /// The person who holds the address, if any.
    pub user_id: Option<UserId>,
    /// The browser in which it happened, where that person has signed in with it before.
    pub browser: Option<BrowserDigest>,
}

/// Version 1, before browsers were known again.
#[derive(Deserialize)]
pub(crate) struct SignInRejectedV1 {
    user_id: Option<UserId>,
}

impl From<SignInRejectedV1> for SignInRejected {
    fn from(old: SignInRejectedV1) -> Self {
        Self {
            user_id: old.user_id,
            browser: None,
        }
    }
}

/// Somebody asked for a link with which to choose a new password, and there is nobody at this address
/// who could sign in. Recorded so that an unknown address costs the same work as a known one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct PasswordResetDeclined {
    /// The person who holds the address and cannot sign in, if any.
    pub user_id: Option<UserId>,
}

events! {
    /// What can happen to an e-mail address.
    AddressEvent {
        /// See [`AddressClaimed`].
        AddressClaimed = 1,
        /// See [`AddressReleased`].
        AddressReleased = 1,
        /// See [`SignInRejected`].
        SignInRejected = 2 { 1: SignInRejectedV1 },
        /// See [`PasswordResetDeclined`].
        PasswordResetDeclined = 1,
    }
}
