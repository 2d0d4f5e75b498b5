//! What a person does with their own authenticators, once they are set up.

use super::{Committed, Failure, Pawl, RequestContext, execute::Target, personal::DEVICE_NAME};
use domain::{
    Authority,
    organization::Organization,
    user::{RemoveOtpDevice, RenameOtpDevice, User},
    value::DeviceName,
};
use eventstore_schema::{DeviceId, StreamName};

impl Pawl {
    /// Gives an authenticator of the person another name.
    pub async fn rename_otp_device(
        &self,
        device_id: DeviceId,
        name: &DeviceName,
        by: &Authority,
        request: &RequestContext,
    ) -> Result<Committed<User>, Failure> {
        let holder = by.holder();
        let device_name = self.seal_personal(holder.user(), DEVICE_NAME, name.as_str())?;
        let target = Target::new(StreamName::user(holder.user()), holder.organization());
        let command = |_: &User| {
            Ok(RenameOtpDevice {
                device_id,
                device_name: device_name.clone(),
            })
        };
        self.execute(&target, by, request, command).await
    }

    /// Removes an authenticator of the person. The policy is read before; where it is enforced in
    /// between, the person has to set one up.
    pub async fn remove_otp_device(
        &self,
        device_id: DeviceId,
        by: &Authority,
        request: &RequestContext,
    ) -> Result<Committed<User>, Failure> {
        let holder = by.holder();
        let policy = StreamName::organization(holder.organization());
        let organization = self.load::<Organization>(&policy).await?;
        let target = Target::new(StreamName::user(holder.user()), holder.organization());
        let command = |_: &User| {
            Ok(RemoveOtpDevice {
                device_id,
                organization: &organization.state,
                at: self.now(),
            })
        };
        self.execute(&target, by, request, command).await
    }
}
