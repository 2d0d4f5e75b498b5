//! From a token to whoever holds it: asked of the log at every request (invariants I2, I3).

use super::{Bearer, Failure, Pawl, SessionToken, digest};
use domain::{
    Authority, Mandate, Rejection, SessionHolder, organization::Organization, session::Session,
    user::User,
};
use eventstore_schema::{CommandId, OrganizationId, StreamName};

impl Pawl {
    /// The right to act of whoever presents a token: a person whose session meets the policy, or a
    /// machine.
    pub async fn mandate(
        &self,
        bearer: &Bearer,
        command: Option<CommandId>,
    ) -> Result<Mandate, Failure> {
        match bearer {
            Bearer::Session(token) => {
                let holder = self.authenticate(token, command).await?;
                Ok(Mandate::clone(&*Authority::of(holder)?))
            }
            Bearer::Access(token) => self.authenticate_machine(token).await,
        }
    }

    /// The organization of whoever presents a token, whatever they lack.
    pub async fn organization_of(
        &self,
        bearer: &Bearer,
        command: Option<CommandId>,
    ) -> Result<OrganizationId, Failure> {
        Ok(match bearer {
            Bearer::Session(token) => self.authenticate(token, command).await?.organization(),
            Bearer::Access(token) => self.authenticate_machine(token).await?.organization(),
        })
    }

    /// The person who presents a token. Machines are told that this is not for them.
    pub async fn holder(
        &self,
        bearer: &Bearer,
        command: Option<CommandId>,
    ) -> Result<SessionHolder, Failure> {
        match bearer {
            Bearer::Session(token) => self.authenticate(token, command).await,
            Bearer::Access(token) => {
                self.authenticate_machine(token).await?;
                Err(Rejection::PersonRequired.into())
            }
        }
    }

    /// The holder of a live session. `command` is what the token is presented with, where it may be
    /// a repeat.
    pub async fn authenticate(
        &self,
        token: &SessionToken,
        command: Option<CommandId>,
    ) -> Result<SessionHolder, Failure> {
        let session = self
            .load::<Session>(&StreamName::session(token.session))
            .await?;
        let now = self.now();
        let (user, organization) = match session.state.live_at(now) {
            Some(live) => (live.user_id, live.organization_id),
            None => return Err(Rejection::Unauthenticated.into()),
        };
        // Both at once, and neither before the request began: nothing that was enforced by then is
        // missed.
        let (user, organization) = (
            StreamName::user(user),
            StreamName::organization(organization),
        );
        let (user, organization) = tokio::try_join!(
            self.load::<User>(&user),
            self.load::<Organization>(&organization),
        )?;
        let presented = digest(&token.token);
        Ok(SessionHolder::of(
            token.session,
            &session.state,
            (&presented, command),
            &user.state,
            &organization.state,
            now,
        )?)
    }
}
