//! Inviting somebody, inviting them again, and taking the invitation back.

use super::{Standing, User};
use crate::{
    Decide, Decision, Mandate, Permission, Rejection, authority::Operating, decider::emit,
};
use chrono::{DateTime, TimeDelta, Utc};
use eventstore_schema::{
    AddressId, InvitationResent, InvitationRevoked, OrganizationId, Personal, Role, TokenDigest,
    UserEvent, UserInvited,
};

/// How long the link of an invitation works, unless the operator chooses otherwise.
pub const INVITATION_LIFETIME: TimeDelta = TimeDelta::days(7);

/// Invites somebody into an organization.
#[derive(Clone, Debug)]
pub struct InviteUser {
    /// The organization.
    pub organization_id: OrganizationId,
    /// Their sealed e-mail address.
    pub email: Personal,
    /// The same as a keyed hash.
    pub address_id: AddressId,
    /// Their sealed name.
    pub name: Personal,
    /// The role that they are to have.
    pub role: Role,
    /// The digest of the token in the link.
    pub token_digest: TokenDigest,
    /// Now.
    pub at: DateTime<Utc>,
    /// How long the link works.
    pub lifetime: TimeDelta,
}

impl InviteUser {
    /// Refuses who may not invite somebody with this role.
    pub fn permit(by: &Mandate, role: Role, organization: OrganizationId) -> Result<(), Rejection> {
        by.permit(Permission::InviteUsers, organization)?;
        by.permit_giving(role)
    }
}

impl Decide<InviteUser> for User {
    type By = Mandate;

    fn decide(&self, command: InviteUser, by: &Mandate) -> Decision<UserEvent> {
        InviteUser::permit(by, command.role, command.organization_id)?;
        invite(self, command)
    }
}

/// The rest of the decision, once the right has been shown.
fn invite(user: &User, command: InviteUser) -> Decision<UserEvent> {
    if user.person.is_some() {
        return Err(Rejection::AddressTaken);
    }
    emit(UserInvited {
        organization_id: command.organization_id,
        email: command.email,
        address_id: command.address_id,
        name: command.name,
        role: command.role,
        token_digest: command.token_digest,
        expires_at: command.at + command.lifetime,
    })
}

/// Invites the first administrator of a further organization.
#[derive(Debug)]
pub struct InviteFirstAdministrator(pub InviteUser);

impl Decide<InviteFirstAdministrator> for User {
    type By = Operating;

    fn decide(&self, command: InviteFirstAdministrator, _by: &Operating) -> Decision<UserEvent> {
        invite(self, command.0)
    }
}

/// Sends a pending invitation again with a new link.
#[derive(Debug)]
pub struct ResendInvitation {
    /// The organization that the caller acts in.
    pub organization_id: OrganizationId,
    /// The digest of the token in the new link.
    pub token_digest: TokenDigest,
    /// Now.
    pub at: DateTime<Utc>,
    /// How long the link works.
    pub lifetime: TimeDelta,
}

impl Decide<ResendInvitation> for User {
    type By = Mandate;

    fn decide(&self, command: ResendInvitation, by: &Mandate) -> Decision<UserEvent> {
        self.pending_invitation(command.organization_id, by)?;
        emit(InvitationResent {
            token_digest: command.token_digest,
            expires_at: command.at + command.lifetime,
        })
    }
}

/// Takes a pending invitation back, for good.
#[derive(Debug)]
pub struct RevokeInvitation {
    /// The organization that the caller acts in.
    pub organization_id: OrganizationId,
}

impl Decide<RevokeInvitation> for User {
    type By = Mandate;

    fn decide(&self, command: RevokeInvitation, by: &Mandate) -> Decision<UserEvent> {
        self.pending_invitation(command.organization_id, by)?;
        emit(InvitationRevoked {})
    }
}

impl User {
    /// Refuses unless there is an invitation in this organization that the caller may manage.
    fn pending_invitation(
        &self,
        organization: OrganizationId,
        by: &Mandate,
    ) -> Result<(), Rejection> {
        by.permit(Permission::InviteUsers, organization)?;
        match &self.person {
            Some((profile, _)) if profile.organization_id != organization => {
                Err(Rejection::NotFound)
            }
            Some((profile, Standing::Invited(_))) => {
                InviteUser::permit(by, profile.role, organization)
            }
            Some((_, Standing::Active(_) | Standing::Disabled(_))) => {
                Err(Rejection::InvitationUsed)
            }
            Some((_, Standing::Revoked | Standing::Erased)) | None => Err(Rejection::NotFound),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Anyone, testing::*, user::AcceptInvitation};
    use eventstore_schema::InvitationAccepted;

    fn invite(role: Role) -> InviteUser {
        InviteUser {
            organization_id: acme(),
            email: personal(1),
            address_id: address(),
            name: personal(1),
            role,
            token_digest: digest("link"),
            at: now(),
            lifetime: INVITATION_LIFETIME,
        }
    }

    fn invited(role: Role) -> UserEvent {
        UserInvited {
            organization_id: acme(),
            email: personal(1),
            address_id: address(),
            name: personal(1),
            role,
            token_digest: digest("link"),
            expires_at: now() + INVITATION_LIFETIME,
        }
        .into()
    }

    fn resent() -> UserEvent {
        InvitationResent {
            token_digest: digest("new link"),
            expires_at: now() + INVITATION_LIFETIME,
        }
        .into()
    }

    fn accept(link: &str, at: DateTime<Utc>) -> AcceptInvitation {
        AcceptInvitation {
            token_digest: digest(link),
            password: password(),
            at,
        }
    }

    #[test]
    fn nobody_invites_somebody_mightier() {
        given([] as [UserEvent; 0])
            .when::<User, _>(invite(Role::Member), &authority(Role::UserManager))
            .then([invited(Role::Member)]);
        given([] as [UserEvent; 0])
            .when::<User, _>(invite(Role::Auditor), &authority(Role::UserManager))
            .then_rejected(&Rejection::Forbidden);
        given([] as [UserEvent; 0])
            .when::<User, _>(invite(Role::Member), &authority(Role::Member))
            .then_rejected(&Rejection::Forbidden);
    }

    #[test]
    fn nobody_is_invited_twice() {
        given([invited(Role::Member)])
            .when::<User, _>(invite(Role::Member), &authority(Role::Admin))
            .then_rejected(&Rejection::AddressTaken);
    }

    #[test]
    fn an_invitation_is_accepted_once() {
        let accepted = InvitationAccepted {
            password: password(),
        };
        given([invited(Role::Member)])
            .when::<User, _>(accept("link", now()), &Anyone)
            .then([accepted.clone()]);
        given([invited(Role::Member), accepted.into()])
            .when::<User, _>(accept("link", now()), &Anyone)
            .then_rejected(&Rejection::InvitationUsed);
    }

    #[test]
    fn an_invitation_expires() {
        given([invited(Role::Member)])
            .when::<User, _>(accept("link", now() + INVITATION_LIFETIME), &Anyone)
            .then_rejected(&Rejection::InvitationExpired);
    }

    #[test]
    fn a_new_link_kills_the_old_one() {
        given([invited(Role::Member), resent()])
            .when::<User, _>(accept("link", now()), &Anyone)
            .then_rejected(&Rejection::InvitationInvalid);
    }

    #[test]
    fn a_revoked_invitation_stays_revoked() {
        let revoked = || UserEvent::from(InvitationRevoked {});
        given([invited(Role::Member)])
            .when::<User, _>(
                RevokeInvitation {
                    organization_id: acme(),
                },
                &authority(Role::UserManager),
            )
            .then([revoked()]);
        given([invited(Role::Member), revoked()])
            .when::<User, _>(accept("link", now()), &Anyone)
            .then_rejected(&Rejection::InvitationInvalid);
        given([invited(Role::Member), revoked()])
            .when::<User, _>(
                ResendInvitation {
                    organization_id: acme(),
                    token_digest: digest("new link"),
                    at: now(),
                    lifetime: INVITATION_LIFETIME,
                },
                &authority(Role::Admin),
            )
            .then_rejected(&Rejection::NotFound);
    }
}
