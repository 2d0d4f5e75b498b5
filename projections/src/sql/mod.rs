//! What the read models know of their database: statements in one text, whichever database runs them.
//!
//! Parameters are numbered (`?1`), columns are text or 64-bit integers, and no statement says what only
//! one of the databases understands. What differs between them stands in the file of each.

pub(crate) mod names;
pub(crate) mod postgres;
pub(crate) mod sqlite;
pub(crate) mod value;

use std::borrow::Cow;

/// A value in a column, or on its way there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Value<'a> {
    Null,
    Integer(i64),
    Text(Cow<'a, str>),
}

/// What can be kept in a column.
pub(crate) trait ToColumn {
    fn to_column(&self) -> Result<Value<'_>, BadValue>;
}

/// What can be read from a column.
pub(crate) trait FromColumn: Sized {
    fn from_column(value: Value<'_>) -> Result<Self, BadValue>;
}

/// A value that is not what the statement or the reader takes it for.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadValue(pub(crate) String);

/// The parameters of a statement, `?1` first.
pub(crate) type Parameters<'p> = &'p [&'p dyn ToColumn];

/// The parameters of a statement, `?1` first.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$(&$value as &dyn $crate::sql::ToColumn),*] as $crate::sql::Parameters<'_>
    };
}
pub(crate) use params;

/// A database that failed, or a value in it that makes no sense.
#[derive(Debug, thiserror::Error)]
pub enum SqlError {
    /// SQLite failed.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// Postgres failed.
    #[error("{}", postgres::sentence(.0))]
    Postgres(#[from] tokio_postgres::Error),
    /// Postgres cannot be reached, or lets nobody in.
    #[error("the Postgres of the projections cannot be reached: {0}")]
    Unreachable(String),
    /// There is nothing to read yet.
    #[error("there are no read models in the database yet: pawl serve makes them")]
    Empty,
    /// A statement that must change a row found none.
    #[error("the event changes a row that is not there")]
    NothingChanged,
    /// A column holds something else than it should.
    #[error("the column {column} cannot be read: {problem}")]
    Column {
        /// Which column.
        column: String,
        /// What is wrong with it.
        problem: BadValue,
    },
    /// A parameter cannot be kept in a column.
    #[error("a value cannot be kept: {0}")]
    Parameter(#[from] BadValue),
}

impl SqlError {
    /// Whether the database itself failed, so that another event would fare no better.
    pub(crate) fn is_outage(&self) -> bool {
        match self {
            Self::Sqlite(error) => sqlite::is_outage(error),
            Self::Postgres(error) => postgres::is_outage(error),
            Self::Unreachable(_) => true,
            Self::Empty | Self::NothingChanged | Self::Column { .. } | Self::Parameter(_) => false,
        }
    }

    /// Whether somebody else holds what is needed, so that it may be tried again.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self, Self::Postgres(error) if postgres::is_busy(error))
    }
}

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To see one state of the database.
    Reading,
    /// To write, alone: whoever else wants to waits.
    Writing,
    /// To put tables in the place of others, with no reader between. Fails where readers stay too long.
    Replacing,
}

/// A connection to the database of the read models.
pub(crate) trait Connection: Send {
    /// Runs a statement, prepared once, and answers how many rows it changed.
    fn execute(&mut self, sql: &str, parameters: Parameters<'_>) -> Result<usize, SqlError>;

    /// Runs a statement, prepared once, for each of these rows of parameters. Their end need not be waited
    /// for: whether one failed may only be known when [`finish`](Self::finish) answers. One that must
    /// change a row fails where it finds none.
    fn send(
        &mut self,
        sql: &str,
        rows: &mut dyn Iterator<Item = Vec<&dyn ToColumn>>,
        must_change: bool,
    ) -> Result<(), SqlError>;

    /// Waits for the end of every statement that was sent; otherwise the first that failed, counted from
    /// 0, and why.
    fn finish(&mut self) -> Result<(), (usize, SqlError)>;

    /// Hands each row that a query finds, prepared once, to `each`, as long as that answers `true`.
    fn query(
        &mut self,
        sql: &str,
        parameters: Parameters<'_>,
        each: &mut dyn FnMut(&Row<'_>) -> Result<bool, SqlError>,
    ) -> Result<(), SqlError>;

    /// Runs statements that are not worth preparing.
    fn script(&mut self, sql: &str) -> Result<(), SqlError>;

    /// Begins a transaction.
    fn begin(&mut self, purpose: Purpose) -> Result<(), SqlError>;

    /// The statement that makes a table, from the definitions of its columns.
    fn create_table(&self, name: &str, table: &crate::Table) -> String;

    /// The present time, as an expression: RFC 3339 text in UTC, to the second.
    fn now(&self) -> &'static str;

    /// The names of all tables.
    fn tables(&mut self) -> Result<Vec<String>, SqlError>;

    /// Whether this table has a column of this name.
    fn has_column(&mut self, table: &str, column: &str) -> Result<bool, SqlError>;

    /// The names of all views.
    fn views(&mut self) -> Result<Vec<String>, SqlError>;

    /// The statements by which those may read this view again who may now.
    fn view_grants(&mut self, _view: &str) -> Result<Vec<String>, SqlError> {
        Ok(Vec::new())
    }

    /// Whether this connection is the one that follows the log, of all that there are. Once it is, it
    /// stays so until it ends.
    fn lead(&mut self) -> Result<bool, SqlError> {
        Ok(true)
    }

    /// Whether it has ended, and is of no use any more.
    fn is_broken(&self) -> bool {
        false
    }

    /// Leaves the database behind as one that can be copied.
    fn settle(&mut self) -> Result<(), SqlError>;
}

/// A row that a query found.
pub(crate) struct Row<'r>(pub(crate) &'r dyn Columns);

/// How a database hands out the values of a row.
pub(crate) trait Columns {
    /// How many there are.
    fn count(&self) -> usize;

    /// The value in the column with this index, counted from 0.
    fn at(&self, index: usize) -> Result<Value<'_>, SqlError>;

    /// The value in the column of this name.
    fn named(&self, name: &str) -> Result<Value<'_>, SqlError>;
}

impl Row<'_> {
    /// What the column of this name holds.
    pub(crate) fn get<T: FromColumn>(&self, name: &str) -> Result<T, SqlError> {
        T::from_column(self.0.named(name)?).map_err(|problem| SqlError::Column {
            column: name.to_owned(),
            problem,
        })
    }

    /// What the column with this index holds, counted from 0.
    pub(crate) fn at<T: FromColumn>(&self, index: usize) -> Result<T, SqlError> {
        T::from_column(self.0.at(index)?).map_err(|problem| SqlError::Column {
            column: index.to_string(),
            problem,
        })
    }

    /// The values of all columns.
    pub(crate) fn values(&self) -> impl Iterator<Item = Result<Value<'_>, SqlError>> {
        (0..self.0.count()).map(|index| self.0.at(index))
    }
}

/// A transaction, which undoes what it did unless it is committed.
pub(crate) struct Transaction<'c> {
    connection: &'c mut dyn Connection,
    committed: bool,
}

impl<'c> Transaction<'c> {
    pub(crate) fn begin(
        connection: &'c mut dyn Connection,
        purpose: Purpose,
    ) -> Result<Self, SqlError> {
        connection.begin(purpose)?;
        Ok(Self {
            connection,
            committed: false,
        })
    }

    /// The connection, inside the transaction.
    pub(crate) fn connection(&mut self) -> &mut dyn Connection {
        &mut *self.connection
    }

    pub(crate) fn commit(mut self) -> Result<(), SqlError> {
        self.connection.execute("COMMIT", &[])?;
        self.committed = true;
        Ok(())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.committed {
            return;
        }
        if let Err(error) = self.connection.script("ROLLBACK") {
            tracing::debug!(%error, "nothing was left to be undone");
        }
    }
}

impl dyn Connection + '_ {
    /// What `read` makes of each row that the query finds.
    pub(crate) fn all<T>(
        &mut self,
        sql: &str,
        parameters: Parameters<'_>,
        mut read: impl FnMut(&Row<'_>) -> Result<T, SqlError>,
    ) -> Result<Vec<T>, SqlError> {
        let mut found = Vec::new();
        self.query(sql, parameters, &mut |row| {
            found.push(read(row)?);
            Ok(true)
        })?;
        Ok(found)
    }

    /// What `read` makes of the first row that the query finds, if it finds one.
    pub(crate) fn first<T>(
        &mut self,
        sql: &str,
        parameters: Parameters<'_>,
        mut read: impl FnMut(&Row<'_>) -> Result<T, SqlError>,
    ) -> Result<Option<T>, SqlError> {
        let mut found = None;
        self.query(sql, parameters, &mut |row| {
            found = Some(read(row)?);
            Ok(false)
        })?;
        Ok(found)
    }
}
