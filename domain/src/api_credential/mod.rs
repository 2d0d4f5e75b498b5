//! An API credential: with its secret a machine asks for access tokens, each of which opens, for an
//! hour at most, what its scopes say. It belongs to an organization and never acts for a person.
//!
//! Secrets and tokens have 256 bits that nobody can guess, so wrong ones are neither throttled nor
//! remembered.

mod create;
mod issue_access_token;
mod revoke;
mod rotate_secret;

pub use create::{CreateApiCredential, Lifetime};
pub use issue_access_token::{IssueAccessToken, TOKEN_LIFETIME};
pub use revoke::RevokeApiCredential;
pub use rotate_secret::{Overlap, RotateApiCredentialSecret};

use crate::{
    Rejection,
    decider::Decider,
    scope::{self, Scope, names_of},
};
use chrono::{DateTime, Utc};
use eventstore_schema::{
    AccessTokenIssued, ApiCredentialCreated, ApiCredentialEvent, OrganizationId, Recorded,
    ScopeName, TokenDigest,
};
use std::collections::VecDeque;
use subtle::{Choice, ConstantTimeEq as _};

/// Access tokens of one credential that can be live at once. The next ends the oldest.
const LIVE_TOKENS: usize = 50;

/// A credential that has been made and not revoked.
#[derive(Clone, Debug)]
pub struct LiveCredential {
    /// Where it opens something.
    pub organization_id: OrganizationId,
    /// What it may ask for.
    pub scopes: Vec<Scope>,
    /// It opens nothing from then on.
    pub expires_at: DateTime<Utc>,
    secret: TokenDigest,
    /// The secret of before, and until when it counts.
    old_secret: Option<(TokenDigest, DateTime<Utc>)>,
}

/// An access token.
#[derive(Clone, Debug)]
struct Token {
    digest: TokenDigest,
    scopes: Vec<Scope>,
    expires_at: DateTime<Utc>,
}

/// What is known of an API credential.
#[derive(Clone, Debug, Default)]
pub struct ApiCredential {
    /// Organization and name, also of one that was revoked: it never begins again.
    made: Option<(OrganizationId, String)>,
    live: Option<LiveCredential>,
    /// The newest, oldest first.
    tokens: VecDeque<Token>,
}

impl ApiCredential {
    /// The credential, unless it was revoked, has expired or was never made.
    #[must_use]
    pub fn live_at(&self, now: DateTime<Utc>) -> Option<&LiveCredential> {
        self.live.as_ref().filter(|live| now < live.expires_at)
    }

    /// What it is called, if it belongs to this organization.
    #[must_use]
    pub fn name_in(&self, organization: OrganizationId) -> Option<&str> {
        let made = self.made.as_ref();
        made.filter(|(theirs, _)| *theirs == organization)
            .map(|(_, name)| name.as_str())
    }

    /// The scopes and the end of the access token that was issued last.
    #[must_use]
    pub fn newest_token(&self) -> Option<(Vec<ScopeName>, DateTime<Utc>)> {
        let token = self.tokens.back()?;
        Some((names_of(&token.scopes), token.expires_at))
    }

    /// What an access token opens, and where, if it is one of this credential and both live.
    pub(crate) fn opened_by(
        &self,
        presented: &TokenDigest,
        now: DateTime<Utc>,
    ) -> Option<(OrganizationId, &[Scope])> {
        let organization = self.live_at(now)?.organization_id;
        let mut live = self.tokens.iter().filter(|token| now < token.expires_at);
        let token = live.find(|token| same(&token.digest, presented).into())?;
        Some((organization, &token.scopes))
    }

    /// The credential, and until when what is issued for this secret may live.
    fn shown(
        &self,
        presented: &TokenDigest,
        now: DateTime<Utc>,
    ) -> Result<(&LiveCredential, DateTime<Utc>), Rejection> {
        let Some(live) = self.live_at(now) else {
            // The same work as for one that lives.
            let _ = same(presented, presented);
            return Err(Rejection::Unauthenticated);
        };
        if bool::from(same(&live.secret, presented)) {
            return Ok((live, live.expires_at));
        }
        match &live.old_secret {
            Some((old, until)) if now < *until && bool::from(same(old, presented)) => {
                Ok((live, live.expires_at.min(*until)))
            }
            _ => Err(Rejection::Unauthenticated),
        }
    }

    /// Refuses what is in another organization or was never made.
    fn belongs_to(&self, organization: OrganizationId) -> Result<(), Rejection> {
        match self.name_in(organization) {
            Some(_) => Ok(()),
            None => Err(Rejection::NotFound),
        }
    }

    fn create(&mut self, created: &ApiCredentialCreated) {
        self.made = Some((created.organization_id, created.name.clone()));
        self.live = Some(LiveCredential {
            organization_id: created.organization_id,
            scopes: scope::known(&created.scopes),
            expires_at: created.expires_at,
            secret: created.secret_digest.clone(),
            old_secret: None,
        });
    }

    fn issue(&mut self, issued: &AccessTokenIssued) {
        if self.tokens.len() == LIVE_TOKENS {
            self.tokens.pop_front();
        }
        self.tokens.push_back(Token {
            digest: issued.token_digest.clone(),
            scopes: scope::known(&issued.scopes),
            expires_at: issued.expires_at,
        });
    }
}

impl Decider for ApiCredential {
    type Event = ApiCredentialEvent;

    fn evolve(&mut self, event: &Recorded<ApiCredentialEvent>) {
        match &event.data {
            ApiCredentialEvent::ApiCredentialCreated(created) => self.create(created),
            ApiCredentialEvent::ApiCredentialSecretRotated(rotated) => {
                if let Some(live) = &mut self.live {
                    let old = std::mem::replace(&mut live.secret, rotated.secret_digest.clone());
                    live.old_secret = Some((old, rotated.old_secret_until));
                }
                // No token outlives the secret that it was issued for.
                for token in &mut self.tokens {
                    token.expires_at = token.expires_at.min(rotated.old_secret_until);
                }
            }
            ApiCredentialEvent::ApiCredentialRevoked(_) => {
                self.live = None;
                self.tokens.clear();
            }
            ApiCredentialEvent::AccessTokenIssued(issued) => self.issue(issued),
        }
    }
}

fn same(known: &TokenDigest, presented: &TokenDigest) -> Choice {
    known.0.as_bytes().ct_eq(presented.0.as_bytes())
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
