//! Histories that could have happened: people are invited, sign in over many days, set up
//! authenticators, mistype, lock themselves out, lose phones and leave; machines fetch tokens; an
//! organization enforces two-factor authentication. For benchmarks and tests.
//!
//! Every event is what a command of `domain` decided, on the state that the events before it made: this
//! crate can put none into a history by itself ([`journal`]). It reads no clock. With
//! [`Boxes::derived`] a seed gives the same events byte for byte; with a keyring the sealed values are
//! real, and so differ from run to run, as do the keyed hashes of addresses.
//!
//! A history is an iterator and keeps the people, not their events: some two kilobytes for each.

mod administering;
mod boxes;
mod dice;
mod joining;
mod journal;
mod machines;
mod person;
mod plan;
mod setting_up;
mod signing_in;
mod world;
mod writing;

pub use boxes::Boxes;
pub use journal::Append;
pub use person::{PASSWORD, code_at, email_of, secret_of};
pub use plan::Plan;
pub use world::History;
pub use writing::{KEYRING_FILE, MASTER_KEY_FILE, write};

use eventstore::{AppendError, StoreError, keyring::KeyringError};
use eventstore_schema::Position;

/// Why a history does not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The plan cannot be carried out.
    #[error("{0}")]
    Plan(String),
    /// Nothing that was tried is allowed any more.
    #[error("nothing more can happen after {0} events")]
    Stuck(u64),
    /// An event cannot be written as text.
    #[error("an event cannot be encoded: {0}")]
    Encode(#[from] serde_json::Error),
    /// Personal data cannot be sealed.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The log cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log does not take an event.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// Somebody else wrote to the log as well.
    #[error("an event stands at position {found} of the log, not at {expected}")]
    Misplaced {
        /// Where it is.
        found: Position,
        /// Where it was decided to be.
        expected: Position,
    },
    /// The history ended without saying why.
    #[error("the history was broken off: {0}")]
    BrokenOff(#[from] tokio::task::JoinError),
}
