//! The password step has been passed.

use super::{Session, SessionLimits};
use crate::{
    Decide, Decision, NextStep, Rejection,
    authority::next_step,
    decider::emit_all,
    organization::Organization,
    user::{PasswordProof, User},
};
use chrono::{DateTime, Utc};
use eventstore_schema::{
    BrowserDigest, Factor, SessionEvent, SessionStarted, SignedIn, TokenDigest,
};

/// Starts a session of a person who has just shown, or chosen, their password.
#[derive(Debug)]
pub struct StartSession<'a> {
    /// The person.
    pub user: &'a User,
    /// Their organization.
    pub organization: &'a Organization,
    /// The digest of the token that the client gets.
    pub token_digest: TokenDigest,
    /// The browser, where it lets itself be known again.
    pub browser: Option<BrowserDigest>,
    /// Now.
    pub at: DateTime<Utc>,
    /// How long sessions last.
    pub limits: SessionLimits,
}

impl Decide<StartSession<'_>> for Session {
    type By = PasswordProof;

    fn decide(&self, command: StartSession<'_>, by: &PasswordProof) -> Decision<SessionEvent> {
        if self.started {
            return Err(Rejection::Unauthenticated);
        }
        by.still_holds(command.user)?;
        let started = SessionStarted {
            user_id: by.user(),
            organization_id: by.organization(),
            token_digest: command.token_digest,
            expires_at: command.at + command.limits.lifetime,
            browser: command.browser,
        };
        let mut events = vec![started.into()];
        if next_step(command.user, command.organization, self) == NextStep::Done {
            events.push(
                SignedIn {
                    factors: vec![Factor::Password],
                }
                .into(),
            );
        }
        emit_all(events)
    }
}
