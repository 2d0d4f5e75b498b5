//! What analysts read: datasets, each a stable view over the tables of a read model. Everything that
//! shows analytics is made from [`DATASETS`]: the views, the API, the console's tables, the exported
//! files and `docs/analytics.md`.
//!
//! Nobody is in them: no name, no address, no id of a person is a column of any dataset.
//!
//! Each event counts on its own day or hour (UTC), by the clock of the node that recorded it, however
//! late it comes to stand in the log.

mod dataset;
mod document;
mod moment;
mod read;
mod snapshot;

pub mod credential_use;
pub mod invitations;
pub mod people;
pub mod rejected_codes;
pub mod sign_ins;

#[cfg(test)]
mod tests;

pub use dataset::{Column, Dataset, Kind};
pub use document::markdown;
pub use read::{Question, Value, each, page};
pub use snapshot::{Snapshot, snapshot};

pub(crate) use moment::{day_of, second_of};

/// Every dataset.
pub const DATASETS: &[Dataset] = &[
    people::ADOPTION,
    people::ENFORCEMENT,
    people::DEVICES,
    sign_ins::DATASET,
    rejected_codes::DATASET,
    invitations::DATASET,
    credential_use::DATASET,
];

/// The dataset with this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Dataset> {
    DATASETS.iter().find(|dataset| dataset.name == name)
}
