//! How often anybody can make Pawl write to the same mailbox.

use chrono::{DateTime, TimeDelta, Utc};

/// The shortest time between two mails.
const PAUSE: TimeDelta = TimeDelta::minutes(1);
/// Mails within [`WINDOW`] at most.
const LIMIT: usize = 5;
/// How long a mail counts.
const WINDOW: TimeDelta = TimeDelta::hours(1);

/// The newest mails to one mailbox, oldest first, [`LIMIT`] at most.
#[derive(Clone, Debug, Default)]
pub(crate) struct MailThrottle(Vec<DateTime<Utc>>);

impl MailThrottle {
    /// Takes in a mail.
    pub(crate) fn sent(&mut self, at: DateTime<Utc>) {
        if self.0.len() == LIMIT {
            self.0.remove(0);
        }
        self.0.push(at);
    }

    /// Whether another mail may follow now.
    pub(crate) fn admits(&self, now: DateTime<Utc>) -> bool {
        let rested = self.0.last().is_none_or(|last| now >= *last + PAUSE);
        let few = self.0.len() < LIMIT || self.0.first().is_none_or(|first| now >= *first + WINDOW);
        rested && few
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::now;

    #[test]
    fn a_mailbox_gets_one_mail_a_minute_and_five_an_hour() {
        let mut throttle = MailThrottle::default();
        let mut sent = Vec::new();
        for second in 0..2 * 60 * 60 {
            let at = now() + TimeDelta::seconds(second);
            if throttle.admits(at) {
                throttle.sent(at);
                sent.push(second);
            }
        }
        let hour = [0, 60, 120, 180, 240];
        assert_eq!(sent, [hour, hour.map(|second| second + 3600)].concat());
    }
}
