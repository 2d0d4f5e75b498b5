//! What the types of events are called in words, and which of them somebody means.

use crate::words::Language;
use eventstore_schema::Event;

/// What an event of this type is called.
#[must_use]
pub fn words(language: Language, event_type: &str) -> String {
    let name = format!("event-{event_type}");
    language.say(&name).to_string()
}

/// The types that a text means, in the order of their names: each of its words stands in what they are
/// called, in this language or English, or in their names. Upper and lower case are the same.
#[must_use]
pub fn meant_by(language: Language, text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    let mut types: Vec<_> = Event::types()
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| {
            let called = [words(language, name), words(Language::English, name)].join(" ");
            let called = format!("{called} {name}").to_lowercase();
            text.split_whitespace().all(|word| called.contains(word))
        })
        .map(str::to_owned)
        .collect();
    types.sort_unstable();
    types
}

/// The same, of a text in English.
#[must_use]
pub fn in_english_meant_by(text: &str) -> Vec<String> {
    meant_by(Language::English, text)
}

/// The types that somebody asks for: those that they named and meant, where they did both.
#[must_use]
pub fn asked_for(named: Option<Vec<String>>, meant: Option<Vec<String>>) -> Option<Vec<String>> {
    match (named, meant) {
        (Some(mut named), Some(meant)) => {
            named.retain(|name| meant.contains(name));
            Some(named)
        }
        (named, meant) => named.or(meant),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_called_something() {
        for (name, _) in Event::types() {
            for language in [Language::English, Language::German] {
                assert_ne!(words(language, name), format!("event-{name}"));
            }
        }
    }

    #[test]
    fn a_text_means_types_by_their_words_and_names() {
        let english = |text| meant_by(Language::English, text);
        assert_eq!(english("ENFORCED two-factor"), ["TwoFactorEnforced"]);
        assert_eq!(
            english("otpdevicere"),
            [
                "OtpDeviceRegistered",
                "OtpDeviceRemoved",
                "OtpDeviceRenamed"
            ]
        );
        assert_eq!(english("protokoll"), [""; 0]);
        assert_eq!(
            meant_by(Language::German, "protokoll"),
            ["AuditExported", "AuditRead"]
        );
        assert_eq!(
            meant_by(Language::German, "audit trail read"),
            ["AuditRead"]
        );
        assert_eq!(english(" ").len(), Event::types().len());
    }
}
