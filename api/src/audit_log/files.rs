//! Tiles, bundles and the checkpoint as files, at the paths at which they are served.

use audit_log::{CheckpointError, SignedCheckpoint, Tile, TileSource, Unreadable};
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

    /// The newest checkpoint, where there is one.
    pub fn checkpoint(&self) -> io::Result<Option<SignedCheckpoint>> {
        match fs::read_to_string(self.checkpoint_file()) {
            Ok(text) => {
                let parsed = SignedCheckpoint::parse(&text);
                parsed
                    .map(Some)
                    .map_err(|error: CheckpointError| io::Error::other(error))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The file of a tile.
    #[must_use]
    pub fn file(&self, tile: &Tile) -> PathBuf {
        self.folder.join(tile.path())
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
