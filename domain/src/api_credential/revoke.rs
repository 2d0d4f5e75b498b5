//! Ending a credential for good.

use super::ApiCredential;
use crate::{
    Authority, Decide, Decision, Permission,
    decider::{emit, nothing_to_do},
};
use eventstore_schema::{ApiCredentialEvent, ApiCredentialRevoked, OrganizationId};

/// Ends a credential, and every access token of it, for good. That is done in a hurry, so no second
/// factor is asked for.
#[derive(Clone, Copy, Debug)]
pub struct RevokeApiCredential {
    /// The organization that the caller acts in.
    pub organization_id: OrganizationId,
}

impl Decide<RevokeApiCredential> for ApiCredential {
    type By = Authority;

    fn decide(&self, command: RevokeApiCredential, by: &Authority) -> Decision<ApiCredentialEvent> {
        by.permit(Permission::ManageApiCredentials, command.organization_id)?;
        self.belongs_to(command.organization_id)?;
        if self.live.is_none() {
            return nothing_to_do();
        }
        emit(ApiCredentialRevoked {})
    }
}
