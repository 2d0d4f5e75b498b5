//! Builds the audit log from the log: leaves, tiles, and the checkpoints that are signed. What a
//! checkpoint needs is durable before it is there, and one that is there is never signed over: what is
//! built must have its tree as its beginning.

use super::{
    AuditLogError, TileFiles,
    claim::hold,
    cursor::Cursor,
    growth::{Growth, Source, TileFile},
    inspection::{Inspection, are_whole},
    keepers::Keepers,
    origin,
    signers::Signers,
};
use crate::files::{write_all_whole, write_whole};
use audit_log::SignedCheckpoint;
use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};
use tokio_util::sync::CancellationToken;

/// Leaves after which a checkpoint is published, however many are to come: what is built until then
/// need not be built again.
const BATCH: u64 = 1 << 16;

/// The audit log of an installation, to go on with. One at a time may write to a folder.
pub struct AuditLog {
    source: Source,
    files: TileFiles,
    growth: Growth,
    published: Option<SignedCheckpoint>,
    cursor: Cursor,
    /// The public keys as they are published.
    keys: String,
    /// Whether everything is there that belongs to the checkpoint that is published, as far as was seen.
    whole: bool,
    /// What of it is still to be looked at.
    inspection: Inspection,
}

impl AuditLog {
    /// Goes on from the files, if the edge of the tree is whole and the log is still theirs; else from the
    /// log's beginning, unless it is not the log that the checkpoint is of. The other files are for
    /// [`inspect`](Self::inspect).
    pub async fn open(source: Source, files: TileFiles) -> Result<Self, AuditLogError> {
        let signers = Signers::of_or_first(&source.keyring).await?;
        let published = files.own_checkpoint(&signers)?;
        let cursor = Cursor::read(&files.cursor_file())?;
        let keys = fs::read_to_string(files.keys_file()).unwrap_or_default();
        let mut opened = Self {
            source,
            files,
            keys,
            whole: false,
            growth: Growth::default(),
            inspection: Inspection::of(0),
            published,
            cursor,
        };
        if let Some(published) = &opened.published {
            let published = published.unverified();
            match Growth::resume(&opened.source, &opened.files, published).await? {
                Some(growth) => {
                    opened.inspection = Inspection::of(published.size);
                    (opened.growth, opened.whole) = (growth, true);
                }
                None => opened.begin_anew().await?,
            }
        }
        Ok(opened)
    }

    /// Begins at the log's beginning, if the log has the tree that is published as its own.
    async fn begin_anew(&mut self) -> Result<(), AuditLogError> {
        if let Some(published) = &self.published {
            let claims = [self.files.claim(published.unverified())];
            hold(&self.source, &self.files, None, &claims).await?;
        }
        tracing::warn!("the audit log is not whole; it is built anew from the log");
        (self.growth, self.whole) = (Growth::default(), false);
        self.inspection = Inspection::of(0);
        Ok(())
    }

    /// Looks at some of the files that were there when it was opened. Where one is lost, the next time that
    /// it catches up begins at the log's beginning.
    ///
    /// Whether there may be more to look at.
    pub async fn inspect(&mut self) -> Result<bool, AuditLogError> {
        let tiles = self.inspection.next();
        if tiles.is_empty() {
            return Ok(false);
        }
        let files = self.files.clone();
        if !blocking(move || Ok(are_whole(&files, &tiles))).await? {
            self.begin_anew().await?;
        }
        Ok(true)
    }

    /// Takes in everything that the log holds, and publishes a checkpoint of it. After an error it is to
    /// be opened anew.
    ///
    /// Whether anything was published.
    pub async fn catch_up(
        &mut self,
        keepers: &mut Keepers,
        stop: &CancellationToken,
    ) -> Result<bool, AuditLogError> {
        let mut published = false;
        if let Some(place) = self.growth.last()
            && place.find(&*self.source.store).await?.is_none()
        {
            return Err(AuditLogError::Replaced);
        }
        loop {
            let ended = self.grow(self.growth.size() + BATCH, stop).await?;
            if self.growth.size() >= self.published_size() {
                published |= self.publish(keepers).await?;
            } else if ended && !stop.is_cancelled() {
                return Err(self.shorter());
            }
            if ended {
                return Ok(published);
            }
        }
    }

    /// What has been built.
    #[must_use]
    pub fn growth(&self) -> &Growth {
        &self.growth
    }

    /// Builds until the tree has so many leaves; whether there is nothing more to build.
    async fn grow(&mut self, until: u64, stop: &CancellationToken) -> Result<bool, AuditLogError> {
        while self.growth.size() < until {
            let brought = self.growth.step(&self.source, until).await?;
            self.write(brought.completed).await?;
            if brought.ended || stop.is_cancelled() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn write(&self, tiles: Vec<TileFile>) -> Result<(), AuditLogError> {
        if tiles.is_empty() {
            return Ok(());
        }
        let named = |(tile, bytes)| (self.files.file(&tile), bytes);
        let files: Vec<_> = tiles.into_iter().map(named).collect();
        blocking(move || write_all_whole(&files)).await
    }

    /// Signs the tree, if it has grown or a key is new, and hands the checkpoint to those who keep it.
    async fn publish(&mut self, keepers: &mut Keepers) -> Result<bool, AuditLogError> {
        let signers = Signers::of_or_first(&self.source.keyring).await?;
        let keys = signers.to_text();
        let is_there = |published: &SignedCheckpoint| {
            published.unverified().size == self.growth.size()
                && signers.have_all_signed(published)
                && self.keys == keys
        };
        let there = self.published.clone().filter(is_there);
        let is_kept = |there| keepers.have(there, &signers);
        if self.whole && there.as_ref().is_some_and(is_kept) {
            return Ok(false);
        }
        self.write(self.growth.partial_files()).await?;
        let signed = match there {
            Some(there) => there,
            None => signers.sign(self.growth.checkpoint(origin(&self.source.keyring)))?,
        };
        let signed = keepers.cosign(signed, &signers, &self.files).await?;
        let (cursor, stale) = self.next_cursor();
        let (files, text) = (self.files.clone(), signed.to_string());
        let mut before = vec![(files.cursor_file(), cursor.to_text().into_bytes())];
        if self.keys != keys {
            before.push((files.keys_file(), keys.clone().into_bytes()));
        }
        blocking(move || {
            for folder in stale {
                remove(&folder)?;
            }
            write_all_whole(&before)?;
            write_whole(&files.checkpoint_file(), text.as_bytes())
        })
        .await?;
        keepers.keep(&signed);
        (self.cursor, self.published) = (cursor, Some(signed));
        (self.keys, self.whole) = (keys, true);
        Ok(true)
    }

    fn published_size(&self) -> u64 {
        let published = self.published.as_ref();
        published.map_or(0, |published| published.unverified().size)
    }

    /// The places of the checkpoint that is there and of the one to come, and the folders of partial
    /// tiles that neither needs any more: those tiles are full.
    fn next_cursor(&self) -> (Cursor, BTreeSet<PathBuf>) {
        let published = self.cursor.at(self.published_size()).cloned();
        let mut places: Vec<_> = published
            .into_iter()
            .chain(self.growth.last().cloned())
            .collect();
        places.dedup();
        let after = Cursor(places);
        let folders = |cursor: &Cursor| -> BTreeSet<PathBuf> {
            let sizes = cursor.0.iter().map(|place| place.size);
            sizes
                .flat_map(|size| self.files.partial_folders(size))
                .collect()
        };
        let stale = &folders(&self.cursor) - &folders(&after);
        (after, stale)
    }

    fn shorter(&self) -> AuditLogError {
        let published = self.published.as_ref().map(SignedCheckpoint::unverified);
        let Some(claim) = published.map(|checkpoint| self.files.claim(checkpoint)) else {
            return AuditLogError::Replaced;
        };
        claim.shorter(self.growth.size()).into()
    }
}

/// Removes a folder that may be gone already.
fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, AuditLogError> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(io::Error::other)??)
}
