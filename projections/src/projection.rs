//! What a read model is made of: tables, and what each event does to them.

use crate::{Rows, sql::SqlError};
use eventstore_schema::{Event, OrganizationId, Recorded, StreamName, UserId};

/// A read model. Its rows depend on the events it was given, in their order, and on nothing else:
/// no clock, no random numbers, no other read model's tables.
pub trait Projection: Send + Sync {
    /// Its name in the command line and in the table of checkpoints.
    fn name(&self) -> &'static str;

    /// Raised with every change to its tables or to what events do to them; the read model is then
    /// built again from the start.
    fn version(&self) -> u32;

    /// Its tables, which belong to it alone. Each has a primary key, so that its rows have one
    /// order, however they came about.
    fn tables(&self) -> &'static [Table];

    /// The views of its tables, and of no others, that stand beside them for other programs.
    fn views(&self) -> &'static [NamedView] {
        &[]
    }

    /// Brings the rows up to date with one more event.
    fn project(&self, rows: &mut Rows<'_>, event: &Recorded<Event>) -> Result<(), ProjectionError>;
}

/// A table of a read model.
pub struct Table {
    /// Its name. No column of any table is called like it.
    pub name: &'static str,
    /// Its columns as SQL defines them: `TEXT`, or `BIGINT` for whole numbers.
    pub columns: &'static str,
    /// The columns of its primary key.
    pub key: &'static [&'static str],
    /// Its other indexes, for those who query: the columns of each as SQL defines them, with the condition
    /// under which a row is in it.
    pub indexes: &'static [&'static str],
}

/// A view that other programs read.
pub struct NamedView {
    /// Its name.
    pub name: &'static str,
    /// What it selects. `{now}` stands for the present time: RFC 3339 text in UTC, to the second.
    pub select: &'static str,
}

impl Table {
    /// The names of its columns.
    pub(crate) fn column_names(&self) -> impl Iterator<Item = &'static str> {
        let columns = self.columns.split(',');
        columns.filter_map(|column| column.split_whitespace().next())
    }

    /// The names of those that are not in its key.
    pub(crate) fn other_columns(&self) -> impl Iterator<Item = &'static str> {
        let key = self.key;
        self.column_names().filter(move |name| !key.contains(name))
    }
}

/// An event that a read model cannot take in.
#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    /// The database refused, for instance because a row is there already.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// The event is in a stream where it does not belong.
    #[error("the event is in the stream {0}, where it does not belong")]
    Stream(StreamName),
    /// The event belongs to no organization, where its type requires one.
    #[error("the event belongs to no organization")]
    NoOrganization,
}

/// The person whose stream this is.
pub(crate) fn user_of(stream: &StreamName) -> Result<UserId, ProjectionError> {
    stream
        .as_str()
        .strip_prefix("user-")
        .and_then(|id| id.parse().ok())
        .ok_or_else(|| ProjectionError::Stream(stream.clone()))
}

/// The organization to whose history the event belongs.
pub(crate) fn organization_of(event: &Recorded<Event>) -> Result<OrganizationId, ProjectionError> {
    event
        .metadata
        .organization_id
        .ok_or(ProjectionError::NoOrganization)
}
