//! All events together, and how they are written and read.

use crate::{AddressEvent, InstallationEvent, OrganizationEvent, SessionEvent, UserEvent};

/// What every event of the contract has.
pub trait EventType {
    /// Its name in the log, the API, the docs and the pages.
    const NAME: &'static str;
    /// The newest version of its content.
    const VERSION: u32;
}

/// An event that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The contract of this build does not know the type or its version; a newer Pawl wrote it.
    #[error("this version of Pawl does not know the event {event_type} version {version}")]
    Unknown {
        /// The type's name as found.
        event_type: String,
        /// The version as found.
        version: u32,
    },
    /// The content is not what the type and version promise.
    #[error("the content of an event {event_type} version {version} is malformed: {source}")]
    Malformed {
        /// The type's name.
        event_type: &'static str,
        /// The version.
        version: u32,
        /// What the parser found.
        source: serde_json::Error,
    },
}

/// Declares the events of one kind of stream: an enum over them, with their names and versions.
macro_rules! events {
    ($(#[$doc:meta])* $enum:ident { $($(#[$variant_doc:meta])* $name:ident = $version:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $enum {
            $($(#[$variant_doc])* $name($name)),+
        }

        $(
            impl crate::EventType for $name {
                const NAME: &'static str = stringify!($name);
                const VERSION: u32 = $version;
            }

            impl From<$name> for $enum {
                fn from(event: $name) -> Self {
                    Self::$name(event)
                }
            }
        )+

        impl $enum {
            /// The names of these events, each with its newest version.
            pub const TYPES: &'static [(&'static str, u32)] = &[$((stringify!($name), $version)),+];

            /// The name and version of this event's type.
            #[must_use]
            pub fn event_type(&self) -> (&'static str, u32) {
                match self {
                    $(Self::$name(_) => (stringify!($name), $version)),+
                }
            }

            /// The content as JSON text.
            pub fn encode(&self) -> Result<String, serde_json::Error> {
                match self {
                    $(Self::$name(event) => serde_json::to_string(event)),+
                }
            }

            pub(crate) fn decode(
                event_type: &str,
                version: u32,
                data: &str,
            ) -> Option<Result<Self, crate::DecodeError>> {
                match (event_type, version) {
                    $((stringify!($name), $version) => Some(
                        serde_json::from_str(data).map(Self::$name).map_err(|source| {
                            crate::DecodeError::Malformed {
                                event_type: stringify!($name),
                                version,
                                source,
                            }
                        }),
                    ),)+
                    _ => None,
                }
            }

            /// The JSON Schemas of these events' contents, as this build would write them.
            #[cfg(feature = "json-schema")]
            #[must_use]
            pub fn json_schemas() -> Vec<(&'static str, u32, serde_json::Value)> {
                vec![$((stringify!($name), $version, schemars::schema_for!($name).to_value())),+]
            }
        }
    };
}
pub(crate) use events;

macro_rules! all_events {
    ($($(#[$doc:meta])* $name:ident($kind:ident)),+ $(,)?) => {
        /// Any event of the contract.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Event {
            $($(#[$doc])* $name($kind)),+
        }

        $(
            impl From<$kind> for Event {
                fn from(event: $kind) -> Self {
                    Self::$name(event)
                }
            }

            impl TryFrom<Event> for $kind {
                type Error = Event;
                fn try_from(event: Event) -> Result<Self, Event> {
                    match event {
                        Event::$name(event) => Ok(event),
                        other => Err(other),
                    }
                }
            }
        )+

        impl Event {
            /// Reads an event from its type, version and JSON text.
            pub fn decode(event_type: &str, version: u32, data: &str) -> Result<Self, DecodeError> {
                None
                    $(.or_else(|| $kind::decode(event_type, version, data).map(|e| e.map(Self::$name))))+
                    .unwrap_or_else(|| Err(DecodeError::Unknown {
                        event_type: event_type.to_owned(),
                        version,
                    }))
            }

            /// The name and version of this event's type.
            #[must_use]
            pub fn event_type(&self) -> (&'static str, u32) {
                match self {
                    $(Self::$name(event) => event.event_type()),+
                }
            }

            /// The content as JSON text.
            pub fn encode(&self) -> Result<String, serde_json::Error> {
                match self {
                    $(Self::$name(event) => event.encode()),+
                }
            }

            /// The names of all events, each with its newest version.
            #[must_use]
            pub fn types() -> Vec<(&'static str, u32)> {
                [$($kind::TYPES),+].concat()
            }

            /// The JSON Schemas of all events' contents, as this build would write them.
            #[cfg(feature = "json-schema")]
            #[must_use]
            pub fn json_schemas() -> Vec<(&'static str, u32, serde_json::Value)> {
                [$($kind::json_schemas()),+].concat()
            }
        }
    };
}

all_events! {
    /// Of the installation.
    Installation(InstallationEvent),
    /// Of an e-mail address.
    Address(AddressEvent),
    /// Of an organization.
    Organization(OrganizationEvent),
    /// Of a person.
    User(UserEvent),
    /// Of a session.
    Session(SessionEvent),
}
