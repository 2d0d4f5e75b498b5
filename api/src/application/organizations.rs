//! Organizations and their policy.

use super::{
    Failure, Invitation, NewInvitation, Pawl, RequestContext,
    execute::{Committed, Target},
    loading::Loaded,
};
use domain::{
    Acting, Authority, Mandate, Operating, Permission, Rejection,
    installation::Installation,
    organization::{
        ChangeAppearance, EnforceTwoFactor, Enforcement, Organization, RegisterOrganization,
    },
    user::{InviteFirstAdministrator, User},
    value::OrganizationName,
};
use eventstore_schema::{OrganizationId, Position, StreamName};
use std::sync::Arc;

/// A further organization and its first administrator.
#[derive(Debug)]
pub struct NewOrganization {
    /// Its name.
    pub name: OrganizationName,
    /// Who is to administer it.
    pub administrator: NewInvitation,
}

/// Whether an organization enforces two-factor authentication.
#[derive(Debug)]
pub struct TwoFactorStatus {
    /// Since when and by whom, if it does.
    pub enforcement: Option<Enforcement>,
    /// Whether a mailed link is asked for before a first set-up.
    pub set_up_link: bool,
    /// The version of the resource.
    pub revision: u64,
    /// The position of the last event.
    pub position: Position,
}

/// How an organization looks.
#[derive(Debug)]
pub struct Appearance {
    /// The organization.
    pub organization: Organization,
    /// The version of the resource.
    pub revision: u64,
    /// The position of the last event.
    pub position: Position,
}

impl From<&Loaded<Organization>> for Appearance {
    fn from(loaded: &Loaded<Organization>) -> Self {
        Self {
            organization: loaded.state.clone(),
            revision: loaded.revision.unwrap_or(0),
            position: loaded.position,
        }
    }
}

impl Pawl {
    /// Registers a further organization and invites its first administrator.
    pub async fn register_organization(
        &self,
        new: &NewOrganization,
        authority: Authority,
        request: &RequestContext,
    ) -> Result<(OrganizationId, Invitation), Failure> {
        let installation = self
            .load::<Installation>(&StreamName::installation())
            .await?;
        let by = Operating::of(authority, &installation.state)?;
        let id = OrganizationId(request.derived_id("organization"));
        let email = &new.administrator.email;
        let user_id = self.claim_address(email, id, by.actor(), request).await?;
        let user = self.load::<User>(&StreamName::user(user_id)).await?;
        let elsewhere = |organization| organization != id;
        if user
            .state
            .profile()
            .is_some_and(|profile| elsewhere(profile.organization_id))
        {
            return Err(Rejection::AddressTaken.into());
        }
        self.record_organization(id, &new.name, &by.actor(), request)
            .await?;

        let invitation = self
            .invitation(id, user_id, &new.administrator, request)
            .await?;
        let target = Target::new(StreamName::user(user_id), id);
        let command = |_: &User| Ok(InviteFirstAdministrator(invitation.clone()));
        let committed = self.execute(&target, &by, request, command).await?;
        Ok((id, Invitation::of(user_id, &committed)))
    }

    pub(super) async fn record_organization(
        &self,
        id: OrganizationId,
        name: &OrganizationName,
        by: &eventstore_schema::Actor,
        request: &RequestContext,
    ) -> Result<Committed<Organization>, Failure> {
        let target = Target::new(StreamName::organization(id), id);
        let command = |_: &Organization| Ok(RegisterOrganization { name: name.clone() });
        self.execute(&target, by, request, command).await
    }

    /// An organization as it is now.
    pub async fn organization(&self, id: OrganizationId) -> Result<Arc<Organization>, Failure> {
        let loaded = self
            .load::<Organization>(&StreamName::organization(id))
            .await?;
        Ok(Arc::new(loaded.state.clone()))
    }

    /// What an organization is called and how it looks, from the log itself.
    pub async fn appearance(
        &self,
        organization: OrganizationId,
        by: &Mandate,
    ) -> Result<Appearance, Failure> {
        by.permit(Permission::ReadOrganization, organization)?;
        let stream = StreamName::organization(organization);
        let loaded = self.load::<Organization>(&stream).await?;
        Ok(Appearance::from(&*loaded))
    }

    /// Changes what an organization is called and how it looks.
    pub async fn change_appearance(
        &self,
        organization: OrganizationId,
        change: &ChangeAppearance,
        if_match: Option<u64>,
        by: &Mandate,
        request: &RequestContext,
    ) -> Result<Appearance, Failure> {
        let target =
            Target::new(StreamName::organization(organization), organization).if_match(if_match);
        let command = |_: &Organization| Ok(change.clone());
        let committed = self.execute(&target, by, request, command).await?;
        Ok(Appearance {
            position: committed.position,
            ..Appearance::from(&*committed.state)
        })
    }

    /// Whether the organization enforces two-factor authentication, from the log itself.
    pub async fn two_factor(
        &self,
        organization: OrganizationId,
        by: &Mandate,
    ) -> Result<TwoFactorStatus, Failure> {
        by.permit(Permission::ReadTwoFactor, organization)?;
        let loaded = self
            .load::<Organization>(&StreamName::organization(organization))
            .await?;
        Ok(TwoFactorStatus {
            enforcement: loaded.state.enforcement().cloned(),
            set_up_link: loaded.state.asks_for_set_up_link(),
            revision: loaded.revision.unwrap_or(0),
            position: loaded.position,
        })
    }

    /// Enforces two-factor authentication, for good, perhaps with a mailed link before a first set-up.
    pub async fn enforce_two_factor(
        &self,
        organization: OrganizationId,
        (confirmation, set_up_link): (&str, bool),
        if_match: Option<u64>,
        by: &Mandate,
        request: &RequestContext,
    ) -> Result<TwoFactorStatus, Failure> {
        let target =
            Target::new(StreamName::organization(organization), organization).if_match(if_match);
        let command = |_: &Organization| {
            Ok(EnforceTwoFactor {
                confirmation: confirmation.to_owned(),
                set_up_link,
            })
        };
        let committed = self.execute(&target, by, request, command).await?;
        Ok(TwoFactorStatus {
            enforcement: committed.state.state.enforcement().cloned(),
            set_up_link: committed.state.state.asks_for_set_up_link(),
            revision: committed.state.revision.unwrap_or(0),
            position: committed.position,
        })
    }
}
