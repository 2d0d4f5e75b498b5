//! The link before the set-up of an authenticator: asking for the mail, and following it.

use super::{Failure, Pawl, RequestContext, digest, execute::Target};
use chrono::{DateTime, Utc};
use domain::{
    Enrolment,
    user::{FollowOtpSetUpLink, RequestOtpSetUpLink, User},
};
use eventstore_schema::{Position, StreamName};
use secrecy::SecretString;

/// What a session's set-up still waits for.
#[derive(Debug)]
pub struct LackingLink {
    /// Until when the link works that was mailed last, if one was that nobody has followed.
    pub mailed_until: Option<DateTime<Utc>>,
}

impl Pawl {
    /// The link that this session has to follow before it sets up an authenticator, if it has to.
    pub async fn lacking_set_up_link(
        &self,
        enrolment: &Enrolment,
    ) -> Result<Option<LackingLink>, Failure> {
        let holder = enrolment.holder();
        let user = self.load::<User>(&StreamName::user(holder.user())).await?;
        let now = self.now();
        Ok(user
            .state
            .lacks_set_up_link(holder, now)
            .then(|| LackingLink {
                mailed_until: user.state.set_up_link_expires_at(now),
            }))
    }

    /// Asks for the link. The mail follows from the event; within a minute of another one there is
    /// none.
    pub async fn request_otp_set_up_link(
        &self,
        enrolment: &Enrolment,
        request: &RequestContext,
    ) -> Result<Position, Failure> {
        // No retry repeats it: or a token that was used could be made again under the same key.
        let request = request.once();
        let holder = enrolment.holder();
        let token_digest = digest(&self.set_up_link_token(holder.user(), &request));
        let target = Target::new(StreamName::user(holder.user()), holder.organization());
        let command = |_: &User| {
            Ok(RequestOtpSetUpLink {
                token_digest: token_digest.clone(),
                at: self.now(),
            })
        };
        let committed = self.execute(&target, enrolment, &request, command).await?;
        Ok(committed.position)
    }

    /// Follows the link, in this session. Where it needs none, nothing happens.
    pub async fn follow_otp_set_up_link(
        &self,
        enrolment: &Enrolment,
        token: &SecretString,
        request: &RequestContext,
    ) -> Result<(), Failure> {
        // Another command of the same request stands beside it in the stream. To follow it twice in
        // one session is to follow it once.
        let request = request.once();
        let holder = enrolment.holder();
        let target = Target::new(StreamName::user(holder.user()), holder.organization());
        let command = |_: &User| {
            Ok(FollowOtpSetUpLink {
                token_digest: digest(token),
                at: self.now(),
            })
        };
        self.execute(&target, enrolment, &request, command).await?;
        Ok(())
    }
}
