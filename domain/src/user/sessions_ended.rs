//! What ends a person's sessions at once, all of them or all but one. The session streams are not
//! touched: a session that began before is over wherever somebody looks at it (see
//! [`crate::SessionHolder`]). Places in the log are compared, not times: clocks differ.

use super::User;
use eventstore_schema::{Position, SessionId};

/// The newest event that ended sessions.
#[derive(Clone, Copy, Debug)]
pub(super) struct SessionsEnded {
    at: Position,
    spared: Option<SessionId>,
}

impl User {
    /// The position of the last event that ended this person's sessions. What began before it is
    /// over, save the one session that the event may have spared.
    #[must_use]
    pub fn sessions_ended_at(&self) -> Option<Position> {
        self.sessions_ended.map(|ended| ended.at)
    }

    /// Whether a session of this person that began at this position is over.
    pub(crate) fn has_ended(&self, session: SessionId, began_at: Position) -> bool {
        self.sessions_ended
            .is_some_and(|ended| began_at < ended.at && ended.spared != Some(session))
    }

    /// Takes in an event at this position that ended the sessions.
    pub(super) fn end_sessions(&mut self, at: Position, spared: Option<SessionId>) {
        self.sessions_ended = Some(SessionsEnded { at, spared });
    }
}
