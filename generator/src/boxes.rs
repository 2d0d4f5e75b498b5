//! What the log holds of values that nobody may read in it, and of addresses.

use crate::{GenerateError, dice::Dice};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use eventstore::keyring::Keyring;
use eventstore_schema::{AddressId, KeyName, Sealed};
use sha2::{Digest as _, Sha256};
use tokio::runtime::Handle;

/// Nonce and tag: what a box is longer than its content.
const AROUND: usize = 24 + 16;

/// How values are sealed and addresses hashed.
pub struct Boxes(Kind);

enum Kind {
    Derived,
    Sealed(Keyring, Handle),
}

impl Boxes {
    /// Not at all: boxes are as long as real ones and hold bytes of the seed, which no key opens. The
    /// whole history then follows from its seed.
    #[must_use]
    pub fn derived() -> Self {
        Self(Kind::Derived)
    }

    /// Under this keyring, which gets a key for each person, password and authenticator. The history
    /// must then be drawn from on a thread that may block, of the runtime with this handle.
    #[must_use]
    pub fn sealed(keyring: Keyring, runtime: Handle) -> Self {
        Self(Kind::Sealed(keyring, runtime))
    }

    /// Sees that these keys are there.
    pub(crate) fn prepare(&self, names: &[KeyName]) -> Result<(), GenerateError> {
        match &self.0 {
            Kind::Derived => Ok(()),
            Kind::Sealed(keyring, runtime) => Ok(runtime.block_on(keyring.create(names))?),
        }
    }

    pub(crate) fn seal(
        &self,
        dice: &mut Dice,
        key: KeyName,
        field: &str,
        content: &[u8],
    ) -> Result<Sealed, GenerateError> {
        match &self.0 {
            Kind::Derived => Ok(Sealed {
                key,
                ciphertext: BASE64URL_NOPAD.encode(&dice.fill(AROUND + content.len())),
            }),
            Kind::Sealed(keyring, _) => Ok(keyring.seal(&key, field, content)?),
        }
    }

    /// What the log calls this address, as `pawl` would.
    pub(crate) fn address(&self, email: &str) -> AddressId {
        AddressId(match &self.0 {
            Kind::Derived => HEXLOWER.encode(&Sha256::digest(email)),
            Kind::Sealed(keyring, _) => {
                HEXLOWER.encode(&keyring.mac("email-address", email.as_bytes()))
            }
        })
    }
}
