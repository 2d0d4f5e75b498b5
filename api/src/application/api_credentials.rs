//! The credentials of machines: made, renewed and revoked by administrators, and shown for access
//! tokens by the machines.

use super::{
    AccessToken, Failure, Pawl, RequestContext, digest,
    execute::{Committed, Target},
};
use chrono::{DateTime, Utc};
use domain::{
    Authority, Rejection, Scopes,
    api_credential::{
        ApiCredential, CreateApiCredential, IssueAccessToken, Lifetime, Overlap,
        RevokeApiCredential, RotateApiCredentialSecret,
    },
    value::CredentialName,
};
use eventstore_schema::{Actor, ApiCredentialId, OrganizationId, Position, ScopeName, StreamName};
use secrecy::SecretString;

/// What a credential is to be.
#[derive(Clone, Debug)]
pub struct NewApiCredential {
    /// What it is called.
    pub name: CredentialName,
    /// What a machine may do with it.
    pub scopes: Scopes,
    /// How long it lives.
    pub lifetime: Lifetime,
}

/// The secret of a credential, to be shown once.
#[derive(Debug)]
pub struct ClientSecret {
    /// The credential.
    pub id: ApiCredentialId,
    /// Its secret.
    pub secret: SecretString,
    /// When the credential ends; none where it was revoked since.
    pub expires_at: Option<DateTime<Utc>>,
    /// The position of the last event.
    pub position: Position,
}

/// An access token, to be given to the machine that asked.
#[derive(Debug)]
pub struct IssuedToken {
    /// The token.
    pub token: SecretString,
    /// What it opens.
    pub scopes: Vec<ScopeName>,
    /// How long, in seconds.
    pub lifetime: i64,
}

fn target(id: ApiCredentialId, organization: OrganizationId) -> Target {
    Target::new(StreamName::api_credential(id), organization)
}

impl Pawl {
    /// Makes a credential for a machine.
    pub async fn create_api_credential(
        &self,
        organization_id: OrganizationId,
        new: &NewApiCredential,
        by: &Authority,
        request: &RequestContext,
    ) -> Result<ClientSecret, Failure> {
        let id = ApiCredentialId(request.derived_id("api-credential"));
        let secret = self.client_secret(id, request);
        let command = |_: &ApiCredential| {
            Ok(CreateApiCredential {
                organization_id,
                name: new.name.clone(),
                scopes: new.scopes.clone(),
                lifetime: new.lifetime,
                secret_digest: digest(&secret),
                at: self.now(),
            })
        };
        let target = target(id, organization_id);
        let committed = self.execute(&target, by, request, command).await?;
        Ok(self.with_secret(id, secret, &committed))
    }

    /// Gives a credential another secret; the old one stays good for the overlap.
    pub async fn rotate_api_credential_secret(
        &self,
        organization_id: OrganizationId,
        id: ApiCredentialId,
        overlap: Overlap,
        by: &Authority,
        request: &RequestContext,
    ) -> Result<ClientSecret, Failure> {
        let secret = self.client_secret(id, request);
        let command = |_: &ApiCredential| {
            Ok(RotateApiCredentialSecret {
                organization_id,
                secret_digest: digest(&secret),
                overlap,
                at: self.now(),
            })
        };
        let target = target(id, organization_id);
        let committed = self.execute(&target, by, request, command).await?;
        Ok(self.with_secret(id, secret, &committed))
    }

    fn with_secret(
        &self,
        id: ApiCredentialId,
        secret: SecretString,
        committed: &Committed<ApiCredential>,
    ) -> ClientSecret {
        let live = committed.state.state.live_at(self.now());
        ClientSecret {
            id,
            secret,
            expires_at: live.map(|live| live.expires_at),
            position: committed.position,
        }
    }

    /// Ends a credential and all its access tokens, for good.
    pub async fn revoke_api_credential(
        &self,
        organization_id: OrganizationId,
        id: ApiCredentialId,
        by: &Authority,
        request: &RequestContext,
    ) -> Result<Committed<ApiCredential>, Failure> {
        let command = |_: &ApiCredential| Ok(RevokeApiCredential { organization_id });
        let target = target(id, organization_id);
        self.execute(&target, by, request, command).await
    }

    /// Gives a machine an access token for the secret of its credential. Which credentials there
    /// are, nobody is told: an unknown one is refused like a wrong secret.
    pub async fn issue_access_token(
        &self,
        id: ApiCredentialId,
        secret: &SecretString,
        scopes: Option<&Scopes>,
        request: &RequestContext,
    ) -> Result<IssuedToken, Failure> {
        let stream = StreamName::api_credential(id);
        let now = self.now();
        let known = self.load::<ApiCredential>(&stream).await?;
        let organization = known.state.live_at(now).map(|live| live.organization_id);
        let token = self.access_token(id, request);
        let command = |_: &ApiCredential| {
            Ok(IssueAccessToken {
                presented: digest(secret),
                scopes: scopes.cloned(),
                token_digest: digest(&token),
                at: now,
            })
        };
        let target = Target::new(stream, organization);
        let by = Actor::ApiCredential(id);
        let committed = self.execute(&target, &by, request, command).await?;
        let newest = committed.state.state.newest_token();
        let (scopes, expires_at) = newest.ok_or(Rejection::Unauthenticated)?;
        Ok(IssuedToken {
            token,
            scopes,
            lifetime: (expires_at - now).num_seconds(),
        })
    }

    /// Where machines ask for access tokens.
    #[must_use]
    pub fn token_endpoint(&self) -> String {
        format!("{}/oauth/token", self.public_url())
    }

    /// What a credential is called, for people of its organization; elsewhere no more than its id.
    pub async fn credential_name(
        &self,
        id: ApiCredentialId,
        organization: OrganizationId,
    ) -> Result<String, Failure> {
        let stream = StreamName::api_credential(id);
        let credential = self.load::<ApiCredential>(&stream).await?;
        let name = credential.state.name_in(organization);
        Ok(name.map_or_else(|| id.to_string(), str::to_owned))
    }

    /// The right of a machine that shows an access token.
    pub(super) async fn authenticate_machine(
        &self,
        token: &AccessToken,
    ) -> Result<domain::Mandate, Failure> {
        let stream = StreamName::api_credential(token.credential);
        let credential = self.load::<ApiCredential>(&stream).await?;
        Ok(domain::Mandate::of_machine(
            token.credential,
            &credential.state,
            &digest(&token.token),
            self.now(),
        )?)
    }
}
