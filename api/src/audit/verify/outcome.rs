//! What verifying found, for people and for programs.

use crate::audit::{COULD_NOT_TELL, words};
use audit_log::{
    PublicKey,
    verify::{Doubt, Sound},
};
use serde_json::{Value, json};
use std::process::ExitCode;

/// The exit code of a history that is not sound.
const NOT_SOUND: u8 = 1;

/// What was found sound, and what lies beside it.
pub(in crate::audit) struct Found {
    pub(in crate::audit) sound: Sound,
    /// Events that are newer than what was signed.
    pub(in crate::audit) newer: u64,
    /// Events of other programs in the same store.
    pub(super) foreign: u64,
}

impl From<Sound> for Found {
    fn from(sound: Sound) -> Self {
        Self {
            sound,
            newer: 0,
            foreign: 0,
        }
    }
}

/// What came out.
pub(super) struct Outcome(Result<Found, Doubt>);

impl Outcome {
    pub(super) fn of(found: Result<Found, Doubt>) -> Self {
        Self(found)
    }

    /// The exit code.
    pub(super) fn code(&self) -> ExitCode {
        match &self.0 {
            Ok(_) => ExitCode::SUCCESS,
            Err(Doubt::NotSound(_)) => ExitCode::from(NOT_SOUND),
            Err(Doubt::Unclear(_)) => ExitCode::from(COULD_NOT_TELL),
        }
    }

    #[expect(
        clippy::print_stdout,
        clippy::print_stderr,
        reason = "it is a command line"
    )]
    pub(super) fn print(&self, json: bool) {
        if json {
            return println!("{}", self.to_json());
        }
        match &self.0 {
            Ok(found) => print!("{}", found.to_text()),
            Err(doubt @ Doubt::NotSound(_)) => println!("{}", sentence(doubt)),
            Err(doubt @ Doubt::Unclear(_)) => eprintln!("pawl: {}", sentence(doubt)),
        }
    }

    pub(super) fn to_json(&self) -> Value {
        match &self.0 {
            Ok(found) => found.to_json(),
            Err(Doubt::NotSound(wrong)) => json!({ "outcome": "not_sound", "wrong": wrong }),
            Err(Doubt::Unclear(why)) => json!({ "outcome": "could_not_tell", "why": why }),
        }
    }
}

impl Found {
    fn to_json(&self) -> Value {
        let sound = &self.sound;
        json!({
            "outcome": "sound",
            "organization_id": sound.organization_id,
            "records": sound.records,
            "checkpoint": {
                "origin": sound.checkpoint.origin,
                "size": sound.checkpoint.size,
                "root": sound.checkpoint.root.to_string(),
            },
            "signed_by": texts(&sound.signatures.log),
            "witnesses": texts(&sound.signatures.witnesses),
            "grown_since": sound.grown_since,
            "newer_events": self.newer,
            "foreign_events": self.foreign,
        })
    }

    fn to_text(&self) -> String {
        let sound = &self.sound;
        let (size, root) = (sound.checkpoint.size, sound.checkpoint.root);
        let whose = match sound.organization_id {
            Some(id) => format!(" of the organization {id}"),
            None => String::new(),
        };
        let mut lines = vec!["sound: nothing was altered".to_owned()];
        let mut say = |name: &str, what: String| lines.push(format!("{name:<13} {what}"));
        say("leaves", format!("{size}, with the root {root}"));
        if sound.records > 0 {
            say(
                "records",
                format!("{}{whose}, each as it was signed", sound.records),
            );
        }
        for key in texts(&sound.signatures.log) {
            say("signed by", key);
        }
        for key in texts(&sound.signatures.witnesses) {
            say("witnessed by", key);
        }
        for size in &sound.grown_since {
            say("only grew", format!("since it had {size} leaves"));
        }
        if self.newer > 0 {
            say("newer", format!("{} events are not signed yet", self.newer));
        }
        if self.foreign > 0 {
            let what = format!("{} events of other programs are not covered", self.foreign);
            say("foreign", what);
        }
        lines.push(String::new());
        lines.join("\n")
    }
}

/// What is wrong, in one line. It may quote what was verified, which is anybody's: it must not write
/// to the terminal that all is sound.
fn sentence(doubt: &Doubt) -> String {
    words::plain(&match doubt {
        Doubt::NotSound(wrong) => format!("not sound: {wrong}"),
        Doubt::Unclear(why) => format!("it cannot be told: {why}"),
    })
}

fn texts(keys: &[PublicKey]) -> Vec<String> {
    keys.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use audit_log::verify::Wrong;

    #[test]
    fn what_is_verified_does_not_write_to_the_terminal() {
        let forged = "unknown\u{1b}[2J\r\nsound: nothing was altered";
        let shown = "unknown\u{fffd}[2J\u{fffd}\u{fffd}sound: nothing was altered";
        let wrong = Doubt::from(Wrong::what(forged));
        assert_eq!(sentence(&wrong), format!("not sound: {shown}"));
        let unclear = Doubt::Unclear(forged.to_owned());
        assert_eq!(sentence(&unclear), format!("it cannot be told: {shown}"));
    }
}
