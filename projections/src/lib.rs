//! The memory: read models that are built from the log alone, one file each.
//!
//! A read model is a pure function of the events before its checkpoint. Nothing but
//! [`Projection::project`] writes its rows, and no clock, random number or setting reaches it, so
//! that deleting `projections.db` and building it again gives the same rows. Personal data stays
//! sealed here: whoever shows it opens it with the keyring.

mod database;
mod digest;
mod projection;
mod readers;
mod rebuild;
mod runner;
mod status;
mod value;
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

pub use database::DatabaseError;
pub use digest::ModelDigest;
pub use projection::{Projection, ProjectionError, Rows, Table};
pub use readers::{Page, Readers};
pub use rebuild::RebuildError;
pub use runner::{Behind, LogPutBack, RunningProjections};
pub use status::{Failure, ProjectionStatus, status_read_only};

use database::open_writable;
use std::path::{Path, PathBuf};
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

/// The read models in their file, not running yet: [`start`](Self::start) keeps them up to date,
/// [`rebuild`](Self::rebuild) builds them anew.
pub struct Projections {
    file: PathBuf,
    writer: Writer,
}

impl Projections {
    /// Opens the file, which is made where there is none. A read model that another version of
    /// Pawl built differently is emptied, to be built again.
    pub fn open(file: impl AsRef<Path>) -> Result<Self, DatabaseError> {
        Self::open_with(file.as_ref(), READ_MODELS)
    }

    fn open_with(
        file: &Path,
        read_models: &[&'static dyn Projection],
    ) -> Result<Self, DatabaseError> {
        Ok(Self {
            file: file.to_owned(),
            writer: Writer::new(open_writable(file)?, read_models)?,
        })
    }

    /// What the queries read through.
    pub fn readers(&self) -> Result<Readers, DatabaseError> {
        Readers::open(&self.file)
    }
}
