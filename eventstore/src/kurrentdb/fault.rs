//! What can go wrong with a request, and whether it may go better the next time.

use crate::StoreError;
use kurrentdb::Error;

/// Why a request was not answered.
#[derive(Debug)]
pub(super) enum Fault {
    /// It may pass. What was asked for may have happened.
    Passing(String),
    /// It did not happen, since another node leads. The crate's client has begun to go there.
    Elsewhere,
    /// The stream was deleted on the server.
    Deleted,
    /// No record begins at the position that a read was to begin at.
    NoSuchPosition,
    /// It will be the same the next time.
    Lasting(StoreError),
}

// The codes of gRPC that the crate hands on as they are.
const CANCELLED: i32 = 1;
const RESOURCE_EXHAUSTED: i32 = 8;
const ABORTED: i32 = 10;

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let unavailable = |sentence: String| Self::Lasting(StoreError::Unavailable(sentence));
        match error {
            Error::ServerError(status) if status.contains("InvalidPosition") => Self::NoSuchPosition,
            Error::ServerError(status) => Self::Passing(message_of(&status)),
            Error::NotLeaderException(_) => Self::Elsewhere,
            Error::ConnectionClosed => Self::Passing("the connection was closed".into()),
            Error::DeadlineExceeded => Self::Passing("there was no answer in time".into()),
            Error::GrpcConnectionError(error) => Self::Passing(message_of(&error.to_string())),
            Error::Grpc { code, message } => match i32::from(code) {
                CANCELLED | ABORTED => Self::Passing(message),
                RESOURCE_EXHAUSTED => Self::Lasting(StoreError::Full),
                _ => unavailable(format!("the server refuses a request: {message}")),
            },
            Error::ResourceDeleted => Self::Deleted,
            Error::AccessDenied => unavailable(
                "the server denies access; check user and password in the connection string, and \
                 whether this user may read $all and write to Pawl's streams"
                    .into(),
            ),
            Error::UnsupportedFeature => Self::Lasting(StoreError::Foreign(
                "the server does not know the calls that Pawl needs: it is not KurrentDB, or too old"
                    .into(),
            )),
            other => unavailable(other.to_string()),
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Lasting(error)
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Passing(reason) => Self::Unavailable(reason),
            Fault::Elsewhere => Self::Unavailable("the server that leads was not found".into()),
            Fault::Deleted => deleted("(..)"),
            Fault::NoSuchPosition => Self::Unavailable(
                "no event begins at the position that was asked for: it is one of another log"
                    .into(),
            ),
            Fault::Lasting(error) => error,
        }
    }
}

/// The message in a status that the crate has printed with all its fields.
fn message_of(status: &str) -> String {
    let message = status
        .split_once("message: \"")
        .and_then(|(_, rest)| rest.split_once("\", details"))
        .map_or(status, |(message, _)| message);
    if message.is_empty() {
        return "the connection failed".into();
    }
    message.to_owned()
}

/// A stream that Pawl's log had, and that somebody has deleted on the server.
pub(super) fn deleted(stream: &str) -> StoreError {
    StoreError::Corrupt(format!(
        "the stream {stream} was deleted on the server; restore the log from a backup"
    ))
}

/// The limit that the server names when it finds an append too large.
pub(super) fn limit_in(error: &Error) -> Option<usize> {
    let Error::Grpc { message, .. } = error else {
        return None;
    };
    let after = message
        .split_once("Maximum Append Size of ")
        .or_else(|| message.split_once("Maximum Append Event Size of "));
    let digits: String = after?.1.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}
