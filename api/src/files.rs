//! Small files that must be there whole or not at all, whatever happens to the power.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

/// Writes the file, for its owner alone to read. When it answers, file and name are durable.
pub fn write_whole(file: &Path, content: &[u8]) -> io::Result<()> {
    let unfinished = file.with_added_extension("new");
    let mut written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)?;
    written.write_all(content)?;
    written.sync_all()?;
    fs::rename(&unfinished, file)?;
    match file.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
