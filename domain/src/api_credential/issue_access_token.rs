//! Giving a machine an access token for its secret.

use super::ApiCredential;
use crate::{Decide, Decision, Rejection, Scopes, decider::emit, scope::names_of};
use chrono::{DateTime, TimeDelta, Utc};
use eventstore_schema::{AccessTokenIssued, Actor, ApiCredentialEvent, TokenDigest};

/// How long an access token lives at most.
pub const TOKEN_LIFETIME: TimeDelta = TimeDelta::hours(1);

/// Gives whoever shows the secret an access token. It lives no longer than the secret or the
/// credential.
#[derive(Clone, Debug)]
pub struct IssueAccessToken {
    /// The digest of the secret that was shown.
    pub presented: TokenDigest,
    /// What the token is to open, where that is less than everything.
    pub scopes: Option<Scopes>,
    /// The digest of the token.
    pub token_digest: TokenDigest,
    /// Now.
    pub at: DateTime<Utc>,
}

impl Decide<IssueAccessToken> for ApiCredential {
    /// The credential, whose secret the command brings.
    type By = Actor;

    fn decide(&self, command: IssueAccessToken, _by: &Actor) -> Decision<ApiCredentialEvent> {
        let (live, until) = self.shown(&command.presented, command.at)?;
        let scopes = match &command.scopes {
            None => &live.scopes[..],
            Some(asked) => asked.as_slice(),
        };
        if let Some(more) = scopes.iter().find(|scope| !live.scopes.contains(scope)) {
            return Err(Rejection::ScopeMissing { scope: more.name() });
        }
        emit(AccessTokenIssued {
            token_digest: command.token_digest,
            scopes: names_of(scopes),
            expires_at: until.min(command.at + TOKEN_LIFETIME),
        })
    }
}
