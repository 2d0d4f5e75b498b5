//! Appends in batches: many of them in one call, each answered under the id that the caller gave
//! it. One that is refused says why in a message; the others go on.

use super::{
    Answers,
    pieces::{Append, Unfinished},
};
use crate::{
    proto::streams::{BatchAppendReq, BatchAppendResp},
    refusal::stopping,
};
use eventstore::EventStore;
use futures::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    sync::Arc,
};
use tokio_util::sync::CancellationToken;
use tonic::Streaming;

/// Appends of one call that may be on their way to the log.
const UNDER_WAY: usize = 256;

/// Takes in appends until the caller sends no more or the server stops, and answers them all.
pub(super) async fn append_all(
    store: Arc<dyn EventStore>,
    mut messages: Streaming<BatchAppendReq>,
    to: Answers<BatchAppendResp>,
    stop: CancellationToken,
) {
    let mut unfinished = Unfinished::default();
    let mut under_way = UnderWay::new(store);
    let end = loop {
        tokio::select! {
            Some(answer) = under_way.next() => {
                // Whoever does not listen any more still gets done what they sent.
                let _ = to.send(Ok(answer)).await;
            }
            () = stop.cancelled() => break Some(stopping()),
            message = messages.message(), if under_way.count < UNDER_WAY => {
                let taken = match message {
                    Ok(Some(message)) => unfinished.take(message),
                    Ok(None) => break None,
                    Err(status) => Err(status),
                };
                match taken {
                    Ok(append) => append.into_iter().for_each(|append| under_way.push(append)),
                    Err(status) => break Some(status),
                }
            }
        }
    };
    while let Some(answer) = under_way.next().await {
        let _ = to.send(Ok(answer)).await;
    }
    if let Some(status) = end {
        let _ = to.send(Err(status)).await;
    }
}

/// Appends on their way to the log: those of one stream after each other, since the caller counts
/// on their order, those of different streams together.
struct UnderWay {
    store: Arc<dyn EventStore>,
    count: usize,
    /// What waits in each stream behind the append that is being made.
    waiting: HashMap<Vec<u8>, VecDeque<Append>>,
    being_made: FuturesUnordered<BoxFuture<'static, BatchAppendResp>>,
}

impl UnderWay {
    fn new(store: Arc<dyn EventStore>) -> Self {
        Self {
            store,
            count: 0,
            waiting: HashMap::new(),
            being_made: FuturesUnordered::new(),
        }
    }

    fn push(&mut self, append: Append) {
        self.count += 1;
        match self.waiting.entry(append.stream()) {
            Entry::Occupied(mut behind) => behind.get_mut().push_back(append),
            Entry::Vacant(free) => {
                free.insert(VecDeque::new());
                self.being_made
                    .push(append.commit(self.store.clone()).boxed());
            }
        }
    }

    /// The next answer; none where there is nothing under way.
    async fn next(&mut self) -> Option<BatchAppendResp> {
        let answer = self.being_made.next().await?;
        self.count -= 1;
        let stream = answer.stream_identifier.clone().unwrap_or_default();
        if let Entry::Occupied(mut behind) = self.waiting.entry(stream.stream_name) {
            match behind.get_mut().pop_front() {
                Some(append) => self
                    .being_made
                    .push(append.commit(self.store.clone()).boxed()),
                None => _ = behind.remove(),
            }
        }
        Some(answer)
    }
}
