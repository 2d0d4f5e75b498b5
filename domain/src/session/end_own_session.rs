//! Ending a session on another device.

use super::{Session, SessionLimits};
use crate::{Authority, Decide, Decision, Rejection, decider::emit};
use chrono::{DateTime, Utc};
use eventstore_schema::{SessionEnded, SessionEvent};

/// Ends a session of the person who asks, whichever session they ask in. Somebody else's does not
/// exist for them, and neither does one that is over.
#[derive(Debug)]
pub struct EndOwnSession {
    /// Now.
    pub at: DateTime<Utc>,
    /// How long sessions last.
    pub limits: SessionLimits,
}

impl Decide<EndOwnSession> for Session {
    type By = Authority;

    fn decide(&self, command: EndOwnSession, by: &Authority) -> Decision<SessionEvent> {
        let live = self.live_at(command.at, command.limits);
        let live = live.ok_or(Rejection::NotFound)?;
        if live.user_id != by.holder().user() {
            return Err(Rejection::NotFound);
        }
        emit(SessionEnded {})
    }
}

#[cfg(test)]
mod tests {
    use super::{super::LIFETIME, *};
    use crate::testing::*;
    use eventstore_schema::{Role, SessionStarted};

    fn started_by(person: u128) -> SessionEvent {
        SessionStarted {
            user_id: user(person),
            organization_id: acme(),
            token_digest: digest("token"),
            expires_at: now() + LIFETIME,
            browser: None,
        }
        .into()
    }

    fn end(history: Vec<SessionEvent>, at: DateTime<Utc>) -> Then<SessionEvent> {
        // The authority is that of user 1.
        let limits = SessionLimits::default();
        let command = EndOwnSession { at, limits };
        given(history).when::<Session, _>(command, &authority(Role::Member))
    }

    #[test]
    fn people_end_their_own_sessions() {
        end(vec![started_by(1)], now()).then([SessionEnded {}]);
    }

    #[test]
    fn a_session_of_somebody_else_is_not_there() {
        end(vec![started_by(2)], now()).then_rejected(&Rejection::NotFound);
        end(vec![], now()).then_rejected(&Rejection::NotFound);
    }

    #[test]
    fn what_is_over_cannot_be_ended() {
        let ended = SessionEnded {}.into();
        end(vec![started_by(1), ended], now()).then_rejected(&Rejection::NotFound);
        end(vec![started_by(1)], now() + LIFETIME).then_rejected(&Rejection::NotFound);
    }
}
