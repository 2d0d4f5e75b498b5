//! The subscription. It goes on by itself after the connection was cut, from the last place that
//! the server has spoken of.

use super::{
    Log,
    ended::Ear,
    fault::Fault,
    node::{Backoff, Node},
    read::event_from,
};
use crate::Subscription;
use eventstore_schema::{Position, RecordedEvent};
use futures::{StreamExt as _, stream};
use kurrentdb::{StreamPosition, SubscribeToAllOptions, SubscriptionEvent};
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;

/// The longest pause before the next try to go on.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A subscriber's place in the log.
struct Follower {
    log: Arc<Log>,
    ear: Ear,
    live: Option<Live>,
    /// The last event that the subscriber has seen.
    after: Position,
    /// Where to go on: there, or further, where the events between are not Pawl's.
    resume: Option<kurrentdb::Position>,
    backoff: Backoff,
}

/// A conversation with the server.
struct Live {
    node: Arc<Node>,
    messages: kurrentdb::Subscription,
    /// Whether the server has said anything yet. It begins with a confirmation.
    confirmed: bool,
}

pub(super) fn subscribe(log: Arc<Log>, after: Position) -> Subscription {
    let at = kurrentdb::Position {
        commit: after.0,
        prepare: after.0,
    };
    let follower = Follower {
        log,
        ear: Ear::new(),
        live: None,
        after,
        resume: (after != Position::START).then_some(at),
        backoff: Backoff::up_to(LONGEST_PAUSE),
    };
    stream::unfold(Some(follower), |follower| async move {
        let mut follower = follower?;
        match follower.next().await {
            Ok(event) => Some((Ok(event), Some(follower))),
            Err(fault) => Some((Err(fault.into()), None)),
        }
    })
    .boxed()
}

impl Follower {
    /// The next event. A failure that comes from here does not pass.
    async fn next(&mut self) -> Result<RecordedEvent, Fault> {
        loop {
            match self.receive().await {
                Ok(Some(event)) => return Ok(event),
                Ok(None) => {}
                Err(fault @ (Fault::Passing(_) | Fault::Elsewhere)) => self.cut(fault).await,
                Err(lasting) => return Err(lasting),
            }
        }
    }

    /// The next message, which may be no event.
    async fn receive(&mut self) -> Result<Option<RecordedEvent>, Fault> {
        if self.live.is_none() {
            self.live = Some(self.begin().await?);
        }
        let Some(live) = &mut self.live else {
            return Ok(None);
        };
        let message = self.ear.next(&mut live.messages);
        let message = if live.confirmed {
            message.await?
        } else {
            let silent = |_| Fault::Passing("there was no answer in time".into());
            let deadline = self.log.connection.deadline;
            timeout(deadline, message).await.map_err(silent)??
        };
        if !live.confirmed {
            live.confirmed = true;
            self.backoff.reset();
        }
        match message {
            SubscriptionEvent::EventAppeared(event) => {
                let event = event_from(event)?;
                if event.position <= self.after {
                    return Ok(None);
                }
                self.after = event.position;
                self.resume = Some(kurrentdb::Position {
                    commit: event.position.0,
                    prepare: event.position.0,
                });
                Ok(Some(event))
            }
            SubscriptionEvent::Checkpoint(position) => {
                self.resume = self.resume.max(Some(position));
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    async fn begin(&mut self) -> Result<Live, Fault> {
        let node = self.log.connection.node().await?;
        let from = self
            .resume
            .map_or(StreamPosition::Start, StreamPosition::Position);
        let options = SubscribeToAllOptions::default()
            .filter(self.log.filter.clone())
            .position(from);
        let options = self.log.with_credentials(options);
        let messages = node.client.subscribe_to_all(&options).await;
        Ok(Live {
            node,
            messages,
            confirmed: false,
        })
    }

    /// Makes ready to go on after the connection was cut.
    async fn cut(&mut self, fault: Fault) {
        let after = self.after;
        if let Some(live) = self.live.take() {
            self.log.connection.recover(&live.node, &fault).await;
        }
        let reason = crate::StoreError::from(fault);
        tracing::warn!(%after, %reason, "a subscription to the log was cut; it goes on by itself");
        self.backoff.wait().await;
    }
}
