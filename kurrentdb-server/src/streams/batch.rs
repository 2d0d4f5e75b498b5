//! Appends in batches: many of them in one call, each answered under the id that the caller gave
//! it. One that is refused says why in a message; the others go on.

use super::{
    APPEND_LIMIT, Answers,
    append::{Expected, NotAppended, Proposed, commit},
    convert::{id_from_message, writable_stream},
    deadline::Deadline,
    problem::{conflicting, refused},
};
use crate::{
    proto::{
        AllStreamPosition, StreamIdentifier, Uuid,
        google::rpc,
        streams::{
            BatchAppendReq, BatchAppendResp,
            append_req::ProposedMessage,
            batch_append_req::{Options, options::ExpectedStreamPosition},
            batch_append_resp::{
                self, Success,
                success::{CurrentRevisionOption, PositionOption},
            },
        },
    },
    refusal::{invalid, stopping, too_large},
};
use eventstore::{Appended, EventStore};
use eventstore_schema::StreamName;
use futures::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    sync::Arc,
};
use tokio_util::sync::CancellationToken;
use tonic::{Status, Streaming};
use uuid::Uuid as Id;

/// Appends of one call that may be on their way to the log.
const UNDER_WAY: usize = 256;
/// Appends of one call of which the end has not come yet.
const UNFINISHED: usize = 256;
/// Bytes that they may hold together.
const UNFINISHED_BYTES: usize = 2 * APPEND_LIMIT;

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

/// Appends whose last piece has not come yet.
#[derive(Default)]
struct Unfinished(HashMap<Id, Append>);

/// One append.
struct Append {
    correlation_id: Option<Uuid>,
    options: Options,
    deadline: Deadline,
    /// What it holds, or why it will be refused when its end has come.
    proposed: Result<Proposed, Status>,
}

impl Unfinished {
    /// Takes in a piece, and gives the append back if it is whole.
    fn take(&mut self, message: BatchAppendReq) -> Result<Option<Append>, Status> {
        let id = id_from_message(message.correlation_id.as_ref())?;
        let (held, count) = (self.bytes(), self.0.len());
        let append = match self.0.entry(id) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                if count >= UNFINISHED {
                    return Err(Status::resource_exhausted(format!(
                        "more than {UNFINISHED} appends have begun and not ended"
                    )));
                }
                entry.insert(Append::begun(message.correlation_id, message.options))
            }
        };
        for event in message.proposed_messages {
            append.add(event, held);
        }
        if message.is_final {
            Ok(self.0.remove(&id))
        } else {
            Ok(None)
        }
    }

    fn bytes(&self) -> usize {
        let proposed = self
            .0
            .values()
            .filter_map(|append| append.proposed.as_ref().ok());
        proposed.map(Proposed::size).sum()
    }
}

impl Append {
    fn begun(correlation_id: Option<Uuid>, options: Option<Options>) -> Self {
        let proposed = match options {
            Some(_) => Ok(Proposed::default()),
            None => Err(invalid("an append begins with its options")),
        };
        let options = options.unwrap_or_default();
        Self {
            correlation_id,
            deadline: Deadline::from_option(options.deadline_option.as_ref()),
            options,
            proposed,
        }
    }

    /// Adds an event; so many bytes were held for the call before this piece came.
    fn add(&mut self, event: ProposedMessage, held: usize) {
        // Once it is refused, nothing more of it is kept.
        let Ok(proposed) = &mut self.proposed else {
            return;
        };
        let mut added = proposed.push(event);
        if added.is_ok() && held + proposed.size() > UNFINISHED_BYTES {
            added = Err(too_large(
                "too many appends have begun and not ended",
                APPEND_LIMIT,
            ));
        }
        if let Err(status) = added {
            self.proposed = Err(status);
        }
    }

    /// The name of its stream, as it was sent.
    fn stream(&self) -> Vec<u8> {
        let stream = self.options.stream_identifier.clone();
        stream.unwrap_or_default().stream_name
    }

    /// Appends it to the log and makes the answer.
    async fn commit(self, store: Arc<dyn EventStore>) -> BatchAppendResp {
        let expected_stream_position = self.options.expected_stream_position;
        let stream_identifier = self.options.stream_identifier.clone().unwrap_or_default();
        let correlation_id = self.correlation_id.clone();
        let result = match self.append_to(store.as_ref()).await {
            Ok(appended) => batch_append_resp::Result::Success(success(&appended)),
            Err(error) => batch_append_resp::Result::Error(error),
        };
        BatchAppendResp {
            correlation_id,
            result: Some(result),
            stream_identifier: Some(stream_identifier),
            expected_stream_position: expected_stream_position.map(echo),
        }
    }

    async fn append_to(self, store: &dyn EventStore) -> Result<Appended, rpc::Status> {
        let proposed = self.proposed.map_err(|status| refused(&status))?;
        let (stream, expected) = target(
            self.options.stream_identifier,
            self.options.expected_stream_position,
        )
        .map_err(|status| refused(&status))?;
        let committed = self
            .deadline
            .bound(commit(store, &stream, expected, proposed));
        match committed.await {
            Ok(Ok(appended)) => Ok(appended),
            Ok(Err(NotAppended::Conflict { actual })) => {
                Err(conflicting(&stream, expected, actual))
            }
            Ok(Err(NotAppended::Refused(status))) | Err(status) => Err(refused(&status)),
        }
    }
}

/// The stream, and what is believed about it.
fn target(
    stream: Option<StreamIdentifier>,
    expected: Option<ExpectedStreamPosition>,
) -> Result<(StreamName, Expected), Status> {
    let expected = match expected {
        Some(ExpectedStreamPosition::StreamPosition(revision)) => Expected::Revision(revision),
        Some(ExpectedStreamPosition::NoStream(())) => Expected::NoStream,
        Some(ExpectedStreamPosition::Any(())) => Expected::Any,
        Some(ExpectedStreamPosition::StreamExists(())) => Expected::StreamExists,
        None => return Err(invalid("an append needs an expected revision")),
    };
    Ok((writable_stream(stream)?, expected))
}

fn success(appended: &Appended) -> Success {
    Success {
        current_revision_option: Some(CurrentRevisionOption::CurrentRevision(appended.revision)),
        position_option: Some(PositionOption::Position(AllStreamPosition {
            commit_position: appended.position.0,
            prepare_position: appended.position.0,
        })),
    }
}

/// What was believed, as the answer repeats it.
fn echo(expected: ExpectedStreamPosition) -> batch_append_resp::ExpectedStreamPosition {
    use batch_append_resp::ExpectedStreamPosition as Echo;
    match expected {
        ExpectedStreamPosition::StreamPosition(revision) => Echo::StreamPosition(revision),
        ExpectedStreamPosition::NoStream(()) => Echo::NoStream(()),
        ExpectedStreamPosition::Any(()) => Echo::Any(()),
        ExpectedStreamPosition::StreamExists(()) => Echo::StreamExists(()),
    }
}
