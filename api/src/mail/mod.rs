//! Mail. In this version messages are written as files under `DATA/outbox/`.

use crate::application::invitation_token;
use chrono::{DateTime, Utc};
use eventstore::{
    Direction, EventStore,
    keyring::{Keyring, KeyringError},
};
use eventstore_schema::{
    Event, OrganizationEvent, Personal, Recorded, StreamName, UserEvent, UserId,
};
use lettre::{
    Message,
    message::{Mailbox, header::ContentType},
};
use secrecy::ExposeSecret as _;
use std::{fs, path::PathBuf};
use url::Url;

type Failure = Box<dyn std::error::Error + Send + Sync>;

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
    ) -> Result<(), Failure> {
        let Some(user) = event.stream.as_str().strip_prefix("user-") else {
            return Ok(());
        };
        let user = UserId(user.parse()?);
        let Some(invited) = invited(store, event).await? else {
            return Ok(());
        };
        let address = match keyring.open_sealed("email", &invited.email.0) {
            Ok(address) => String::from_utf8(address.to_vec())?,
            // Erased before the mail was written: there is nobody to write to.
            Err(KeyringError::Destroyed { .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let name = String::from_utf8(keyring.open_sealed("name", &invited.name.0)?.to_vec())?;
        let organization = organization(store, event).await?;
        let token = invitation_token(keyring, user, event.metadata.command_id);
        let mut link = self.public_url.join("/invitation")?;
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
            .from("Pawl <no-reply@localhost>".parse()?)
            .to(Mailbox::new(Some(name), address.parse()?))
            .subject(format!("Your invitation to {organization}"))
            .date(event.metadata.recorded_at.into())
            .message_id(Some(format!("<{}@pawl>", event.id)))
            .header(ContentType::TEXT_PLAIN)
            .body(body)?;
        self.write(event, &message.formatted())
    }

    /// One file for each event: writing it again changes nothing, and it is there whole or not.
    fn write(&self, event: &Recorded<Event>, message: &[u8]) -> Result<(), Failure> {
        fs::create_dir_all(&self.folder)?;
        let name = format!("{:012}-{}", event.position.0, event.id);
        let unfinished = self.folder.join(format!(".{name}.new"));
        fs::write(&unfinished, message)?;
        fs::rename(unfinished, self.folder.join(format!("{name}.eml")))?;
        tracing::info!(event_id = %event.id, "mail written to the outbox");
        Ok(())
    }
}

/// The person as they were invited, with the end of the link in this event.
async fn invited(
    store: &dyn EventStore,
    event: &Recorded<Event>,
) -> Result<Option<Invited>, Failure> {
    let resent_until = match &event.data {
        Event::User(UserEvent::InvitationResent(resent)) => Some(resent.expires_at),
        _ => None,
    };
    for earlier in store
        .read_stream(&event.stream, 0, Direction::Forwards, 10)
        .await?
    {
        if let Event::User(UserEvent::UserInvited(invited)) = earlier.decode()?.data {
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

async fn organization(store: &dyn EventStore, event: &Recorded<Event>) -> Result<String, Failure> {
    let Some(id) = event.metadata.organization_id else {
        return Ok("Pawl".to_owned());
    };
    let stream = StreamName::organization(id);
    for event in store
        .read_stream(&stream, 0, Direction::Forwards, 1)
        .await?
    {
        if let Event::Organization(OrganizationEvent::OrganizationRegistered(registered)) =
            event.decode()?.data
        {
            return Ok(registered.name);
        }
    }
    Ok("Pawl".to_owned())
}
