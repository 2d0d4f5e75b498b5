//! Inviting the first administrator of a further organization again: nobody in it can.

use super::{Standing, User};
use crate::{
    Decide, Decision, Rejection, authority::Operating, decider::emit, organization::Organization,
};
use chrono::{DateTime, TimeDelta, Utc};
use eventstore_schema::{InvitationResent, OrganizationId, Role, TokenDigest, UserEvent};

/// Sends the invitation of an organization's first administrator again, with a new link. Once there
/// is an administrator, the organization looks after itself and is closed to whoever operates the
/// installation.
#[derive(Debug)]
pub struct ResendFirstInvitation<'a> {
    /// The organization.
    pub organization_id: OrganizationId,
    /// What its stream says.
    pub organization: &'a Organization,
    /// The digest of the token in the new link.
    pub token_digest: TokenDigest,
    /// Now.
    pub at: DateTime<Utc>,
    /// How long the link works.
    pub lifetime: TimeDelta,
}

impl Decide<ResendFirstInvitation<'_>> for User {
    type By = Operating;

    fn decide(&self, command: ResendFirstInvitation<'_>, _by: &Operating) -> Decision<UserEvent> {
        let waits = match &self.person {
            Some((profile, Standing::Invited(_))) => {
                profile.organization_id == command.organization_id && profile.role == Role::Admin
            }
            _ => false,
        };
        if !waits || command.organization.has_administrator() {
            return Err(Rejection::NotFound);
        }
        emit(InvitationResent {
            token_digest: command.token_digest,
            expires_at: command.at + command.lifetime,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{installation::Installation, testing::*, user::INVITATION_LIFETIME};
    use eventstore_schema::{
        AdministratorAppointed, InvitationAccepted, OrganizationEvent, OrganizationRegistered,
        SetUpClaimed, UserInvited,
    };

    fn invited(organization_id: OrganizationId, role: Role) -> UserEvent {
        UserInvited {
            organization_id,
            email: personal(1),
            address_id: address(),
            name: personal(1),
            role,
            token_digest: digest("link"),
            expires_at: now(),
        }
        .into()
    }

    fn resend(
        history: impl IntoIterator<Item = UserEvent>,
        organization: &[OrganizationEvent],
    ) -> Then<UserEvent> {
        let claimed = SetUpClaimed {
            organization_id: acme(),
            user_id: user(1),
        };
        let installation = state::<Installation>([claimed.into()]);
        let by = Operating::of(authority(Role::Admin), &installation).unwrap();
        let command = ResendFirstInvitation {
            organization_id: acme(),
            organization: &state::<Organization>(organization.to_vec()),
            token_digest: digest("new link"),
            at: now(),
            lifetime: INVITATION_LIFETIME,
        };
        given(history).when::<User, _>(command, &by)
    }

    fn registered() -> OrganizationEvent {
        OrganizationRegistered {
            name: "Acme".into(),
        }
        .into()
    }

    #[test]
    fn an_invitation_that_has_expired_is_sent_again() {
        resend([invited(acme(), Role::Admin)], &[registered()]).then([InvitationResent {
            token_digest: digest("new link"),
            expires_at: now() + INVITATION_LIFETIME,
        }]);
    }

    #[test]
    fn an_organization_with_an_administrator_is_closed() {
        let appointed = AdministratorAppointed { user_id: user(2) }.into();
        resend([invited(acme(), Role::Admin)], &[registered(), appointed])
            .then_rejected(&Rejection::NotFound);
    }

    #[test]
    fn nobody_else_is_invited_again_this_way() {
        let elsewhere = OrganizationId(uuid::Uuid::from_u128(200));
        let accepted = InvitationAccepted {
            password: password(),
        };
        for history in [
            vec![],
            vec![invited(acme(), Role::Member)],
            vec![invited(elsewhere, Role::Admin)],
            vec![invited(acme(), Role::Admin), accepted.into()],
        ] {
            resend(history, &[registered()]).then_rejected(&Rejection::NotFound);
        }
    }
}
