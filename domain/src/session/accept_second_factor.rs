//! A second factor has been accepted; the session gets what it was waiting for.

use super::Session;
use crate::{
    Decide, Decision, Rejection,
    decider::emit_all,
    user::{SecondFactor, SecondFactorProof},
};
use eventstore_schema::{
    Factor, RecoveryCodeAccepted, SecondFactorAccepted, SessionEvent, SignedIn, TokenDigest,
};

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
        let token_digest = command.token_digest;
        let mut events = vec![match by.shown() {
            SecondFactor::Otp(device_id) => SecondFactorAccepted {
                device_id,
                token_digest,
            }
            .into(),
            SecondFactor::RecoveryCode => RecoveryCodeAccepted { token_digest }.into(),
        }];
        if !self.signed_in {
            events.push(
                SignedIn {
                    factors: vec![Factor::Password, by.shown().into()],
                }
                .into(),
            );
        }
        emit_all(events)
    }
}
