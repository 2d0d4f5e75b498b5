//! Where the records of an organization come from: the file of an export, or the log itself. Neither
//! is written to, and nothing here says whether the records are genuine: that the verifier does.

use super::{personal::Names, verify::settings};
use crate::{
    audit_log::{TileFiles, owner, tag_key},
    progress,
    settings::{Flags, Settings},
    storage::{self, StartError},
};
use audit_log::{
    Leaf, SignedCheckpoint,
    export::{FORMAT, Header, Line},
    verify::LONGEST_LINE,
};
use clap::Args;
use eventstore::{Direction, EventStore, keyring::Keyring};
use eventstore_schema::{Event, OrganizationId, Position, Recorded, RecordedEvent};
use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read as _},
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Events read from the log at a time.
const PAGE: usize = 4_096;

/// Where to read, and whose records.
#[derive(Args)]
pub struct SourceArguments {
    /// An export, or a data directory [default: the data directory of the settings]
    #[arg(value_name = "SOURCE")]
    source: Option<PathBuf>,
    /// Whose history; needed where the source has that of everybody [default: that of the export]
    #[arg(long, value_name = "ID")]
    organization: Option<OrganizationId>,
    #[command(flatten, next_help_heading = "Settings of the server")]
    flags: Flags,
}

/// A record of the organization.
pub struct Entry {
    /// The index of its leaf.
    pub index: u64,
    /// As it is stored.
    pub stored: RecordedEvent,
    /// As the contract reads it.
    pub event: Recorded<Event>,
    /// The personal data in it, opened as far as it can be.
    pub names: Names,
}

impl Entry {
    fn of(index: u64, stored: RecordedEvent, names: Names) -> Result<Self, StartError> {
        let event = stored.clone().decode();
        let event = event.map_err(|error| format!("the record {index}: {error}"))?;
        Ok(Self {
            index,
            stored,
            event,
            names,
        })
    }
}

/// Whether to go on after a record.
pub type Step = Result<ControlFlow<()>, StartError>;

/// Where the records come from.
pub enum Source {
    /// The file of an export.
    Export(Export),
    /// The log itself.
    Log(Box<Log>),
}

/// An export.
pub struct Export {
    /// Its file.
    pub file: PathBuf,
    header: Header,
}

/// A log, and the keys that open what is sealed in it.
pub struct Log {
    store: Arc<dyn EventStore>,
    keyring: Keyring,
    /// Where it is.
    pub settings: Settings,
    /// The tiles of the log, whether they are there or not.
    pub tiles: TileFiles,
}

impl SourceArguments {
    /// Opens the source, to read.
    pub async fn open(self) -> Result<(Source, OrganizationId), StartError> {
        let file = match self.source {
            Some(file) if !file.is_dir() => file,
            directory => {
                let organization = self.organization;
                let organization = organization.ok_or("say whose history with --organization")?;
                let log = Log::open(settings(self.flags, directory)?).await?;
                return Ok((Source::Log(Box::new(log)), organization));
            }
        };
        let header = header_of(&file)?;
        let organization = match (header.organization_id, self.organization) {
            (Some(theirs), Some(asked)) if theirs != asked => {
                return Err(format!(
                    "{} has the records of the organization {theirs}, not of {asked}",
                    file.display()
                )
                .into());
            }
            (theirs, asked) => theirs.or(asked),
        };
        let organization = organization
            .ok_or("the export has the records of everybody: say whose with --organization")?;
        Ok((Source::Export(Export { file, header }), organization))
    }
}

impl Source {
    /// Hands the records of the organization to `each`, in the order of the log, until it breaks off
    /// or there are no more.
    pub async fn read(
        &self,
        organization: OrganizationId,
        mut each: impl FnMut(&Entry) -> Step,
    ) -> Result<(), StartError> {
        match self {
            Self::Export(export) => export.read(organization, &mut each),
            Self::Log(log) => log.read(organization, &mut each).await,
        }
    }

    /// The checkpoint up to which the history can be proved, where there is one.
    pub fn checkpoint(&self) -> Result<Option<SignedCheckpoint>, StartError> {
        match self {
            Self::Export(export) => Ok(Some(SignedCheckpoint::parse(&export.header.checkpoint)?)),
            Self::Log(log) => Ok(log.tiles.checkpoint()?),
        }
    }
}

impl Export {
    fn read(
        &self,
        organization: OrganizationId,
        each: &mut impl FnMut(&Entry) -> Step,
    ) -> Result<(), StartError> {
        self.lines(|line| {
            let Line::Record(record) = line else {
                return Ok(ControlFlow::Continue(()));
            };
            let stored = record.recorded();
            if owner(&stored) != Some(organization) {
                return Ok(ControlFlow::Continue(()));
            }
            let names = Names::exported(&record.opened);
            each(&Entry::of(record.index, stored, names)?)
        })
    }

    /// Every line of the file, one at a time.
    pub fn lines(&self, mut each: impl FnMut(&Line) -> Step) -> Result<(), StartError> {
        let file = open(&self.file)?;
        let bar = progress::bar(file.metadata()?.len(), "{bytes}/{total_bytes}");
        let mut lines = BufReader::new(bar.wrap_read(file));
        let (mut text, mut number) = (String::new(), 0_u64);
        while lines.read_line(&mut text)? > 0 {
            number += 1;
            if each(&line(&self.file, number, &text)?)?.is_break() {
                break;
            }
            text.clear();
        }
        bar.finish_and_clear();
        Ok(())
    }
}

impl Log {
    async fn open(settings: Settings) -> Result<Self, StartError> {
        Ok(Self {
            store: storage::open_to_read(&settings).await?,
            keyring: storage::open_keyring(&settings)?,
            tiles: settings.audit_log(),
            settings,
        })
    }

    async fn read(
        &self,
        organization: OrganizationId,
        each: &mut impl FnMut(&Entry) -> Step,
    ) -> Result<(), StartError> {
        self.each(|index, stored| {
            if owner(&stored) != Some(organization) {
                return Ok(ControlFlow::Continue(()));
            }
            let names = Names::opened(&self.keyring, &stored)?;
            each(&Entry::of(index, stored, names)?)
        })
        .await
    }

    /// Every record that has a leaf, with its index.
    pub async fn each(
        &self,
        mut each: impl FnMut(u64, RecordedEvent) -> Step,
    ) -> Result<(), StartError> {
        let head = self.store.head().await?;
        let bar = progress::bar(head.0, "{pos}/{len} events");
        let (mut after, mut index) = (Position::START, 0);
        'log: while after < head {
            let page = self
                .store
                .read_all(after, Direction::Forwards, PAGE)
                .await?;
            let Some(last) = page.last().map(|last| last.position) else {
                break;
            };
            // Streams of other programs have no leaves.
            for stored in page.into_iter().filter(|event| event.stream.is_ours()) {
                if stored.position > head || each(index, stored)?.is_break() {
                    break 'log;
                }
                index += 1;
            }
            after = last;
            bar.set_position(after.0);
        }
        bar.finish_and_clear();
        Ok(())
    }

    /// The leaf of a record.
    pub fn leaf(&self, entry: &RecordedEvent, index: u64, organization: OrganizationId) -> Leaf {
        Leaf::of(entry, index, &tag_key(&self.keyring, Some(organization)))
    }
}

/// The first line of an export, which is not verified yet: no more is read than a line may have.
fn header_of(file: &Path) -> Result<Header, StartError> {
    let mut text = String::new();
    let mut begin = BufReader::new(open(file)?).take(LONGEST_LINE as u64);
    let name = file.display();
    match begin.read_line(&mut text).map(|_| line(file, 1, &text)) {
        Ok(Ok(Line::Header(header))) if header.format == FORMAT => Ok(header),
        Ok(Ok(Line::Header(header))) => {
            let format = header.format;
            Err(format!("{name}: this version of Pawl does not know the format {format}").into())
        }
        _ => Err(format!("{name} does not begin like an export").into()),
    }
}

fn open(file: &Path) -> Result<File, StartError> {
    let opened = File::open(file);
    opened.map_err(|error| format!("cannot read {}: {error}", file.display()).into())
}

fn line(file: &Path, number: u64, text: &str) -> Result<Line, StartError> {
    serde_json::from_str(text).map_err(|error| {
        let file = file.display();
        format!("{file}, line {number}: this is no line of an export: {error}").into()
    })
}
