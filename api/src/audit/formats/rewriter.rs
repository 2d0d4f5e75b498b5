//! An export in another form: line by line, one record in memory. What only verifying needs is left out,
//! the leaves of others for one, so what comes of it cannot be verified.

use super::{Entry, Format};
use audit_log::export::Line;
use chrono::{DateTime, Utc};
use eventstore_schema::DecodeError;

/// Moments that are wanted, by when records were made.
#[derive(Clone, Copy, Debug, Default)]
pub struct Period {
    /// From then on.
    pub from: Option<DateTime<Utc>>,
    /// Before then.
    pub to: Option<DateTime<Utc>>,
}

impl Period {
    /// Whether it is all of history.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    fn holds(&self, at: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }
}

/// Makes lines for other tools of those of an export.
#[derive(Debug)]
pub struct Rewriter {
    format: Format,
    period: Period,
    origin: String,
}

impl Rewriter {
    /// Makes lines of this form of the records of that period.
    #[must_use]
    pub fn new(format: Format, period: Period) -> Self {
        Self {
            format,
            period,
            origin: String::new(),
        }
    }

    /// What takes the place of the line, its end included; nothing, where it is of no use to others.
    pub fn rewrite(&mut self, line: &Line) -> Result<String, DecodeError> {
        Ok(match line {
            Line::Header(header) => {
                // The first line of a checkpoint is its origin.
                let origin = header.checkpoint.lines().next().unwrap_or_default();
                origin.clone_into(&mut self.origin);
                self.format.header()
            }
            Line::Record(record) => {
                let event = record.recorded().decode()?;
                if !self.period.holds(event.metadata.recorded_at) {
                    return Ok(String::new());
                }
                self.format.line(&Entry {
                    origin: &self.origin,
                    index: record.index,
                    event: &event,
                    content: &record.opened,
                })
            }
            Line::Others(_) | Line::End(_) => String::new(),
        })
    }
}
