//! The ids of the events in a stream, as far as this process has seen them. A repeated append is
//! recognised by them whatever it expects, which the server does not promise.

use eventstore_schema::{EventId, StreamName};
use moka::{policy::EvictionPolicy, sync::Cache};
use std::sync::Arc;
use tokio::sync::Mutex;

/// Ids that are kept at most, of 16 bytes each.
const CAPACITY: u64 = 500_000;
/// What a stream costs beside its ids, in ids.
const STREAM: u32 = 16;

/// The ids of a stream's first events: the place of an id is its revision.
#[derive(Default)]
pub(super) struct Ids(Vec<EventId>);

/// Where the ids of an append are in a stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nowhere, as far as the ids of the stream are known.
    Nowhere,
    /// All of them, in order, from this revision on.
    Whole(u64),
    /// Some of them, or in another order. This is one.
    Part(EventId),
}

impl Ids {
    /// The revision of the first event that is not known.
    pub(super) fn next(&self) -> u64 {
        self.0.len() as u64
    }

    /// The revision of the last event that is known.
    pub(super) fn last(&self) -> Option<u64> {
        self.next().checked_sub(1)
    }

    /// Notes the ids of events from this revision on. Ids beyond a gap are left for later.
    pub(super) fn note(&mut self, first: u64, ids: impl IntoIterator<Item = EventId>) {
        let Some(known) = self.next().checked_sub(first) else {
            return;
        };
        let known = usize::try_from(known).unwrap_or(usize::MAX);
        self.0.extend(ids.into_iter().skip(known));
    }

    /// Forgets all, where the log turned out to be another.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn find(&self, ids: &[EventId]) -> Found {
        let place = |id: &EventId| self.0.iter().position(|known| known == id);
        let Some((known, first)) = ids.iter().find_map(|id| Some((*id, place(id)?))) else {
            return Found::Nowhere;
        };
        if self.0[first..].starts_with(ids) {
            Found::Whole(first as u64)
        } else {
            Found::Part(known)
        }
    }
}

/// What is known of each stream, those longest unused forgotten first.
pub(super) struct Known(Cache<StreamName, (Arc<Mutex<Ids>>, u32)>);

impl Known {
    pub(super) fn new() -> Self {
        let cache = Cache::builder()
            .max_capacity(CAPACITY)
            .eviction_policy(EvictionPolicy::lru())
            .weigher(|_, (_, length): &(_, u32)| length.saturating_add(STREAM))
            .build();
        Self(cache)
    }

    /// The ids of a stream, to add to.
    pub(super) fn of(&self, stream: &StreamName) -> Arc<Mutex<Ids>> {
        self.0.get_with_by_ref(stream, Default::default).0
    }

    /// Notes what was read or appended. Whoever is busy with this stream finds it out alone.
    pub(super) fn note(&self, stream: &StreamName, first: u64, ids: Vec<EventId>) {
        let known = match first {
            0 => Some(self.of(stream)),
            _ => self.0.get(stream).map(|(ids, _)| ids),
        };
        if let Some(known) = known
            && let Ok(mut locked) = known.try_lock()
        {
            locked.note(first, ids);
            self.weigh(stream, known.clone(), &locked);
        }
    }

    /// Counts what has been added.
    pub(super) fn weigh(&self, stream: &StreamName, known: Arc<Mutex<Ids>>, ids: &Ids) {
        let length = u32::try_from(ids.next()).unwrap_or(u32::MAX);
        self.0.insert(stream.clone(), (known, length));
    }
}

#[cfg(test)]
mod tests {
    use super::{Found, Ids};
    use eventstore_schema::EventId;
    use uuid::Uuid;

    fn id(number: u128) -> EventId {
        EventId(Uuid::from_u128(number))
    }

    #[test]
    fn ids_are_found_whole_in_part_or_not_at_all() {
        let mut ids = Ids::default();
        ids.note(0, (0..4).map(id));
        assert_eq!(ids.find(&[id(1), id(2)]), Found::Whole(1));
        assert_eq!(ids.find(&[id(3)]), Found::Whole(3));
        assert_eq!(ids.find(&[id(9)]), Found::Nowhere);
        for part in [[2, 1], [9, 1], [1, 9], [3, 4], [1, 3]] {
            let found = ids.find(&part.map(id));
            assert!(matches!(found, Found::Part(_)), "{part:?}: {found:?}");
        }
    }

    #[test]
    fn ids_are_noted_once_and_without_a_gap() {
        let mut ids = Ids::default();
        ids.note(1, [id(1)]);
        assert_eq!((ids.next(), ids.last()), (0, None));
        ids.note(0, [id(0), id(1)]);
        ids.note(0, [id(0)]);
        ids.note(1, [id(1), id(2)]);
        ids.note(7, [id(7)]);
        assert_eq!((ids.next(), ids.last()), (3, Some(2)));
        assert_eq!(ids.find(&[id(0), id(1), id(2)]), Found::Whole(0));
    }
}
