//! What can happen to an e-mail address.

use crate::{UserId, event::events};
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
        SignInRejected = 1,
        /// See [`PasswordResetDeclined`].
        PasswordResetDeclined = 1,
    }
}
