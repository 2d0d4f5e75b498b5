//! Giving a credential another secret.

use super::ApiCredential;
use crate::{Authority, Decide, Decision, Permission, Rejection, decider::emit};
use chrono::{DateTime, TimeDelta, Utc};
use eventstore_schema::{
    ApiCredentialEvent, ApiCredentialSecretRotated, OrganizationId, TokenDigest,
};

/// How long the old secret stays good beside the new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlap(TimeDelta);

impl Overlap {
    /// The longest.
    pub const MAX_HOURS: u32 = 7 * 24;

    /// Takes a number of hours; none where the old secret is not to be good any more.
    pub fn of_hours(hours: u32) -> Result<Self, Rejection> {
        if hours <= Self::MAX_HOURS {
            Ok(Self(TimeDelta::hours(hours.into())))
        } else {
            Err(Rejection::InvalidField {
                field: "overlap_hours",
                rule: "between 0 and 168 hours",
            })
        }
    }
}

/// Gives a credential another secret. The old one, and the tokens that were issued for it, stay good
/// for the overlap.
#[derive(Clone, Debug)]
pub struct RotateApiCredentialSecret {
    /// The organization that the caller acts in.
    pub organization_id: OrganizationId,
    /// The digest of the new secret.
    pub secret_digest: TokenDigest,
    /// How long the old one stays good.
    pub overlap: Overlap,
    /// Now.
    pub at: DateTime<Utc>,
}

impl Decide<RotateApiCredentialSecret> for ApiCredential {
    type By = Authority;

    fn decide(
        &self,
        command: RotateApiCredentialSecret,
        by: &Authority,
    ) -> Decision<ApiCredentialEvent> {
        by.permit(Permission::ManageApiCredentials, command.organization_id)?;
        self.belongs_to(command.organization_id)?;
        by.require_second_factor(command.at)?;
        self.live_at(command.at)
            .ok_or(Rejection::ApiCredentialOver)?;
        emit(ApiCredentialSecretRotated {
            secret_digest: command.secret_digest,
            old_secret_until: command.at + command.overlap.0,
        })
    }
}
