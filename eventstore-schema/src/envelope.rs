//! What surrounds an event: where it stands in the log, and who caused it when.

use crate::{
    ApiCredentialId, CommandId, DecodeError, Event, EventId, OrganizationId, StreamName, UserId,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// A place in the log as a whole. The first event is at 1; 0 stands before all events. Later
/// events have higher positions; an adapter may leave gaps between them.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Position(pub u64);

impl Position {
    /// Before the first event.
    pub const START: Self = Self(0);
    /// Behind every event.
    pub const END: Self = Self(u64::MAX >> 1);
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Who caused an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Actor {
    /// A person.
    User(UserId),
    /// A machine, with this credential.
    ApiCredential(ApiCredentialId),
    /// Whoever runs the server, or holds the link of its first start.
    Operator,
    /// Somebody who has not (yet) shown who they are.
    Anonymous,
}

/// The part of the envelope that the writer gives. On KurrentDB it is the event's metadata.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Metadata {
    /// The version of the event's type.
    pub version: u32,
    /// When the writer recorded it, by the writer's clock.
    pub recorded_at: DateTime<Utc>,
    /// Who caused it.
    pub actor: Actor,
    /// The command that it answers.
    pub command_id: CommandId,
    /// A keyed digest of the command's content, where the client may repeat the command: it tells
    /// a retry from another command under the same idempotency key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_digest: Option<String>,
    /// The organization whose history it belongs to, if any.
    pub organization_id: Option<OrganizationId>,
    /// The request (or longer conversation) that it belongs to.
    #[serde(rename = "$correlationId")]
    pub correlation_id: Uuid,
    /// The message that caused it: the command.
    #[serde(rename = "$causationId")]
    pub causation_id: Uuid,
}

impl Metadata {
    /// The newest version of this shape. The log does not record it: every published version reads
    /// as the newest, so what is added must be optional.
    pub const VERSION: u32 = 2;

    /// As JSON text.
    pub fn encode(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

/// An event about to be appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// Identifies it; appending it again changes nothing.
    pub id: EventId,
    /// The name of its type, such as `TwoFactorEnforced`.
    pub event_type: String,
    /// The rest of its envelope: [`Metadata`] as JSON text.
    pub metadata: String,
    /// Its content, as JSON text.
    pub data: String,
}

/// An event read from the log, envelope and content still byte for byte as they were stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Its place in the whole log.
    pub position: Position,
    /// The stream that it belongs to.
    pub stream: StreamName,
    /// Its place in that stream; the first is 0.
    pub revision: u64,
    /// Identifies it.
    pub id: EventId,
    /// The name of its type.
    pub event_type: String,
    /// The rest of its envelope: [`Metadata`] as JSON text.
    pub metadata: String,
    /// Its content, as JSON text.
    pub data: String,
}

impl RecordedEvent {
    /// Reads envelope and content as one of the contract's events, older versions brought up to
    /// date.
    pub fn decode(self) -> Result<Recorded<Event>, DecodeError> {
        self.decode_with_content().map(|(event, _)| event)
    }

    /// The same, with the content as it was stored.
    pub fn decode_with_content(self) -> Result<(Recorded<Event>, String), DecodeError> {
        let metadata = self.read_metadata()?;
        let data = Event::decode(&self.event_type, metadata.version, &self.data)?;
        let event = Recorded {
            position: self.position,
            stream: self.stream,
            revision: self.revision,
            id: self.id,
            metadata,
            data,
        };
        Ok((event, self.data))
    }

    /// Reads the envelope alone.
    pub fn read_metadata(&self) -> Result<Metadata, DecodeError> {
        serde_json::from_str(&self.metadata).map_err(|source| DecodeError::Envelope {
            event_type: self.event_type.clone(),
            source,
        })
    }
}

/// An event of the contract with its envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded<E> {
    /// Its place in the whole log.
    pub position: Position,
    /// The stream that it belongs to.
    pub stream: StreamName,
    /// Its place in that stream; the first is 0.
    pub revision: u64,
    /// Identifies it.
    pub id: EventId,
    /// The rest of its envelope.
    pub metadata: Metadata,
    /// What happened.
    pub data: E,
}
