//! The words of each kind of mail, as plain text and as a page. They stand in `templates/mail/` only.

use super::{Letterhead, MailError};
use askama::Template;
use chrono::{DateTime, Utc};
use std::fmt::Display;

/// What a mail is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The person is invited; the link works until then.
    Invitation {
        /// Until then.
        until: String,
    },
    /// The link to choose a new password.
    PasswordLink {
        /// Until then.
        until: String,
    },
    /// The link without which no authenticator is set up.
    OtpSetUpLink {
        /// Until then.
        until: String,
    },
    /// The organization requires a second factor.
    TwoFactorEnforced,
    /// An authenticator was set up.
    AuthenticatorAdded {
        /// Its name.
        device: String,
    },
    /// An authenticator was removed.
    AuthenticatorRemoved {
        /// Its name.
        device: String,
    },
    /// An administrator reset all authenticators.
    AuthenticatorsReset,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// A sign-in from where there had been none.
    NewSignIn {
        /// In a browser, or with something else.
        browser: bool,
    },
    /// The password was changed in a session.
    PasswordChanged,
    /// A new password was chosen by way of a mailed link.
    PasswordReset,
    /// Another role.
    RoleChanged {
        /// As it stands in a sentence.
        role: &'static str,
    },
    /// The person cannot sign in.
    Disabled,
    /// The person can sign in again.
    Enabled,
    /// Too many wrong passwords.
    PasswordStepClosed,
    /// Too many wrong codes.
    CodeStepClosed,
}

/// A mail in words.
pub(super) struct Words {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

#[derive(Template)]
#[template(path = "mail/words.txt")]
struct Text<'a> {
    notice: &'a Notice,
    name: &'a str,
    organization: &'a str,
    link: &'a str,
    at: String,
}

#[derive(Template)]
#[template(path = "mail/layout.html")]
struct Page<'a> {
    subject: &'a str,
    organization: &'a str,
    color: &'a str,
    link: &'a str,
    paragraphs: Vec<&'a str>,
}

impl Words {
    /// The words to this person about what happened then.
    pub(super) fn new(
        notice: &Notice,
        letterhead: &Letterhead,
        name: &str,
        link: &str,
        at: DateTime<Utc>,
    ) -> Result<Self, MailError> {
        let text = Text {
            notice,
            name,
            organization: &letterhead.organization,
            link,
            at: time(at).to_string(),
        };
        let text = text.render().map_err(MailError::impossible)?;
        let (subject, body) = text
            .split_once("\n\n")
            .ok_or_else(|| MailError::impossible("a mail without a body"))?;
        let page = Page {
            subject,
            organization: &letterhead.organization,
            color: &letterhead.color,
            link,
            paragraphs: body.split("\n\n").collect(),
        };
        Ok(Self {
            subject: subject.to_owned(),
            html: page.render().map_err(MailError::impossible)?,
            text: format!("{body}\n"),
        })
    }
}

/// A time as mails show it.
pub fn time(at: DateTime<Utc>) -> impl Display {
    at.format("%Y-%m-%d %H:%M UTC")
}
