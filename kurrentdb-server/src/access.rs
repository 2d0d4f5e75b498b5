//! Who may do what. Every call of the log asks here first; the rules themselves are the [`Gate`]'s.

use crate::refusal::{forbidden, unauthenticated};
use async_trait::async_trait;
use data_encoding::BASE64;
use eventstore_schema::RecordedEvent;
use secrecy::SecretString;
use std::sync::Arc;
use tonic::{Status, metadata::MetadataMap};

/// What a caller shows: HTTP basic credentials, as stock clients send them.
pub struct Credentials {
    /// The name before the colon.
    pub user: String,
    /// Whatever stands behind it.
    pub password: SecretString,
}

/// Decides who may read and append.
#[async_trait]
pub trait Gate: Send + Sync + 'static {
    /// What this caller may do. It is asked once a call; a subscription is one call, however long
    /// it lasts.
    async fn admit(&self, credentials: Option<Credentials>) -> Result<Access, Refused>;
}

/// A caller who is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is not known who this is.
    Unauthenticated,
    /// It is known, and they may not.
    Forbidden,
}

/// What a caller may do.
#[derive(Clone)]
pub enum Access {
    /// Every event as it is stored; appends too, where this is allowed: for development, tests and
    /// other nodes.
    Everything {
        /// Whether the caller may append.
        may_append: bool,
    },
    /// What a reader may see.
    Reader(Arc<dyn View>),
}

/// What one reader may see.
#[async_trait]
pub trait View: Send + Sync {
    /// The event as this reader may see it (its content perhaps opened), or nothing. Its place,
    /// stream, id and type stay what they are: filters have been applied to them before.
    fn show(&self, event: RecordedEvent) -> Option<RecordedEvent>;

    /// Whether the reader may go on; asked again before each batch of a subscription.
    async fn holds(&self) -> bool;
}

impl Access {
    /// The event as this caller may see it.
    pub(crate) fn show(&self, event: RecordedEvent) -> Option<RecordedEvent> {
        match self {
            Self::Everything { .. } => Some(event),
            Self::Reader(view) => view.show(event),
        }
    }

    /// Refuses where the caller may not go on.
    pub(crate) async fn still_holds(&self) -> Result<(), Status> {
        match self {
            Self::Reader(view) if !view.holds().await => {
                Err(forbidden("you may no longer read this log"))
            }
            _ => Ok(()),
        }
    }

    /// Refuses where the caller may not append.
    pub(crate) fn require_append(&self) -> Result<(), Status> {
        match self {
            Self::Everything { may_append: true } => Ok(()),
            _ => Err(forbidden("you may read this log, but not append to it")),
        }
    }
}

/// Asks the gate about the caller who sent these headers.
pub(crate) async fn admitted(gate: &dyn Gate, headers: &MetadataMap) -> Result<Access, Status> {
    let credentials = match headers.get("authorization") {
        Some(header) => {
            let header = header.to_str().ok().and_then(basic);
            Some(header.ok_or_else(|| unauthenticated("the credentials cannot be read"))?)
        }
        None => None,
    };
    gate.admit(credentials)
        .await
        .map_err(|refused| match refused {
            Refused::Unauthenticated => unauthenticated("this log is for those it knows"),
            Refused::Forbidden => forbidden("you may not read this log"),
        })
}

/// Reads the header of HTTP basic authentication (RFC 7617).
fn basic(header: &str) -> Option<Credentials> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = BASE64.decode(encoded.trim().as_bytes()).ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some(Credentials {
        user: user.to_owned(),
        password: password.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::basic;
    use secrecy::ExposeSecret as _;

    #[test]
    fn credentials_are_read_as_clients_write_them() {
        for header in ["Basic YWRhOnA6dw==", "basic  YWRhOnA6dw=="] {
            let credentials = basic(header).unwrap();
            assert_eq!(credentials.user, "ada");
            assert_eq!(credentials.password.expose_secret(), "p:w");
        }
        for header in [
            "",
            "Basic",
            "Basic YWRh",
            "Basic ???",
            "Bearer YWRhOnA6dw==",
        ] {
            assert!(basic(header).is_none(), "{header}");
        }
    }
}
