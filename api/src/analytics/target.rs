//! Where the file of a dataset goes. A file gets its name when all of it is written, and is for its
//! owner alone to read.

use crate::{
    files::{WholeFile, make_folder, place},
    storage::StartError,
};
use projections::analytics::Dataset;
use std::{
    io::{self, BufWriter, Stdout, Write},
    path::Path,
};

/// What stands for standard output where a file is named.
const STANDARD_OUTPUT: &str = "-";

/// What is written to.
pub(super) struct Target {
    to: To,
    /// What an error calls it.
    name: String,
}

enum To {
    StandardOutput(BufWriter<Stdout>),
    File(WholeFile),
}

impl Target {
    /// Begins one for each of the datasets: a file in the folder `output`, which is made where there is
    /// none. Where only one dataset was asked for, `output` may also be the file itself, or standard
    /// output.
    pub(super) fn begin(
        output: &Path,
        datasets: &[&Dataset],
        extension: &str,
        replace: bool,
    ) -> Result<Vec<Self>, StartError> {
        let single = datasets.len() == 1;
        if output == Path::new(STANDARD_OUTPUT) {
            if !single {
                return Err("only one dataset fits on standard output: name it".into());
            }
            return Ok(vec![Self::standard_output()]);
        }
        if single && !output.is_dir() {
            return Ok(vec![Self::file(output, replace)?]);
        }
        make_folder(output)
            .map_err(|error| format!("cannot make the folder {}: {error}", output.display()))?;
        let files = datasets
            .iter()
            .map(|dataset| output.join(dataset.name).with_extension(extension));
        files.map(|file| Self::file(&file, replace)).collect()
    }

    fn standard_output() -> Self {
        Self {
            to: To::StandardOutput(BufWriter::new(io::stdout())),
            name: "standard output".to_owned(),
        }
    }

    fn file(file: &Path, replace: bool) -> Result<Self, StartError> {
        Ok(Self {
            to: To::File(place(file, replace)?),
            name: file.display().to_string(),
        })
    }

    /// What an error calls it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Everything is written: a file gets its name.
    pub(super) fn finish(self) -> Result<(), StartError> {
        let finished = match self.to {
            To::StandardOutput(mut output) => output.flush(),
            To::File(file) => file.finish(),
        };
        finished.map_err(|error| format!("cannot write {}: {error}", self.name).into())
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.to {
            To::StandardOutput(output) => output.write(bytes),
            To::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.to {
            To::StandardOutput(output) => output.flush(),
            To::File(file) => file.flush(),
        }
    }
}
