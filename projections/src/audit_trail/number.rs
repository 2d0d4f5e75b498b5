//! The numbers by which entries are found: 64 bits of what they stand for, so that the indexes of a trail
//! are small and quick to write.
//!
//! They only find. Two ids may have the same number, and so may two names: what is found is therefore
//! compared with the event itself before anybody sees it (`entries.rs`), and nothing is ever made of a
//! number alone.

use eventstore_schema::{Actor, Event, EventId, OrganizationId, UserId};
use sha2::{Digest as _, Sha256};
use std::{collections::HashMap, sync::LazyLock};

/// The number of whoever an event belongs to: of an organization, or 0 where it belongs to none.
///
/// What is looked for within an organization has the organization in its number, so that an index of
/// this number alone leads to what is theirs.
#[derive(Clone, Copy)]
pub(super) struct Owner(pub(super) i64);

impl Owner {
    pub(super) fn of(organization: Option<OrganizationId>) -> Self {
        Self(organization.map_or(0, |id| last_half(id.0.as_u64_pair())))
    }

    pub(super) fn person(self, id: UserId) -> i64 {
        self.0 ^ last_half(id.0.as_u64_pair())
    }

    pub(super) fn actor(self, actor: Actor) -> i64 {
        match actor {
            Actor::User(id) => self.person(id),
            Actor::ApiCredential(id) => self.0 ^ last_half(id.0.as_u64_pair()),
            Actor::Operator => self.0 ^ 1,
            Actor::Anonymous => self.0,
        }
    }

    /// The number of a type of events, also of one that there is not.
    pub(super) fn event_type(self, name: &str) -> i64 {
        static KNOWN: LazyLock<HashMap<&str, i64>> = LazyLock::new(|| {
            let types = Event::types().into_iter();
            types.map(|(name, _)| (name, of_name(name))).collect()
        });
        self.0 ^ KNOWN.get(name).copied().unwrap_or_else(|| of_name(name))
    }
}

/// The number of an event: the time in its id, to the millisecond, and then 16 bits of what is left. The
/// index of events grows at its end.
pub(super) fn of_event(id: EventId) -> i64 {
    const LOW: u64 = 0xFFFF;
    let (first, last) = id.0.as_u64_pair();
    (first ^ (last & LOW)).cast_signed()
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
