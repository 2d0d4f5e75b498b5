//! The link before the set-up of an authenticator: where a password is all that somebody can show, they
//! also show that they read the mail of the known address. It is asked for after a reset, and before
//! the first authenticator where the organization wants it; never of whoever has an authenticator, who
//! shows that.

use super::{Link, User};
use crate::{
    Decide, Decision, Enrolment, Rejection, SessionHolder,
    decider::{emit, nothing_to_do},
    mail_throttle::MailThrottle,
};
use chrono::{DateTime, TimeDelta, Utc};
use eventstore_schema::{
    CommandId, OtpSetUpLinkFollowed, OtpSetUpLinkRequested, SessionId, TokenDigest, UserEvent,
};
use subtle::ConstantTimeEq;

/// How long the link works, and how long the session that followed it may begin a set-up.
pub const SET_UP_LINK_LIFETIME: TimeDelta = TimeDelta::hours(1);

/// What a person's stream says of their mailbox.
#[derive(Clone, Debug, Default)]
pub(super) struct SetUpLinks {
    /// The newest link, until it is followed.
    open: Option<Link>,
    /// The session that followed one last, and when that one would have expired. A newer link changes
    /// nothing about it, or a thief of the password could break off its owner's set-up.
    followed: Option<(SessionId, DateTime<Utc>)>,
    mails: MailThrottle,
    /// Whether the operator has handed a link over, because the mailbox is lost: until there is an
    /// authenticator, nothing that is mailed counts.
    mailbox_lost: bool,
    /// What followed the newest of the other mailed links, an invitation's or a new password's. The
    /// session that this command began has shown the mailbox.
    other_link: Option<CommandId>,
}

impl SetUpLinks {
    pub(super) fn requested(&mut self, event: &OtpSetUpLinkRequested, at: DateTime<Utc>) {
        self.open = Some(Link {
            token_digest: event.token_digest.clone(),
            expires_at: event.expires_at,
        });
        self.mails.sent(at);
    }

    pub(super) fn followed(&mut self, event: &OtpSetUpLinkFollowed) {
        self.open = None;
        self.followed = Some((event.session_id, event.expires_at));
    }

    pub(super) fn followed_another(&mut self, by: CommandId) {
        self.other_link = Some(by);
    }

    /// What was mailed before counts no more, and no mail does until there is an authenticator.
    pub(super) fn handed_over(&mut self) {
        *self = Self {
            mailbox_lost: true,
            ..Self::default()
        };
    }

    /// What was mailed before is dead, and nobody waits for a new one. A mailbox that was lost stays so.
    pub(super) fn reset(&mut self) {
        *self = Self {
            mailbox_lost: self.mailbox_lost,
            ..Self::default()
        };
    }

    /// An authenticator is there: no link of before opens anything any more.
    pub(super) fn served(&mut self) {
        self.open = None;
        self.followed = None;
        self.mailbox_lost = false;
    }

    pub(super) fn mailbox_is_lost(&self) -> bool {
        self.mailbox_lost
    }
}

impl User {
    /// Whether the session that this command began did so by a link that was mailed to the person.
    pub(crate) fn followed_a_link(&self, began_by: CommandId) -> bool {
        self.set_up_links.other_link == Some(began_by)
    }

    /// Whether a set-up in this session asks for a link at all.
    fn asks_for_set_up_link(&self, holder: &SessionHolder) -> bool {
        let wanted = self.must_set_up_device || holder.organization_asks_for_set_up_link();
        self.devices.is_empty() && wanted && !holder.began_by_mailed_link()
    }

    /// Whether this session has to follow a link before it begins a set-up now.
    #[must_use]
    pub fn lacks_set_up_link(&self, holder: &SessionHolder, now: DateTime<Utc>) -> bool {
        let in_time = |(session, until)| session == holder.session() && now < until;
        self.asks_for_set_up_link(holder) && !self.set_up_links.followed.is_some_and(in_time)
    }

    /// Refuses a session that has not followed the link it needs. A set-up that it began in time it
    /// finishes in its own time.
    pub(super) fn require_set_up_link(&self, holder: &SessionHolder) -> Result<(), Rejection> {
        let followed = self.set_up_links.followed.map(|(session, _)| session);
        if self.asks_for_set_up_link(holder) && followed != Some(holder.session()) {
            Err(Rejection::OtpSetUpLinkRequired)
        } else {
            Ok(())
        }
    }

    /// Until when the link works that was mailed last, if nobody has followed it.
    #[must_use]
    pub fn set_up_link_expires_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let open = self.set_up_links.open.as_ref();
        open.map(|link| link.expires_at).filter(|end| now < *end)
    }
}

/// Asks for the link. The mail follows from the event; within a minute of another one there is none.
#[derive(Debug)]
pub struct RequestOtpSetUpLink {
    /// The digest of the token in the link.
    pub token_digest: TokenDigest,
    /// Now.
    pub at: DateTime<Utc>,
}

impl Decide<RequestOtpSetUpLink> for User {
    type By = Enrolment;

    fn decide(&self, command: RequestOtpSetUpLink, by: &Enrolment) -> Decision<UserEvent> {
        if !self.lacks_set_up_link(by.holder(), command.at) {
            return Err(Rejection::OtpSetUpLinkNotNeeded);
        }
        if self.set_up_links.mailbox_is_lost() {
            return Err(Rejection::OtpSetUpLinkRequired);
        }
        if !self.set_up_links.mails.admits(command.at) {
            return nothing_to_do();
        }
        emit(OtpSetUpLinkRequested {
            token_digest: command.token_digest,
            expires_at: command.at + SET_UP_LINK_LIFETIME,
        })
    }
}

/// Follows the link. It is used from then on, and belongs to this session.
#[derive(Debug)]
pub struct FollowOtpSetUpLink {
    /// The digest of the token that was presented.
    pub token_digest: TokenDigest,
    /// Now.
    pub at: DateTime<Utc>,
}

impl Decide<FollowOtpSetUpLink> for User {
    type By = Enrolment;

    fn decide(&self, command: FollowOtpSetUpLink, by: &Enrolment) -> Decision<UserEvent> {
        if !self.lacks_set_up_link(by.holder(), command.at) {
            return nothing_to_do();
        }
        let open = self.set_up_links.open.as_ref();
        let link = open.filter(|link| command.at < link.expires_at);
        let link = link.ok_or(Rejection::OtpSetUpLinkRequired)?;
        let presented = command.token_digest.0.as_bytes();
        if bool::from(link.token_digest.0.as_bytes().ct_eq(presented)) {
            emit(OtpSetUpLinkFollowed {
                session_id: by.holder().session(),
                expires_at: link.expires_at,
            })
        } else {
            Err(Rejection::OtpSetUpLinkRequired)
        }
    }
}

#[cfg(test)]
mod tests;
