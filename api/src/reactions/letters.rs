//! Mail to one person, about what happened to them.

use super::{Outage, Reaction};
use crate::{
    application::{Failure, Pawl},
    mail::{Composer, Letterhead, MailError, MailName, Notice, Outbox},
};
use async_trait::async_trait;
use eventstore_schema::{
    Actor, Event, EventId, Position, Recorded, Role, SessionEvent, SessionId, StreamName,
    UserEvent, UserId,
};

/// The name of the drawer in which they are prepared.
const MAKER: &str = "letters";

/// Writes them.
pub struct Letters {
    /// The application, to ask.
    pub pawl: Pawl,
    /// Puts them into words.
    pub composer: Composer,
    /// Where they go.
    pub outbox: Outbox,
}

#[async_trait]
impl Reaction for Letters {
    fn begin(&self, noted: Position) -> Result<(), Outage> {
        let settled = self.outbox.settle(MAKER, |mail| mail.position <= noted);
        let settled = settled.map_err(MailError::from)?;
        Ok(self.composer.withdraw_erased(&self.outbox, &settled)?)
    }

    async fn react(&self, event: &Recorded<Event>) -> Result<bool, Outage> {
        match self.tell(event).await {
            // Trying again would hold up everybody's for ever.
            Err(Outage::Mail(MailError::Impossible(reason))) => {
                tracing::error!(event_id = %event.id, reason, "a mail cannot be written");
                Ok(true)
            }
            told => told,
        }
    }

    async fn noted(&self, position: Position, _event: EventId) -> Result<(), Outage> {
        let published = self.outbox.publish(MAKER, |mail| mail.position <= position);
        let published = published.map_err(MailError::from)?;
        self.composer.withdraw_erased(&self.outbox, &published)?;
        for mail in published {
            tracing::info!(event_id = %mail.event, "mail written to the outbox");
        }
        Ok(())
    }
}

impl Letters {
    /// Whether there was anybody to tell.
    async fn tell(&self, event: &Recorded<Event>) -> Result<bool, Outage> {
        let Some((user, notice)) = self.notice(event).await? else {
            return Ok(false);
        };
        self.write(event, user, &notice).await?;
        Ok(true)
    }

    async fn write(
        &self,
        event: &Recorded<Event>,
        user: UserId,
        notice: &Notice,
    ) -> Result<(), MailError> {
        let letterhead = Letterhead::of(&*self.composer.store, event).await?;
        let composed = self.composer.compose(event, &letterhead, user, notice);
        if let Some(message) = composed.await? {
            let mail = MailName {
                position: event.position,
                event: event.id,
                user,
            };
            self.outbox.prepare(MAKER, &mail, &message)?;
        }
        Ok(())
    }

    /// Who is told what about this event.
    async fn notice(&self, event: &Recorded<Event>) -> Result<Option<(UserId, Notice)>, Outage> {
        let position = event.position;
        match &event.data {
            Event::User(what) => {
                let user = id_of::<UserId>(&event.stream, "user-")?;
                let notice = self.notice_to(user, event, what).await?;
                Ok(notice.map(|notice| (user, notice)))
            }
            Event::Session(SessionEvent::SignedIn(_)) => {
                let session = id_of::<SessionId>(&event.stream, "session-")?;
                let new = self.pawl.new_sign_in(session, position).await?;
                Ok(new.map(|(user, browser)| (user, Notice::NewSignIn { browser })))
            }
            Event::Address(_) => {
                let closed = self.pawl.closed_address(&event.stream, position).await?;
                Ok(closed.map(|user| (user, Notice::PasswordStepClosed)))
            }
            _ => Ok(None),
        }
    }

    /// What the person is told about an event of theirs.
    async fn notice_to(
        &self,
        user: UserId,
        event: &Recorded<Event>,
        what: &UserEvent,
    ) -> Result<Option<Notice>, Outage> {
        Ok(match what {
            UserEvent::UserInvited(invited) => Some(Notice::Invitation {
                until: Composer::until(invited.expires_at),
            }),
            UserEvent::InvitationResent(resent) => Some(Notice::Invitation {
                until: Composer::until(resent.expires_at),
            }),
            // The operator hands their link over by hand, because the mailbox is lost: somebody else may
            // read it.
            UserEvent::PasswordResetRequested(_) if event.metadata.actor == Actor::Operator => None,
            UserEvent::PasswordResetRequested(requested) => Some(Notice::PasswordLink {
                until: Composer::until(requested.expires_at),
            }),
            UserEvent::OtpSetUpLinkRequested(requested) => Some(Notice::OtpSetUpLink {
                until: Composer::until(requested.expires_at),
            }),
            UserEvent::PasswordReset(_) => Some(Notice::PasswordReset),
            UserEvent::PasswordChanged(_) => Some(Notice::PasswordChanged),
            UserEvent::RoleChanged(changed) => Some(Notice::RoleChanged {
                role: in_words(changed.role),
            }),
            UserEvent::UserDisabled(_) => Some(Notice::Disabled),
            UserEvent::UserEnabled(_) => Some(Notice::Enabled),
            UserEvent::OtpDeviceConfirmed(confirmed) => self
                .composer
                .open_device_name(&confirmed.device_name)?
                .map(|device| Notice::AuthenticatorAdded { device }),
            UserEvent::OtpDeviceRemoved(removed) => self
                .composer
                .device_name(event, removed.device_id)
                .await?
                .map(|device| Notice::AuthenticatorRemoved { device }),
            UserEvent::OtpDevicesReset(_) => Some(Notice::AuthenticatorsReset),
            UserEvent::RecoveryCodeUsed(_) => Some(Notice::RecoveryCodeUsed),
            UserEvent::OtpRejected(_) | UserEvent::RecoveryCodeRejected(_) => self
                .pawl
                .has_closed_code_step(user, event.position)
                .await?
                .then_some(Notice::CodeStepClosed),
            UserEvent::UserRegistered(_)
            | UserEvent::InvitationAccepted(_)
            | UserEvent::InvitationRevoked(_)
            | UserEvent::OtpDeviceRegistered(_)
            | UserEvent::OtpDeviceRenamed(_)
            | UserEvent::OtpVerified(_)
            | UserEvent::OtpSetUpLinkFollowed(_)
            | UserEvent::PasswordRehashed(_)
            | UserEvent::UserErased(_)
            | UserEvent::UserExported(_)
            | UserEvent::RecoveryCodesIssued(_) => None,
        })
    }
}

/// A role as it stands in a sentence.
fn in_words(role: Role) -> &'static str {
    match role {
        Role::Admin => "an administrator",
        Role::UserManager => "a user manager",
        Role::Auditor => "an auditor",
        Role::Analyst => "an analyst",
        Role::Member => "a member",
    }
}

fn id_of<T: std::str::FromStr>(stream: &StreamName, category: &str) -> Result<T, Failure> {
    let id = stream.as_str().strip_prefix(category);
    id.and_then(|id| id.parse().ok())
        .ok_or_else(|| Failure::Internal(format!("{stream} is not the name of a stream of Pawl's")))
}
