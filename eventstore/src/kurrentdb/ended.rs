//! Notices when the server has ended a subscription in good order. The crate's subscription does
//! not: it asks a stream that has ended for more, again and again, without ever giving the thread
//! back, and each time warns of an unknown message. So whoever waits for it listens to its warnings,
//! and after many in a row leaves.

use super::fault::Fault;
use futures::FutureExt as _;
use kurrentdb::{Subscription, SubscriptionEvent};
use std::{
    panic::{AssertUnwindSafe, resume_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tracing::{
    Dispatch, Event, Level, Metadata, Subscriber,
    instrument::WithSubscriber as _,
    span::{Attributes, Id, Record},
};

/// Where the crate warns.
const TARGET: &str = "kurrentdb::commands";
/// More unknown messages than any server sends between two that are known.
const MANY: usize = 1000;

/// Waits for messages of a subscription.
pub(super) struct Ear {
    warnings: Arc<AtomicUsize>,
    dispatch: Dispatch,
}

impl Ear {
    pub(super) fn new() -> Self {
        let warnings = Arc::<AtomicUsize>::default();
        let dispatch = Dispatch::new(Listener(warnings.clone()));
        Self { warnings, dispatch }
    }

    /// The next message. After a failure the subscription is over.
    pub(super) async fn next(
        &self,
        subscription: &mut Subscription,
    ) -> Result<SubscriptionEvent, Fault> {
        self.listen(subscription.next_subscription_event()).await
    }

    async fn listen<T>(
        &self,
        message: impl Future<Output = kurrentdb::Result<T>>,
    ) -> Result<T, Fault> {
        self.warnings.store(0, Ordering::Relaxed);
        let message = AssertUnwindSafe(message).catch_unwind();
        match message.with_subscriber(self.dispatch.clone()).await {
            Ok(message) => Ok(message?),
            Err(_) => Err(Fault::Passing("the server ended it".into())),
        }
    }
}

/// Hears the crate's warnings, and nothing else.
struct Listener(Arc<AtomicUsize>);

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::WARN && metadata.target() == TARGET
    }

    fn event(&self, _: &Event<'_>) {
        if self.0.fetch_add(1, Ordering::Relaxed) >= MANY {
            // Caught above. No panic: nothing is printed.
            resume_unwind(Box::new(()));
        }
    }

    fn max_level_hint(&self) -> Option<tracing::level_filters::LevelFilter> {
        Some(tracing::level_filters::LevelFilter::WARN)
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[cfg(test)]
mod tests {
    use super::{Ear, MANY, TARGET};
    use crate::kurrentdb::fault::Fault;

    fn warn(times: usize) {
        for _ in 0..times {
            tracing::warn!(target: TARGET, "Received an unknown subscription message");
        }
    }

    #[tokio::test]
    async fn endless_warnings_are_the_end() {
        let ear = Ear::new();
        let endless = async {
            warn(usize::MAX);
            Ok(())
        };
        let fault = ear.listen(endless).await;
        assert!(matches!(fault, Err(Fault::Passing(_))), "{fault:?}");
    }

    #[tokio::test]
    async fn a_message_after_a_few_warnings_is_heard() {
        let ear = Ear::new();
        for number in 0..3 {
            let message = async {
                warn(MANY - 1);
                Ok(number)
            };
            assert_eq!(ear.listen(message).await.unwrap(), number);
        }
    }
}
