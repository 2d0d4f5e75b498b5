//! Files that must be there whole or not at all, whatever happens to the power.

use crate::storage::StartError;
use std::{
    collections::BTreeSet,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, BufWriter, Write},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

/// Writes the file, for its owner alone to read. When it answers, file and name are durable.
pub fn write_whole(file: &Path, content: &[u8]) -> io::Result<()> {
    let mut whole = WholeFile::begin(file)?;
    whole.write_all(content)?;
    whole.finish()
}

/// A file that gets its name when all of it is written, for its owner alone to read. One that is given
/// up leaves nothing behind.
pub struct WholeFile {
    file: PathBuf,
    unfinished: PathBuf,
    written: BufWriter<File>,
    finished: bool,
}

impl WholeFile {
    /// Begins to write, beside its place.
    pub fn begin(file: &Path) -> io::Result<Self> {
        let unfinished = unfinished(file);
        let written = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&unfinished)?;
        Ok(Self {
            file: file.to_owned(),
            unfinished,
            written: BufWriter::new(written),
            finished: false,
        })
    }

    /// Gives the file its name. When it answers, file and name are durable.
    pub fn finish(mut self) -> io::Result<()> {
        self.written.flush()?;
        self.written.get_ref().sync_all()?;
        fs::rename(&self.unfinished, &self.file)?;
        self.finished = true;
        // A name without a folder stands in the current one.
        let folder = self.file.parent().filter(|path| *path != Path::new(""));
        sync(folder.unwrap_or(Path::new(".")))
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.written.flush()
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        if !self.finished {
            let _ = fs::remove_file(&self.unfinished);
        }
    }
}

/// Begins the file that a command writes. One that is there is replaced only where that was asked for.
pub fn place(file: &Path, replace: bool) -> Result<WholeFile, StartError> {
    let name = file.display();
    if file.try_exists()? && !replace {
        return Err(format!("{name} is there already; give --force to replace it").into());
    }
    WholeFile::begin(file).map_err(|error| format!("cannot write {name}: {error}").into())
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
