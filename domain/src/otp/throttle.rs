//! How wrong codes slow an account down (RFC 4226 section 7.3). The resulting chance of guessing is
//! in `docs/threat-model.md`.

use crate::Rejection;
use chrono::{DateTime, TimeDelta, Utc};

/// Wrong codes in a row that cost nothing.
const FREE: u32 = 5;
/// The longest wait, in minutes.
const LONGEST_MINUTES: i64 = 24 * 60;

/// The wrong codes of one account since the last right one, whatever the session or node.
#[derive(Clone, Debug, Default)]
pub struct Throttle {
    wrong_in_a_row: u32,
    closed_until: Option<DateTime<Utc>>,
}

impl Throttle {
    /// Takes in a wrong code. From the fifth in a row on, the account waits: a minute, then twice
    /// as long each time, up to a day. Whether it is the one that closes an account that was open.
    pub(crate) fn wrong(&mut self, at: DateTime<Utc>) -> bool {
        self.wrong_in_a_row = self.wrong_in_a_row.saturating_add(1);
        if let Some(doublings) = self.wrong_in_a_row.checked_sub(FREE) {
            let minutes = 1_i64
                .checked_shl(doublings.min(32))
                .unwrap_or(LONGEST_MINUTES);
            self.closed_until = Some(at + TimeDelta::minutes(minutes.min(LONGEST_MINUTES)));
        }
        self.wrong_in_a_row == FREE
    }

    /// Takes in a right code.
    pub(crate) fn right(&mut self) {
        *self = Self::default();
    }

    /// Refuses while the account waits.
    pub(crate) fn admit(&self, now: DateTime<Utc>) -> Result<(), Rejection> {
        match self.closed_until {
            Some(retry_at) if now < retry_at => Err(Rejection::TooManyAttempts { retry_at }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::now;

    fn waits(wrong: u32) -> i64 {
        let mut throttle = Throttle::default();
        for _ in 0..wrong {
            throttle.wrong(now());
        }
        match throttle.admit(now()) {
            Ok(()) => 0,
            Err(Rejection::TooManyAttempts { retry_at }) => (retry_at - now()).num_minutes(),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn the_wait_doubles_up_to_a_day() {
        assert_eq!(
            [4, 5, 6, 7, 15, 16, 1000].map(waits),
            [0, 1, 2, 4, 1024, 1440, 1440]
        );
    }

    #[test]
    fn of_wrong_codes_in_a_row_one_closes_the_account() {
        let mut throttle = Throttle::default();
        let mut closing = || {
            (1..=20)
                .filter(|_| throttle.wrong(now()))
                .collect::<Vec<_>>()
        };
        assert_eq!(closing(), [5]);
        assert_eq!(closing(), [] as [i32; 0]);
        throttle.right();
        assert!((1..=5).any(|_| throttle.wrong(now())));
    }

    #[test]
    fn a_right_code_ends_the_wait() {
        let mut throttle = Throttle::default();
        for _ in 0..9 {
            throttle.wrong(now());
        }
        throttle.right();
        assert_eq!(throttle.admit(now()), Ok(()));
    }
}
