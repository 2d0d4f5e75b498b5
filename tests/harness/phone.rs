//! The phone: Debian's `oathtool`, an implementation of RFC 6238 that nobody here wrote.

use chrono::{DateTime, TimeDelta, Utc};
use std::process::Command;

/// An authenticator app with one account.
#[derive(Clone, Debug)]
pub struct Phone {
    secret: String,
}

impl Phone {
    /// Scans what the set-up shows: the URI of the QR code.
    #[must_use]
    pub fn scan(otpauth_uri: &str) -> Self {
        let (_, secret) = otpauth_uri.split_once("secret=").unwrap();
        let secret = secret.split('&').next().unwrap().to_owned();
        Self { secret }
    }

    /// The code that it shows at this time.
    #[must_use]
    pub fn code(&self, at: DateTime<Utc>) -> String {
        let now = at.format("%F %T UTC").to_string();
        let shown = Command::new("oathtool")
            .args(["--totp", "--base32", "--now", &now, &self.secret])
            .output()
            .expect("the tests need the Debian package oathtool: install it");
        assert!(
            shown.status.success(),
            "{}",
            String::from_utf8_lossy(&shown.stderr)
        );
        String::from_utf8(shown.stdout).unwrap().trim().to_owned()
    }

    /// The code that it shows so many steps of 30 seconds later, or earlier.
    #[must_use]
    pub fn code_after(&self, at: DateTime<Utc>, steps: i32) -> String {
        self.code(at + TimeDelta::seconds(30) * steps)
    }

    /// Six digits that it shows at no time near this one.
    #[must_use]
    pub fn wrong_code(&self, at: DateTime<Utc>) -> String {
        let shown: Vec<_> = (-25..=2).map(|steps| self.code_after(at, steps)).collect();
        let mut candidates = (0..).map(|number| format!("{number:06}"));
        candidates.find(|code| !shown.contains(code)).unwrap()
    }
}
