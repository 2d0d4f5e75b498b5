//! Tiles, bundles and the checkpoint as files, at the paths at which they are served.

use super::{claim::Claim, signers::Signers};
use audit_log::{Checkpoint, CheckpointError, SignedCheckpoint, Tile, TileSource, Unreadable};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The folder of an audit log, to read.
#[derive(Clone, Debug)]
pub struct TileFiles {
    folder: PathBuf,
}

impl TileFiles {
    /// The audit log in this folder, whether it is there or not.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of the checkpoint.
    #[must_use]
    pub fn checkpoint_file(&self) -> PathBuf {
        self.folder.join("checkpoint")
    }

    /// The file of the public keys, one a line.
    #[must_use]
    pub fn keys_file(&self) -> PathBuf {
        self.folder.join("keys")
    }

    /// The file that says where in the log the newest checkpoints end; it is not served.
    #[must_use]
    pub fn cursor_file(&self) -> PathBuf {
        self.folder.join("cursor")
    }

    /// The newest checkpoint, where there is one.
    pub fn checkpoint(&self) -> io::Result<Option<SignedCheckpoint>> {
        read_checkpoint(&self.checkpoint_file())
    }

    /// The newest checkpoint, if this log signed it. One that is not its own, or not whole, says nothing
    /// about it: the files are derived, and are made anew.
    pub(super) fn own_checkpoint(&self, signers: &Signers) -> io::Result<Option<SignedCheckpoint>> {
        let found = match self.checkpoint() {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(error.to_string()),
            found => Ok(found?),
        };
        let own = found.and_then(|found| match &found {
            Some(checkpoint) => match signers.verify(checkpoint) {
                Ok(()) => Ok(found),
                Err(error) => Err(error.to_string()),
            },
            None => Ok(None),
        });
        Ok(own.unwrap_or_else(|error| {
            let file = self.checkpoint_file();
            tracing::warn!(error, file = %file.display(), "this is no checkpoint of this log");
            None
        }))
    }

    /// What a checkpoint in this folder says of the log.
    pub(super) fn claim(&self, checkpoint: &Checkpoint) -> Claim {
        let folder = self.folder.display();
        Claim {
            who: format!("the audit log in {folder}"),
            size: checkpoint.size,
            root: Some(checkpoint.root),
            remedy: format!("move {folder} away"),
        }
    }

    /// The folders in which the partial tiles and the partial bundle of a tree of this size are.
    pub(super) fn partial_folders(&self, size: u64) -> Vec<PathBuf> {
        let tiles = (0..7).filter_map(|level| Tile::partial(level, size));
        let bundle = size.checked_sub(1).map(|last| Tile::bundle(last, size));
        let partial = tiles.chain(bundle).filter(Tile::is_partial);
        let folder = |tile| Some(self.file(&tile).parent()?.to_owned());
        partial.filter_map(folder).collect()
    }

    /// The file of a tile.
    #[must_use]
    pub fn file(&self, tile: &Tile) -> PathBuf {
        self.folder.join(tile.path())
    }
}

/// A checkpoint in a file, where there is one. What is none is invalid data.
pub(super) fn read_checkpoint(file: &Path) -> io::Result<Option<SignedCheckpoint>> {
    match fs::read_to_string(file) {
        Ok(text) => {
            let invalid =
                |error: CheckpointError| io::Error::new(io::ErrorKind::InvalidData, error);
            SignedCheckpoint::parse(&text).map(Some).map_err(invalid)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl TileSource for TileFiles {
    /// A partial tile may have been deleted since it is full; its beginning is the same.
    fn read(&self, tile: &Tile) -> Result<Vec<u8>, Unreadable> {
        let mut read = fs::read(self.file(tile));
        if tile.is_partial()
            && let Err(error) = &read
            && error.kind() == io::ErrorKind::NotFound
            && let Ok(mut full) = fs::read(self.file(&tile.filled()))
        {
            full.truncate(tile.bytes());
            read = Ok(full);
        }
        read.map_err(|error| Unreadable(format!("{}: {error}", self.file(tile).display())))
    }
}
