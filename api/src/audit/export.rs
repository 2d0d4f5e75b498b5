//! Writes records out of a data directory, also while a server writes to it. What is written in the
//! end verifies: an export that would not is never given its name.

use super::formats::{Format, Period, Rewriter};
use crate::{
    application::open_content,
    audit_log::{Exporter, Whose, tag_key},
    files::place,
    progress,
    settings::{Flags, Settings},
    storage::{self, StartError},
};
use audit_log::export::{End, Line};
use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use eventstore_schema::OrganizationId;
use std::{
    io::{self, BufWriter, Write},
    path::PathBuf,
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
    format: Form,
    /// Only what was recorded then or later, such as 2026-01-01T00:00:00Z; not with the format pawl
    #[arg(long, value_name = "TIME")]
    from: Option<DateTime<Utc>>,
    /// Only what was recorded before then; not with the format pawl
    #[arg(long, value_name = "TIME")]
    to: Option<DateTime<Utc>>,
    #[command(flatten, next_help_heading = "Settings of the server")]
    flags: Flags,
}

/// What an export looks like.
#[derive(Clone, Copy, Default, ValueEnum)]
#[value(rename_all = "lower")]
enum Form {
    #[value(help = "Pawl's own, the only one that can be verified: docs/audit-log.md")]
    #[default]
    Pawl,
    #[value(help = "CloudEvents 1.0, a JSON object a line")]
    CloudEvents,
    #[value(help = "OCSF 1.8.0, a JSON object a line")]
    Ocsf,
    #[value(help = "CSV with a header, safe to open in a spreadsheet")]
    Csv,
}

/// Writes the lines of an export in the form that was asked for.
enum Writer {
    AsTheyAre,
    ForOthers(Rewriter),
}

impl Writer {
    fn new(form: Form, period: Period) -> Result<Self, StartError> {
        let format = match form {
            Form::Pawl if period.is_everything() => return Ok(Self::AsTheyAre),
            Form::Pawl => {
                return Err(
                    "--from and --to need another --format: what lacks records cannot be \
                            verified"
                        .into(),
                );
            }
            Form::CloudEvents => Format::CloudEvents,
            Form::Ocsf => Format::Ocsf,
            Form::Csv => Format::Csv,
        };
        Ok(Self::ForOthers(Rewriter::new(format, period)))
    }

    fn write(&mut self, line: &Line, output: &mut dyn Write) -> Result<(), StartError> {
        match self {
            Self::AsTheyAre => {
                serde_json::to_writer(&mut *output, line)?;
                output.write_all(b"\n")?;
            }
            Self::ForOthers(rewriter) => output.write_all(rewriter.rewrite(line)?.as_bytes())?,
        }
        Ok(())
    }
}

pub(super) async fn run(arguments: Arguments) -> Result<ExitCode, StartError> {
    let period = Period {
        from: arguments.from,
        to: arguments.to,
    };
    let mut writer = Writer::new(arguments.format, period)?;
    let settings = Settings::resolve(arguments.flags)?;
    let mut exporter = begin(&settings, arguments.organization).await?;
    let nobody = |end: End| match arguments.organization {
        Some(id) if end.records == 0 => Err(format!("the log has no record of {id}").into()),
        _ => Ok::<_, StartError>(()),
    };
    match &arguments.output {
        None => {
            let mut output = BufWriter::new(io::stdout().lock());
            nobody(write(&mut exporter, &mut writer, &mut output).await?)?;
            output.flush()?;
        }
        Some(file) => {
            let mut output = place(file, arguments.force)?;
            nobody(write(&mut exporter, &mut writer, &mut output).await?)?;
            output.finish()?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn begin(
    settings: &Settings,
    organization: Option<OrganizationId>,
) -> Result<Exporter, StartError> {
    let store = storage::open_to_read(settings).await?;
    let keyring = storage::open_keyring(settings)?;
    let whose = match organization {
        Some(id) => Whose::Organization(id, tag_key(&keyring, Some(id))),
        None => Whose::Everybody,
    };
    let open = move |content: &str| Ok(open_content(&keyring, content)?);
    Ok(Exporter::begin(
        store,
        settings.audit_log(),
        whose,
        Box::new(open),
    )?)
}

/// Writes all of it, and tells what the last line says.
async fn write(
    exporter: &mut Exporter,
    writer: &mut Writer,
    output: &mut dyn Write,
) -> Result<End, StartError> {
    let bar = progress::bar(exporter.size(), "{pos}/{len} leaves, {per_sec}");
    let mut last = None;
    while let Some(line) = exporter.next().await? {
        writer.write(&line, output)?;
        bar.set_position(exporter.done());
        last = Some(line);
    }
    bar.finish_and_clear();
    match last {
        Some(Line::End(end)) => Ok(end),
        _ => Err("the export has no end".into()),
    }
}
