//! The right to act. The values here can be made in this module only, from a session, the person and
//! the policy of their organization as they are at that moment, or from a machine's credential and
//! access token (invariant I2): a handler that forgets to ask has nothing to pass to `decide`, and
//! does not compile.

mod mandate;
mod on_the_server;
mod showing;
#[cfg(test)]
mod tests;

pub use mandate::Mandate;
pub use on_the_server::OnTheServer;
pub use showing::Showing;

use crate::{
    Permission, Rejection,
    installation::Installation,
    organization::Organization,
    session::{LiveSession, Session, SessionLimits},
    user::{Profile, User},
};
use chrono::{DateTime, TimeDelta, Utc};
use eventstore_schema::{
    Actor, CommandId, Factor, OrganizationId, Position, Role, SessionId, TokenDigest, UserId,
};
use serde::Serialize;
use std::ops::Deref;
use subtle::ConstantTimeEq;

/// Someone in whose name an event is recorded.
pub trait Acting {
    /// The actor of the event's envelope.
    fn actor(&self) -> Actor;
}

impl Acting for Actor {
    fn actor(&self) -> Actor {
        *self
    }
}

/// What a session has to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NextStep {
    /// Nothing: every required factor has been shown.
    Done,
    /// Show a code of an authenticator.
    Otp,
    /// Set up an authenticator.
    #[serde(rename = "otp_setup")]
    OtpSetUp,
}

/// The policy: what a session needs, given who holds it and what their organization asks for.
///
/// Whoever has an authenticator shows it, or a recovery code in its place, enforced or not. Whoever
/// has none must set one up where the organization enforces two-factor authentication, or where those
/// of before were reset, whatever the session has shown before: the authenticator of then is gone.
#[must_use]
pub fn next_step(user: &User, organization: &Organization, session: &Session) -> NextStep {
    if user.has_otp_device() {
        match session.second_factor() {
            Some(_) => NextStep::Done,
            None => NextStep::Otp,
        }
    } else if organization.requires_second_factor() || user.must_set_up_device() {
        NextStep::OtpSetUp
    } else {
        NextStep::Done
    }
}

/// The session and the person, if the session goes on: it has neither ended nor run out, nothing has
/// ended it from outside, and the person can act. What it may open is another question
/// ([`next_step`]), and so is who holds its token.
#[must_use]
pub fn going_on<'a>(
    id: SessionId,
    session: &'a Session,
    user: &'a User,
    (now, limits): (DateTime<Utc>, SessionLimits),
) -> Option<(&'a LiveSession, &'a Profile)> {
    let live = session.live_at(now, limits)?;
    let person = user.active()?;
    let over = user.has_ended(id, live.began_at);
    let belongs = person.organization_id == live.organization_id;
    (belongs && !over).then_some((live, person))
}

/// Whoever holds a live session, whatever it still lacks. Opens the session itself and its end.
#[derive(Clone, Debug)]
pub struct SessionHolder {
    session: SessionId,
    user: UserId,
    organization: OrganizationId,
    role: Role,
    factors: Vec<Factor>,
    second_factor_at: Option<DateTime<Utc>>,
    /// Whether the person has a second factor, or needs one.
    has_second_factor: bool,
    next: NextStep,
    expires_at: DateTime<Utc>,
    began_at: Position,
    /// Whether it began by an invitation's link, or by that to a new password.
    began_by_mailed_link: bool,
    /// Whether the organization asks for a mailed link before a first authenticator.
    asks_for_set_up_link: bool,
    used_at: DateTime<Utc>,
}

impl SessionHolder {
    /// Checks the token that was presented, perhaps with a command that is repeated, against the
    /// session, and the person and organization against the policy.
    pub fn of(
        id: SessionId,
        session: &Session,
        (presented, command): (&TokenDigest, Option<CommandId>),
        user: &User,
        organization: &Organization,
        (now, limits): (DateTime<Utc>, SessionLimits),
    ) -> Result<Self, Rejection> {
        let genuine = session.opens_with(presented, command);
        let open = going_on(id, session, user, (now, limits)).filter(|_| genuine);
        let (live, person) = open.ok_or(Rejection::Unauthenticated)?;
        Ok(Self {
            session: id,
            user: live.user_id,
            organization: live.organization_id,
            role: person.role,
            factors: session.factors().to_vec(),
            second_factor_at: session.second_factor_at(),
            has_second_factor: user.has_otp_device() || organization.requires_second_factor(),
            next: next_step(user, organization, session),
            expires_at: live.expires_at,
            began_at: live.began_at,
            began_by_mailed_link: user.followed_a_link(live.began_by),
            asks_for_set_up_link: organization.asks_for_set_up_link(),
            used_at: live.used_at,
        })
    }

    /// The session.
    #[must_use]
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// Whose it is.
    #[must_use]
    pub fn user(&self) -> UserId {
        self.user
    }

    /// The organization of the person.
    #[must_use]
    pub fn organization(&self) -> OrganizationId {
        self.organization
    }

    /// The role of the person.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// The factors shown in this session.
    #[must_use]
    pub fn factors(&self) -> &[Factor] {
        &self.factors
    }

    /// When the second factor was shown in this session last.
    #[must_use]
    pub fn second_factor_at(&self) -> Option<DateTime<Utc>> {
        self.second_factor_at
    }

    fn require_fresh_second_factor(&self, now: DateTime<Utc>) -> Result<(), Rejection> {
        match self.second_factor_at {
            Some(at) if now <= at + FRESHNESS => Ok(()),
            _ => Err(Rejection::FreshSecondFactorRequired),
        }
    }

    /// What the session has to do next.
    #[must_use]
    pub fn next(&self) -> NextStep {
        self.next
    }

    /// Where in the log the session began.
    #[must_use]
    pub(crate) fn began_at(&self) -> Position {
        self.began_at
    }

    pub(crate) fn began_by_mailed_link(&self) -> bool {
        self.began_by_mailed_link
    }

    pub(crate) fn organization_asks_for_set_up_link(&self) -> bool {
        self.asks_for_set_up_link
    }

    /// When something was last noted of the session.
    #[must_use]
    pub fn used_at(&self) -> DateTime<Utc> {
        self.used_at
    }

    /// The end of the session.
    #[must_use]
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.expires_at
    }
}

impl Acting for SessionHolder {
    fn actor(&self) -> Actor {
        Actor::User(self.user)
    }
}

/// How long a second factor counts as shown just now.
pub const FRESHNESS: TimeDelta = TimeDelta::minutes(5);

/// A person whose session meets the policy: the right to act for that person. It is also a
/// [`Mandate`], so that whatever a machine may be let do, people with that right do as well; the
/// other way there is none.
#[derive(Clone, Debug)]
pub struct Authority {
    holder: SessionHolder,
    mandate: Mandate,
}

impl Authority {
    /// Asks the policy.
    pub fn of(holder: SessionHolder) -> Result<Self, Rejection> {
        match holder.next {
            NextStep::Done => Ok(Self {
                mandate: Mandate::of_person(&holder),
                holder,
            }),
            NextStep::Otp | NextStep::OtpSetUp => Err(Rejection::SecondFactorRequired),
        }
    }

    /// Whose right it is.
    #[must_use]
    pub fn holder(&self) -> &SessionHolder {
        &self.holder
    }

    /// Refuses unless the second factor was shown in the last five minutes: what a stolen session
    /// must not do. Who has none, and needs none, has nothing to show.
    pub fn require_fresh_second_factor(&self, now: DateTime<Utc>) -> Result<(), Rejection> {
        if self.holder.has_second_factor {
            self.holder.require_fresh_second_factor(now)
        } else {
            Ok(())
        }
    }

    /// The same, and refuses who has no second factor: for what would outlast a session that one
    /// factor opened, and so the enforcement of two.
    pub fn require_second_factor(&self, now: DateTime<Utc>) -> Result<(), Rejection> {
        match self.holder.second_factor_at {
            Some(_) => self.holder.require_fresh_second_factor(now),
            None => Err(Rejection::OtpDeviceMissing),
        }
    }
}

impl Deref for Authority {
    type Target = Mandate;

    fn deref(&self) -> &Mandate {
        &self.mandate
    }
}

impl Acting for Authority {
    fn actor(&self) -> Actor {
        self.mandate.actor()
    }
}

/// The right to register further organizations: an administrator of the operating organization.
/// It ends where those begin: their people and history stay closed to it.
#[derive(Clone, Debug)]
pub struct Operating(Authority);

impl Operating {
    /// Asks whether the person's organization operates the installation.
    pub fn of(authority: Authority, installation: &Installation) -> Result<Self, Rejection> {
        let organization = authority.organization();
        authority.permit(Permission::RegisterOrganizations, organization)?;
        if installation.is_operated_by(organization) {
            Ok(Self(authority))
        } else {
            Err(Rejection::Forbidden)
        }
    }
}

impl Acting for Operating {
    fn actor(&self) -> Actor {
        self.0.actor()
    }
}

/// The right to set up an authenticator: a session that lacks nothing, or lacks just this. A
/// session that waits for a code has it not: a stolen password must not bring its own phone.
#[derive(Clone, Debug)]
pub struct Enrolment(SessionHolder);

impl Enrolment {
    /// Asks the policy.
    pub fn of(holder: SessionHolder) -> Result<Self, Rejection> {
        match holder.next {
            NextStep::Done | NextStep::OtpSetUp => Ok(Self(holder)),
            NextStep::Otp => Err(Rejection::SecondFactorRequired),
        }
    }

    /// Refuses unless the second factor was shown in the last five minutes. For people who have an
    /// authenticator: a stolen session must not bring its own phone, and show that one's codes.
    pub fn require_fresh_second_factor(&self, now: DateTime<Utc>) -> Result<(), Rejection> {
        self.0.require_fresh_second_factor(now)
    }

    /// Whose right it is.
    #[must_use]
    pub fn holder(&self) -> &SessionHolder {
        &self.0
    }
}

impl Acting for Enrolment {
    fn actor(&self) -> Actor {
        self.0.actor()
    }
}

/// Whoever holds the link of the first start: the operator.
#[derive(Clone, Copy, Debug)]
pub struct SetUpLink(());

impl SetUpLink {
    /// Compares the token that was presented with the one of the link, in constant time.
    pub fn check(presented: &TokenDigest, expected: &TokenDigest) -> Result<Self, Rejection> {
        if bool::from(presented.0.as_bytes().ct_eq(expected.0.as_bytes())) {
            Ok(Self(()))
        } else {
            Err(Rejection::SetUpTokenInvalid)
        }
    }
}

impl Acting for SetUpLink {
    fn actor(&self) -> Actor {
        Actor::Operator
    }
}

/// Somebody who has not shown who they are. What they may do carries its proof in the command.
#[derive(Clone, Copy, Debug)]
pub struct Anyone;

impl Acting for Anyone {
    fn actor(&self) -> Actor {
        Actor::Anonymous
    }
}
