//! A dataset in one of the formats, and what its file says of itself.

use super::{csv::Csv, parquet::Parquet};
use crate::storage::StartError;
use chrono::SecondsFormat::Micros;
use clap::ValueEnum;
use eventstore_schema::Position;
use projections::analytics::{Dataset, Question, Value};
use std::io::Write;

/// A format of files.
#[derive(Clone, Copy, Default, ValueEnum)]
#[value(rename_all = "lower")]
pub(super) enum Format {
    #[value(help = "Parquet, with a type for each column; the file says what it is of")]
    #[default]
    Parquet,
    #[value(help = "CSV with a header, safe to open in a spreadsheet")]
    Csv,
}

impl Format {
    /// The end of a file's name, without a dot.
    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
        }
    }
}

/// Which rows they are, and as of when.
pub(super) struct Origin<'a> {
    pub(super) question: &'a Question,
    /// The last event that the read model had seen.
    pub(super) position: Position,
}

impl Origin<'_> {
    /// In keys and values.
    pub(super) fn says(&self) -> impl Iterator<Item = (&'static str, String)> {
        let Question {
            organization_id,
            from,
            until,
            now,
        } = self.question;
        [
            ("position", Some(self.position.to_string())),
            ("version", Some(env!("CARGO_PKG_VERSION").to_owned())),
            ("exported_at", Some(now.to_rfc3339_opts(Micros, true))),
            ("organization_id", organization_id.map(|id| id.to_string())),
            ("from", from.map(|day| day.to_string())),
            ("until", until.map(|day| day.to_string())),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)))
    }
}

/// A dataset that is being written.
pub(super) enum Sheet<W: Write + Send> {
    Parquet(Box<Parquet<W>>),
    Csv(Csv<W>),
}

impl<W: Write + Send> Sheet<W> {
    pub(super) fn begin(
        format: Format,
        dataset: &'static Dataset,
        origin: &Origin<'_>,
        output: W,
    ) -> Result<Self, StartError> {
        Ok(match format {
            Format::Parquet => Self::Parquet(Box::new(Parquet::begin(dataset, origin, output)?)),
            Format::Csv => Self::Csv(Csv::begin(dataset, output)?),
        })
    }

    pub(super) fn write(&mut self, row: Vec<Value>) -> Result<(), StartError> {
        match self {
            Self::Parquet(parquet) => parquet.write(row),
            Self::Csv(csv) => csv.write(row),
        }
    }

    /// Everything is written; hands back what it was written to.
    pub(super) fn finish(self) -> Result<W, StartError> {
        match self {
            Self::Parquet(parquet) => parquet.finish(),
            Self::Csv(csv) => Ok(csv.finish()),
        }
    }
}
