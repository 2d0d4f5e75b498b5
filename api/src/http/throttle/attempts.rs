//! How many wrong attempts each client has left: so many at once, and one more every few seconds
//! (the generic cell rate algorithm). In memory, so each node counts for itself.
//!
//! An attempt is taken before it is carried out and given back when it was right, so that sending
//! many at the same time gains nothing.

use chrono::{DateTime, TimeDelta, Utc};
use moka::{policy::EvictionPolicy, sync::Cache};
use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Wrong attempts at once: enough for an office behind one address on a Monday morning.
pub const AT_ONCE: i32 = 100;
/// One more after this time.
pub const EVERY: TimeDelta = TimeDelta::seconds(15);
/// Clients that are remembered; of more, those not seen for the longest time begin anew.
const REMEMBERED: u64 = 100_000;

/// When a client's attempts will all be there again.
type Whole = Arc<Mutex<DateTime<Utc>>>;

/// The attempts of all clients.
pub struct Attempts(Cache<IpAddr, Whole>);

/// An attempt that is being carried out. It stays spent unless it is given back.
#[must_use]
pub struct Attempt(Whole);

impl Attempts {
    /// Everybody has all of theirs.
    pub fn new() -> Self {
        // Whoever has been away for so long has them all again, and may be forgotten.
        let refilled = EVERY.num_seconds().unsigned_abs() * u64::from(AT_ONCE.unsigned_abs());
        let kept = Cache::builder()
            .max_capacity(REMEMBERED)
            .eviction_policy(EvictionPolicy::lru())
            .time_to_idle(Duration::from_secs(refilled))
            .build();
        Self(kept)
    }

    /// Takes one, or says when there will be one.
    pub fn take(&self, client: IpAddr, now: DateTime<Utc>) -> Result<Attempt, DateTime<Utc>> {
        let whole = self.0.get_with(client, || Arc::new(Mutex::new(now)));
        {
            let mut at = whole.lock().unwrap_or_else(PoisonError::into_inner);
            let after = (*at).max(now) + EVERY;
            let next = after - EVERY * AT_ONCE;
            if now < next {
                return Err(next);
            }
            *at = after;
        }
        Ok(Attempt(whole))
    }
}

impl Attempt {
    /// It was right.
    pub fn give_back(self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) -= EVERY;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const SOMEBODY: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
    const SOMEBODY_ELSE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 8));

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    #[test]
    fn wrong_attempts_are_counted_for_each_client_and_come_back_one_by_one() {
        let attempts = Attempts::new();
        let spent = |client, at| attempts.take(client, at).map(drop);
        for _ in 0..AT_ONCE {
            assert_eq!(spent(SOMEBODY, now()), Ok(()));
        }
        assert_eq!(spent(SOMEBODY, now()), Err(now() + EVERY));
        assert_eq!(spent(SOMEBODY_ELSE, now()), Ok(()));
        let later = now() + EVERY;
        assert_eq!(spent(SOMEBODY, later), Ok(()));
        assert_eq!(spent(SOMEBODY, later), Err(later + EVERY));
        // After a long rest there are as many as at first, and not more.
        let rested = now() + TimeDelta::days(9);
        let at_once = (0..1_000).filter(|_| spent(SOMEBODY, rested).is_ok());
        assert_eq!(at_once.count(), usize::try_from(AT_ONCE).unwrap());
    }

    #[test]
    fn a_right_one_costs_nothing_but_counts_while_it_is_under_way() {
        let attempts = Attempts::new();
        for _ in 0..10 * AT_ONCE {
            attempts.take(SOMEBODY, now()).ok().unwrap().give_back();
        }
        let under_way: Vec<_> = (0..AT_ONCE)
            .map(|_| attempts.take(SOMEBODY, now()).ok().unwrap())
            .collect();
        assert!(attempts.take(SOMEBODY, now()).is_err());
        under_way.into_iter().for_each(Attempt::give_back);
        assert!(attempts.take(SOMEBODY, now()).is_ok());
    }
}
