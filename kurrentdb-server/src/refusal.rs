//! Refusals, as clients understand them: a gRPC status with one sentence, and the headers by which
//! stock clients choose the error that they raise. What went wrong inside the log is for its
//! operator, so the caller gets no detail of it.

use eventstore::StoreError;
use tonic::{
    Code, Status,
    metadata::{MetadataMap, MetadataValue},
};

/// The caller is not known.
pub(crate) fn unauthenticated(sentence: &str) -> Status {
    Status::unauthenticated(sentence)
}

/// The caller may not do this.
pub(crate) fn forbidden(sentence: &str) -> Status {
    marked(
        Code::PermissionDenied,
        sentence,
        &[("exception", "access-denied")],
    )
}

/// The request makes no sense.
pub(crate) fn invalid(sentence: impl Into<String>) -> Status {
    Status::invalid_argument(sentence)
}

/// An event lacks one of the two entries that each must have.
pub(crate) fn entry_missing(entry: &str) -> Status {
    marked(
        Code::InvalidArgument,
        &format!("an event needs the entry `{entry}` in its metadata"),
        &[
            ("exception", "missing-required-metadata-property"),
            ("required-metadata-properties", "type,content-type"),
        ],
    )
}

/// An event, or an append as a whole, is larger than is accepted.
pub(crate) fn too_large(sentence: &str, limit: usize) -> Status {
    marked(
        Code::InvalidArgument,
        sentence,
        &[
            ("exception", "maximum-append-size-exceeded"),
            ("maximum-append-size", &limit.to_string()),
        ],
    )
}

/// The server goes away.
pub(crate) fn stopping() -> Status {
    Status::unavailable("the server is stopping")
}

/// What the log answered instead of doing its work.
pub(crate) fn store_failed(error: &StoreError) -> Status {
    let sentence = error.to_string();
    match error {
        StoreError::NoEvents => Status::invalid_argument(sentence),
        StoreError::TooLarge { limit, .. } => too_large(&sentence, *limit),
        StoreError::DuplicateId(_) => Status::already_exists(sentence),
        StoreError::Full => {
            tracing::error!(%error, "the log refuses an append");
            Status::resource_exhausted("the log has no room for more events")
        }
        StoreError::Unavailable(_) => {
            tracing::warn!(%error, "the log does not answer");
            Status::unavailable("the log does not answer at the moment")
        }
        StoreError::InUse(_) | StoreError::Foreign(_) | StoreError::Corrupt(_) => {
            tracing::error!(%error, "the log cannot be read");
            Status::internal("the log cannot be read; its operator finds the reason in its log")
        }
    }
}

fn marked(code: Code, sentence: &str, entries: &[(&'static str, &str)]) -> Status {
    let mut headers = MetadataMap::new();
    for (key, value) in entries {
        if let Ok(value) = MetadataValue::try_from(*value) {
            headers.insert(*key, value);
        }
    }
    Status::with_metadata(code, sentence, headers)
}
