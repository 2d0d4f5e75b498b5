//! Mail: what is written to whom, the outbox in which it waits, and how it leaves it by SMTP. Names
//! and addresses are opened when a mail is written and never logged.

mod compose;
#[cfg(test)]
mod late;
mod letterhead;
mod notice;
mod outbox;
mod sender;
mod smtp;

pub use compose::Composer;
pub use letterhead::Letterhead;
pub use notice::Notice;
pub use outbox::{MailName, Outbox};
pub use sender::Sender;
pub use smtp::{Smtp, SmtpSettings};

use eventstore::{StoreError, keyring::KeyringError};
use std::{fmt::Display, io};

/// Why a message was not written.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// It can never be: what it is made from does not make a message.
    #[error("{0}")]
    Impossible(String),
    /// The log failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keyring failed.
    #[error(transparent)]
    Keyring(KeyringError),
    /// The outbox failed.
    #[error("the outbox: {0}")]
    Outbox(#[from] io::Error),
}

impl MailError {
    fn impossible(error: impl Display) -> Self {
        Self::Impossible(error.to_string())
    }
}

impl From<KeyringError> for MailError {
    fn from(error: KeyringError) -> Self {
        match error {
            KeyringError::Unavailable(_) | KeyringError::Full => Self::Keyring(error),
            other => Self::impossible(other),
        }
    }
}
