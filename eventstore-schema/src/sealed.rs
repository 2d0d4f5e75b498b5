//! Values that the log holds only encrypted.

use crate::{DeviceId, PasswordId, UserId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What the names of the keys begin with that sign checkpoints.
pub const CHECKPOINT_SIGNER: &str = "checkpoint-signer/";

/// The name of a key in the keyring. Destroying the key makes everything sealed under it
/// unreadable, while the log, and every proof about it, stays as it was.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct KeyName(String);

impl KeyName {
    /// The key of one person's personal data.
    #[must_use]
    pub fn person(user: UserId) -> Self {
        Self(format!("person/{user}"))
    }

    /// The key of one password hash.
    #[must_use]
    pub fn password(password: PasswordId) -> Self {
        Self(format!("password/{password}"))
    }

    /// The key of one authenticator's secret.
    #[must_use]
    pub fn otp_device(device: DeviceId) -> Self {
        Self(format!("otp-device/{device}"))
    }

    /// The key with which the audit log's checkpoints are signed; its generations count from 1. The
    /// log holds nothing that is sealed under it.
    #[must_use]
    pub fn checkpoint_signer(generation: u32) -> Self {
        Self(format!("{CHECKPOINT_SIGNER}{generation}"))
    }

    /// Whether it is a generation of the key that signs checkpoints.
    #[must_use]
    pub fn is_a_checkpoint_signer(&self) -> bool {
        self.0.starts_with(CHECKPOINT_SIGNER)
    }

    /// Whether it is the key of somebody's personal data.
    #[must_use]
    pub fn is_of_a_person(&self) -> bool {
        self.0.starts_with("person/")
    }

    /// The name as it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A value encrypted under the key with this name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Sealed {
    /// The key that opens it, as long as it exists.
    pub key: KeyName,
    /// Nonce and ciphertext (XChaCha20-Poly1305), base64url without padding.
    #[serde(rename = "box")]
    pub ciphertext: String,
}

/// Personal data: readable by those whose role allows it, until the person is erased.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Personal(pub Sealed);

/// A secret: read by Pawl itself and never shown, until it is replaced.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct SealedSecret(pub Sealed);
