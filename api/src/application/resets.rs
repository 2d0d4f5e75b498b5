//! What an administrator does for somebody who has lost their authenticators.

use super::{Committed, Failure, Pawl, RequestContext, execute::Target};
use domain::{
    Authority,
    user::{ResetOtpDevices, User},
};
use eventstore_schema::{OrganizationId, StreamName, UserId};

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
}
