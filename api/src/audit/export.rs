//! Writes records out of a data directory, also while a server writes to it. What is written in the
//! end verifies: an export that would not is never given its name.

use super::output::WholeFile;
use crate::{
    application::open_content,
    audit_log::{AUDIT_LOG_FOLDER, Exporter, TileFiles, Whose, tag_key},
    settings::{Flags, Settings},
    storage::{self, KEYRING_FILE, StartError},
};
use audit_log::export::{End, Line};
use clap::{Args, ValueEnum};
use eventstore::keyring::{Keyring, MasterKey};
use eventstore_schema::OrganizationId;
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// What is exported, and where to.
#[derive(Args)]
pub struct Arguments {
    /// Whose records [default: everybody's]
    #[arg(long, value_name = "ID")]
    organization: Option<OrganizationId>,
    /// File to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long, requires = "output")]
    force: bool,
    /// What the lines look like
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    flags: Flags,
}

/// What an export looks like. A format for other tools leaves out what only verifying needs.
#[derive(Clone, Copy, Default, ValueEnum)]
enum Format {
    /// To verify: see docs/audit-log.md
    #[default]
    Pawl,
}

impl Format {
    /// Writes a line.
    fn write(self, line: &Line, output: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Pawl => {
                serde_json::to_writer(&mut *output, line)?;
                output.write_all(b"\n")
            }
        }
    }
}

pub(super) async fn run(arguments: Arguments) -> Result<ExitCode, StartError> {
    let settings = Settings::resolve(arguments.flags)?;
    let mut exporter = begin(&settings, arguments.organization).await?;
    let nobody = |end: End| match arguments.organization {
        Some(id) if end.records == 0 => Err(format!("the log has no record of {id}").into()),
        _ => Ok::<_, StartError>(()),
    };
    match &arguments.output {
        None => {
            let mut output = BufWriter::new(io::stdout().lock());
            nobody(write(&mut exporter, arguments.format, &mut output).await?)?;
            output.flush()?;
        }
        Some(file) => {
            let mut output = place(file, arguments.force)?;
            nobody(write(&mut exporter, arguments.format, &mut output).await?)?;
            output.finish()?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn place(file: &Path, replace: bool) -> Result<WholeFile, StartError> {
    let name = file.display();
    if file.try_exists()? && !replace {
        return Err(format!("{name} is there already; give --force to replace it").into());
    }
    WholeFile::begin(file).map_err(|error| format!("cannot write {name}: {error}").into())
}

async fn begin(
    settings: &Settings,
    organization: Option<OrganizationId>,
) -> Result<Exporter, StartError> {
    let store = storage::open_to_read(settings).await?;
    let keyring_file = settings.shared.join(KEYRING_FILE);
    if !keyring_file.exists() {
        return Err(format!("there is no {}", keyring_file.display()).into());
    }
    let master = MasterKey::load_or_create(&settings.master_key_file, false)?;
    let keyring = Keyring::open(&keyring_file, &master)?;
    let tiles = TileFiles::new(settings.shared.join(AUDIT_LOG_FOLDER));
    let whose = match organization {
        Some(id) => Whose::Organization(id, tag_key(&keyring, Some(id))),
        None => Whose::Everybody,
    };
    let open = move |content: &str| Ok(open_content(&keyring, content)?);
    Ok(Exporter::begin(store, tiles, whose, Box::new(open))?)
}

/// Writes all of it, and tells what the last line says.
async fn write(
    exporter: &mut Exporter,
    format: Format,
    output: &mut dyn Write,
) -> Result<End, StartError> {
    let style =
        ProgressStyle::with_template("{bar:40} {pos}/{len} records, {per_sec}, {eta} to go")?;
    let bar = ProgressBar::new(exporter.size()).with_style(style);
    let mut last = None;
    while let Some(line) = exporter.next().await? {
        format.write(&line, output)?;
        bar.set_position(exporter.done());
        last = Some(line);
    }
    bar.finish_and_clear();
    match last {
        Some(Line::End(end)) => Ok(end),
        _ => Err("the export has no end".into()),
    }
}
