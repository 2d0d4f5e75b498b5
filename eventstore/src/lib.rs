//! The log: the port that the rest of Pawl writes to and reads from, its adapters, and the keyring
//! that seals personal data and secrets before they reach it.
//!
//! The port can append and read. It cannot delete, truncate or change, and no adapter may offer to.

pub mod embedded;
pub mod keyring;
pub mod kurrentdb;
mod port;

pub use port::{
    AppendError, Appended, Direction, EventStore, ExpectedRevision, StoreError, Subscription,
};
