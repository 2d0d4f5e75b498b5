//! Making a credential.

use super::ApiCredential;
use crate::{
    Authority, Decide, Decision, Permission, Rejection, Scopes,
    decider::{emit, nothing_to_do},
    scope::names_of,
    value::CredentialName,
};
use chrono::{DateTime, TimeDelta, Utc};
use eventstore_schema::{ApiCredentialCreated, ApiCredentialEvent, OrganizationId, TokenDigest};

/// How long a credential lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime(TimeDelta);

impl Lifetime {
    /// What nobody chose otherwise.
    pub const DEFAULT_DAYS: u32 = 90;
    /// The longest.
    pub const MAX_DAYS: u32 = 365;

    /// Takes a number of days.
    pub fn of_days(days: u32) -> Result<Self, Rejection> {
        if (1..=Self::MAX_DAYS).contains(&days) {
            Ok(Self(TimeDelta::days(days.into())))
        } else {
            Err(Rejection::InvalidField {
                field: "expires_in_days",
                rule: "between 1 and 365 days",
            })
        }
    }
}

impl Default for Lifetime {
    fn default() -> Self {
        Self(TimeDelta::days(Self::DEFAULT_DAYS.into()))
    }
}

/// Makes a credential for a machine.
///
/// It outlasts the session in which it is made, so it is made under two factors only, enforced or
/// not: enforcement would find nothing to end here.
#[derive(Clone, Debug)]
pub struct CreateApiCredential {
    /// The organization in which the machine may act.
    pub organization_id: OrganizationId,
    /// What it is called.
    pub name: CredentialName,
    /// What the machine may ask for.
    pub scopes: Scopes,
    /// How long.
    pub lifetime: Lifetime,
    /// The digest of its secret.
    pub secret_digest: TokenDigest,
    /// Now.
    pub at: DateTime<Utc>,
}

impl Decide<CreateApiCredential> for ApiCredential {
    type By = Authority;

    fn decide(&self, command: CreateApiCredential, by: &Authority) -> Decision<ApiCredentialEvent> {
        by.permit(Permission::ManageApiCredentials, command.organization_id)?;
        let role = by.holder().role();
        if !command
            .scopes
            .as_slice()
            .iter()
            .all(|scope| scope.may_be_given_by(role))
        {
            return Err(Rejection::Forbidden);
        }
        by.require_second_factor(command.at)?;
        if self.made.is_some() {
            return nothing_to_do();
        }
        emit(ApiCredentialCreated {
            organization_id: command.organization_id,
            name: command.name.as_str().to_owned(),
            scopes: names_of(command.scopes.as_slice()),
            secret_digest: command.secret_digest,
            expires_at: command.at + command.lifetime.0,
        })
    }
}
