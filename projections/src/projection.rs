//! What a read model is made of: tables, and what each event does to them.

use eventstore_schema::{Event, OrganizationId, Recorded, StreamName, UserId};
use rusqlite::{Connection, Params};

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

    /// Brings the rows up to date with one more event. `content` is the event's content as it was
    /// stored, for read models that show it rather than understand it.
    fn project(
        &self,
        rows: &mut Rows<'_>,
        event: &Recorded<Event>,
        content: &str,
    ) -> Result<(), ProjectionError>;
}

/// A table of a read model.
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The SQL that makes it and its indexes.
    pub create: &'static str,
}

/// An event that a read model cannot take in.
#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    /// SQLite refused, for instance because a row is there already.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// The event speaks of something of which no earlier event told.
    #[error("the event changes a row that is not there")]
    NoSuchRow,
    /// The event is in a stream where it does not belong.
    #[error("the event is in the stream {0}, where it does not belong")]
    Stream(StreamName),
    /// The event belongs to no organization, where its type requires one.
    #[error("the event belongs to no organization")]
    NoOrganization,
}

/// The rows of the read models, inside the transaction that also moves the checkpoint.
pub struct Rows<'transaction> {
    connection: &'transaction Connection,
}

impl<'transaction> Rows<'transaction> {
    pub(crate) fn new(connection: &'transaction Connection) -> Self {
        Self { connection }
    }

    /// Runs a statement, prepared once, and answers how many rows it changed.
    pub fn execute(
        &mut self,
        sql: &'static str,
        params: impl Params,
    ) -> Result<usize, ProjectionError> {
        Ok(self.connection.prepare_cached(sql)?.execute(params)?)
    }

    /// Whether a query finds a row.
    pub fn exist(&self, sql: &'static str, params: impl Params) -> Result<bool, ProjectionError> {
        Ok(self.connection.prepare_cached(sql)?.exists(params)?)
    }

    /// Runs a statement that must change a row. Where it finds none, the history is not one that
    /// the read model understands, and going on would make the rows wrong in silence.
    pub fn change(
        &mut self,
        sql: &'static str,
        params: impl Params,
    ) -> Result<(), ProjectionError> {
        match self.execute(sql, params)? {
            0 => Err(ProjectionError::NoSuchRow),
            _ => Ok(()),
        }
    }
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
