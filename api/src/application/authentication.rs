//! From a token to whoever holds it: asked of the log at every request (invariants I2, I3).

use super::{Bearer, Failure, Pawl, RequestContext, SessionToken, digest, execute::Target};
use domain::{
    Authority, Mandate, Rejection, SessionHolder,
    organization::Organization,
    session::{Session, UseSession},
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

    /// The same of somebody who is only watched: who follows the log uses the session once.
    pub async fn mandate_of_watcher(&self, bearer: &Bearer) -> Result<Mandate, Failure> {
        match bearer {
            Bearer::Session(token) => {
                let holder = self.look_at(token, None).await?;
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

    /// The holder of a live session, who uses it. `command` is what the token is presented with, where
    /// it may be a repeat.
    pub async fn authenticate(
        &self,
        token: &SessionToken,
        command: Option<CommandId>,
    ) -> Result<SessionHolder, Failure> {
        let holder = self.look_at(token, command).await?;
        if self.now() >= holder.used_at() + self.limits().sessions.noted_every() {
            self.note_use(&holder).await;
        }
        Ok(holder)
    }

    /// Notes that the session is in use. Where that fails the request goes on: what its session may
    /// do has been decided.
    async fn note_use(&self, holder: &SessionHolder) {
        // It is nobody's deed and would fill the audit trail, so it belongs to no organization.
        let target = Target::new(StreamName::session(holder.session()), None);
        let (at, limits) = (self.now(), self.limits().sessions);
        let command = |_: &Session| Ok(UseSession { at, limits });
        let request = RequestContext::fresh();
        let noted = self.execute(&target, holder, &request, command).await;
        if let Err(error) = noted {
            tracing::warn!(%error, "the use of a session could not be noted");
        }
    }

    /// The same for somebody who is only watched: who follows the log uses the session once.
    pub async fn look_at(
        &self,
        token: &SessionToken,
        command: Option<CommandId>,
    ) -> Result<SessionHolder, Failure> {
        let session = self
            .load::<Session>(&StreamName::session(token.session))
            .await?;
        let (now, limits) = (self.now(), self.limits().sessions);
        let (user, organization) = match session.state.live_at(now, limits) {
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
            (now, limits),
        )?)
    }
}
