//! Takes mail out of the outbox to the mail server, one file after another, and keeps what is not taken
//! until it is. Whoever was erased is never written to.

use super::{Composer, MailError, MailName, Outbox, Smtp, smtp::Sending};
use crate::clock::Clock;
use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt as _, stream};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// How often the outbox is looked into.
const LOOK: Duration = Duration::from_secs(1);
/// Messages that are taken up between two looks.
const BATCH: usize = 500;
/// Messages that are offered at a time, so that one that hangs does not hold up the others.
const AT_ONCE: usize = 4;
/// How long messages that are being offered may take when Pawl is told to stop.
const GRACE: Duration = Duration::from_secs(10);
/// How long a server that takes nothing is left alone: at first, and twice as long each time, up to
/// [`LONGEST_PAUSE`].
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(5);
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(5);
/// How long a message waits that was not taken: as long again as it has waited, within these bounds.
const SHORTEST_WAIT: TimeDelta = TimeDelta::minutes(1);
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(4);
/// How long a message is offered (RFC 5321 section 4.5.4.1 asks for four to five days).
const PATIENCE: TimeDelta = TimeDelta::days(5);

/// Sends mail.
pub struct Sender {
    /// Where it waits.
    pub outbox: Outbox,
    /// Knows whom it goes to.
    pub composer: Composer,
    /// Where it goes.
    pub smtp: Smtp,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Sender {
    /// Sends what waits and what comes, until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        let mut pause = FIRST_PAUSE;
        let mut away_until: Option<DateTime<Utc>> = None;
        while let Some(()) = stop.run_until_cancelled(tokio::time::sleep(LOOK)).await {
            let now = self.clock.now();
            if away_until.is_some_and(|until| now < until) {
                continue;
            }
            match self.round(away_until.is_some(), &stop).await {
                Ok(()) => {
                    if away_until.take().is_some() {
                        tracing::info!("mail can be sent again");
                    }
                    pause = FIRST_PAUSE;
                }
                Err(reason) => {
                    metrics::counter!("pawl_mail_outages_total").increment(1);
                    tracing::warn!(reason, "no mail can be sent for now; it is tried again");
                    away_until = Some(now + pause);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// Sends what is due; why nothing can be sent at present, where that is so.
    async fn round(&self, was_away: bool, stop: &CancellationToken) -> Result<(), String> {
        let (outbox, now) = (self.outbox.clone(), self.clock.now());
        // There may be a hundred thousand to look through.
        let waiting = tokio::task::spawn_blocking(move || outbox.waiting(now, BATCH));
        let waiting = waiting.await.map_err(io::Error::other).flatten();
        let waiting = waiting.map_err(|error| format!("the outbox: {error}"))?;
        #[expect(clippy::cast_precision_loss)]
        {
            metrics::gauge!("pawl_mail_waiting").set(waiting.all as f64);
            metrics::gauge!("pawl_mail_failed").set(waiting.failed as f64);
        }
        if was_away {
            self.smtp.probe().await?;
        }
        let away = AtomicBool::new(false);
        let deliveries = stream::iter(waiting.due).map(|mail| {
            let away = &away;
            async move {
                if stop.is_cancelled() || away.load(Ordering::Relaxed) {
                    return Ok(());
                }
                let delivered = self.deliver(&mail).await;
                away.fetch_or(delivered.is_err(), Ordering::Relaxed);
                delivered
            }
        });
        let deliveries = deliveries.buffer_unordered(AT_ONCE);
        let all = deliveries.fold(Ok(()), |all, one| async { all.and(one) });
        let stopped = async {
            stop.cancelled().await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            all = all => all,
            () = stopped => Ok(()),
        }
    }

    /// Sends one message, if it is to be sent.
    async fn deliver(&self, mail: &MailName) -> Result<(), String> {
        let outbox = |error: io::Error| format!("the outbox: {error}");
        let to = match self.composer.address(mail.user).await {
            Ok(Some(to)) => to,
            Ok(None) => return self.outbox.remove(mail).map_err(outbox),
            Err(MailError::Impossible(reason)) => return self.set_aside(mail, &reason),
            Err(error) => return Err(error.to_string()),
        };
        let Some(message) = self.outbox.read(mail).map_err(outbox)? else {
            return Ok(());
        };
        let from = &self.composer.from.email;
        match self.smtp.send(from, to, &message).await {
            Sending::Taken => {
                self.outbox.remove(mail).map_err(outbox)?;
                tracing::info!(event_id = %mail.event, user_id = %mail.user, "mail sent");
                Ok(())
            }
            Sending::Refused(reason) => self.set_aside(mail, &reason),
            Sending::Later(reason) => self.put_off(mail, &message, &reason),
            Sending::Away(reason) => Err(reason),
        }
    }

    fn put_off(&self, mail: &MailName, message: &[u8], reason: &str) -> Result<(), String> {
        let now = self.clock.now();
        let age = written_at(message).map_or(TimeDelta::zero(), |at| now - at);
        if age > PATIENCE {
            return self.set_aside(mail, reason);
        }
        let until = now + wait(age);
        self.outbox
            .put_off(mail, until)
            .map_err(|error| format!("the outbox: {error}"))?;
        let (event_id, user_id) = (mail.event, mail.user);
        tracing::warn!(%event_id, %user_id, reason, %until, "a mail waits");
        Ok(())
    }

    fn set_aside(&self, mail: &MailName, reason: &str) -> Result<(), String> {
        self.outbox
            .set_aside(mail)
            .map_err(|error| format!("the outbox: {error}"))?;
        metrics::counter!("pawl_mail_refused_total").increment(1);
        let (event_id, user_id) = (mail.event, mail.user);
        tracing::error!(%event_id, %user_id, reason, "a mail could not be sent and is in failed/");
        Ok(())
    }
}

fn wait(age: TimeDelta) -> TimeDelta {
    age.clamp(SHORTEST_WAIT, LONGEST_WAIT)
}

/// When the event happened that the message is about: its date.
fn written_at(message: &[u8]) -> Option<DateTime<Utc>> {
    let head = String::from_utf8_lossy(message);
    let date = head.lines().find_map(|line| line.strip_prefix("Date: "))?;
    Some(DateTime::parse_from_rfc2822(date.trim()).ok()?.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_waits_as_long_again_as_it_has_waited() {
        let minutes = |age| wait(TimeDelta::minutes(age)).num_minutes();
        assert_eq!(
            [-5, 0, 1, 2, 30, 200, 5_000].map(minutes),
            [1, 1, 1, 2, 30, 200, 240]
        );
    }

    #[test]
    fn a_message_says_when_it_was_written() {
        let message = b"From: x\r\nDate: Fri, 15 Jan 2027 08:00:15 +0000\r\n\r\nDate: later";
        let at = written_at(message).unwrap();
        assert_eq!(at.to_rfc3339(), "2027-01-15T08:00:15+00:00");
        assert_eq!(written_at(b"From: x\r\n"), None);
    }
}
