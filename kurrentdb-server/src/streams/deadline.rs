//! Until when an append in a batch makes sense to its caller.

use crate::proto::streams::batch_append_req::options::DeadlineOption;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::{Instant, timeout_at};
use tonic::Status;

/// A moment, or none where the caller waits however long it takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Option<Instant>);

impl Deadline {
    /// As the caller says it. One too far away to be counted is none: some clients send the time
    /// since 1970 where the protocol wants the time from now.
    pub(super) fn from_option(option: Option<&DeadlineOption>) -> Self {
        let from_now = match option {
            Some(DeadlineOption::Deadline(from_now)) => length(from_now.seconds, from_now.nanos),
            Some(DeadlineOption::Deadline21100(at)) => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH);
                length(at.seconds, at.nanos).saturating_sub(now.unwrap_or_default())
            }
            None => return Self(None),
        };
        Self(Instant::now().checked_add(from_now))
    }

    /// Gives up when the deadline has passed. What has begun by then may still come to its end.
    pub(super) async fn bound<T>(self, work: impl Future<Output = T>) -> Result<T, Status> {
        let late = || Status::deadline_exceeded("the append was not done by its deadline");
        match self.0 {
            Some(at) if at <= Instant::now() => Err(late()),
            Some(at) => timeout_at(at, work).await.map_err(|_| late()),
            None => Ok(work.await),
        }
    }
}

/// A length of time; one below zero is none at all.
fn length(seconds: i64, nanos: i32) -> Duration {
    let seconds = u64::try_from(seconds).map(Duration::from_secs);
    let nanos = u32::try_from(nanos).unwrap_or_default();
    seconds.map_or(Duration::ZERO, |seconds| {
        seconds.saturating_add(Duration::from_nanos(nanos.into()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost_types::{Duration as Length, Timestamp};

    fn from_now(seconds: i64) -> Deadline {
        let length = Length { seconds, nanos: 0 };
        Deadline::from_option(Some(&DeadlineOption::Deadline(length)))
    }

    #[tokio::test]
    async fn what_is_late_is_not_begun() {
        let past = Timestamp {
            seconds: 1_600_000_000,
            nanos: 0,
        };
        let past = Deadline::from_option(Some(&DeadlineOption::Deadline21100(past)));
        for late in [from_now(0), from_now(-5), past] {
            let begun = late.bound(async { panic!("it was begun") }).await;
            let status: Status = begun.map(|(): ()| ()).unwrap_err();
            assert_eq!(status.code(), tonic::Code::DeadlineExceeded);
        }
    }

    #[tokio::test]
    async fn what_is_in_time_is_done() {
        let since_1970 = from_now(1_800_000_000);
        let for_ever = from_now(i64::MAX);
        for deadline in [
            from_now(60),
            since_1970,
            for_ever,
            Deadline::from_option(None),
        ] {
            assert_eq!(deadline.bound(async { 7 }).await.unwrap(), 7);
        }
    }
}
