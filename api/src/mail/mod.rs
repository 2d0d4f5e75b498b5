//! Mail. In this version messages are written as files under `DATA/outbox/`.

#[cfg(test)]
mod late;

use crate::{
    application::{invitation_token, password_reset_token},
    files::write_whole,
};
use chrono::{DateTime, Utc};
use eventstore::{
    Direction, EventStore, StoreError,
    keyring::{Keyring, KeyringError},
};
use eventstore_schema::{
    Event, KeyName, OrganizationEvent, Recorded, RecordedEvent, StreamName, UserEvent, UserId,
};
use lettre::{
    Address, Message,
    message::{Mailbox, header::ContentType},
};
use secrecy::{ExposeSecret as _, SecretString};
use std::{
    fmt::Display,
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::PathBuf,
};
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

/// Whom a mail goes to.
struct Addressee {
    user: UserId,
    name: String,
    address: Address,
    organization: String,
}

/// What a mail says.
struct Letter {
    subject: String,
    body: String,
}

impl Outbox {
    /// Writes the mail of an invitation, or of one sent again.
    pub async fn invitation(
        &self,
        store: &dyn EventStore,
        keyring: &Keyring,
        event: &Recorded<Event>,
    ) -> Result<(), MailError> {
        let expires_at = match &event.data {
            Event::User(UserEvent::UserInvited(invited)) => invited.expires_at,
            Event::User(UserEvent::InvitationResent(resent)) => resent.expires_at,
            _ => return Ok(()),
        };
        let Some(to) = addressee(store, keyring, event).await? else {
            return Ok(());
        };
        let token = invitation_token(keyring, to.user, event.metadata.command_id);
        let link = self.link("/invitation", &token);
        let (name, organization, until) = (&to.name, &to.organization, time(expires_at));
        let letter = Letter {
            subject: format!("Your invitation to {organization}"),
            body: format!(
                "Hello {name},\r\n\r\n\
                 you have been invited to {organization}. Open this link and choose a password:\r\n\r\n\
                 {link}\r\n\r\n\
                 The link works once, until {until}. If you do not know {organization}, ignore this mail.\r\n",
            ),
        };
        self.write(keyring, event, to, letter)
    }

    /// Writes the mail with the link to choose a new password.
    pub async fn password_reset(
        &self,
        store: &dyn EventStore,
        keyring: &Keyring,
        event: &Recorded<Event>,
    ) -> Result<(), MailError> {
        let Event::User(UserEvent::PasswordResetRequested(requested)) = &event.data else {
            return Ok(());
        };
        let Some(to) = addressee(store, keyring, event).await? else {
            return Ok(());
        };
        let token = password_reset_token(keyring, to.user, event.metadata.command_id);
        let link = self.link("/password-reset", &token);
        let (name, organization) = (&to.name, &to.organization);
        let until = time(requested.expires_at);
        let letter = Letter {
            subject: format!("Your password at {organization}"),
            body: format!(
                "Hello {name},\r\n\r\n\
                 somebody asked for a new password for you at {organization}. If it was you, open this link \
                 and choose one:\r\n\r\n\
                 {link}\r\n\r\n\
                 The link works once, until {until}. If it was not you, ignore this mail: your password \
                 stays as it is.\r\n",
            ),
        };
        self.write(keyring, event, to, letter)
    }

    fn link(&self, path: &str, token: &SecretString) -> Url {
        let mut link = self.public_url.clone();
        link.set_path(path);
        link.query_pairs_mut()
            .append_pair("token", token.expose_secret());
        link
    }

    /// One file for each event: writing it again changes nothing, and it is there whole or not. Its
    /// name ends in whose it is.
    fn write(
        &self,
        keyring: &Keyring,
        event: &Recorded<Event>,
        to: Addressee,
        letter: Letter,
    ) -> Result<(), MailError> {
        let message = Message::builder()
            .from(Mailbox::new(Some("Pawl".into()), sender()?))
            .to(Mailbox::new(Some(to.name), to.address))
            .subject(letter.subject)
            .date(event.metadata.recorded_at.into())
            .message_id(Some(format!("<{}@pawl>", event.id)))
            .header(ContentType::TEXT_PLAIN)
            .body(letter.body)
            .map_err(MailError::impossible)?;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)?;
        let name = format!("{:012}-{}-{}.eml", event.position.0, event.id, to.user);
        let file = self.folder.join(name);
        write_whole(&file, &message.formatted())?;
        if keyring.is_destroyed(&KeyName::person(to.user))? {
            // Erased while it was written: whoever erased them may have looked before it was there.
            fs::remove_file(&file).or_else(ignore_missing)?;
            return Ok(());
        }
        tracing::info!(event_id = %event.id, "mail written to the outbox");
        Ok(())
    }
}

/// The person of this event's stream, as its beginning says; `None` if there is nobody to write to.
async fn addressee(
    store: &dyn EventStore,
    keyring: &Keyring,
    event: &Recorded<Event>,
) -> Result<Option<Addressee>, MailError> {
    let Some(user) = event.stream.as_str().strip_prefix("user-") else {
        return Ok(None);
    };
    let user = UserId(user.parse().map_err(MailError::impossible)?);
    let first = store
        .read_stream(&event.stream, 0, Direction::Forwards, 1)
        .await?
        .pop();
    let (email, name) = match first.map(decoded).transpose()? {
        Some(Event::User(UserEvent::UserInvited(person))) => (person.email, person.name),
        Some(Event::User(UserEvent::UserRegistered(person))) => (person.email, person.name),
        _ => return Ok(None),
    };
    let address = match keyring.open_sealed("email", &email.0) {
        Ok(address) => text(&address)?,
        // Erased before the mail was written.
        Err(KeyringError::Destroyed { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    Ok(Some(Addressee {
        user,
        name: text(&keyring.open_sealed("name", &name.0)?)?,
        address: address.parse().map_err(MailError::impossible)?,
        organization: organization(store, event).await?,
    }))
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

fn ignore_missing(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    }
}

fn time(at: DateTime<Utc>) -> impl Display {
    at.format("%Y-%m-%d %H:%M UTC")
}

fn text(bytes: &[u8]) -> Result<String, MailError> {
    String::from_utf8(bytes.to_vec()).map_err(MailError::impossible)
}

fn sender() -> Result<Address, MailError> {
    Address::new("no-reply", "localhost").map_err(MailError::impossible)
}
