//! A further organization whose first administrator has not come yet: nobody in it can invite them
//! again, so whoever operates the installation does.

use super::{Failure, Invitation, Pawl, RequestContext, digest, execute::Target};
use domain::{
    Authority, Operating, Rejection,
    installation::Installation,
    organization::Organization,
    user::{ResendFirstInvitation, User},
};
use eventstore_schema::{OrganizationId, Role, StreamName, UserId};
use projections::invitations::{self, Invitations, Which};

/// More than one is pending only where an administrator was there and invited them.
const LOOKED_AT: u32 = 10;

impl Pawl {
    /// Sends the invitation of an organization's first administrator again, with a new link. To
    /// everybody else, and once there is an administrator, there is nothing here.
    pub async fn resend_first_invitation(
        &self,
        organization_id: OrganizationId,
        authority: Authority,
        request: &RequestContext,
    ) -> Result<Invitation, Failure> {
        let installation = self
            .load::<Installation>(&StreamName::installation())
            .await?;
        let by = Operating::of(authority, &installation.state).map_err(|_| Rejection::NotFound)?;
        let stream = StreamName::organization(organization_id);
        let organization = self.load::<Organization>(&stream).await?;
        let user_id = self.first_invited(organization_id).await?;
        let token_digest = digest(&self.link_token(user_id, request));
        let target = Target::new(StreamName::user(user_id), organization_id);
        let command = |_: &User| {
            Ok(ResendFirstInvitation {
                organization_id,
                organization: &organization.state,
                token_digest: token_digest.clone(),
                at: self.now(),
                lifetime: self.limits().invitation,
            })
        };
        let committed = self.execute(&target, &by, request, command).await?;
        Ok(Invitation::of(user_id, &committed))
    }

    async fn first_invited(&self, organization: OrganizationId) -> Result<UserId, Failure> {
        self.catch_up().await?;
        let pending = self
            .query(&Invitations, move |readers| {
                invitations::page(readers, organization, Which::Pending, None, LOOKED_AT)
            })
            .await?;
        let administrator = pending.items.iter().find(|row| row.role == Role::Admin);
        Ok(administrator.ok_or(Rejection::NotFound)?.invitation_id)
    }
}
