//! A code has been accepted; the session gets what it was waiting for.

use super::Session;
use crate::{Decide, Decision, Rejection, decider::emit_all, user::SecondFactorProof};
use eventstore_schema::{Factor, SecondFactorAccepted, SessionEvent, SignedIn, TokenDigest};

/// Adds the second factor to the session and exchanges its token.
#[derive(Debug)]
pub struct AcceptSecondFactor {
    /// The digest of the new token.
    pub token_digest: TokenDigest,
}

impl Decide<AcceptSecondFactor> for Session {
    type By = SecondFactorProof;

    fn decide(
        &self,
        command: AcceptSecondFactor,
        by: &SecondFactorProof,
    ) -> Decision<SessionEvent> {
        let live = self.live.as_ref().ok_or(Rejection::Unauthenticated)?;
        if live.user_id != by.user() {
            return Err(Rejection::Unauthenticated);
        }
        let mut events = vec![
            SecondFactorAccepted {
                device_id: by.device(),
                token_digest: command.token_digest,
            }
            .into(),
        ];
        if !self.signed_in {
            events.push(
                SignedIn {
                    factors: vec![Factor::Password, Factor::Otp],
                }
                .into(),
            );
        }
        emit_all(events)
    }
}
