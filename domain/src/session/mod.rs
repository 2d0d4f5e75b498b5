//! A session: from the password step to its end. It never says by itself what it opens; see
//! [`crate::authority`].

mod accept_second_factor;
mod end_own_session;
mod end_session;
mod limits;
mod start_session;
mod use_session;

pub use accept_second_factor::AcceptSecondFactor;
pub use end_own_session::EndOwnSession;
pub use end_session::EndSession;
pub use limits::{IDLE, LIFETIME, SessionLimits};
pub use start_session::StartSession;
pub use use_session::UseSession;

use crate::{decider::Decider, user::SecondFactor};
use chrono::{DateTime, Utc};
use eventstore_schema::{
    CommandId, Factor, Metadata, OrganizationId, Position, Recorded, SessionEvent, TokenDigest,
    UserId,
};
use subtle::ConstantTimeEq;

/// A session that has started and not ended.
#[derive(Clone, Debug)]
pub struct LiveSession {
    /// Whose it is.
    pub user_id: UserId,
    /// Their organization.
    pub organization_id: OrganizationId,
    /// The digest of its token.
    pub token_digest: TokenDigest,
    /// Where in the log it began.
    pub began_at: Position,
    /// The command that began it: a sign-in, or what followed a mailed link.
    pub began_by: CommandId,
    /// Its end at the latest.
    pub expires_at: DateTime<Utc>,
    /// When something was last noted of it.
    pub used_at: DateTime<Utc>,
}

/// What is known of a session.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// Also true of a session that has ended: it never begins again.
    started: bool,
    live: Option<LiveSession>,
    /// The token that was exchanged last, and the command that did it.
    exchanged: Option<(TokenDigest, CommandId)>,
    second_factor: Option<(SecondFactor, DateTime<Utc>)>,
    /// Each once, in the order in which they were shown first.
    factors: Vec<Factor>,
    signed_in: bool,
}

impl Session {
    /// The session, unless it has not begun, has ended, or has rested for too long.
    #[must_use]
    pub fn live_at(&self, now: DateTime<Utc>, limits: SessionLimits) -> Option<&LiveSession> {
        let goes_on =
            |live: &&LiveSession| now < live.expires_at && now < live.used_at + limits.idle;
        self.live.as_ref().filter(goes_on)
    }

    /// Whether this token opens the session. The one that was exchanged last does so for a repeat
    /// of the very command that exchanged it: its answer, with the new token, may have been lost.
    pub(crate) fn opens_with(&self, presented: &TokenDigest, command: Option<CommandId>) -> bool {
        let same = |known: &TokenDigest| known.0.as_bytes().ct_eq(presented.0.as_bytes());
        let current = self.live.as_ref().map(|live| same(&live.token_digest));
        let exchanged = self
            .exchanged
            .as_ref()
            .map(|(old, by)| same(old) & u8::from(command == Some(*by)).into());
        bool::from(current.unwrap_or(0.into()) | exchanged.unwrap_or(0.into()))
    }

    /// The second factor that was shown in it last.
    #[must_use]
    pub fn second_factor(&self) -> Option<SecondFactor> {
        self.second_factor.map(|(shown, _)| shown)
    }

    /// When that was.
    #[must_use]
    pub fn second_factor_at(&self) -> Option<DateTime<Utc>> {
        self.second_factor.map(|(_, at)| at)
    }

    /// The factors that were shown in it.
    #[must_use]
    pub fn factors(&self) -> &[Factor] {
        &self.factors
    }

    fn accept(&mut self, shown: SecondFactor, token: &TokenDigest, event: &Metadata) {
        self.second_factor = Some((shown, event.recorded_at));
        if !self.factors.contains(&shown.into()) {
            self.factors.push(shown.into());
        }
        if let Some(live) = &mut self.live {
            let old = std::mem::replace(&mut live.token_digest, token.clone());
            self.exchanged = Some((old, event.command_id));
        }
    }
}

impl Decider for Session {
    type Event = SessionEvent;

    fn evolve(&mut self, event: &Recorded<SessionEvent>) {
        match &event.data {
            SessionEvent::SessionStarted(started) => {
                self.started = true;
                self.factors = vec![Factor::Password];
                self.live = Some(LiveSession {
                    user_id: started.user_id,
                    organization_id: started.organization_id,
                    token_digest: started.token_digest.clone(),
                    began_at: event.position,
                    began_by: event.metadata.command_id,
                    expires_at: started.expires_at,
                    used_at: event.metadata.recorded_at,
                });
            }
            SessionEvent::SecondFactorAccepted(accepted) => {
                let shown = SecondFactor::Otp(accepted.device_id);
                self.accept(shown, &accepted.token_digest, &event.metadata);
            }
            SessionEvent::RecoveryCodeAccepted(accepted) => {
                let shown = SecondFactor::RecoveryCode;
                self.accept(shown, &accepted.token_digest, &event.metadata);
            }
            SessionEvent::SignedIn(_) => self.signed_in = true,
            SessionEvent::SessionUsed(_) => {}
            SessionEvent::SessionEnded(_) => self.live = None,
        }
        if let Some(live) = &mut self.live {
            live.used_at = event.metadata.recorded_at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Rejection, organization::Organization, testing::*, user::User};
    use eventstore_schema::{
        PasswordReset, Role, SecondFactorAccepted, SessionEnded, SessionStarted, SignedIn,
    };

    fn started() -> SessionEvent {
        SessionStarted {
            user_id: user(1),
            organization_id: acme(),
            token_digest: digest("token"),
            expires_at: now() + LIFETIME,
            browser: None,
        }
        .into()
    }

    fn start(history: Vec<SessionEvent>, enforced: bool) -> Then<SessionEvent> {
        let person = state::<User>([registered(Role::Member)]);
        let organization = state::<Organization>(organization(enforced));
        let proof = person.show_password(user(1), true).unwrap();
        let command = StartSession {
            user: &person,
            organization: &organization,
            token_digest: digest("token"),
            browser: None,
            at: now(),
            limits: SessionLimits::default(),
        };
        given(history).when::<Session, _>(command, &proof)
    }

    #[test]
    fn a_password_signs_in_where_nothing_more_is_required() {
        let signed_in = SignedIn {
            factors: vec![Factor::Password],
        };
        start(vec![], false).then([started(), signed_in.into()]);
        start(vec![], true).then([started()]);
    }

    #[test]
    fn an_exchanged_token_opens_the_session_for_a_repeat_of_its_exchange_only() {
        let shown = SecondFactorAccepted {
            device_id: device(1),
            token_digest: digest("new token"),
        };
        // `recorded` gives each event the nil command.
        let session = state::<Session>([started(), shown.into()]);
        let exchange = Some(CommandId(uuid::Uuid::nil()));
        let another = Some(CommandId(uuid::Uuid::from_u128(1)));
        for (token, command, opens) in [
            ("new token", None, true),
            ("new token", another, true),
            ("token", exchange, true),
            ("token", another, false),
            ("token", None, false),
            ("guess", exchange, false),
        ] {
            assert_eq!(
                session.opens_with(&digest(token), command),
                opens,
                "{token}"
            );
        }
        let ended = state::<Session>([started(), SessionEnded {}.into()]);
        assert!(!ended.opens_with(&digest("token"), exchange));
    }

    #[test]
    fn a_password_that_was_replaced_in_the_meantime_starts_nothing() {
        let before = state::<User>([registered(Role::Member)]);
        let proof = before.show_password(user(1), true).unwrap();
        let reset = PasswordReset {
            password: another_password(8),
            replaces: password().password_id,
        };
        let command = StartSession {
            user: &state::<User>([registered(Role::Member), reset.into()]),
            organization: &state::<Organization>(organization(false)),
            token_digest: digest("token"),
            browser: None,
            at: now(),
            limits: SessionLimits::default(),
        };
        given::<SessionEvent>([] as [SessionEvent; 0])
            .when::<Session, _>(command, &proof)
            .then_rejected(&Rejection::SignInRejected);
    }

    /// Or a password would bring back the second factor that was shown before the end.
    #[test]
    fn a_session_that_has_begun_never_begins_again() {
        let shown = SecondFactorAccepted {
            device_id: device(1),
            token_digest: digest("new token"),
        };
        let ended = SessionEvent::from(SessionEnded {});
        for history in [
            vec![started()],
            vec![started(), ended.clone()],
            vec![started(), shown.into(), ended],
        ] {
            start(history, true).then_rejected(&Rejection::Unauthenticated);
        }
    }
}
