//! Names and addresses as a reviewer may read them: opened with the keyring, or as an export has them.

use crate::application::{Failure, Opened, open_content};
use eventstore::keyring::Keyring;
use eventstore_schema::RecordedEvent;
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

impl Names {
    /// From a record in the log.
    pub fn opened(keyring: &Keyring, stored: &RecordedEvent) -> Result<Self, Failure> {
        // Most records have nothing that is sealed under a person's key.
        if !stored.data.contains("\"person/") {
            return Ok(Self::default());
        }
        Ok(Self::exported(&open_content(keyring, &stored.data)?))
    }

    /// From the content that a record of an export has beside the stored one. Nobody can check what it
    /// says, so it must not write to the terminal of whoever looks.
    #[must_use]
    pub fn exported(opened: &Value) -> Self {
        let read = |field: &str| match &opened[field] {
            Value::String(text) => text.replace(char::is_control, "\u{fffd}"),
            Value::Object(why) if why.contains_key("erased") => Opened::Erased.or_placeholder(),
            Value::Object(_) => Opened::Unreadable.or_placeholder(),
            _ => String::new(),
        };
        Self {
            name: read("name"),
            email: read("email"),
            device_name: read("device_name"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_name_in_an_export_cannot_write_to_the_terminal() {
        let names = Names::exported(&json!({ "name": "Eve\u{1b}[2J\nsound: nothing was altered" }));
        assert_eq!(
            names.name,
            "Eve\u{fffd}[2J\u{fffd}sound: nothing was altered"
        );
    }
}
