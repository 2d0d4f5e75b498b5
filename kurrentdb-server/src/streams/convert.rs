//! Between the protocol's messages and the log's events. Content and envelope pass through here
//! byte for byte: neither is read and written anew.

use super::request::IdForm;
use crate::{
    proto::{
        StreamIdentifier, Uuid,
        streams::{
            ReadResp,
            append_req::ProposedMessage,
            read_resp::{
                Content, ReadEvent,
                read_event::{self, Position as At},
            },
        },
        uuid::{Structured, Value},
    },
    refusal::{entry_missing, invalid},
};
use eventstore_schema::{EventId, NewEvent, RecordedEvent, StreamName};
use serde::de::IgnoredAny;
use std::{
    collections::HashMap,
    time::{SystemTime, UNIX_EPOCH},
};
use tonic::Status;
use uuid::Uuid as Id;

const TYPE: &str = "type";
const CONTENT_TYPE: &str = "content-type";
const CREATED: &str = "created";

/// An answer with this content.
pub(super) fn answer(content: Content) -> ReadResp {
    ReadResp {
        content: Some(content),
    }
}

/// An event as clients read it.
pub(super) fn event_to_answer(event: RecordedEvent, ids: IdForm) -> ReadResp {
    let position = event.position.0;
    let metadata = HashMap::from([
        (CREATED.to_owned(), ticks(&event).to_string()),
        (
            CONTENT_TYPE.to_owned(),
            content_type(&event.data).to_owned(),
        ),
        (TYPE.to_owned(), event.event_type),
    ]);
    let event = read_event::RecordedEvent {
        id: Some(id_to_message(event.id.0, ids)),
        stream_identifier: Some(identifier(&event.stream)),
        stream_revision: event.revision,
        prepare_position: position,
        commit_position: position,
        metadata,
        custom_metadata: event.metadata.into_bytes(),
        data: event.data.into_bytes(),
    };
    answer(Content::Event(ReadEvent {
        event: Some(event),
        position: Some(At::CommitPosition(position)),
    }))
}

/// When the event was recorded, in units of 100 nanoseconds since 1970; 0 where its envelope does
/// not say, since it is another program's.
fn ticks(event: &RecordedEvent) -> i64 {
    let Ok(metadata) = event.read_metadata() else {
        return 0;
    };
    let at = metadata.recorded_at;
    let seconds = at.timestamp().saturating_mul(10_000_000);
    seconds
        .saturating_add(i64::from(at.timestamp_subsec_nanos() / 100))
        .max(0)
}

/// The log does not keep what the writer called it, so it is told from the content.
fn content_type(data: &str) -> &'static str {
    match serde_json::from_str::<IgnoredAny>(data) {
        Ok(_) => "application/json",
        Err(_) => "application/octet-stream",
    }
}

/// An event as a client wrote it, and about how many bytes it takes.
pub(super) fn proposed_event(message: ProposedMessage) -> Result<(NewEvent, usize), Status> {
    let mut entries = message.metadata;
    let event_type = entries.remove(TYPE).ok_or_else(|| entry_missing(TYPE))?;
    if !entries.contains_key(CONTENT_TYPE) {
        return Err(entry_missing(CONTENT_TYPE));
    }
    if event_type.is_empty() {
        return Err(invalid("an event needs a type"));
    }
    if event_type.starts_with('$') {
        return Err(invalid(
            "types that begin with $ are KurrentDB's own; this log has none of them",
        ));
    }
    let text = |bytes, what| {
        String::from_utf8(bytes)
            .map_err(|_| invalid(format!("this log keeps text: the {what} is not UTF-8")))
    };
    let event = NewEvent {
        id: EventId(id_from_message(message.id.as_ref())?),
        event_type,
        metadata: text(message.custom_metadata, "metadata")?,
        data: text(message.data, "data")?,
    };
    let size = event.event_type.len() + event.metadata.len() + event.data.len() + 16;
    Ok((event, size))
}

/// The name of a stream that is read.
pub(super) fn stream_name(identifier: Option<StreamIdentifier>) -> Result<StreamName, Status> {
    let name = identifier.unwrap_or_default().stream_name;
    let name =
        String::from_utf8(name).map_err(|_| invalid("the name of a stream must be UTF-8"))?;
    if name.is_empty() {
        return Err(invalid("a stream needs a name"));
    }
    Ok(StreamName::named(name))
}

/// The name of a stream that is appended to.
pub(super) fn writable_stream(identifier: Option<StreamIdentifier>) -> Result<StreamName, Status> {
    let name = stream_name(identifier)?;
    if name.as_str().starts_with("$$") {
        return Err(invalid(
            "this log keeps no stream metadata: no event of it is hidden, truncated or expires",
        ));
    }
    if name.as_str().starts_with('$') {
        return Err(invalid(
            "streams that begin with $ are KurrentDB's own; this log has none of them",
        ));
    }
    Ok(name)
}

pub(super) fn identifier(stream: &StreamName) -> StreamIdentifier {
    StreamIdentifier {
        stream_name: stream.as_str().as_bytes().to_vec(),
    }
}

fn id_to_message(id: Id, form: IdForm) -> Uuid {
    let value = match form {
        IdForm::Text => Value::String(id.to_string()),
        IdForm::Structured => {
            let (most, least) = id.as_u64_pair();
            Value::Structured(Structured {
                most_significant_bits: most.cast_signed(),
                least_significant_bits: least.cast_signed(),
            })
        }
    };
    Uuid { value: Some(value) }
}

/// An id in either form.
pub(super) fn id_from_message(message: Option<&Uuid>) -> Result<Id, Status> {
    match message.and_then(|id| id.value.as_ref()) {
        Some(Value::String(text)) => text
            .parse()
            .map_err(|_| invalid(format!("{text:?} is not a UUID"))),
        Some(Value::Structured(halves)) => Ok(Id::from_u64_pair(
            halves.most_significant_bits.cast_unsigned(),
            halves.least_significant_bits.cast_unsigned(),
        )),
        None => Err(invalid("an id is missing")),
    }
}

/// The present, by the server's clock.
pub(super) fn now() -> prost_types::Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let since = since.unwrap_or_default();
    prost_types::Timestamp {
        seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        nanos: since.subsec_nanos().cast_signed(),
    }
}
