//! The newest checkpoint in a file outside of the data, where no copy that is put back reaches it. A
//! start on a log that is older than its anchor is refused.

use super::{AuditLogError, claim::Claim, files::read_checkpoint, signers::Signers};
use crate::files::write_whole;
use audit_log::{CheckpointError, PublicKey, SignedCheckpoint};
use chrono::{DateTime, SecondsFormat, Utc};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// An anchor that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// A copy that is put back would put it back too.
    #[error(
        "the anchor {} lies in {}, where a copy that is put back would put it back too; choose a place \
         of its own for it", .file.display(), .folder.display()
    )]
    Inside {
        /// The anchor.
        file: PathBuf,
        /// Where it lies.
        folder: PathBuf,
    },
    /// It is of another log, or the keys of this one are gone.
    #[error(
        "the anchor {} is not of this log: {why}. Either it belongs to another installation, or the \
         keyring was put back to a state of before its signing key", .file.display()
    )]
    Foreign {
        /// The anchor.
        file: PathBuf,
        /// What is wrong with its signature.
        why: CheckpointError,
    },
    /// It cannot be read or written.
    #[error("cannot use the anchor {}: {error}", .file.display())]
    Unusable {
        /// The anchor.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// Where the newest checkpoint is kept.
#[derive(Clone, Debug)]
pub struct Anchor(PathBuf);

impl Anchor {
    /// An anchor in this file, which lies in none of these folders.
    pub fn outside(file: &Path, folders: &[&Path]) -> Result<Self, AnchorError> {
        let unusable = |error| AnchorError::Unusable {
            file: file.to_owned(),
            error,
        };
        let above = match file.parent() {
            Some(above) if !above.as_os_str().is_empty() => above,
            _ => Path::new("."),
        };
        // Wherever links lead: to the folder, and from the file itself where it is there.
        let mut places = vec![above.canonicalize().map_err(unusable)?];
        places.extend(file.canonicalize());
        for folder in folders {
            let whole = folder.canonicalize().map_err(unusable)?;
            if places.iter().any(|place| place.starts_with(&whole)) {
                return Err(AnchorError::Inside {
                    file: file.to_owned(),
                    folder: whole,
                });
            }
        }
        Ok(Self(file.to_owned()))
    }

    /// What it says of the log. One that is not there says nothing; it will be made.
    pub(super) fn claim(&self, signers: &Signers) -> Result<Option<Claim>, AuditLogError> {
        let Some(kept) = self.read()? else {
            return Ok(None);
        };
        let foreign = |why| AnchorError::Foreign {
            file: self.0.clone(),
            why,
        };
        signers.verify(&kept).map_err(foreign)?;
        let file = self.0.display();
        Ok(Some(Claim {
            who: format!("the anchor {file}, written at {},", self.written_at()?),
            size: kept.unverified().size,
            root: Some(kept.unverified().root),
            remedy: format!("remove {file}"),
        }))
    }

    /// Whether it is signed with this key.
    pub(super) fn is_signed_by(&self, key: &PublicKey) -> Result<bool, AnchorError> {
        let kept = self.read()?;
        Ok(kept.is_some_and(|kept| kept.verify(std::slice::from_ref(key)).is_ok()))
    }

    /// Whether it holds this checkpoint.
    pub(super) fn holds(&self, checkpoint: &SignedCheckpoint) -> bool {
        self.read()
            .is_ok_and(|kept| kept.as_ref() == Some(checkpoint))
    }

    /// Keeps this checkpoint in place of the one before.
    pub(super) fn keep(&self, checkpoint: &SignedCheckpoint) -> Result<(), AnchorError> {
        let written = write_whole(&self.0, checkpoint.to_string().as_bytes());
        written.map_err(|error| self.unusable(error))
    }

    fn read(&self) -> Result<Option<SignedCheckpoint>, AnchorError> {
        read_checkpoint(&self.0).map_err(|error| self.unusable(error))
    }

    fn written_at(&self) -> Result<String, AnchorError> {
        let time = fs::metadata(&self.0).and_then(|file| file.modified());
        let time = DateTime::<Utc>::from(time.map_err(|error| self.unusable(error))?);
        Ok(time.to_rfc3339_opts(SecondsFormat::Secs, true))
    }

    fn unusable(&self, error: io::Error) -> AnchorError {
        AnchorError::Unusable {
            file: self.0.clone(),
            error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_lies_outside_of_the_data_wherever_links_lead() {
        let [data, elsewhere] = std::array::from_fn(|_| tempfile::tempdir().unwrap());
        let outside = |file: &Path| Anchor::outside(file, &[data.path()]);
        assert!(outside(&elsewhere.path().join("anchor")).is_ok());
        let folder = data.path().join("folder");
        fs::create_dir(&folder).unwrap();
        let link = elsewhere.path().join("link");
        std::os::unix::fs::symlink(&folder, &link).unwrap();
        fs::write(folder.join("there"), "").unwrap();
        let file = elsewhere.path().join("file");
        std::os::unix::fs::symlink(folder.join("there"), &file).unwrap();
        for inside in [
            data.path().join("anchor"),
            folder.join("anchor"),
            data.path().join("folder/../anchor"),
            link.join("anchor"),
            file,
        ] {
            let refused = outside(&inside);
            assert!(
                matches!(refused, Err(AnchorError::Inside { .. })),
                "{inside:?}"
            );
        }
        let nowhere = outside(&elsewhere.path().join("no-such-folder/anchor"));
        assert!(matches!(nowhere, Err(AnchorError::Unusable { .. })));
    }
}
