//! Subscriptions: what is there, and then what comes, each event once and in order.
//!
//! Both parts are read from the log, the second from exactly where the first ended, so there is no
//! moment in between in which an event could be missed or come twice.

use super::{
    Answers, End, PAGE,
    convert::{answer, event_to_answer, now},
    filter::Filter,
    request::{Begin, IdForm, Reading, Source},
    tell,
};
use crate::{
    Access,
    proto::streams::{
        ReadResp,
        read_resp::{self, CaughtUp, Checkpoint, Content, SubscriptionConfirmation},
    },
    refusal::store_failed,
};
use eventstore::{Direction, EventStore};
use eventstore_schema::{Position, RecordedEvent, StreamName};
use futures::{StreamExt as _, future};
use tonic::Status;
use uuid::Uuid;

/// Answers a subscription. It ends when the caller leaves, may not go on, or the log fails.
pub(super) async fn follow(
    store: &dyn EventStore,
    access: &Access,
    request: &Reading,
    to: &Answers<ReadResp>,
) -> Result<(), End> {
    let confirmation = SubscriptionConfirmation {
        subscription_id: Uuid::now_v7().to_string(),
    };
    tell(to, answer(Content::Confirmation(confirmation))).await?;
    let follower = Follower {
        store,
        access,
        ids: request.ids,
        to,
    };
    match &request.source {
        Source::Stream { name, begin } => follower.stream(name, *begin).await?,
        Source::All { begin, filter } => follower.all(*begin, filter.as_ref()).await?,
    }
    // The log does not end by itself; a caller who takes the end for one would wait for ever.
    Err(Status::unavailable("the log ended the subscription").into())
}

struct Follower<'a> {
    store: &'a dyn EventStore,
    access: &'a Access,
    ids: IdForm,
    to: &'a Answers<ReadResp>,
}

impl Follower<'_> {
    /// The events of a stream after the one where it begins.
    async fn stream(&self, name: &StreamName, begin: Begin) -> Result<(), End> {
        let mut next = match begin {
            Begin::Start => 0,
            Begin::At(revision) => revision.saturating_add(1),
            Begin::End => self.last(name).await?.map_or(0, |last| last + 1),
        };
        let mut last_shown = None;
        let head = loop {
            self.access.still_holds().await?;
            // What is beyond this point and still read below comes again from the subscription,
            // where its revision gives it away.
            let head = self.head().await?;
            let page = self
                .store
                .read_stream(name, next, Direction::Forwards, PAGE)
                .await
                .map_err(|error| store_failed(&error))?;
            if page.is_empty() {
                break head;
            }
            for event in page {
                next = event.revision.saturating_add(1);
                last_shown = self.show(event).await?.or(last_shown);
            }
        };

        let revision = last_shown.and_then(|last| i64::try_from(last).ok());
        self.caught_up(revision, None).await?;

        let of_the_stream = |event: &Result<RecordedEvent, _>| {
            let others = matches!(event, Ok(event) if event.stream != *name);
            future::ready(!others)
        };
        let live = self.store.subscribe(head).filter(of_the_stream);
        let mut live = live.ready_chunks(PAGE);
        while let Some(batch) = live.next().await {
            self.access.still_holds().await?;
            for event in batch {
                let event = event.map_err(|error| store_failed(&error))?;
                if event.revision >= next {
                    next = event.revision.saturating_add(1);
                    self.show(event).await?;
                }
            }
        }
        Ok(())
    }

    /// The events of the whole log after a position.
    async fn all(&self, begin: Begin, filter: Option<&Filter>) -> Result<(), End> {
        let mut after = match begin {
            Begin::Start => Position::START,
            Begin::At(position) => Position(position),
            Begin::End => self.head().await?,
        };
        let mut looked_at = 0;
        loop {
            self.access.still_holds().await?;
            let page = self
                .store
                .read_all(after, Direction::Forwards, PAGE)
                .await
                .map_err(|error| store_failed(&error))?;
            if page.is_empty() {
                break;
            }
            for event in page {
                after = event.position;
                self.pass(event, filter, &mut looked_at).await?;
            }
        }
        if looked_at > 0 {
            looked_at = 0;
            self.checkpoint(after).await?;
        }
        self.caught_up(None, Some(after)).await?;

        let mut live = self.store.subscribe(after).ready_chunks(PAGE);
        while let Some(batch) = live.next().await {
            self.access.still_holds().await?;
            for event in batch {
                let event = event.map_err(|error| store_failed(&error))?;
                self.pass(event, filter, &mut looked_at).await?;
            }
        }
        Ok(())
    }

    /// Shows an event that passes the filter, and says every so often how far it has looked.
    async fn pass(
        &self,
        event: RecordedEvent,
        filter: Option<&Filter>,
        looked_at: &mut u64,
    ) -> Result<(), End> {
        let Some(filter) = filter else {
            self.show(event).await?;
            return Ok(());
        };
        let position = event.position;
        if filter.passes(&event)? {
            self.show(event).await?;
        }
        *looked_at += 1;
        if *looked_at >= filter.interval {
            *looked_at = 0;
            self.checkpoint(position).await?;
        }
        Ok(())
    }

    /// Shows an event, if the caller may see it, and says at which revision.
    async fn show(&self, event: RecordedEvent) -> Result<Option<u64>, End> {
        let Some(event) = self.access.show(event) else {
            return Ok(None);
        };
        let revision = event.revision;
        tell(self.to, event_to_answer(event, self.ids)).await?;
        Ok(Some(revision))
    }

    async fn checkpoint(&self, at: Position) -> Result<(), End> {
        let checkpoint = Checkpoint {
            commit_position: at.0,
            prepare_position: at.0,
            timestamp: Some(now()),
        };
        tell(self.to, answer(Content::Checkpoint(checkpoint))).await
    }

    async fn caught_up(&self, revision: Option<i64>, at: Option<Position>) -> Result<(), End> {
        let at = at.filter(|at| *at > Position::START);
        let caught_up = CaughtUp {
            timestamp: Some(now()),
            stream_revision: revision,
            position: at.map(|at| read_resp::Position {
                commit_position: at.0,
                prepare_position: at.0,
            }),
        };
        tell(self.to, answer(Content::CaughtUp(caught_up))).await
    }

    async fn head(&self) -> Result<Position, End> {
        let head = self.store.head().await;
        Ok(head.map_err(|error| store_failed(&error))?)
    }

    async fn last(&self, name: &StreamName) -> Result<Option<u64>, End> {
        let last = self
            .store
            .read_stream(name, u64::MAX, Direction::Backwards, 1)
            .await
            .map_err(|error| store_failed(&error))?;
        Ok(last.first().map(|event| event.revision))
    }
}
