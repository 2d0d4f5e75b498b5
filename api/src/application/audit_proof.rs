//! What reviewers prove with: that an entry of the audit trail is in the log, everything in one export,
//! and the keys by which both are checked. It signs nothing; the checkpoint is read where the node that
//! signs has put it.

use super::{Failure, Pawl, personal::open_content};
use crate::audit_log::{ExportError, Exporter, Whose, origin, tag_key};
use audit_log::{
    Hash, InclusionProof, Leaf, PublicKey, SignedCheckpoint, Tag, TagKey, inclusion_proof,
    leaf_hash,
};
use domain::Rejection;
use eventstore_schema::{EventId, OrganizationId, RecordedEvent};
use projections::audit_trail::{AuditTrail, by_event, leaves, record};
use std::{fs, io, time::Duration};
use tokio::time::{Instant, sleep};

/// How long somebody waits until what has just happened is signed.
const SIGNING_PATIENCE: Duration = Duration::from_secs(2);
/// How long between two looks at the checkpoint.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// That an entry is in the log.
#[derive(Debug)]
pub struct AuditProof {
    /// The record, as it is stored.
    pub record: RecordedEvent,
    /// By which its organization recognises the leaf.
    pub tag: Tag,
    /// The hash of the leaf.
    pub leaf: Hash,
    /// Where the leaf stands, and the way from it to the root.
    pub inclusion: InclusionProof,
    /// The signed tree.
    pub checkpoint: SignedCheckpoint,
}

/// What a reviewer of an organization checks with.
#[derive(Debug)]
pub struct AuditKey {
    /// What the log calls itself.
    pub origin: String,
    /// By which the organization's leaves are recognised.
    pub tag_key: TagKey,
    /// By which checkpoints are verified.
    pub public_keys: Vec<PublicKey>,
}

impl Pawl {
    /// Proves that an event of the organization is in the log.
    pub async fn audit_proof(
        &self,
        organization: OrganizationId,
        event_id: EventId,
    ) -> Result<AuditProof, Failure> {
        let (index, record) = self.record_of(organization, event_id).await?;
        let checkpoint = self.signed_with(index + 1).await?;
        let leaf = Leaf::of(&record, index, &tag_key(self.keyring(), Some(organization)));
        let (tag, leaf) = (leaf.tag, leaf_hash(&leaf.to_bytes()));
        let (tiles, tree) = (self.audit_log().clone(), checkpoint.clone());
        let inclusion = blocking(move || inclusion_proof(index, tree.unverified(), &tiles)).await?;
        let inclusion = inclusion.map_err(Failure::internal)?;
        // The record or the log has been changed; what would not verify is not handed out.
        inclusion
            .verify(leaf, checkpoint.unverified())
            .map_err(|error| Failure::internal(format!("the record {event_id}: {error}")))?;
        Ok(AuditProof {
            record,
            tag,
            leaf,
            inclusion,
            checkpoint,
        })
    }

    /// The event as the log holds it, with the index of its leaf.
    async fn record_of(
        &self,
        organization: OrganizationId,
        event_id: EventId,
    ) -> Result<(u64, RecordedEvent), Failure> {
        let found = move |readers: &_| by_event(readers, event_id);
        let found = self.query(&AuditTrail, found).await?;
        let meant = record(&**self.store(), event_id, found).await?;
        let (found, record) = meant.ok_or(Rejection::NotFound)?;
        if record.read_metadata()?.organization_id != Some(organization) {
            return Err(Rejection::NotFound.into());
        }
        Ok((found.leaf_index, record))
    }

    /// The keys.
    pub async fn audit_key(&self, organization: OrganizationId) -> Result<AuditKey, Failure> {
        let file = self.audit_log().keys_file();
        let keys = match blocking(move || fs::read_to_string(file)).await? {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Failure::NotYetSigned),
            read => read.map_err(Failure::internal),
        };
        let public_keys = keys?.lines().map(str::parse).collect::<Result<_, _>>();
        Ok(AuditKey {
            origin: origin(self.keyring()),
            tag_key: tag_key(self.keyring(), Some(organization)),
            public_keys: public_keys.map_err(Failure::internal)?,
        })
    }

    /// Waits until everything that the read models hold is signed.
    pub async fn wait_until_signed(&self) -> Result<(), Failure> {
        let leaves = self.query(&AuditTrail, leaves).await?;
        self.signed_with(leaves).await.map(|_| ())
    }

    /// Begins an export of the records of an organization, up to the newest checkpoint.
    pub async fn begin_export(&self, organization: OrganizationId) -> Result<Exporter, Failure> {
        let whose = Whose::Organization(organization, tag_key(self.keyring(), Some(organization)));
        let (keyring, store) = (self.keyring().clone(), self.store().clone());
        let open = move |content: &str| Ok(open_content(&keyring, content)?);
        let tiles = self.audit_log().clone();
        let begun = blocking(move || Exporter::begin(store, tiles, whose, Box::new(open))).await?;
        begun.map_err(|error| match error {
            ExportError::NoCheckpoint(_) => Failure::NotYetSigned,
            other => Failure::internal(other),
        })
    }

    /// The newest checkpoint, once its tree has so many leaves.
    async fn signed_with(&self, leaves: u64) -> Result<SignedCheckpoint, Failure> {
        let deadline = Instant::now() + SIGNING_PATIENCE;
        loop {
            let tiles = self.audit_log().clone();
            let newest = blocking(move || tiles.checkpoint()).await?;
            match newest.map_err(Failure::internal)? {
                Some(newest) if newest.unverified().size >= leaves => return Ok(newest),
                _ if Instant::now() >= deadline => return Err(Failure::NotYetSigned),
                _ => sleep(LOOK_AGAIN).await,
            }
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Failure::internal)
}
