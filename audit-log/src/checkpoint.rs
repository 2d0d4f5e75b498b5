//! Checkpoints (C2SP `tlog-checkpoint`): how large the tree is and what its root is, signed
//! (`signed-note`).

use crate::PublicKey;
use signed_note::{Note, NoteError, Signature, Signer, Verifier, VerifierList};
use std::fmt;
use tlog_tiles::Hash;

/// More leaves than any log has; the arithmetic of a tree ends far beyond.
const LARGEST: u64 = 1 << 48;

/// A text that is no checkpoint, or one that nobody known has signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// It does not have the form.
    #[error("this is no checkpoint of a log")]
    Malformed,
    /// It has no signature by any of the keys.
    #[error("the checkpoint is not signed by the key of the log")]
    Unsigned,
    /// A signature claims to be by one of the keys, and is not.
    #[error("the signature by {0} on the checkpoint is forged")]
    Forged(String),
    /// It is of another log.
    #[error("the checkpoint is of the log {found}, not of {expected}")]
    Foreign {
        /// Of which log it is.
        found: String,
        /// Of which it should be.
        expected: String,
    },
}

/// The state of a log.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// How many leaves it has.
    pub size: u64,
    /// The root of its tree.
    pub root: Hash,
}

impl Checkpoint {
    fn to_text(&self) -> Vec<u8> {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root).into_bytes()
    }

    fn from_text(text: &[u8]) -> Option<Self> {
        let parsed = tlog_tiles::Checkpoint::from_bytes(text).ok()?;
        (parsed.size() < LARGEST).then(|| Self {
            origin: parsed.origin().to_owned(),
            size: parsed.size(),
            root: *parsed.hash(),
        })
    }
}

/// A checkpoint with its signatures, some of which may be witnesses'.
#[derive(Clone, Debug, PartialEq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    text: String,
}

impl SignedCheckpoint {
    /// Signs a checkpoint, with each of the keys of its log for instance.
    pub fn sign(checkpoint: Checkpoint, keys: &[&dyn Signer]) -> Result<Self, CheckpointError> {
        let malformed = |_: NoteError| CheckpointError::Malformed;
        let mut note = Note::new(&checkpoint.to_text(), &[]).map_err(malformed)?;
        note.add_sigs(keys).map_err(malformed)?;
        let text = String::from_utf8(note.to_bytes()).map_err(|_| CheckpointError::Malformed)?;
        Ok(Self { checkpoint, text })
    }

    /// Reads one. Who signed it is another question: see [`verify`](Self::verify).
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let note = note(text)?;
        let checkpoint = Checkpoint::from_text(note.text()).ok_or(CheckpointError::Malformed)?;
        let text = text.to_owned();
        Ok(Self { checkpoint, text })
    }

    /// What it says, whoever signed it.
    #[must_use]
    pub fn unverified(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// What it says, if one of these keys of its log signed it, and no signature claims to be by one
    /// of the keys and is not; and which of the witnesses among the keys signed it too.
    pub fn verify<'keys>(
        &self,
        keys: &'keys [PublicKey],
    ) -> Result<(&Checkpoint, Vec<&'keys PublicKey>), CheckpointError> {
        let verified = verified(&self.text, keys)?;
        let signed = |key: &&PublicKey| verified.iter().any(|signature| is_by(signature, key));
        let (witnesses, own): (Vec<_>, Vec<_>) = keys
            .iter()
            .filter(signed)
            .partition(|key| key.is_of_a_witness());
        let Some(key) = own.first() else {
            return Err(CheckpointError::Unsigned);
        };
        if own.iter().all(|key| key.name() != self.checkpoint.origin) {
            return Err(CheckpointError::Foreign {
                found: self.checkpoint.origin.clone(),
                expected: key.name().to_owned(),
            });
        }
        Ok((&self.checkpoint, witnesses))
    }

    /// The same with what witnesses answered: of these signature lines, those that are by the keys.
    pub fn with_cosignatures(
        &self,
        lines: &str,
        witnesses: &[PublicKey],
    ) -> Result<Self, CheckpointError> {
        let body = self.checkpoint_text()?;
        let mut text = self.text.clone();
        for signature in verified(&format!("{body}\n{lines}"), witnesses)? {
            text.push_str(&String::from_utf8_lossy(&signature.to_bytes()));
        }
        Self::parse(&text)
    }

    fn checkpoint_text(&self) -> Result<String, CheckpointError> {
        String::from_utf8(note(&self.text)?.text().to_vec()).map_err(|_| CheckpointError::Malformed)
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn note(text: &str) -> Result<Note, CheckpointError> {
    Note::from_bytes(text.as_bytes()).map_err(|_| CheckpointError::Malformed)
}

/// The signatures on a note by these keys.
fn verified(text: &str, keys: &[PublicKey]) -> Result<Vec<Signature>, CheckpointError> {
    let known = keys
        .iter()
        .map(|key| -> Box<dyn Verifier> { Box::new(key.clone()) });
    match note(text)?.verify(&VerifierList::new(known.collect())) {
        Ok((verified, _)) => Ok(verified),
        Err(NoteError::InvalidSignature { name, .. }) => Err(CheckpointError::Forged(name)),
        Err(_) => Err(CheckpointError::Unsigned),
    }
}

fn is_by(signature: &Signature, key: &PublicKey) -> bool {
    (signature.name(), signature.id()) == (key.name(), key.key_id())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cosignature, SigningKey};
    use zeroize::Zeroizing;

    fn key(name: &str, seed: u8) -> SigningKey {
        SigningKey::from_seed(name, &Zeroizing::new([seed; 32]))
    }

    fn checkpoint(size: u64) -> Checkpoint {
        Checkpoint {
            origin: "log".into(),
            size,
            root: crate::tree::tests::leaf(size),
        }
    }

    #[test]
    fn a_checkpoint_is_believed_by_its_key_alone() {
        let signed = SignedCheckpoint::sign(checkpoint(7), &[&key("log", 1)]).unwrap();
        let read = SignedCheckpoint::parse(&signed.to_string()).unwrap();
        assert_eq!(read, signed);
        let verify = |text: &str, keys: &[PublicKey]| {
            let read = SignedCheckpoint::parse(text)?;
            read.verify(keys).map(|(checkpoint, _)| checkpoint.clone())
        };
        let text = signed.to_string();
        let own = key("log", 1).public();
        assert_eq!(verify(&text, std::slice::from_ref(&own)), Ok(checkpoint(7)));
        let other = key("log", 2).public();
        assert_eq!(verify(&text, &[other]), Err(CheckpointError::Unsigned));
        assert_eq!(verify(&text, &[]), Err(CheckpointError::Unsigned));
        let forged = text.replacen("\n7\n", "\n6\n", 1);
        assert_eq!(
            verify(&forged, &[own]),
            Err(CheckpointError::Forged("log".into()))
        );
        let elsewhere = SignedCheckpoint::sign(checkpoint(7), &[&key("other", 1)]).unwrap();
        assert_eq!(
            verify(&elsewhere.to_string(), &[key("other", 1).public()]),
            Err(CheckpointError::Foreign {
                found: "log".into(),
                expected: "other".into()
            })
        );
    }

    #[test]
    fn what_is_no_checkpoint_is_refused() {
        let signed = SignedCheckpoint::sign(checkpoint(7), &[&key("log", 1)]).unwrap();
        let text = signed.to_string();
        for wrong in [
            String::new(),
            text.replacen("\n7\n", "\n07\n", 1),
            text.replacen("\n7\n", "\n-7\n", 1),
            text.replacen("\n7\n", &format!("\n{}\n", u64::MAX), 1),
            text.replacen("\n\n", "\n", 1),
            text.trim_end().to_owned(),
            text.replacen("log\n", "\n", 1),
        ] {
            assert_eq!(
                SignedCheckpoint::parse(&wrong),
                Err(CheckpointError::Malformed),
                "{wrong:?}"
            );
        }
    }

    #[test]
    fn witnesses_are_heard_beside_the_log_and_never_in_its_place() {
        let own = key("log", 1);
        let witness = Cosignature::at(key("witness", 3), 1_700_000_000);
        let signed = SignedCheckpoint::sign(checkpoint(7), &[&own]).unwrap();
        let answer = SignedCheckpoint::sign(checkpoint(7), &[&witness]).unwrap();
        let answer = answer.to_string();
        let (_, lines) = answer.split_once("\n\n").unwrap();

        let cosigned = signed
            .with_cosignatures(lines, &[witness.public()])
            .unwrap();
        let keys = [own.public(), witness.public()];
        let (_, witnesses) = cosigned.verify(&keys).unwrap();
        assert_eq!(witnesses, [&witness.public()]);
        assert_eq!(cosigned.verify(&keys[1..]), Err(CheckpointError::Unsigned));
        assert_eq!(
            signed.with_cosignatures(lines, &[]),
            Err(CheckpointError::Unsigned)
        );
        let other = SignedCheckpoint::sign(checkpoint(8), &[&own]).unwrap();
        assert_eq!(
            other.with_cosignatures(lines, &[witness.public()]),
            Err(CheckpointError::Forged("witness".into()))
        );
    }
}
