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
