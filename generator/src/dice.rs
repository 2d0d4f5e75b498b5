//! What a history leaves to chance, all of it drawn from one seed.

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use eventstore_schema::TokenDigest;
use uuid::{Builder, Uuid};

/// The dice.
pub(crate) struct Dice(fastrand::Rng);

impl Dice {
    pub(crate) fn of(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// A number below this one, which is more than 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0.usize(..limit.max(1))
    }

    /// A number from 0 to below this one, which is more than 0.
    pub(crate) fn number(&mut self, limit: i64) -> i64 {
        self.0.i64(0..limit.max(1))
    }

    /// The same of numbers without a sign.
    pub(crate) fn number_below(&mut self, limit: u64) -> u64 {
        self.0.u64(..limit.max(1))
    }

    /// Whether what happens so many times of a thousand happens now.
    pub(crate) fn per_mille(&mut self, times: usize) -> bool {
        self.below(1_000) < times
    }

    /// One of these, which are not none; the first of them oftener than the last.
    pub(crate) fn mostly_early(&mut self, count: usize) -> usize {
        let bound = self.below(count) + 1;
        self.below(bound)
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill(&mut bytes);
        bytes
    }

    /// So many bytes.
    pub(crate) fn fill(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.fill(&mut bytes);
        bytes
    }

    /// An id as of this time (version 7).
    pub(crate) fn id_at(&mut self, time: DateTime<Utc>) -> Uuid {
        let millis = time.timestamp_millis().unsigned_abs();
        Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }

    /// The digest of a token that nobody holds.
    pub(crate) fn token(&mut self) -> TokenDigest {
        TokenDigest(HEXLOWER.encode(&self.bytes::<32>()))
    }
}
