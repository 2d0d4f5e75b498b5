//! From a token to whoever holds it: asked of the log at every request (invariants I2, I3).

use super::{Failure, Pawl, SessionToken, digest};
use domain::{Rejection, SessionHolder, organization::Organization, session::Session, user::User};
use eventstore_schema::{CommandId, StreamName};

impl Pawl {
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
        let user = self.load::<User>(&StreamName::user(user)).await?;
        // The policy is read last: nothing that was enforced before this line is missed.
        let organization = self
            .load::<Organization>(&StreamName::organization(organization))
            .await?;
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
