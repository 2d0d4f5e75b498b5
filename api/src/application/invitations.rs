//! Inviting people, and what they do with the link.

use super::{
    Failure, LinkToken, Pawl, RequestContext, SessionGrant, digest,
    execute::{Committed, Target},
    personal::{EMAIL, NAME},
};
use chrono::{DateTime, Utc};
use domain::{
    Acting, Anyone, Mandate, Rejection,
    address::{Address, ClaimAddress, ReleaseAddress},
    user::{AcceptInvitation, InviteUser, ResendInvitation, RevokeInvitation, User},
    value::{EmailAddress, NewPassword, PersonName},
};
use eventstore::keyring::KeyringError;
use eventstore_schema::{
    Actor, AddressId, OrganizationId, PasswordId, Position, Role, StreamName, UserId,
};

/// Who is to be invited.
#[derive(Debug)]
pub struct NewInvitation {
    /// Where the link goes.
    pub email: EmailAddress,
    /// The person's name.
    pub name: PersonName,
    /// The role that they are to have.
    pub role: Role,
}

/// A pending invitation.
#[derive(Debug)]
pub struct Invitation {
    /// The id of the person, and so of the invitation.
    pub user_id: UserId,
    /// The link is dead from then on.
    pub expires_at: Option<DateTime<Utc>>,
    /// The version of the resource.
    pub revision: u64,
    /// The position of the last event.
    pub position: Position,
}

impl Invitation {
    pub(super) fn of(user_id: UserId, committed: &Committed<User>) -> Self {
        Self {
            user_id,
            expires_at: committed.state.state.invitation_expires_at(),
            revision: committed.state.revision.unwrap_or(0),
            position: committed.position,
        }
    }
}

impl Pawl {
    /// Invites somebody into the caller's organization. The mail follows from the event.
    pub async fn invite(
        &self,
        organization: OrganizationId,
        new: &NewInvitation,
        by: &Mandate,
        request: &RequestContext,
    ) -> Result<Invitation, Failure> {
        InviteUser::permit(by, new.role, organization)?;
        let user_id = self
            .claim_address(&new.email, organization, by.actor(), request)
            .await?;
        let command = self.invitation(organization, user_id, new, request).await?;
        let target = Target::new(StreamName::user(user_id), organization);
        let committed = self
            .execute(&target, by, request, |_: &User| Ok(command.clone()))
            .await?;
        Ok(Invitation::of(user_id, &committed))
    }

    /// Binds the address to a person: the id in this command, or the one in an earlier claim, whose
    /// stream then decides whether somebody is there already.
    pub(super) async fn claim_address(
        &self,
        email: &EmailAddress,
        organization: OrganizationId,
        actor: Actor,
        request: &RequestContext,
    ) -> Result<UserId, Failure> {
        let candidate = UserId(request.derived_id("user"));
        let user = self.load::<User>(&StreamName::user(candidate)).await?;
        if let Some(past) = user.past_command(request.command_id)
            && past.digest != request.command_digest
        {
            // Before anything is claimed for a person whom another command made.
            return Err(Failure::IdempotencyKeyReused);
        }
        self.claim_address_for(candidate, email, organization, actor, request)
            .await
    }

    pub(super) async fn claim_address_for(
        &self,
        candidate: UserId,
        email: &EmailAddress,
        organization: OrganizationId,
        actor: Actor,
        request: &RequestContext,
    ) -> Result<UserId, Failure> {
        let address_id = self.address_id(email);
        let stream = StreamName::address(&address_id);
        if let Some(holder) = self.load::<Address>(&stream).await?.state.holder() {
            let user = self.load::<User>(&StreamName::user(holder)).await?;
            if user.state.has_given_up(&address_id) {
                self.release_address(&user.state, holder, &address_id, actor, request)
                    .await?;
            }
        }
        let target = Target::new(stream, organization);
        let command = |_: &Address| Ok(ClaimAddress { user_id: candidate });
        let claimed = self.execute(&target, &actor, request, command).await?;
        Ok(claimed.state.state.holder().unwrap_or(candidate))
    }

    /// Takes an address from a person who can no longer use it; part of the history of their
    /// organization.
    pub(super) async fn release_address(
        &self,
        user: &User,
        user_id: UserId,
        address_id: &AddressId,
        actor: Actor,
        request: &RequestContext,
    ) -> Result<Committed<Address>, Failure> {
        let organization = user.profile().map(|profile| profile.organization_id);
        let target = Target::new(StreamName::address(address_id), organization);
        let command = |_: &Address| Ok(ReleaseAddress { user_id });
        // It follows from another command, and may stand beside that one in the same stream.
        self.execute(&target, &actor, &request.once(), command)
            .await
    }

    /// The command that invites this person, sealed.
    pub(super) async fn invitation(
        &self,
        organization_id: OrganizationId,
        user_id: UserId,
        new: &NewInvitation,
        request: &RequestContext,
    ) -> Result<InviteUser, Failure> {
        self.create_person_key(user_id).await?;
        let address_id: AddressId = self.address_id(&new.email);
        Ok(InviteUser {
            organization_id,
            email: self.seal_personal(user_id, EMAIL, new.email.as_str())?,
            address_id,
            name: self.seal_personal(user_id, NAME, new.name.as_str())?,
            role: new.role,
            token_digest: digest(&self.link_token(user_id, request)),
            at: self.now(),
            lifetime: self.limits().invitation,
        })
    }

    /// Sends a pending invitation again, with a new link.
    pub async fn resend_invitation(
        &self,
        organization_id: OrganizationId,
        user_id: UserId,
        if_match: Option<u64>,
        by: &Mandate,
        request: &RequestContext,
    ) -> Result<Invitation, Failure> {
        let token_digest = digest(&self.link_token(user_id, request));
        let target = Target::new(StreamName::user(user_id), organization_id).if_match(if_match);
        let command = |_: &User| {
            Ok(ResendInvitation {
                organization_id,
                token_digest: token_digest.clone(),
                at: self.now(),
                lifetime: self.limits().invitation,
            })
        };
        let committed = self.execute(&target, by, request, command).await?;
        Ok(Invitation::of(user_id, &committed))
    }

    /// Takes a pending invitation back. The address is free again; should the second step be cut
    /// off, whoever next invites it takes that step.
    pub async fn revoke_invitation(
        &self,
        organization_id: OrganizationId,
        user_id: UserId,
        if_match: Option<u64>,
        by: &Mandate,
        request: &RequestContext,
    ) -> Result<Committed<User>, Failure> {
        let target = Target::new(StreamName::user(user_id), organization_id).if_match(if_match);
        let command = |_: &User| Ok(RevokeInvitation { organization_id });
        let revoked = self.execute(&target, by, request, command).await?;
        let user = &revoked.state.state;
        if let Some(profile) = user.profile() {
            self.release_address(user, user_id, &profile.address_id, by.actor(), request)
                .await?;
        }
        Ok(revoked)
    }

    /// Accepts an invitation and starts the person's first session.
    pub async fn accept_invitation(
        &self,
        link: &LinkToken,
        password: NewPassword,
        request: &RequestContext,
    ) -> Result<SessionGrant, Failure> {
        let stream = StreamName::user(link.user);
        let user = self.load::<User>(&stream).await?;
        let token_digest = digest(&link.token);
        if user.past_command(request.command_id).is_none() {
            user.state.check_link(&token_digest, self.now())?;
        }
        let profile = user.state.profile().ok_or(Rejection::InvitationInvalid)?;
        self.check_password(&password, profile).await?;
        let organization = profile.organization_id;
        let password_id = PasswordId(request.derived_id("password"));
        let hash = match self.seal_password(password_id, &password).await {
            // A retry so late that another password has taken the place of this one.
            Err(Failure::Keyring(KeyringError::Destroyed { .. })) => {
                return Err(Rejection::InvitationUsed.into());
            }
            hash => hash?,
        };
        let target = Target::new(stream, organization);
        let command = |_: &User| {
            Ok(AcceptInvitation {
                token_digest: token_digest.clone(),
                password: hash.clone(),
                at: self.now(),
            })
        };
        let accepted = self.execute(&target, &Anyone, request, command).await?;
        let proof = accepted
            .state
            .state
            .choose_password(link.user, password_id)
            .map_err(|_| Rejection::InvitationUsed)?;
        self.appoint(organization, link.user, Anyone.actor(), request)
            .await?;
        self.start_session(&proof, request).await
    }
}
