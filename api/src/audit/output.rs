//! A file that is there whole or not at all, however long it takes to write.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

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
        let unfinished = file.with_added_extension("new");
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
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
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
