//! Reads: pages of the log until enough has been shown or there is no more.

use super::{
    Answers, End, PAGE,
    convert::{answer, event_to_answer, identifier},
    filter::Filter,
    request::{Reading, Source},
    tell,
};
use crate::{
    Access,
    proto::streams::{
        ReadResp,
        read_resp::{Content, StreamNotFound},
    },
    refusal::store_failed,
};
use eventstore::{Direction, EventStore};
use eventstore_schema::{Position, StreamName};

/// Answers a read.
pub(super) async fn read(
    store: &dyn EventStore,
    access: &Access,
    request: &Reading,
    direction: Direction,
    count: u64,
    to: &Answers<ReadResp>,
) -> Result<(), End> {
    let reader = Reader {
        store,
        access,
        request,
        direction,
        to,
    };
    match &request.source {
        Source::Stream { name, begin } => reader.stream(name, begin.number(), count).await,
        Source::All { begin, filter } => {
            let filter = filter.as_ref();
            reader.all(begin.number(), filter, count).await
        }
    }
}

struct Reader<'a> {
    store: &'a dyn EventStore,
    access: &'a Access,
    request: &'a Reading,
    direction: Direction,
    to: &'a Answers<ReadResp>,
}

impl Reader<'_> {
    /// A stream, from the event at `from` on, it included.
    async fn stream(&self, name: &StreamName, from: u64, count: u64) -> Result<(), End> {
        let (mut next, mut left) = (Some(from), count);
        let (mut last_shown, mut ended) = (None, false);
        while let Some(from) = next.filter(|_| left > 0) {
            self.access.still_holds().await?;
            let page = self
                .store
                .read_stream(name, from, self.direction, size(left))
                .await
                .map_err(|error| store_failed(&error))?;
            next = match (page.last(), self.direction) {
                (None, _) => None,
                (Some(last), Direction::Forwards) => last.revision.checked_add(1),
                (Some(last), Direction::Backwards) => last.revision.checked_sub(1),
            };
            ended = next.is_none();
            for event in page {
                if let Some(event) = self.access.show(event) {
                    left = left.saturating_sub(1);
                    last_shown = Some(event.revision);
                    tell(self.to, event_to_answer(event, self.request.ids)).await?;
                }
            }
        }
        match last_shown {
            None if !self.exists(name).await? => {
                let stream_identifier = Some(identifier(name));
                let not_found = StreamNotFound { stream_identifier };
                tell(self.to, answer(Content::StreamNotFound(not_found))).await
            }
            Some(last)
                if ended && self.request.says_end && self.direction == Direction::Forwards =>
            {
                tell(self.to, answer(Content::LastStreamPosition(last))).await
            }
            _ => Ok(()),
        }
    }

    /// Whether the caller sees anything of this stream: to a reader, one of which nothing is shown
    /// looks like one that is not there.
    async fn exists(&self, name: &StreamName) -> Result<bool, End> {
        let mut from = 0;
        loop {
            let page = self
                .store
                .read_stream(name, from, Direction::Forwards, PAGE)
                .await
                .map_err(|error| store_failed(&error))?;
            let Some(last) = page.last() else {
                return Ok(false);
            };
            from = last.revision.saturating_add(1);
            if page.into_iter().any(|e| self.access.show(e).is_some()) {
                return Ok(true);
            }
        }
    }

    /// The whole log: forwards from a position on, it included, backwards from before it.
    async fn all(&self, from: u64, filter: Option<&Filter>, count: u64) -> Result<(), End> {
        let mut from = match self.direction {
            Direction::Forwards => Position(from.saturating_sub(1)),
            Direction::Backwards => Position(from),
        };
        let mut left = count;
        while left > 0 {
            self.access.still_holds().await?;
            let limit = if filter.is_some() { PAGE } else { size(left) };
            let page = self
                .store
                .read_all(from, self.direction, limit)
                .await
                .map_err(|error| store_failed(&error))?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            from = last.position;
            for event in page {
                if left == 0 {
                    return Ok(());
                }
                if let Some(filter) = filter
                    && !filter.passes(&event)?
                {
                    continue;
                }
                if let Some(event) = self.access.show(event) {
                    left -= 1;
                    tell(self.to, event_to_answer(event, self.request.ids)).await?;
                }
            }
        }
        Ok(())
    }
}

/// Events to read at once where this many are still wanted.
fn size(left: u64) -> usize {
    usize::try_from(left).map_or(PAGE, |left| left.min(PAGE))
}
