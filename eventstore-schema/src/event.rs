//! All events together, and how they are written and read.

use crate::{
    AddressEvent, ApiCredentialEvent, AuditEvent, InstallationEvent, OrganizationEvent,
    SessionEvent, UserEvent,
};
use serde::de::DeserializeOwned;

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
    /// The metadata is not an envelope of Pawl's; another program wrote it.
    #[error("the metadata of an event {event_type} is not an envelope of Pawl's: {source}")]
    Envelope {
        /// The type's name as found.
        event_type: String,
        /// What the parser found.
        source: serde_json::Error,
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

/// Reads the content of one version of a type.
pub(crate) fn parse<T: DeserializeOwned>(
    event_type: &'static str,
    version: u32,
    data: &str,
) -> Result<T, DecodeError> {
    serde_json::from_str(data).map_err(|source| DecodeError::Malformed {
        event_type,
        version,
        source,
    })
}

/// Declares the events of one kind of stream: an enum over them, with their names and versions.
///
/// Older versions follow in braces, each with the type of its content, from which the newest is
/// made (the upcaster is an ordinary `From`): `Renamed = 2 { 1: RenamedV1 }`.
macro_rules! events {
    ($(#[$doc:meta])* $enum:ident { $(
        $(#[$variant_doc:meta])*
        $name:ident = $version:literal $({ $($old:literal: $old_content:ty),+ $(,)? })?
    ),+ $(,)? }) => {
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
                    $(
                        (stringify!($name), $version) => Some(
                            crate::event::parse(stringify!($name), version, data).map(Self::$name),
                        ),
                        $($((stringify!($name), $old) => Some(
                            crate::event::parse::<$old_content>(stringify!($name), version, data)
                                .map(|old| Self::$name(old.into())),
                        ),)+)?
                    )+
                    _ => None,
                }
            }

            /// The JSON Schemas of these events' contents, as this build would write them.
            #[cfg(feature = "json-schema")]
            #[must_use]
            pub fn json_schemas() -> Vec<(&'static str, u32, serde_json::Value)> {
                vec![$((
                    stringify!($name),
                    $version,
                    crate::published::schema_of::<$name>(),
                )),+]
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
    /// Of an API credential.
    ApiCredential(ApiCredentialEvent),
    /// Of an audit trail.
    Audit(AuditEvent),
}

#[cfg(test)]
mod tests {
    #![expect(
        dead_code,
        unreachable_pub,
        reason = "an enum made to be read only here"
    )]

    use super::*;
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
    pub struct Greeted {
        greeting: String,
        language: Option<String>,
    }

    #[derive(Deserialize)]
    struct GreetedV1 {
        text: String,
    }

    impl From<GreetedV1> for Greeted {
        fn from(old: GreetedV1) -> Self {
            Self {
                greeting: old.text,
                language: None,
            }
        }
    }

    events! {
        /// For this test.
        TestEvent {
            /// See [`Greeted`].
            Greeted = 2 { 1: GreetedV1 },
        }
    }

    #[test]
    fn an_older_version_reads_as_the_newest() {
        let read = TestEvent::decode("Greeted", 1, r#"{"text":"Hello"}"#);
        let newest = Greeted {
            greeting: "Hello".into(),
            language: None,
        };
        assert_eq!(read.unwrap().unwrap(), TestEvent::Greeted(newest));
    }

    #[test]
    fn a_version_of_the_future_is_unknown() {
        assert!(TestEvent::decode("Greeted", 3, "{}").is_none());
        assert!(matches!(
            Event::decode("TwoFactorEnforced", 2, "{}"),
            Err(DecodeError::Unknown { version: 2, .. })
        ));
    }

    #[test]
    fn a_malformed_content_names_its_type_and_version() {
        let error = TestEvent::decode("Greeted", 1, "{}").unwrap().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the content of an event Greeted version 1 is malformed: \
             missing field `text` at line 1 column 2"
        );
    }
}
