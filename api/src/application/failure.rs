//! Every way in which a command or query can fail. `http::problem` turns each into an answer.

use domain::Rejection;
use eventstore::{StoreError, keyring::KeyringError};
use eventstore_schema::DecodeError;
use projections::audit_trail::EntryError;

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The domain refused.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The client decided on a state that has changed since.
    #[error("The resource has changed since you read it: it is at version {actual}.")]
    StaleVersion {
        /// The present version.
        actual: u64,
    },
    /// The idempotency key belongs to another command.
    #[error("This Idempotency-Key was used with another request.")]
    IdempotencyKeyReused,
    /// More sign-ins are waiting than can be served.
    #[error("The server is busy with sign-ins. Try again in a moment.")]
    Busy,
    /// Too many others write to the same stream.
    #[error("Too many others are changing the same resource. Try again.")]
    Contention,
    /// The read models have not reached the position that was asked for.
    #[error("The read models have not reached this position yet. Try again.")]
    Behind,
    /// The read model that was asked has stopped; the operator finds out why in `/readyz`.
    #[error("The read model {0} has stopped. The operator has to look after it.")]
    ReadModelStopped(&'static str),
    /// The audit log does not hold what was asked for yet.
    #[error("The newest entries have not been signed yet. Try again in a moment.")]
    NotYetSigned,
    /// The log failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keyring failed.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// An event in the log cannot be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A read model failed.
    #[error(transparent)]
    ReadModel(#[from] projections::DatabaseError),
    /// Something that should not happen.
    #[error("{0}")]
    Internal(String),
}

impl From<EntryError> for Failure {
    fn from(error: EntryError) -> Self {
        match error {
            EntryError::Store(error) => error.into(),
            EntryError::Decode(error) => error.into(),
            EntryError::NotInTheLog(_) => Self::internal(error),
        }
    }
}

impl Failure {
    pub(crate) fn internal(error: impl std::fmt::Display) -> Self {
        Self::Internal(error.to_string())
    }
}
