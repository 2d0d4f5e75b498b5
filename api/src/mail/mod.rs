//! Mail. In this version messages are written as files under `DATA/outbox/`.

use crate::{application::invitation_token, files::write_whole};
use chrono::{DateTime, Utc};
use eventstore::{
    Direction, EventStore, StoreError,
    keyring::{Keyring, KeyringError},
};
use eventstore_schema::{
    Event, OrganizationEvent, Personal, Recorded, RecordedEvent, StreamName, UserEvent, UserId,
};
use lettre::{
    Address, Message,
    message::{Mailbox, header::ContentType},
};
use secrecy::ExposeSecret as _;
use std::{fmt::Display, fs::DirBuilder, io, os::unix::fs::DirBuilderExt as _, path::PathBuf};
use url::Url;

/// Events that are read at a time.
const PAGE: usize = 64;

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

/// Where messages go.
pub struct Outbox {
    /// The folder.
    pub folder: PathBuf,
    /// How people reach this server.
    pub public_url: Url,
}

/// Who is invited where, as the person's stream says.
struct Invited {
    email: Personal,
    name: Personal,
    expires_at: DateTime<Utc>,
}

impl Outbox {
    /// Writes the mail of an invitation, or of one sent again.
    pub async fn invitation(
        &self,
        store: &dyn EventStore,
        keyring: &Keyring,
        event: &Recorded<Event>,
    ) -> Result<(), MailError> {
        let Some(user) = event.stream.as_str().strip_prefix("user-") else {
            return Ok(());
        };
        let user = UserId(user.parse().map_err(MailError::impossible)?);
        let Some(invited) = invited(store, event).await? else {
            return Ok(());
        };
        let address = match keyring.open_sealed("email", &invited.email.0) {
            Ok(address) => text(&address)?,
            // Erased before the mail was written: there is nobody to write to.
            Err(KeyringError::Destroyed { .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let name = text(&keyring.open_sealed("name", &invited.name.0)?)?;
        let organization = organization(store, event).await?;
        let token = invitation_token(keyring, user, event.metadata.command_id);
        let mut link = self.public_url.clone();
        link.set_path("/invitation");
        link.query_pairs_mut()
            .append_pair("token", token.expose_secret());
        let body = format!(
            "Hello {name},\r\n\r\n\
             you have been invited to {organization}. Open this link and choose a password:\r\n\r\n\
             {link}\r\n\r\n\
             The link works once, until {}. If you do not know {organization}, ignore this mail.\r\n",
            invited.expires_at.format("%Y-%m-%d %H:%M UTC"),
        );
        let message = Message::builder()
            .from(Mailbox::new(Some("Pawl".into()), sender()?))
            .to(Mailbox::new(
                Some(name),
                address.parse().map_err(MailError::impossible)?,
            ))
            .subject(format!("Your invitation to {organization}"))
            .date(event.metadata.recorded_at.into())
            .message_id(Some(format!("<{}@pawl>", event.id)))
            .header(ContentType::TEXT_PLAIN)
            .body(body)
            .map_err(MailError::impossible)?;
        self.write(event, &message.formatted())
    }

    /// One file for each event: writing it again changes nothing, and it is there whole or not.
    fn write(&self, event: &Recorded<Event>, message: &[u8]) -> Result<(), MailError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)?;
        let name = format!("{:012}-{}.eml", event.position.0, event.id);
        write_whole(&self.folder.join(name), message)?;
        tracing::info!(event_id = %event.id, "mail written to the outbox");
        Ok(())
    }
}

/// The person as they were invited, with the end of the link in this event.
async fn invited(
    store: &dyn EventStore,
    event: &Recorded<Event>,
) -> Result<Option<Invited>, MailError> {
    let resent_until = match &event.data {
        Event::User(UserEvent::InvitationResent(resent)) => Some(resent.expires_at),
        _ => None,
    };
    for earlier in store
        .read_stream(&event.stream, 0, Direction::Forwards, 10)
        .await?
    {
        if let Event::User(UserEvent::UserInvited(invited)) = decoded(earlier)? {
            let expires_at = resent_until.unwrap_or(invited.expires_at);
            return Ok(Some(Invited {
                email: invited.email,
                name: invited.name,
                expires_at,
            }));
        }
    }
    Ok(None)
}

/// The name of the organization at the time of the event, so that writing the mail again writes the
/// same.
async fn organization(
    store: &dyn EventStore,
    event: &Recorded<Event>,
) -> Result<String, MailError> {
    let mut name = "Pawl".to_owned();
    let Some(id) = event.metadata.organization_id else {
        return Ok(name);
    };
    let stream = StreamName::organization(id);
    let mut from = 0;
    loop {
        let page = store
            .read_stream(&stream, from, Direction::Forwards, PAGE)
            .await?;
        from += page.len() as u64;
        let last = page.len() < PAGE;
        for earlier in page {
            if earlier.position > event.position {
                return Ok(name);
            }
            match decoded(earlier)? {
                Event::Organization(OrganizationEvent::OrganizationRegistered(registered)) => {
                    name = registered.name;
                }
                Event::Organization(OrganizationEvent::OrganizationRenamed(renamed)) => {
                    name = renamed.name;
                }
                _ => {}
            }
        }
        if last {
            return Ok(name);
        }
    }
}

fn decoded(event: RecordedEvent) -> Result<Event, MailError> {
    Ok(event.decode().map_err(MailError::impossible)?.data)
}

fn text(bytes: &[u8]) -> Result<String, MailError> {
    String::from_utf8(bytes.to_vec()).map_err(MailError::impossible)
}

fn sender() -> Result<Address, MailError> {
    Address::new("no-reply", "localhost").map_err(MailError::impossible)
}
