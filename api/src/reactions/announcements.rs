//! Mail to everybody in an organization, a page of people at a time: however many there are, it is not
//! all in memory, and after a restart it goes on behind those who have theirs.

use super::{Outage, Reaction};
use crate::{
    application::Pawl,
    files::write_whole,
    mail::{Composer, Letterhead, MailError, MailName, Notice, Outbox},
};
use async_trait::async_trait;
use eventstore_schema::{Event, EventId, OrganizationEvent, OrganizationId, Recorded, UserId};
use std::{fs, io, path::PathBuf};

/// The name of the drawer in which they are prepared.
const MAKER: &str = "announcements";
/// People that are written to at a time.
const PAGE: u32 = 100;

/// Writes them.
pub struct Announcements {
    /// The application, to ask.
    pub pawl: Pawl,
    /// Puts them into words.
    pub composer: Composer,
    /// Where they go.
    pub outbox: Outbox,
    /// Where it is noted who was written to last about which event.
    pub cursor: PathBuf,
}

#[async_trait]
impl Reaction for Announcements {
    async fn react(&self, event: &Recorded<Event>) -> Result<bool, Outage> {
        let Event::Organization(OrganizationEvent::TwoFactorEnforced(_)) = &event.data else {
            return Ok(false);
        };
        let Some(organization) = event.metadata.organization_id else {
            return Ok(false);
        };
        match self.announce(event, organization).await {
            // Trying again would hold up every other for ever.
            Err(Outage::Mail(MailError::Impossible(reason))) => {
                tracing::error!(event_id = %event.id, reason, "nobody can be told");
            }
            announced => announced?,
        }
        Ok(true)
    }
}

impl Announcements {
    async fn announce(
        &self,
        event: &Recorded<Event>,
        organization: OrganizationId,
    ) -> Result<(), Outage> {
        let letterhead = Letterhead::of(&*self.composer.store, event).await?;
        self.pawl.wait_for(event.position).await?;
        let mut told = self.told(event.id).map_err(Outage::Checkpoint)?;
        let settled = self.outbox.settle(MAKER, |mail| {
            mail.event == event.id && told.is_some_and(|told| mail.user <= told)
        });
        let settled = settled.map_err(MailError::from)?;
        self.composer.withdraw_erased(&self.outbox, &settled)?;
        loop {
            let page = self.pawl.people_to_tell(organization, told, PAGE).await?;
            for person in &page.items {
                // Who came later joins an organization that asks for it.
                if person.can_be_told && person.created_at <= event.metadata.recorded_at {
                    self.write(event, &letterhead, person.user_id).await?;
                }
            }
            let Some(last) = page.items.last().map(|person| person.user_id) else {
                return Ok(());
            };
            self.note(event.id, last)?;
            let published = self.outbox.publish(MAKER, |mail| mail.user <= last);
            let published = published.map_err(MailError::from)?;
            self.composer.withdraw_erased(&self.outbox, &published)?;
            let mails = published.len();
            tracing::info!(event_id = %event.id, mails, "mail written to the outbox");
            told = page.next;
            if told.is_none() {
                return Ok(());
            }
        }
    }

    async fn write(
        &self,
        event: &Recorded<Event>,
        letterhead: &Letterhead,
        user: UserId,
    ) -> Result<(), MailError> {
        let notice = Notice::TwoFactorEnforced;
        let composed = self
            .composer
            .compose(event, letterhead, user, &notice)
            .await;
        let mail = MailName {
            position: event.position,
            event: event.id,
            user,
        };
        match composed {
            Ok(Some(message)) => Ok(self.outbox.prepare(MAKER, &mail, &message)?),
            Ok(None) => Ok(()),
            Err(MailError::Impossible(reason)) => {
                tracing::error!(event_id = %event.id, user_id = %user, reason, "a mail cannot be written");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Who was written to last about this event.
    fn told(&self, event: EventId) -> io::Result<Option<UserId>> {
        let text = match fs::read_to_string(&self.cursor) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        match text.trim().split_once(' ') {
            Some((about, user)) if about == event.to_string() => {
                user.parse().map(Some).map_err(io::Error::other)
            }
            _ => Ok(None),
        }
    }

    fn note(&self, event: EventId, user: UserId) -> Result<(), Outage> {
        write_whole(&self.cursor, format!("{event} {user}\n").as_bytes())
            .map_err(Outage::Checkpoint)
    }
}
