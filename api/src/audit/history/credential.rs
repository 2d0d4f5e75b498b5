//! A credential of a machine in the history.

use chrono::{DateTime, Utc};
use domain::{Decider as _, api_credential::ApiCredential};
use eventstore_schema::{Actor, ApiCredentialEvent, Recorded, ScopeName};
pub use projections::api_credentials::Standing;

/// A credential that was made.
#[derive(Clone, Debug, Default)]
pub struct Credential {
    /// What decides about it.
    pub state: ApiCredential,
    /// What it is called.
    pub name: String,
    /// What it may ask for.
    pub scopes: Vec<ScopeName>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// By whom.
    pub created_by: Option<Actor>,
    /// It opens nothing from then on.
    pub expires_at: DateTime<Utc>,
    /// When it was given another secret last.
    pub rotated_at: Option<DateTime<Utc>>,
    /// When a machine asked for an access token with it last.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl Credential {
    pub(super) fn take(&mut self, event: &Recorded<ApiCredentialEvent>) {
        self.state.evolve(event);
        let at = event.metadata.recorded_at;
        match &event.data {
            ApiCredentialEvent::ApiCredentialCreated(created) => {
                self.name.clone_from(&created.name);
                self.scopes.clone_from(&created.scopes);
                self.created_at = at;
                self.created_by = Some(event.metadata.actor);
                self.expires_at = created.expires_at;
            }
            ApiCredentialEvent::ApiCredentialSecretRotated(_) => self.rotated_at = Some(at),
            ApiCredentialEvent::ApiCredentialRevoked(_) => self.revoked_at = Some(at),
            ApiCredentialEvent::AccessTokenIssued(_) => self.last_used_at = Some(at),
        }
    }

    /// What it is good for at this time.
    #[must_use]
    pub fn standing_at(&self, now: DateTime<Utc>) -> Standing {
        match self.state.live_at(now) {
            Some(_) => Standing::Live,
            None if self.revoked_at.is_some() => Standing::Revoked,
            None => Standing::Expired,
        }
    }
}
