//! Names and addresses as a reviewer may read them: opened with the keyring, or as an export has them.

use crate::application::Opened;
use eventstore::keyring::{Keyring, KeyringError};
use eventstore_schema::{RecordedEvent, Sealed};
use serde_json::Value;

/// The personal data of one record. What is not in the record is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// A person's name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// What they call an authenticator.
    pub device_name: String,
}

/// The fields, as they are called in the events.
const FIELDS: [&str; 3] = ["name", "email", "device_name"];

impl Names {
    fn of(
        mut read: impl FnMut(&str) -> Result<String, KeyringError>,
    ) -> Result<Self, KeyringError> {
        let [name, email, device_name] = FIELDS;
        Ok(Self {
            name: read(name)?,
            email: read(email)?,
            device_name: read(device_name)?,
        })
    }

    /// From a record in the log.
    pub fn opened(keyring: &Keyring, stored: &RecordedEvent) -> Result<Self, KeyringError> {
        // Most records have nothing that is sealed under a person's key.
        if !stored.data.contains("\"person/") {
            return Ok(Self::default());
        }
        let content: Value = serde_json::from_str(&stored.data).unwrap_or_default();
        Self::of(|field| {
            let sealed: Option<Sealed> = serde_json::from_value(content[field].clone()).ok();
            let Some(sealed) = sealed.filter(|sealed| sealed.key.is_of_a_person()) else {
                return Ok(String::new());
            };
            let opened = match keyring.open_sealed(field, &sealed) {
                Ok(bytes) => Opened::Text(String::from_utf8_lossy(&bytes).into_owned()),
                Err(KeyringError::Destroyed { .. }) => Opened::Erased,
                Err(KeyringError::Missing { .. } | KeyringError::Tampered { .. }) => {
                    Opened::Unreadable
                }
                Err(error) => return Err(error),
            };
            Ok(opened.or_placeholder())
        })
    }

    /// From the content that a record of an export has beside the stored one.
    pub fn exported(opened: &Value) -> Self {
        let read = |field: &str| match &opened[field] {
            Value::String(text) => text.clone(),
            Value::Object(why) if why.contains_key("erased") => Opened::Erased.or_placeholder(),
            Value::Object(_) => Opened::Unreadable.or_placeholder(),
            _ => String::new(),
        };
        Self::of(|field| Ok(read(field))).unwrap_or_default()
    }
}
