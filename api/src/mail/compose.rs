//! Whole messages: plain text and HTML side by side, without anything from elsewhere. The same event
//! and person make the same message, byte for byte.

use super::{
    Letterhead, MailError, MailName, Notice, Outbox,
    letterhead::{Addressee, decoded, open},
    notice::{Words, time},
};
use crate::application::{invitation_token, otp_set_up_link_token, password_reset_token};
use chrono::{DateTime, Utc};
use eventstore::{
    Direction, EventStore,
    keyring::{Keyring, KeyringError},
};
use eventstore_schema::{DeviceId, Event, KeyName, Personal, Recorded, UserEvent, UserId};
use lettre::{
    Address, Message,
    message::{
        Body, Mailbox, MultiPart, SinglePart,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
};
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::Arc;
use url::Url;

/// Events of a person that are read at a time.
const PAGE: usize = 64;

/// Writes mails.
#[derive(Clone)]
pub struct Composer {
    /// The log.
    pub store: Arc<dyn EventStore>,
    /// The keys.
    pub keyring: Keyring,
    /// How people reach this server.
    pub public_url: Url,
    /// Whom mails are from.
    pub from: Mailbox,
}

impl Composer {
    /// The mail to this person about this event; `None` if there is nobody to write to.
    pub async fn compose(
        &self,
        event: &Recorded<Event>,
        letterhead: &Letterhead,
        user: UserId,
        notice: &Notice,
    ) -> Result<Option<Vec<u8>>, MailError> {
        let Some(to) = Addressee::of(&*self.store, &self.keyring, user).await? else {
            return Ok(None);
        };
        let link = self.link(event, user, notice);
        let at = event.metadata.recorded_at;
        let words = Words::new(notice, letterhead, &to.name, link.as_str(), at)?;
        let to = Mailbox::new(Some(to.name), to.address);
        let id = format!("{}.{user}", event.id);
        message(self.from.clone(), to, words, at, &id).map(Some)
    }

    /// Where the mail leads: a link that opens something is in invitations, and where people ask for
    /// one, only.
    fn link(&self, event: &Recorded<Event>, user: UserId, notice: &Notice) -> Url {
        let command = event.metadata.command_id;
        let (path, token): (_, Option<SecretString>) = match notice {
            Notice::Invitation { .. } => (
                "/invitation",
                Some(invitation_token(&self.keyring, user, command)),
            ),
            Notice::PasswordLink { .. } => (
                "/password-reset",
                Some(password_reset_token(&self.keyring, user, command)),
            ),
            Notice::OtpSetUpLink { .. } => (
                "/authenticator",
                Some(otp_set_up_link_token(&self.keyring, user, command)),
            ),
            Notice::TwoFactorEnforced
            | Notice::AuthenticatorsReset
            | Notice::RoleChanged { .. }
            | Notice::Enabled => ("/sign-in", None),
            _ => ("/account", None),
        };
        let mut link = self.public_url.clone();
        link.set_path(path);
        if let Some(token) = token {
            link.query_pairs_mut()
                .append_pair("token", token.expose_secret());
        }
        link
    }

    /// What an authenticator's owner called it before this event; `None` once they are erased.
    pub async fn device_name(
        &self,
        event: &Recorded<Event>,
        device: DeviceId,
    ) -> Result<Option<String>, MailError> {
        let mut from = event.revision;
        loop {
            let page = self
                .store
                .read_stream(&event.stream, from, Direction::Backwards, PAGE)
                .await?;
            let oldest = page.last().map(|earlier| earlier.revision);
            for earlier in page {
                let name = match decoded(earlier)? {
                    Event::User(UserEvent::OtpDeviceConfirmed(e)) if e.device_id == device => {
                        e.device_name
                    }
                    Event::User(UserEvent::OtpDeviceRenamed(e)) if e.device_id == device => {
                        e.device_name
                    }
                    _ => continue,
                };
                return self.open_device_name(&name);
            }
            match oldest.and_then(|oldest| oldest.checked_sub(1)) {
                Some(before) => from = before,
                None => return Err(MailError::impossible("an authenticator without a name")),
            }
        }
    }

    /// The name of an authenticator; `None` once its owner is erased.
    pub fn open_device_name(&self, name: &Personal) -> Result<Option<String>, MailError> {
        open(&self.keyring, "device_name", name)
    }

    /// Takes those mails out again whose person has been erased since they were begun: whoever erases
    /// takes away what is in the outbox by then.
    pub fn withdraw_erased(&self, outbox: &Outbox, mails: &[MailName]) -> Result<(), MailError> {
        for mail in mails {
            match self.keyring.seal(&KeyName::person(mail.user), "", b"") {
                Err(KeyringError::Destroyed { .. }) => outbox.remove(mail)?,
                sealed => {
                    sealed?;
                }
            }
        }
        Ok(())
    }

    /// The address of a person; `None` once they are erased.
    pub(super) async fn address(&self, user: UserId) -> Result<Option<Address>, MailError> {
        let to = Addressee::of(&*self.store, &self.keyring, user).await?;
        Ok(to.map(|to| to.address))
    }

    /// A time as it stands in a mail.
    #[must_use]
    pub fn until(at: DateTime<Utc>) -> String {
        time(at).to_string()
    }
}

/// A message with these words. What it is called is the same for the same event and person, so that
/// one that came twice can be recognised.
fn message(
    from: Mailbox,
    to: Mailbox,
    words: Words,
    at: DateTime<Utc>,
    id: &str,
) -> Result<Vec<u8>, MailError> {
    let part = |kind, text: String| -> Result<SinglePart, MailError> {
        let encoding = ContentTransferEncoding::QuotedPrintable;
        let body = Body::new_with_encoding(text, encoding)
            .map_err(|_| MailError::impossible("a text that cannot be encoded"))?;
        Ok(SinglePart::builder().header(kind).body(body))
    };
    // No quoted-printable text holds this.
    let parts = MultiPart::alternative()
        .boundary(format!("=_{id}"))
        .singlepart(part(ContentType::TEXT_PLAIN, words.text)?)
        .singlepart(part(ContentType::TEXT_HTML, words.html)?);
    let message_id = format!("<{id}@{}>", from.email.domain());
    let message = Message::builder()
        .from(from)
        .to(to)
        .subject(words.subject)
        // Nobody's absence is answered (RFC 3834 section 5).
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ))
        .date(at.into())
        .message_id(Some(message_id))
        .multipart(parts)
        .map_err(MailError::impossible)?;
    Ok(message.formatted())
}

#[cfg(test)]
mod tests;
