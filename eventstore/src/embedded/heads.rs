//! Where streams stand, in memory: it spares the writer a query, and it answers "is there anything
//! newer?" without one.

use eventstore_schema::StreamName;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Streams remembered at most.
pub(super) const LIMIT: usize = 200_000;

/// The revision of the last committed event of many streams.
#[derive(Default)]
pub(super) struct Heads(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// Counts how often everything was forgotten.
    generation: u64,
    revisions: HashMap<StreamName, u64>,
}

impl Heads {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, stream: &StreamName) -> Option<u64> {
        self.known().revisions.get(stream).copied()
    }

    /// Called by the writer, after a commit and before it is acknowledged.
    pub(super) fn committed(&self, news: HashMap<StreamName, u64>) {
        let mut known = self.known();
        if known.revisions.len() + news.len() > LIMIT {
            known.revisions.clear();
            known.generation += 1;
        }
        known.revisions.extend(news);
    }

    pub(super) fn generation(&self) -> u64 {
        self.known().generation
    }

    /// Called by a reader who saw the end of a stream. What the writer said is newer and stays; if
    /// everything was forgotten in between, what the writer said may be gone, and nothing is noted.
    pub(super) fn seen(&self, generation: u64, stream: &StreamName, revision: u64) {
        let mut known = self.known();
        if known.generation == generation && known.revisions.len() < LIMIT {
            known.revisions.entry(stream.clone()).or_insert(revision);
        }
    }
}
