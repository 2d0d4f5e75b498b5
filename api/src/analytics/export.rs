//! Writes datasets as files. All files of an export show one state of the read models, and get their
//! names when all of them are whole.

use super::{
    sheet::{Format, Origin, Sheet},
    target::Target,
};
use crate::{
    progress,
    settings::{Flags, Settings},
    storage::StartError,
};
use chrono::{NaiveDate, Utc};
use clap::Args;
use eventstore_schema::OrganizationId;
use indicatif::ProgressBar;
use projections::{
    Readers,
    analytics::{self, DATASETS, Dataset, Question, Snapshot},
    organization_security,
};
use std::{ops::ControlFlow, path::PathBuf};

/// So many rows are written before the progress bar hears of them.
const TOLD: u64 = 10_000;

/// What is exported, and where to.
#[derive(Args)]
pub struct Arguments {
    /// Which datasets [default: all]
    #[arg(value_name = "DATASET")]
    datasets: Vec<String>,
    /// What the files are
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Whose rows [default: those of all organizations]
    #[arg(long, value_name = "ID")]
    organization: Option<OrganizationId>,
    /// Only this day (UTC), such as 2026-01-01, or later, of datasets that know days
    #[arg(long, value_name = "DAY")]
    from: Option<NaiveDate>,
    /// Only before this day (UTC), of datasets that know days
    #[arg(long, value_name = "DAY")]
    until: Option<NaiveDate>,
    /// Folder to write a file for each dataset to; for a single one also a file, or - for standard output
    #[arg(long, value_name = "FILE_OR_DIR", default_value = ".")]
    output: PathBuf,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
    #[command(flatten, next_help_heading = "Settings of the server")]
    flags: Flags,
}

pub(super) fn run(arguments: Arguments) -> Result<(), StartError> {
    let datasets = chosen(&arguments.datasets)?;
    let question = Question {
        organization_id: arguments.organization,
        from: arguments.from,
        until: arguments.until,
        now: Utc::now(),
    };
    if let (Some(from), Some(until)) = (question.from, question.until)
        && from >= until
    {
        return Err(format!("there is no day from {from} until before {until}").into());
    }
    let settings = Settings::resolve(arguments.flags)?;
    let readers = Readers::open(&settings.projections())?;
    if let Some(id) = question.organization_id
        && organization_security::by_id(&readers, id)?.is_none()
    {
        return Err(format!("there is no organization {id}").into());
    }
    let format = arguments.format;
    let (output, force) = (&arguments.output, arguments.force);
    let targets = Target::begin(output, &datasets, format.extension(), force)?;

    let bar = progress::bar(datasets.len() as u64, "{pos}/{len} datasets, {msg}");
    let written = analytics::snapshot(&readers, |snapshot| {
        let mut exporter = Exporter {
            snapshot,
            question: &question,
            format,
            bar: &bar,
        };
        let all = datasets.into_iter().zip(targets);
        all.map(|(dataset, target)| exporter.write(dataset, target))
            .collect::<Result<Vec<_>, _>>()
    })??;
    bar.finish_and_clear();
    written.into_iter().try_for_each(Target::finish)
}

/// The datasets of these names, all of them where there is none.
fn chosen(names: &[String]) -> Result<Vec<&'static Dataset>, StartError> {
    if names.is_empty() {
        return Ok(DATASETS.iter().collect());
    }
    let known = |name: &String| analytics::named(name).is_some();
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        let known: Vec<_> = DATASETS.iter().map(|dataset| dataset.name).collect();
        let known = known.join(", ");
        return Err(format!("there is no dataset {unknown}; there are {known}").into());
    }
    let asked_for = |dataset: &&Dataset| names.iter().any(|name| name == dataset.name);
    Ok(DATASETS.iter().filter(asked_for).collect())
}

/// Writes datasets out of one state of the read models.
struct Exporter<'a, 's, 'v> {
    snapshot: &'a mut Snapshot<'s, 'v>,
    question: &'a Question,
    format: Format,
    bar: &'a ProgressBar,
}

impl Exporter<'_, '_, '_> {
    /// Writes all of a dataset, and hands back where to.
    fn write(&mut self, dataset: &'static Dataset, target: Target) -> Result<Target, StartError> {
        let name = target.name().to_owned();
        self.write_rows(dataset, target)
            .map_err(|error| format!("cannot write {name}: {error}").into())
    }

    fn write_rows(
        &mut self,
        dataset: &'static Dataset,
        target: Target,
    ) -> Result<Target, StartError> {
        let Some(position) = self.snapshot.position(dataset)? else {
            let model = dataset.projection.name();
            return Err(format!(
                "the read model {model} is not there as this version of Pawl builds it; start \
                 Pawl of this version, which builds it"
            )
            .into());
        };
        let origin = Origin {
            question: self.question,
            position,
        };
        let mut sheet = Sheet::begin(self.format, dataset, &origin, target)?;
        let (mut rows, mut written, bar) = (0_u64, Ok(()), self.bar);
        self.snapshot.each(dataset, self.question, |row| {
            written = sheet.write(row);
            rows += 1;
            if rows.is_multiple_of(TOLD) {
                bar.set_message(format!("{rows} rows of {}", dataset.name));
            }
            if written.is_ok() {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        written?;
        bar.inc(1);
        sheet.finish()
    }
}
