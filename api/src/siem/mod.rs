//! Where the live feed for a SIEM goes: syslog over TLS, or an HTTP collector. The way out is never in
//! clear, save to this machine itself, and the certificate of the other side is always checked. Nothing
//! personal leaves: what has left cannot be forgotten.

mod address;
mod collector;
mod message;
mod settings;
mod syslog;
mod trust;

pub use message::Message;
pub use settings::{FeedFormat, SiemFlags, SiemSettings};

use address::Way;
use collector::Collector;
use std::io;
use syslog::Syslog;

/// A way to a SIEM.
pub enum Sink {
    /// Messages that are not acknowledged one by one.
    Syslog(Syslog),
    /// Requests that are.
    Collector(Collector),
}

/// What is known of messages that were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// The other side has them.
    Acknowledged,
    /// They are on their way; [`Sink::settle`] finds out.
    Written,
}

/// What keeps messages from arriving, for now.
#[derive(Debug, thiserror::Error)]
pub enum SiemError {
    /// Nobody is there, or not whom the certificate should name.
    #[error("the SIEM cannot be reached: {0}")]
    Unreachable(io::Error),
    /// The connection is over, and what was written last may be lost.
    #[error("the connection to the SIEM broke off: {0}")]
    BrokenOff(io::Error),
    /// It took too long.
    #[error("the SIEM does not answer in time")]
    Silent,
    /// The collector did not take the events.
    #[error("the SIEM answered {0}")]
    Answered(u16),
    /// The request did not get through.
    #[error("the SIEM cannot be reached: {0}")]
    Request(String),
}

impl Sink {
    /// The SIEM of the settings, called from the host of this name. Nothing is sent yet.
    pub fn new(settings: &SiemSettings, own_name: Option<&str>) -> Result<Self, String> {
        match Way::of(&settings.url)? {
            Way::Syslog(_) if settings.token.is_some() => {
                Err("siem-token-file is for https:// only: syslog asks for no token".to_owned())
            }
            Way::Syslog(receiver) => {
                let tls = receiver.tls.then(|| trust::of(settings)).transpose()?;
                Syslog::new(receiver, tls, own_name).map(Self::Syslog)
            }
            Way::Http => Collector::new(settings).map(Self::Collector),
        }
    }

    /// Sends messages, in their order.
    pub async fn send(&mut self, messages: &[Message]) -> Result<Receipt, SiemError> {
        match self {
            Self::Syslog(syslog) => {
                syslog.send(messages).await?;
                Ok(Receipt::Written)
            }
            Self::Collector(collector) => {
                collector.send(messages).await?;
                Ok(Receipt::Acknowledged)
            }
        }
    }

    /// Makes sure that all messages written so far have been received.
    pub async fn settle(&mut self) -> Result<(), SiemError> {
        match self {
            Self::Syslog(syslog) => syslog.settle().await,
            Self::Collector(_) => Ok(()),
        }
    }
}
