//! Keys in the form of C2SP `signed-note`: those of the log, and those of witnesses
//! (`tlog-cosignature`).

use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::{SIGNATURE_LENGTH, Signature, Signer as _, VerifyingKey};
use signed_note::{is_key_name_valid, key_id};
use std::{fmt, str::FromStr};
use zeroize::Zeroizing;

/// The types of signature, as the first byte of a key says.
const ED25519: u8 = 1;
const COSIGNATURE: u8 = 4;

/// A public key that is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no public key in the form NAME+ID+KEY")]
pub struct KeyError(pub String);

/// The public key of a log or of a witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    id: u32,
    algorithm: u8,
    key: VerifyingKey,
}

impl PublicKey {
    fn new(name: &str, algorithm: u8, key: VerifyingKey) -> Self {
        Self {
            name: name.to_owned(),
            id: key_id(name, &material(algorithm, &key)),
            algorithm,
            key,
        }
    }

    /// Whose it is.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is a witness's: its signature says that the log had only grown at some time.
    #[must_use]
    pub fn is_of_a_witness(&self) -> bool {
        self.algorithm == COSIGNATURE
    }
}

fn material(algorithm: u8, key: &VerifyingKey) -> Vec<u8> {
    [&[algorithm], key.as_bytes().as_slice()].concat()
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = BASE64.encode(&material(self.algorithm, &self.key));
        write!(f, "{}+{:08x}+{key}", self.name, self.id)
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let parse = || {
            let mut parts = text.splitn(3, '+');
            let (name, id, key) = (parts.next()?, parts.next()?, parts.next()?);
            let id: [u8; 4] = HEXLOWER.decode(id.as_bytes()).ok()?.try_into().ok()?;
            let bytes = BASE64.decode(key.as_bytes()).ok()?;
            let (algorithm, bytes) = bytes.split_first()?;
            let key = VerifyingKey::from_bytes(bytes.try_into().ok()?).ok()?;
            let known = matches!(*algorithm, ED25519 | COSIGNATURE);
            let public = Self::new(name, *algorithm, key);
            let sound = known && is_key_name_valid(name) && public.id == u32::from_be_bytes(id);
            sound.then_some(public)
        };
        parse().ok_or_else(|| KeyError(text.to_owned()))
    }
}

impl signed_note::Verifier for PublicKey {
    fn name(&self) -> &str {
        &self.name
    }

    fn key_id(&self) -> u32 {
        self.id
    }

    fn verify(&self, text: &[u8], signature: &[u8]) -> bool {
        let strictly = |message: &[u8], signature: &[u8]| {
            let signature: Result<[u8; SIGNATURE_LENGTH], _> = signature.try_into();
            signature.is_ok_and(|bytes| {
                let signature = Signature::from_bytes(&bytes);
                self.key.verify_strict(message, &signature).is_ok()
            })
        };
        if self.is_of_a_witness() {
            let Some((time, signature)) = signature.split_first_chunk() else {
                return false;
            };
            strictly(&cosigned(u64::from_be_bytes(*time), text), signature)
        } else {
            strictly(text, signature)
        }
    }
}

/// What a witness signs at this time (in seconds since 1970).
fn cosigned(time: u64, text: &[u8]) -> Vec<u8> {
    let mut message = format!("cosignature/v1\ntime {time}\n").into_bytes();
    message.extend(text);
    message
}

/// The private key of a log.
#[derive(Clone)]
pub struct SigningKey {
    name: String,
    key: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// A key from its seed (RFC 8032 section 5.1.5), with the name of the log.
    #[must_use]
    pub fn from_seed(name: &str, seed: &Zeroizing<[u8; 32]>) -> Self {
        Self {
            name: name.to_owned(),
            key: ed25519_dalek::SigningKey::from_bytes(seed),
        }
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey::new(&self.name, ED25519, self.key.verifying_key())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public())
    }
}

impl signed_note::Signer for SigningKey {
    fn name(&self) -> &str {
        &self.name
    }

    fn key_id(&self) -> u32 {
        self.public().id
    }

    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, ed25519_dalek::SignatureError> {
        Ok(self.key.try_sign(text)?.to_vec())
    }
}

/// What a witness says of a checkpoint (C2SP `tlog-cosignature`); for witnesses, which the tests are.
#[derive(Clone)]
pub struct Cosignature {
    key: SigningKey,
    time: u64,
}

impl Cosignature {
    /// With this key, at this time (in seconds since 1970).
    #[must_use]
    pub fn at(key: SigningKey, time: u64) -> Self {
        Self { key, time }
    }

    /// The key that verifies it.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey::new(&self.key.name, COSIGNATURE, self.key.key.verifying_key())
    }
}

impl signed_note::Signer for Cosignature {
    fn name(&self) -> &str {
        &self.key.name
    }

    fn key_id(&self) -> u32 {
        self.public().id
    }

    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, ed25519_dalek::SignatureError> {
        let signature = self.key.key.try_sign(&cosigned(self.time, text))?;
        Ok([self.time.to_be_bytes().as_slice(), &signature.to_bytes()].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The public key of C2SP's description of signed notes.
    const EXAMPLE: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

    #[test]
    fn keys_are_read_and_written_as_everybody_does() {
        match EXAMPLE.parse::<PublicKey>() {
            Ok(key) => assert_eq!(key.to_string(), EXAMPLE),
            Err(error) => panic!("{error}"),
        }
        for wrong in [
            "",
            "a+b",
            "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2",
        ] {
            assert_eq!(wrong.parse::<PublicKey>(), Err(KeyError(wrong.into())));
        }
    }

    #[test]
    fn a_private_key_does_not_show_itself() {
        let key = SigningKey::from_seed("log", &Zeroizing::new([5; 32]));
        assert_eq!(format!("{key:?}"), format!("SigningKey({})", key.public()));
    }
}
