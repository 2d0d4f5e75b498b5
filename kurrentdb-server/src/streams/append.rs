//! Appends: all the events that a caller sends, or none.

use super::{
    APPEND_LIMIT,
    convert::{proposed_event, writable_stream},
};
use crate::{
    proto::{
        Empty,
        streams::{
            AppendReq, AppendResp,
            append_req::{Content, ProposedMessage, options::ExpectedStreamRevision},
            append_resp::{
                self, Position, Success, WrongExpectedVersion,
                success::{CurrentRevisionOption, PositionOption},
                wrong_expected_version as wrong,
            },
        },
    },
    refusal::{invalid, store_failed, too_large},
};
use eventstore::{AppendError, Appended, Direction, EventStore, ExpectedRevision, StoreError};
use eventstore_schema::{NewEvent, StreamName};
use tonic::{Status, Streaming};

/// What the caller believes about the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Revision(u64),
    NoStream,
    Any,
    StreamExists,
}

/// An append that did not happen.
pub(super) enum NotAppended {
    /// The stream is at another revision than was believed; at none, if there is no stream.
    Conflict { actual: Option<u64> },
    /// Anything else.
    Refused(Status),
}

impl From<StoreError> for NotAppended {
    fn from(error: StoreError) -> Self {
        Self::Refused(store_failed(&error))
    }
}

/// The events of an append, as they come in.
#[derive(Default)]
pub(super) struct Proposed {
    events: Vec<NewEvent>,
    size: usize,
}

impl Proposed {
    pub(super) fn push(&mut self, message: ProposedMessage) -> Result<(), Status> {
        let (event, size) = proposed_event(message)?;
        self.size += size;
        if self.size > APPEND_LIMIT {
            return Err(too_large(
                &format!("an append of more than {APPEND_LIMIT} bytes is not accepted"),
                APPEND_LIMIT,
            ));
        }
        self.events.push(event);
        Ok(())
    }

    pub(super) fn size(&self) -> usize {
        self.size
    }
}

/// Answers an append.
pub(super) async fn append(
    store: &dyn EventStore,
    mut messages: Streaming<AppendReq>,
) -> Result<AppendResp, Status> {
    let first = messages.message().await?.and_then(|first| first.content);
    let Some(Content::Options(options)) = first else {
        return Err(invalid("an append begins with its options"));
    };
    let stream = writable_stream(options.stream_identifier)?;
    let expected = match options.expected_stream_revision {
        Some(ExpectedStreamRevision::Revision(revision)) => Expected::Revision(revision),
        Some(ExpectedStreamRevision::NoStream(_)) => Expected::NoStream,
        Some(ExpectedStreamRevision::Any(_)) => Expected::Any,
        Some(ExpectedStreamRevision::StreamExists(_)) => Expected::StreamExists,
        None => return Err(invalid("an append needs an expected revision")),
    };
    let mut proposed = Proposed::default();
    // A caller who goes away before the end is an error here, so nothing is appended by halves.
    while let Some(message) = messages.message().await? {
        match message.content {
            Some(Content::ProposedMessage(message)) => proposed.push(message)?,
            _ => return Err(invalid("after its options, an append has events only")),
        }
    }
    let result = match commit(store, &stream, expected, proposed).await {
        Ok(appended) => append_resp::Result::Success(Success {
            current_revision_option: Some(CurrentRevisionOption::CurrentRevision(
                appended.revision,
            )),
            position_option: Some(PositionOption::Position(Position {
                commit_position: appended.position.0,
                prepare_position: appended.position.0,
            })),
        }),
        Err(NotAppended::Conflict { actual }) => {
            append_resp::Result::WrongExpectedVersion(conflict(expected, actual))
        }
        Err(NotAppended::Refused(status)) => return Err(status),
    };
    Ok(AppendResp {
        result: Some(result),
    })
}

/// Appends to the log.
pub(super) async fn commit(
    store: &dyn EventStore,
    stream: &StreamName,
    expected: Expected,
    proposed: Proposed,
) -> Result<Appended, NotAppended> {
    let revision = match expected {
        Expected::Revision(revision) => ExpectedRevision::Exact(revision),
        Expected::NoStream => ExpectedRevision::NoStream,
        Expected::Any => ExpectedRevision::Any,
        Expected::StreamExists => {
            // A stream that is there stays there, so it does not matter what happens in between.
            let last = store
                .read_stream(stream, u64::MAX, Direction::Backwards, 1)
                .await?;
            if last.is_empty() {
                return Err(NotAppended::Conflict { actual: None });
            }
            ExpectedRevision::Any
        }
    };
    match store.append(stream, revision, proposed.events).await {
        Ok(appended) => Ok(appended),
        Err(AppendError::Conflict { actual, .. }) => Err(NotAppended::Conflict { actual }),
        Err(AppendError::Store(error)) => Err(error.into()),
    }
}

/// The answer that clients make their own error of.
fn conflict(expected: Expected, actual: Option<u64>) -> WrongExpectedVersion {
    let empty = Empty {};
    let (expected, formerly) = match expected {
        Expected::Revision(revision) => (
            wrong::ExpectedRevisionOption::ExpectedRevision(revision),
            Some(wrong::ExpectedRevisionOption2060::ExpectedRevision2060(
                revision,
            )),
        ),
        Expected::NoStream => (wrong::ExpectedRevisionOption::ExpectedNoStream(empty), None),
        Expected::Any => (
            wrong::ExpectedRevisionOption::ExpectedAny(empty),
            Some(wrong::ExpectedRevisionOption2060::Any2060(empty)),
        ),
        Expected::StreamExists => (
            wrong::ExpectedRevisionOption::ExpectedStreamExists(empty),
            Some(wrong::ExpectedRevisionOption2060::StreamExists2060(empty)),
        ),
    };
    let (current, current_formerly) = match actual {
        Some(revision) => (
            wrong::CurrentRevisionOption::CurrentRevision(revision),
            wrong::CurrentRevisionOption2060::CurrentRevision2060(revision),
        ),
        None => (
            wrong::CurrentRevisionOption::CurrentNoStream(empty),
            wrong::CurrentRevisionOption2060::NoStream2060(empty),
        ),
    };
    WrongExpectedVersion {
        current_revision_option_20_6_0: Some(current_formerly),
        expected_revision_option_20_6_0: formerly,
        current_revision_option: Some(current),
        expected_revision_option: Some(expected),
    }
}
