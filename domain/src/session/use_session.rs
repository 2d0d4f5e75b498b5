//! A session is in use. That is noted now and then, not at each request, so that every node knows
//! which sessions rest.

use super::{Session, SessionLimits};
use crate::{
    Decide, Decision, Rejection, SessionHolder,
    decider::{emit, nothing_to_do},
};
use chrono::{DateTime, Utc};
use eventstore_schema::{SessionEvent, SessionUsed};

/// Notes that the session is in use, unless it was noted a short while ago.
#[derive(Debug)]
pub struct UseSession {
    /// Now.
    pub at: DateTime<Utc>,
    /// How long sessions last.
    pub limits: SessionLimits,
}

impl Decide<UseSession> for Session {
    type By = SessionHolder;

    fn decide(&self, command: UseSession, _by: &SessionHolder) -> Decision<SessionEvent> {
        let UseSession { at, limits } = command;
        let live = self.live_at(at, limits).ok_or(Rejection::Unauthenticated)?;
        if at < live.used_at + limits.noted_every() {
            return nothing_to_do();
        }
        emit(SessionUsed {})
    }
}

#[cfg(test)]
mod tests {
    use super::{super::LIFETIME, *};
    use crate::{Decider as _, testing::*};
    use chrono::TimeDelta;
    use eventstore_schema::{Role, SessionStarted};

    /// A session of user 1 that began now and was used after so many minutes.
    fn used_after(minutes: &[i64]) -> Session {
        let started = SessionStarted {
            browser: None,
            user_id: user(1),
            organization_id: acme(),
            token_digest: digest("token"),
            expires_at: now() + LIFETIME,
        };
        let mut session = state::<Session>([started.into()]);
        for (revision, minutes) in (1..).zip(minutes) {
            let mut event = recorded::<SessionEvent>(revision, SessionUsed {}.into());
            event.metadata.recorded_at = now() + TimeDelta::minutes(*minutes);
            session.evolve(&event);
        }
        session
    }

    fn live_after(session: &Session, minutes: i64) -> bool {
        let at = now() + TimeDelta::minutes(minutes);
        session.live_at(at, SessionLimits::default()).is_some()
    }

    #[test]
    fn a_session_that_rests_for_an_hour_is_over() {
        let unused = used_after(&[]);
        assert!(live_after(&unused, 59));
        assert!(!live_after(&unused, 60));
        let used = used_after(&[50]);
        assert!(live_after(&used, 109));
        assert!(!live_after(&used, 110));
    }

    #[test]
    fn use_does_not_lengthen_the_life_of_a_session() {
        let always: Vec<_> = (1..72).map(|times| times * 10).collect();
        let used = used_after(&always);
        assert!(live_after(&used, 12 * 60 - 1));
        assert!(!live_after(&used, 12 * 60));
    }

    #[test]
    fn use_is_noted_once_in_a_quarter_of_an_hour() {
        let by = authority(Role::Member).holder().clone();
        let note = |minutes| UseSession {
            at: now() + TimeDelta::minutes(minutes),
            limits: SessionLimits::default(),
        };
        let decide = |minutes| used_after(&[]).decide(note(minutes), &by);
        assert_eq!(decide(14), nothing_to_do());
        assert_eq!(decide(15), emit(SessionUsed {}));
        assert_eq!(decide(60), Err(Rejection::Unauthenticated));
    }
}
