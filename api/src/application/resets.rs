//! What an administrator, or the operator, does for somebody who has lost their authenticators.

use super::{Committed, Failure, Pawl, RequestContext, digest, execute::Target};
use domain::{
    Authority, OnTheServer, Rejection,
    address::Address,
    user::{ResetOtpDevices, ResetOtpDevicesOnTheServer, User},
    value::EmailAddress,
};
use eventstore_schema::{OrganizationId, StreamName, UserId};
use secrecy::SecretString;

/// What came of the operator's command.
#[derive(Debug)]
pub struct ResetOnTheServer {
    /// Whether there was anything to reset.
    pub anything: bool,
    /// The token of a link to choose a new password, where it was asked for.
    pub token: Option<SecretString>,
}

impl Pawl {
    /// Ends every second factor and every session of a person, who has to set up an authenticator
    /// before anything else.
    pub async fn reset_otp_devices(
        &self,
        organization_id: OrganizationId,
        user_id: UserId,
        if_match: Option<u64>,
        by: &Authority,
        request: &RequestContext,
    ) -> Result<Committed<User>, Failure> {
        let target = Target::new(StreamName::user(user_id), organization_id).if_match(if_match);
        let command = |_: &User| {
            Ok(ResetOtpDevices {
                organization_id,
                user_id,
                at: self.now(),
            })
        };
        self.execute(&target, by, request, command).await
    }

    /// Who can sign in with this address, for the operator.
    pub async fn somebody_with(&self, email: &EmailAddress) -> Result<UserId, Failure> {
        let address_id = self.address_id(email);
        let address = self
            .load::<Address>(&StreamName::address(&address_id))
            .await?;
        let id = address.state.holder().ok_or(Rejection::NotFound)?;
        let user = self.load::<User>(&StreamName::user(id)).await?;
        let profile = user.state.active();
        match profile.filter(|profile| profile.address_id == address_id) {
            Some(_) => Ok(id),
            None => Err(Rejection::NotFound.into()),
        }
    }

    /// The same as an administrator's reset, by the operator on the server. `hand_over` makes a link
    /// to choose a new password too, which is mailed to nobody: the mailbox is lost as well.
    pub async fn reset_otp_devices_on_the_server(
        &self,
        user_id: UserId,
        hand_over: bool,
        by: &OnTheServer,
        request: &RequestContext,
    ) -> Result<ResetOnTheServer, Failure> {
        let stream = StreamName::user(user_id);
        let before = self.load::<User>(&stream).await?;
        let organization = before
            .state
            .profile()
            .map(|profile| profile.organization_id);
        let token = hand_over.then(|| self.reset_token(user_id, request));
        let command = |_: &User| {
            Ok(ResetOtpDevicesOnTheServer {
                handed_over: token.as_ref().map(digest),
                at: self.now(),
            })
        };
        let target = Target::new(stream, organization);
        let reset = self.execute(&target, by, request, command).await?;
        let ended = reset.state.state.sessions_ended_at();
        Ok(ResetOnTheServer {
            anything: ended != before.state.sessions_ended_at(),
            token,
        })
    }
}
