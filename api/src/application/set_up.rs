//! The first start: one link, one organization, one administrator.

use super::{
    Failure, Pawl, RequestContext, SessionGrant, digest,
    execute::Target,
    personal::{EMAIL, NAME},
};
use domain::{
    Acting, Rejection, SetUpLink,
    installation::{ClaimSetUp, Installation},
    user::{RegisterAdministrator, User},
    value::{EmailAddress, NewPassword, OrganizationName, PasswordOwner, PersonName},
};
use eventstore::{Direction, keyring::KeyringError};
use eventstore_schema::{OrganizationId, PasswordId, StreamName, UserId};
use secrecy::SecretString;

/// The first organization and its administrator.
#[derive(Debug)]
pub struct FirstAdministrator {
    /// The organization's name.
    pub organization: OrganizationName,
    /// The administrator's address.
    pub email: EmailAddress,
    /// The administrator's name.
    pub name: PersonName,
    /// The administrator's password.
    pub password: NewPassword,
}

impl Pawl {
    /// Whether the installation still waits for its first administrator, whose stream begins when they
    /// are registered.
    pub async fn awaits_set_up(&self) -> Result<bool, Failure> {
        let installation = self
            .load::<Installation>(&StreamName::installation())
            .await?;
        let Some(claimed) = installation.state.claimed() else {
            return Ok(true);
        };
        let stream = StreamName::user(claimed.user_id);
        let first = self.store().read_stream(&stream, 0, Direction::Forwards, 1);
        Ok(first.await?.is_empty())
    }

    /// Checks the token of the first start's link.
    pub fn check_set_up_link(&self, token: &SecretString) -> Result<SetUpLink, Failure> {
        Ok(SetUpLink::check(
            &digest(token),
            &digest(&self.set_up_token()),
        )?)
    }

    /// Makes the first organization and its administrator. One that was cut off in the middle is
    /// continued.
    pub async fn set_up(
        &self,
        link: &SetUpLink,
        first: FirstAdministrator,
        request: &RequestContext,
    ) -> Result<(OrganizationId, UserId, SessionGrant), Failure> {
        first.password.fits(&PasswordOwner {
            email: first.email.as_str(),
            name: first.name.as_str(),
            organization: first.organization.as_str(),
        })?;
        let command = |_: &Installation| {
            Ok(ClaimSetUp {
                organization_id: OrganizationId(request.derived_id("organization")),
                user_id: UserId(request.derived_id("user")),
            })
        };
        let target = Target::new(StreamName::installation(), None);
        let claim = self.execute(&target, link, request, command).await?;
        let claimed = claim.state.state.claimed().ok_or(Rejection::NotFound)?;
        let (organization_id, user_id) = (claimed.organization_id, claimed.user_id);

        let stream = StreamName::user(user_id);
        let user = self.load::<User>(&stream).await?;
        if user.state.profile().is_some() && user.past_command(request.command_id).is_none() {
            return Err(Rejection::AlreadySetUp.into());
        }
        let actor = link.actor();
        let address = self
            .claim_address_for(user_id, &first.email, organization_id, actor, request)
            .await?;
        if address != user_id {
            return Err(Rejection::AddressTaken.into());
        }
        self.record_organization(organization_id, &first.organization, &actor, request)
            .await?;

        self.create_person_key(user_id).await?;
        let password_id = PasswordId(request.derived_id("password"));
        let password = match self.seal_password(password_id, &first.password).await {
            // A retry so late that another password has taken the place of this one.
            Err(Failure::Keyring(KeyringError::Destroyed { .. })) => {
                return Err(Rejection::AlreadySetUp.into());
            }
            password => password?,
        };
        let email = self.seal_personal(user_id, EMAIL, first.email.as_str())?;
        let name = self.seal_personal(user_id, NAME, first.name.as_str())?;
        let address_id = self.address_id(&first.email);
        let target = Target::new(stream, organization_id);
        let command = |_: &User| {
            Ok(RegisterAdministrator {
                organization_id,
                email: email.clone(),
                address_id: address_id.clone(),
                name: name.clone(),
                password: password.clone(),
            })
        };
        let registered = self.execute(&target, link, request, command).await?;
        let proof = registered
            .state
            .state
            .choose_password(user_id, password_id)
            .map_err(|_| Rejection::AlreadySetUp)?;
        self.appoint(organization_id, user_id, actor, request)
            .await?;
        let grant = self.start_session(&proof, request).await?;
        Ok((organization_id, user_id, grant))
    }
}
