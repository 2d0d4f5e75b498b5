//! The numbers by which entries are found: 64 bits of what they stand for, so that the indexes of a trail
//! are small and quick to write.
//!
//! They only find. Two ids may have the same number, and so may two names: what is found is therefore
//! compared with the event itself before anybody sees it (`entries.rs`), and nothing is ever made of a
//! number alone.

use eventstore_schema::{Actor, Event, EventId, OrganizationId, UserId};
use sha2::{Digest as _, Sha256};
use std::{collections::HashMap, sync::LazyLock};

pub(super) fn of_organization(id: OrganizationId) -> i64 {
    last_half(id.0.as_u64_pair())
}

pub(super) fn of_event(id: EventId) -> i64 {
    last_half(id.0.as_u64_pair())
}

pub(super) fn of_person(id: UserId) -> i64 {
    last_half(id.0.as_u64_pair())
}

pub(super) fn of_actor(actor: Actor) -> i64 {
    match actor {
        Actor::User(id) => of_person(id),
        Actor::ApiCredential(id) => last_half(id.0.as_u64_pair()),
        Actor::Operator => 1,
        Actor::Anonymous => 0,
    }
}

/// The number of a type of events, also of one that there is not.
pub(super) fn of_type(name: &str) -> i64 {
    static KNOWN: LazyLock<HashMap<&str, i64>> = LazyLock::new(|| {
        let types = Event::types().into_iter();
        types.map(|(name, _)| (name, of_name(name))).collect()
    });
    KNOWN.get(name).copied().unwrap_or_else(|| of_name(name))
}

/// The half of an id in which nothing is a time.
fn last_half((_, half): (u64, u64)) -> i64 {
    half.cast_signed()
}

fn of_name(name: &str) -> i64 {
    let digest = Sha256::digest(name);
    let first = digest.iter().take(8);
    first.fold(0, |number, byte| number << 8 | i64::from(*byte))
}
