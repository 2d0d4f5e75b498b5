//! The appends of a batch, put together from the pieces in which they come, and answered.

use super::{
    APPEND_LIMIT,
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
    refusal::{invalid, too_large},
};
use eventstore::{Appended, EventStore};
use eventstore_schema::StreamName;
use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};
use tonic::Status;
use uuid::Uuid as Id;

/// Appends of one call of which the end has not come yet.
const UNFINISHED: usize = 256;
/// Bytes that they may hold together.
const UNFINISHED_BYTES: usize = 2 * APPEND_LIMIT;

/// Appends whose last piece has not come yet.
#[derive(Default)]
pub(super) struct Unfinished(HashMap<Id, Append>);

/// One append.
pub(super) struct Append {
    correlation_id: Option<Uuid>,
    options: Options,
    deadline: Deadline,
    /// What it holds, or why it will be refused when its end has come.
    proposed: Result<Proposed, Status>,
}

impl Unfinished {
    /// Takes in a piece, and gives the append back if it is whole.
    pub(super) fn take(&mut self, message: BatchAppendReq) -> Result<Option<Append>, Status> {
        let id = id_from_message(message.correlation_id.as_ref())?;
        let (beside, count) = (self.bytes_beside(id), self.0.len());
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
            append.add(event, beside);
        }
        if message.is_final {
            Ok(self.0.remove(&id))
        } else {
            Ok(None)
        }
    }

    /// Bytes that the others hold.
    fn bytes_beside(&self, id: Id) -> usize {
        let others = self.0.iter().filter(|(other, _)| **other != id);
        let proposed = others.filter_map(|(_, append)| append.proposed.as_ref().ok());
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

    /// Adds an event, while the call's other appends hold so many bytes.
    fn add(&mut self, event: ProposedMessage, beside: usize) {
        // Once it is refused, nothing more of it is kept.
        let Ok(proposed) = &mut self.proposed else {
            return;
        };
        let mut added = proposed.push(event);
        if added.is_ok() && beside + proposed.size() > UNFINISHED_BYTES {
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
    pub(super) fn stream(&self) -> Vec<u8> {
        let stream = self.options.stream_identifier.clone();
        stream.unwrap_or_default().stream_name
    }

    /// Appends it to the log and makes the answer.
    pub(super) async fn commit(self, store: Arc<dyn EventStore>) -> BatchAppendResp {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{
        streams::batch_append_req::options::DeadlineOption,
        uuid::{Structured, Value},
    };
    use eventstore::embedded::{DataDir, EVENT_LIMIT, EmbeddedStore};
    use tonic::Code;

    fn id(value: Value) -> Uuid {
        Uuid { value: Some(value) }
    }

    fn number(number: i64) -> Uuid {
        id(Value::Structured(Structured {
            most_significant_bits: 0,
            least_significant_bits: number,
        }))
    }

    fn options(seconds: i64) -> Options {
        let deadline = prost_types::Duration { seconds, nanos: 0 };
        Options {
            stream_identifier: Some(StreamIdentifier {
                stream_name: b"s-1".to_vec(),
            }),
            expected_stream_position: Some(ExpectedStreamPosition::NoStream(())),
            deadline_option: Some(DeadlineOption::Deadline(deadline)),
        }
    }

    fn piece(of: i64, options: Option<Options>, size: usize, is_final: bool) -> BatchAppendReq {
        let entries = [("type", "Done"), ("content-type", "application/json")];
        let event = ProposedMessage {
            id: Some(id(Value::String(Id::now_v7().to_string()))),
            metadata: entries.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
            custom_metadata: Vec::new(),
            data: vec![b'x'; size],
        };
        BatchAppendReq {
            correlation_id: Some(number(of)),
            options,
            proposed_messages: vec![event],
            is_final,
        }
    }

    async fn committed(append: Append) -> (Result<u64, Code>, usize) {
        let directory = tempfile::TempDir::new().unwrap();
        let lock = DataDir::lock(directory.path()).unwrap();
        let store = EmbeddedStore::open(&lock).unwrap();
        let answer = append.commit(Arc::new(store.clone())).await;
        let head = store.head().await.unwrap().0;
        let head = usize::try_from(head).unwrap();
        match answer.result.unwrap() {
            batch_append_resp::Result::Success(success) => {
                let revision = success.current_revision_option.unwrap();
                let CurrentRevisionOption::CurrentRevision(revision) = revision;
                (Ok(revision), head)
            }
            batch_append_resp::Result::Error(error) => {
                assert!(error.details.is_some(), "some clients cannot do without");
                (Err(error.code.into()), head)
            }
        }
    }

    #[tokio::test]
    async fn an_append_in_pieces_is_one_append() {
        let mut unfinished = Unfinished::default();
        for message in [
            piece(1, Some(options(60)), 10, false),
            piece(2, Some(options(60)), 10, false),
            piece(1, None, 10, false),
        ] {
            assert!(unfinished.take(message).unwrap().is_none());
        }
        let whole = unfinished.take(piece(1, None, 10, true)).unwrap();
        assert_eq!(committed(whole.unwrap()).await, (Ok(2), 3));
        assert_eq!(unfinished.0.len(), 1);
    }

    #[tokio::test]
    async fn what_cannot_be_appended_is_refused_at_its_end() {
        let mut unfinished = Unfinished::default();
        let late = piece(1, Some(options(0)), 10, true);
        let without_options = piece(2, None, 10, true);
        for (message, code) in [
            (late, Code::DeadlineExceeded),
            (without_options, Code::InvalidArgument),
        ] {
            let append = unfinished.take(message).unwrap().unwrap();
            assert_eq!(committed(append).await, (Err(code), 0));
        }
    }

    #[tokio::test]
    async fn what_has_not_ended_holds_a_bounded_number_of_bytes() {
        let mut unfinished = Unfinished::default();
        for append in 0..3 {
            for number in 0..15 {
                let options = (number == 0).then(|| options(60));
                let message = piece(append, options, EVENT_LIMIT - 100, false);
                unfinished.take(message).unwrap();
                assert!(unfinished.bytes_beside(Id::nil()) <= UNFINISHED_BYTES);
            }
        }
        let refused = unfinished.take(piece(2, None, 10, true)).unwrap().unwrap();
        assert_eq!(committed(refused).await, (Err(Code::InvalidArgument), 0));
        let taken = unfinished.take(piece(1, None, 10, true)).unwrap().unwrap();
        assert_eq!(committed(taken).await, (Ok(15), 16));
    }
}
