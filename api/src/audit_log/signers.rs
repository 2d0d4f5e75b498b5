//! The keys that sign checkpoints. Their seeds come from keys of the keyring and never lie in a file of
//! their own; while one generation takes the place of another, both sign.

use super::origin;
use audit_log::{Checkpoint, CheckpointError, PublicKey, SignedCheckpoint, Signer, SigningKey};
use eventstore::keyring::{Keyring, KeyringError};
use eventstore_schema::KeyName;

/// What the seed of a signing key is derived for.
const PURPOSE: &str = "ed25519 seed";

/// The generations that are not retired, the oldest first.
#[derive(Clone, Debug)]
pub struct Signers {
    keys: Vec<SigningKey>,
    /// The generation that would be made next.
    next: u32,
}

impl Signers {
    /// Those of this keyring. Where none was ever made, there is none.
    pub fn of(keyring: &Keyring) -> Result<Self, KeyringError> {
        let origin = origin(keyring);
        let mut keys = Vec::new();
        let mut next = 1;
        loop {
            match keyring.derive(&KeyName::checkpoint_signer(next), PURPOSE) {
                Ok(seed) => keys.push(SigningKey::from_seed(&origin, &seed)),
                Err(KeyringError::Destroyed { .. }) => {}
                Err(KeyringError::Missing { .. }) => return Ok(Self { keys, next }),
                Err(error) => return Err(error),
            }
            next += 1;
        }
    }

    /// Those of this keyring; the first is made where none ever was.
    pub async fn of_or_first(keyring: &Keyring) -> Result<Self, KeyringError> {
        let signers = Self::of(keyring)?;
        if signers.next > 1 {
            return Ok(signers);
        }
        keyring.create(&[KeyName::checkpoint_signer(1)]).await?;
        Self::of(keyring)
    }

    /// The same with one generation more.
    pub async fn with_next(self, keyring: &Keyring) -> Result<Self, KeyringError> {
        let next = KeyName::checkpoint_signer(self.next);
        keyring.create(&[next]).await?;
        Self::of(keyring)
    }

    /// The newest alone: destroys the others.
    pub async fn newest_alone(self, keyring: &Keyring) -> Result<Self, KeyringError> {
        let newest = self.next.saturating_sub(1);
        let older: Vec<_> = (1..newest).map(KeyName::checkpoint_signer).collect();
        keyring.destroy(&older).await?;
        Self::of(keyring)
    }

    /// Their public keys.
    #[must_use]
    pub fn public(&self) -> Vec<PublicKey> {
        self.keys.iter().map(SigningKey::public).collect()
    }

    /// The public keys, one a line.
    #[must_use]
    pub fn to_text(&self) -> String {
        let keys: Vec<_> = self.public().iter().map(PublicKey::to_string).collect();
        keys.join("\n") + "\n"
    }

    /// The public key of the newest.
    #[must_use]
    pub fn newest(&self) -> Option<PublicKey> {
        self.keys.last().map(SigningKey::public)
    }

    /// Signs a checkpoint with all of them.
    pub fn sign(&self, checkpoint: Checkpoint) -> Result<SignedCheckpoint, CheckpointError> {
        let keys: Vec<_> = self.keys.iter().map(|key| key as &dyn Signer).collect();
        SignedCheckpoint::sign(checkpoint, &keys)
    }

    /// Whether all of them have signed this.
    #[must_use]
    pub fn have_all_signed(&self, checkpoint: &SignedCheckpoint) -> bool {
        let signed = |key| checkpoint.verify(&[key]).is_ok();
        !self.keys.is_empty() && self.public().into_iter().all(signed)
    }

    /// Whether one of them has signed this, and none of the signatures is forged.
    pub fn verify(&self, checkpoint: &SignedCheckpoint) -> Result<(), CheckpointError> {
        checkpoint.verify(&self.public()).map(|_| ())
    }
}
