//! Where the read models are kept.

use crate::sql::{
    BadValue, Connection, SqlError,
    postgres::{Postgres, PostgresServer},
    sqlite::Sqlite,
};
use std::path::PathBuf;

/// Where the read models are kept.
#[derive(Clone, Debug)]
pub enum Home {
    /// In this SQLite file, which needs no server.
    Sqlite(PathBuf),
    /// In the schema `pawl` of this database, for all nodes.
    Postgres(Box<PostgresServer>),
}

/// The right to follow the log, which one process at a time has among those that share a database.
pub struct Lead {
    _connection: Box<dyn Connection>,
}

impl Lead {
    /// Takes it, unless another process has it. It is given back when this is dropped.
    pub fn take(home: &Home) -> Result<Option<Self>, DatabaseError> {
        let mut connection = home.open_writable()?;
        let taken = connection.lead()?;
        Ok(taken.then_some(Self {
            _connection: connection,
        }))
    }
}

/// A database of read models that cannot be used. Each sentence is written for the operator.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// It is a database of something else.
    #[error("{0} is not a file of Pawl's projections; choose another data directory")]
    Foreign(PathBuf),
    /// It is no database, or a damaged one.
    #[error(
        "{0} is damaged; stop Pawl and delete the file: everything in it is built again from the log"
    )]
    Damaged(PathBuf),
    /// Somebody else moved the checkpoint of the read model with this name.
    #[error("another process writes the read model {0} too; stop one of them")]
    Raced(&'static str),
    /// There is no read model with this name.
    #[error("there is no read model {0}")]
    UnknownProjection(String),
    /// The database failed, for instance because the disk is full.
    #[error("the database of the projections failed: {0}")]
    Sql(#[from] SqlError),
}

impl From<rusqlite::Error> for DatabaseError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error.into())
    }
}

impl From<BadValue> for DatabaseError {
    fn from(error: BadValue) -> Self {
        Self::Sql(error.into())
    }
}

impl Home {
    /// Whether several nodes keep their read models here, which may be of several versions of Pawl.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// A connection that can write; the database is made where there is none.
    pub(crate) fn open_writable(&self) -> Result<Box<dyn Connection>, DatabaseError> {
        match self {
            Self::Sqlite(file) => Ok(Box::new(Sqlite::open_writable(file)?)),
            Self::Postgres(server) => Ok(Box::new(Postgres::open_writable(server)?)),
        }
    }

    /// A connection that cannot write, to a database that is there.
    pub(crate) fn open_read_only(&self) -> Result<Box<dyn Connection>, DatabaseError> {
        match self {
            Self::Sqlite(file) => Ok(Box::new(Sqlite::open_read_only(file)?)),
            Self::Postgres(server) => Ok(Box::new(Postgres::open_read_only(server)?)),
        }
    }
}
