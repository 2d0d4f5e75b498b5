//! Why an append in a batch did not happen, with the details by which clients choose their error.

use super::append::Expected;
use crate::proto::{
    AccessDenied, BadRequest, MaximumAppendSizeExceeded, Timeout, Unknown, WrongExpectedVersion,
    google::rpc,
    wrong_expected_version::{CurrentStreamRevisionOption, ExpectedStreamPositionOption},
};
use eventstore_schema::StreamName;
use prost::Message;
use prost_types::Any;
use tonic::{Code, Status};

/// The stream is at another revision than was believed.
pub(super) fn conflicting(
    stream: &StreamName,
    expected: Expected,
    actual: Option<u64>,
) -> rpc::Status {
    let current = match actual {
        Some(revision) => CurrentStreamRevisionOption::CurrentStreamRevision(revision),
        None => CurrentStreamRevisionOption::CurrentNoStream(()),
    };
    let believed = match expected {
        Expected::Revision(revision) => {
            ExpectedStreamPositionOption::ExpectedStreamPosition(revision)
        }
        Expected::NoStream => ExpectedStreamPositionOption::ExpectedNoStream(()),
        Expected::Any => ExpectedStreamPositionOption::ExpectedAny(()),
        Expected::StreamExists => ExpectedStreamPositionOption::ExpectedStreamExists(()),
    };
    let details = WrongExpectedVersion {
        current_stream_revision_option: Some(current),
        expected_stream_position_option: Some(believed),
    };
    rpc::Status {
        code: Code::FailedPrecondition.into(),
        message: format!("{stream} is at {actual:?}, not at {expected:?}"),
        details: Some(packed("WrongExpectedVersion", &details)),
    }
}

/// Any other refusal.
pub(super) fn refused(status: &Status) -> rpc::Status {
    let limit = status.metadata().get("maximum-append-size");
    let limit = limit.and_then(|limit| limit.to_str().ok()?.parse().ok());
    let details = match (status.code(), limit) {
        (Code::InvalidArgument, Some(max_append_size)) => packed(
            "MaximumAppendSizeExceeded",
            &MaximumAppendSizeExceeded { max_append_size },
        ),
        (Code::InvalidArgument | Code::AlreadyExists, _) => packed(
            "BadRequest",
            &BadRequest {
                message: status.message().to_owned(),
            },
        ),
        (Code::PermissionDenied | Code::Unauthenticated, _) => {
            packed("AccessDenied", &AccessDenied {})
        }
        (Code::DeadlineExceeded, _) => packed("Timeout", &Timeout {}),
        _ => packed("Unknown", &Unknown {}),
    };
    rpc::Status {
        code: status.code().into(),
        message: status.message().to_owned(),
        details: Some(details),
    }
}

fn packed(name: &str, message: &impl Message) -> Any {
    Any {
        type_url: format!("type.googleapis.com/event_store.client.{name}"),
        value: message.encode_to_vec(),
    }
}
