//! Records in the forms that other tools read: one record is one line. Pure functions, so that the
//! command line, HTTP and the feed for a SIEM write the same. They open nothing: what the content
//! holds, whoever calls has chosen to show.

mod cloud_events;
mod csv;
mod ocsf;
mod rewriter;
#[cfg(test)]
mod tests;

pub use ocsf::Severity;
pub use rewriter::{Period, Rewriter};

use clap::ValueEnum;
use eventstore_schema::{Event, Recorded};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A form of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lower")]
pub enum Format {
    /// Events as `CloudEvents` 1.0.
    #[value(help = "CloudEvents 1.0, a JSON object a line")]
    CloudEvents,
    /// Events of the classes of OCSF 1.8.0.
    #[value(help = "OCSF 1.8.0, a JSON object a line")]
    Ocsf,
    /// A table.
    #[value(help = "CSV (RFC 4180) with a header, safe to open in a spreadsheet")]
    Csv,
}

/// A record to write.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// What the log calls itself ([`crate::audit_log::origin`]).
    pub origin: &'a str,
    /// The index of the record's leaf.
    pub index: u64,
    /// The record.
    pub event: &'a Recorded<Event>,
    /// Its content as it is to be shown: personal data opened, or left out; secrets left out.
    pub content: &'a Value,
}

impl Format {
    /// The line before all records, its end included; empty where the form has none.
    #[must_use]
    pub fn header(self) -> String {
        match self {
            Self::CloudEvents | Self::Ocsf => String::new(),
            Self::Csv => csv::header(),
        }
    }

    /// The line of a record, its end included.
    #[must_use]
    pub fn line(self, entry: &Entry<'_>) -> String {
        match self {
            Self::CloudEvents => json_line(&cloud_events::object(entry)),
            Self::Ocsf => json_line(&ocsf::object(entry)),
            Self::Csv => csv::line(entry),
        }
    }

    /// What a file of such lines is called over HTTP.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::CloudEvents | Self::Ocsf => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8; header=present",
        }
    }

    /// The end of the name of such a file, without a dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::CloudEvents | Self::Ocsf => "ndjson",
            Self::Csv => "csv",
        }
    }
}

/// How grave an event is, for those that sort by it.
#[must_use]
pub fn severity(event: &Event) -> Severity {
    ocsf::severity(event)
}

fn json_line(object: &Value) -> String {
    format!("{object}\n")
}

/// Which actor it is, in the words of the log.
fn actor(event: &Recorded<Event>) -> (&'static str, Option<String>) {
    use eventstore_schema::Actor;
    match event.metadata.actor {
        Actor::User(id) => ("user", Some(id.to_string())),
        Actor::ApiCredential(id) => ("api_credential", Some(id.to_string())),
        Actor::Operator => ("operator", None),
        Actor::Anonymous => ("anonymous", None),
    }
}

/// A moment, in UTC, to the microsecond.
fn moment(event: &Recorded<Event>) -> String {
    use chrono::SecondsFormat::Micros;
    event.metadata.recorded_at.to_rfc3339_opts(Micros, true)
}
