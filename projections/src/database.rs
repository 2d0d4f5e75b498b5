//! Where the read models are kept.

use crate::sql::{BadValue, Connection, SqlError, sqlite::Sqlite};
use std::path::PathBuf;

/// Where the read models are kept.
#[derive(Clone, Debug)]
pub enum Home {
    /// In this SQLite file, which needs no server.
    Sqlite(PathBuf),
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
    /// A connection that can write; the database is made where there is none.
    pub(crate) fn open_writable(&self) -> Result<Box<dyn Connection>, DatabaseError> {
        match self {
            Self::Sqlite(file) => Ok(Box::new(Sqlite::open_writable(file)?)),
        }
    }

    /// A connection that cannot write, to a database that is there.
    pub(crate) fn open_read_only(&self) -> Result<Box<dyn Connection>, DatabaseError> {
        match self {
            Self::Sqlite(file) => Ok(Box::new(Sqlite::open_read_only(file)?)),
        }
    }
}
