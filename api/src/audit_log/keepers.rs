//! Those outside who keep checkpoints: an anchor, and witnesses. What they keep, a log that is put back
//! cannot take back with it.

use super::{
    AuditLogError, Growth, Source, TileFiles, anchor::Anchor, claim::hold, origin,
    signers::Signers, witnesses::Witnesses,
};
use crate::settings::Settings;
use audit_log::SignedCheckpoint;

/// Who keeps checkpoints of this log.
#[derive(Default)]
pub struct Keepers {
    anchor: Option<Anchor>,
    witnesses: Witnesses,
}

impl Keepers {
    /// Those of the settings.
    pub fn of(settings: &Settings) -> Result<Self, AuditLogError> {
        let folders = [settings.data.as_path(), &settings.shared];
        let anchor = settings.anchor.as_ref();
        let anchor = anchor.map(|file| Anchor::outside(file, &folders));
        Ok(Self {
            anchor: anchor.transpose()?,
            witnesses: Witnesses::new(&settings.witnesses)?,
        })
    }

    /// Refuses a log that is not, or no longer, the one of which there are checkpoints: those kept
    /// outside, and the one that was published. It changes nothing but keys that were never made. After a
    /// good end it reads no more than the edge of the tree.
    pub async fn refuse_what_was_put_back(
        &mut self,
        source: &Source,
        files: &TileFiles,
    ) -> Result<(), AuditLogError> {
        let mut claims = Vec::new();
        if let Some(anchor) = &self.anchor {
            claims.extend(anchor.claim(&Signers::of(&source.keyring)?)?);
        }
        let signers = Signers::of_or_first(&source.keyring).await?;
        let published = files.own_checkpoint(&signers)?;
        if let Some(published) = &published {
            claims.push(files.claim(published.unverified()));
        }
        // Where nothing is published, the tree without leaves asks the witnesses what they know.
        let known = match &published {
            Some(published) => published.clone(),
            None => signers.sign(Growth::default().checkpoint(origin(&source.keyring)))?,
        };
        claims.extend(self.witnesses.claims(&known, files).await?);
        let published = published.as_ref().map(SignedCheckpoint::unverified);
        hold(source, files, published, &claims).await
    }

    /// Whether all of them have this checkpoint, but for those that are not to be asked yet.
    pub(super) fn have(&self, checkpoint: &SignedCheckpoint, signers: &Signers) -> bool {
        let is_kept = self
            .anchor
            .as_ref()
            .is_none_or(|anchor| anchor.holds(checkpoint));
        is_kept && !self.witnesses.are_due(checkpoint, signers)
    }

    /// The checkpoint with what the witnesses say of it, before it is published.
    pub(super) async fn cosign(
        &mut self,
        checkpoint: SignedCheckpoint,
        signers: &Signers,
        files: &TileFiles,
    ) -> Result<SignedCheckpoint, AuditLogError> {
        self.witnesses.cosign(checkpoint, signers, files).await
    }

    /// Keeps what was published.
    pub(super) fn keep(&self, checkpoint: &SignedCheckpoint) {
        if let Some(anchor) = &self.anchor
            && let Err(error) = anchor.keep(checkpoint)
        {
            tracing::error!(%error, "the newest checkpoint is not kept");
        }
    }
}
