//! What a read model is made of: tables, and what each event does to them.

use crate::sql::{Connection, Parameters, SqlError, names::Names};
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
    /// Its name. No column of any table is called like it.
    pub name: &'static str,
    /// Its columns as SQL defines them: `TEXT`, or `BIGINT` for whole numbers.
    pub columns: &'static str,
    /// The columns of its primary key.
    pub key: &'static [&'static str],
    /// Whether its rows come in the order of the key, one `INTEGER`, and are long.
    pub in_order: bool,
    /// Its other indexes.
    pub indexes: &'static [Index],
}

/// An index of a table.
pub struct Index {
    /// Its columns as SQL defines them, with the condition under which a row is in it.
    pub on: &'static str,
    /// Whether projecting needs it. One that only queries need is made when a rebuild is over.
    pub projecting: bool,
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

/// The rows of a read model, inside the transaction that also moves the checkpoint.
pub struct Rows<'transaction> {
    connection: &'transaction mut dyn Connection,
    names: &'transaction mut Names,
    /// The event at hand, counted from 0.
    event: usize,
    /// The event that each statement was for.
    sent: Vec<usize>,
}

impl<'transaction> Rows<'transaction> {
    pub(crate) fn new(
        connection: &'transaction mut dyn Connection,
        names: &'transaction mut Names,
    ) -> Self {
        Self {
            connection,
            names,
            event: 0,
            sent: Vec::new(),
        }
    }

    /// What comes next is for the event with this index.
    pub(crate) fn begin(&mut self, event: usize) {
        self.event = event;
    }

    /// Waits for the end of all statements; otherwise for which event the first was that failed, and why.
    pub(crate) fn finish(self) -> Result<(), (usize, ProjectionError)> {
        let Self { sent, event, .. } = self;
        self.connection.finish().map_err(|(number, error)| {
            let event = sent.get(number).copied().unwrap_or(event);
            (event, error.into())
        })
    }

    /// Runs a statement, prepared once. How many rows it changes is not known yet when this returns, nor,
    /// in Postgres, whether it fails: the next ones are under way meanwhile.
    pub(crate) fn execute(
        &mut self,
        sql: &'static str,
        parameters: Parameters<'_>,
    ) -> Result<(), ProjectionError> {
        self.send(sql, parameters, false)
    }

    /// Runs a statement that must change a row. Where it finds none, the history is not one that
    /// the read model understands, and going on would make the rows wrong in silence.
    pub(crate) fn change(
        &mut self,
        sql: &'static str,
        parameters: Parameters<'_>,
    ) -> Result<(), ProjectionError> {
        self.send(sql, parameters, true)
    }

    fn send(
        &mut self,
        sql: &'static str,
        parameters: Parameters<'_>,
        must_change: bool,
    ) -> Result<(), ProjectionError> {
        let sql = self.names.in_statement(sql);
        self.sent.push(self.event);
        Ok(self.connection.send(sql, parameters, must_change)?)
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
