//! Small files that must be there whole or not at all, whatever happens to the power.

use std::{
    collections::BTreeSet,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

/// Writes the file, for its owner alone to read. When it answers, file and name are durable.
pub fn write_whole(file: &Path, content: &[u8]) -> io::Result<()> {
    write_unnamed(file, content)?;
    fs::rename(unfinished(file), file)?;
    match file.parent() {
        Some(folder) => sync(folder),
        None => Ok(()),
    }
}

/// Writes many, and makes the folders that they stand in. Each is there whole or not at all; when it
/// answers, all are durable.
pub fn write_all_whole(files: &[(PathBuf, Vec<u8>)]) -> io::Result<()> {
    let folders: BTreeSet<_> = files.iter().filter_map(|(file, _)| file.parent()).collect();
    for folder in &folders {
        make_folder(folder)?;
    }
    for (file, content) in files {
        write_unnamed(file, content)?;
    }
    for (file, _) in files {
        fs::rename(unfinished(file), file)?;
    }
    folders.into_iter().try_for_each(sync)
}

/// Makes a folder for its owner alone, and those above it that are not there. When it answers, they
/// are durable.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder
        .parent()
        .filter(|above| !above.as_os_str().is_empty());
    if let Some(above) = above {
        make_folder(above)?;
    }
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    above.map_or(Ok(()), sync)
}

fn unfinished(file: &Path) -> PathBuf {
    file.with_added_extension("new")
}

fn write_unnamed(file: &Path, content: &[u8]) -> io::Result<()> {
    let mut written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(unfinished(file))?;
    written.write_all(content)?;
    written.sync_all()
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
