//! Who people are, in the clear, for those who may see it.

use super::{
    Failure, LinkToken, Pawl, digest,
    personal::{EMAIL, NAME},
};
use domain::{Rejection, SessionHolder, organization::Organization, user::User};
use eventstore_schema::{OrganizationId, StreamName, UserId};

/// A person.
#[derive(Debug)]
pub struct Person {
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
}

/// Somebody who follows the link of their invitation.
#[derive(Debug)]
pub struct InvitedPerson {
    /// Who they are.
    pub person: Person,
    /// The organization that they are invited into.
    pub organization: Organization,
    /// Which one it is.
    pub organization_id: OrganizationId,
}

impl Pawl {
    /// Whoever holds a session, to themselves.
    pub async fn person(&self, holder: &SessionHolder) -> Result<Person, Failure> {
        let user = self.load::<User>(&StreamName::user(holder.user())).await?;
        self.open_person(&user.state)
    }

    /// What a person is called, for others of their organization; of strangers, such as whoever
    /// registered the organization, no more than the id.
    pub async fn name_of(
        &self,
        id: UserId,
        organization: OrganizationId,
    ) -> Result<String, Failure> {
        let user = self.load::<User>(&StreamName::user(id)).await?;
        let profile = user.state.profile();
        match profile.filter(|profile| profile.organization_id == organization) {
            Some(profile) => Ok(self.open_personal(NAME, &profile.name.0)?.or_placeholder()),
            None => Ok(id.to_string()),
        }
    }

    /// Whom a link invites, as long as it can be followed.
    pub async fn invited(&self, link: &LinkToken) -> Result<InvitedPerson, Failure> {
        let user = self.load::<User>(&StreamName::user(link.user)).await?;
        user.state.check_link(&digest(&link.token), self.now())?;
        let profile = user.state.profile().ok_or(Rejection::InvitationInvalid)?;
        let stream = StreamName::organization(profile.organization_id);
        let organization = self.load::<Organization>(&stream).await?;
        Ok(InvitedPerson {
            person: self.open_person(&user.state)?,
            organization: organization.state.clone(),
            organization_id: profile.organization_id,
        })
    }

    fn open_person(&self, user: &User) -> Result<Person, Failure> {
        let profile = user.profile().ok_or(Rejection::Unauthenticated)?;
        Ok(Person {
            name: self.open_personal(NAME, &profile.name.0)?.or_placeholder(),
            email: self
                .open_personal(EMAIL, &profile.email.0)?
                .or_placeholder(),
        })
    }
}
