//! How a dataset is described.

use crate::{Projection, projection::NamedView};

/// A table for analysts: a stable view over the tables of a read model. Its columns keep their names
/// and meanings; new ones may come behind them.
pub struct Dataset {
    /// Its name in paths and names of files, in lower case with underscores.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// What it counts and what it leaves out, in sentences of Markdown.
    pub says: &'static str,
    /// The read model whose tables it shows.
    pub projection: &'static dyn Projection,
    /// The query behind the view, one text for SQLite and Postgres. It selects the columns in their
    /// order, from the tables of its read model alone. `{now}` in it stands for the present: RFC 3339
    /// text in UTC, to the second.
    pub sql: &'static str,
    /// Its columns. The first is `organization_id`.
    pub columns: &'static [Column],
    /// The column that says which day a row is about, where there is one.
    pub time: Option<&'static str>,
    /// The columns by which rows are put in order and told apart. The first is `organization_id`.
    pub order: &'static [&'static str],
}

impl Dataset {
    /// The name of its view.
    #[must_use]
    pub fn view(&self) -> String {
        format!("analytics_{}", self.name)
    }

    /// The same, for its read model to make it.
    pub(crate) const fn as_view(&self, name: &'static str) -> NamedView {
        NamedView {
            name,
            select: self.sql,
        }
    }

    /// Its query, with this SQL in the place of the present.
    pub(crate) fn query(&self, now: &str) -> String {
        self.sql.replace("{now}", now)
    }

    /// Where the column with this name is.
    #[must_use]
    pub fn index_of(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|each| each.name == column)
    }
}

/// A column of a dataset.
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What kind of values it has.
    pub kind: Kind,
    /// What they mean, as part of a sentence of Markdown.
    pub says: &'static str,
}

impl Column {
    pub(crate) const fn new(name: &'static str, kind: Kind, says: &'static str) -> Self {
        Self { name, kind, says }
    }

    /// The first column of every dataset.
    pub(crate) const ORGANIZATION: Self =
        Self::new("organization_id", Kind::Id, "the organization");

    /// The column of those datasets that have a row for each day.
    pub(crate) const DAY: Self = Self::new("day", Kind::Date, "the day");
}

/// What kind of values a column has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The id of an organization or of an API credential: a UUID, as text.
    Id,
    /// A day in UTC: text, `2026-11-26`.
    Date,
    /// A time in UTC: text in RFC 3339, `2026-11-26T13:00:00Z`.
    Time,
    /// Text that people wrote, or one of a few words.
    Text,
    /// How many: a whole number from 0 on.
    Count,
    /// How long: whole seconds. Empty where it is not known (yet).
    Seconds,
}

impl Kind {
    /// Whether its values are numbers; they are text otherwise.
    #[must_use]
    pub fn is_number(self) -> bool {
        matches!(self, Self::Count | Self::Seconds)
    }

    /// Whether a value may be missing.
    #[must_use]
    pub fn may_be_nothing(self) -> bool {
        self == Self::Seconds
    }

    /// In words, for documents.
    #[must_use]
    pub fn says(self) -> &'static str {
        match self {
            Self::Id => "id (UUID), text",
            Self::Date => "day in UTC, text `YYYY-MM-DD`",
            Self::Time => "time in UTC, text in RFC 3339",
            Self::Text => "text",
            Self::Count => "count, whole number",
            Self::Seconds => "seconds, whole number",
        }
    }
}
