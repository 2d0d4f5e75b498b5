//! The memory: read models that are built from the log alone, one file each.
//!
//! A read model is a pure function of the events before its checkpoint. Nothing but
//! [`Projection::project`] writes its rows, and no clock, random number or setting reaches it, so
//! that deleting `projections.db` and building it again gives the same rows. Personal data stays
//! sealed here: whoever shows it opens it with the keyring.

mod build;
mod catalog;
mod checkpoint;
mod database;
mod digest;
mod projection;
mod readers;
mod rows;
mod runner;
mod sql;
mod status;
mod tables;
mod writer;

pub mod adoption;
pub mod analytics;
pub mod api_credentials;
pub mod audit_trail;
pub mod invitations;
pub mod organization_security;
pub mod sessions;
pub mod users;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod versions;

pub use build::{RebuildError, Rebuilt, rebuild};
pub use checkpoint::AnotherLog;
pub use database::{DatabaseError, Home, Lead};
pub use digest::ModelDigest;
pub use projection::{NamedView, Projection, ProjectionError, Table};
pub use readers::{Page, Readers};
pub use rows::Rows;
pub use runner::{Behind, RunningProjections, Standing};
pub use sql::{BadValue, SqlError, postgres::PostgresServer};
pub use status::{Failure, ProjectionStatus, measure_lag, status_read_only};

use writer::Writer;

/// Every read model of Pawl.
const READ_MODELS: &[&dyn Projection] = &[
    &users::Users,
    &invitations::Invitations,
    &organization_security::OrganizationSecurity,
    &adoption::Adoption,
    &sessions::Sessions,
    &api_credentials::ApiCredentials,
    &audit_trail::AuditTrail,
    &analytics::sign_ins::SignIns,
    &analytics::rejected_codes::RejectedCodes,
];

/// The read models, not running yet: [`start`](Self::start) keeps them up to date.
pub struct Projections {
    home: Home,
    writer: Writer,
}

impl Projections {
    /// Opens the database, which is made where there is none.
    pub fn open(home: &Home) -> Result<Self, DatabaseError> {
        Self::open_with(home, READ_MODELS)
    }

    fn open_with(
        home: &Home,
        read_models: &[&'static dyn Projection],
    ) -> Result<Self, DatabaseError> {
        Ok(Self {
            home: home.clone(),
            writer: Writer::open(home, read_models)?,
        })
    }

    /// What the queries read through.
    pub fn readers(&self) -> Result<Readers, DatabaseError> {
        Readers::open(&self.home)
    }
}
