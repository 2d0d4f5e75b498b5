//! In whose name a mail is written, and to whom.

use super::MailError;
use eventstore::{
    Direction, EventStore,
    keyring::{Keyring, KeyringError},
};
use eventstore_schema::{
    Event, OrganizationEvent, Personal, Recorded, RecordedEvent, StreamName, UserEvent, UserId,
};
use lettre::Address;

/// Events that are read at a time.
const PAGE: usize = 64;
/// Pawl's own color, for organizations without one.
const COLOR: &str = "#3547b5";

/// How the organization showed itself when the event happened, so that a mail that is written again is
/// the same.
#[derive(Clone, Debug)]
pub struct Letterhead {
    /// Its name.
    pub(super) organization: String,
    /// Its color.
    pub(super) color: String,
}

impl Letterhead {
    /// That of the organization to whose history the event belongs.
    pub async fn of(store: &dyn EventStore, event: &Recorded<Event>) -> Result<Self, MailError> {
        let mut letterhead = Self {
            organization: "Pawl".to_owned(),
            color: COLOR.to_owned(),
        };
        let Some(id) = event.metadata.organization_id else {
            return Ok(letterhead);
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
                    return Ok(letterhead);
                }
                letterhead.take_in(decoded(earlier)?);
            }
            if last {
                return Ok(letterhead);
            }
        }
    }

    fn take_in(&mut self, event: Event) {
        match event {
            Event::Organization(OrganizationEvent::OrganizationRegistered(registered)) => {
                self.organization = registered.name;
            }
            Event::Organization(OrganizationEvent::OrganizationRenamed(renamed)) => {
                self.organization = renamed.name;
            }
            Event::Organization(OrganizationEvent::AccentColorChanged(changed)) => {
                self.color = changed.accent_color.unwrap_or_else(|| COLOR.to_owned());
            }
            _ => {}
        }
    }
}

/// Whom a mail goes to.
pub(super) struct Addressee {
    pub(super) name: String,
    pub(super) address: Address,
}

impl Addressee {
    /// The person, as the beginning of their stream says; `None` once they are erased.
    pub(super) async fn of(
        store: &dyn EventStore,
        keyring: &Keyring,
        user: UserId,
    ) -> Result<Option<Self>, MailError> {
        let stream = StreamName::user(user);
        let first = store
            .read_stream(&stream, 0, Direction::Forwards, 1)
            .await?
            .pop();
        let (email, name) = match first.map(decoded).transpose()? {
            Some(Event::User(UserEvent::UserInvited(person))) => (person.email, person.name),
            Some(Event::User(UserEvent::UserRegistered(person))) => (person.email, person.name),
            _ => return Ok(None),
        };
        let (Some(address), Some(name)) = (
            open(keyring, "email", &email)?,
            open(keyring, "name", &name)?,
        ) else {
            return Ok(None);
        };
        Ok(Some(Self {
            name,
            address: address.parse().map_err(MailError::impossible)?,
        }))
    }
}

/// Opens a field of personal data, `None` once its key is destroyed.
pub(super) fn open(
    keyring: &Keyring,
    field: &str,
    sealed: &Personal,
) -> Result<Option<String>, MailError> {
    match keyring.open_sealed(field, &sealed.0) {
        Ok(text) => String::from_utf8(text.to_vec())
            .map(Some)
            .map_err(MailError::impossible),
        Err(KeyringError::Destroyed { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn decoded(event: RecordedEvent) -> Result<Event, MailError> {
    Ok(event.decode().map_err(MailError::impossible)?.data)
}
