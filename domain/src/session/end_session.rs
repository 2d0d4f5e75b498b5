//! Signing out.

use super::Session;
use crate::{
    Decide, Decision, SessionHolder,
    decider::{emit, nothing_to_do},
};
use eventstore_schema::{SessionEnded, SessionEvent};

/// Ends the session, whatever factors it lacks.
#[derive(Debug)]
pub struct EndSession;

impl Decide<EndSession> for Session {
    type By = SessionHolder;

    fn decide(&self, _command: EndSession, _by: &SessionHolder) -> Decision<SessionEvent> {
        if self.live.is_none() {
            nothing_to_do()
        } else {
            emit(SessionEnded {})
        }
    }
}
