//! What an authenticator is called, as its owner tells them apart.

use super::User;
use crate::{Authority, Decide, Decision, Rejection, decider::emit};
use eventstore_schema::{DeviceId, OtpDeviceRenamed, Personal, UserEvent};

/// Gives an authenticator another name.
#[derive(Debug)]
pub struct RenameOtpDevice {
    /// The authenticator.
    pub device_id: DeviceId,
    /// Its new name, sealed.
    pub device_name: Personal,
}

impl Decide<RenameOtpDevice> for User {
    type By = Authority;

    fn decide(&self, command: RenameOtpDevice, _by: &Authority) -> Decision<UserEvent> {
        self.device(command.device_id).ok_or(Rejection::NotFound)?;
        emit(OtpDeviceRenamed {
            device_id: command.device_id,
            device_name: command.device_name,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;
    use eventstore_schema::Role;

    #[track_caller]
    fn rename(history: Vec<UserEvent>) -> Then<UserEvent> {
        let command = RenameOtpDevice {
            device_id: device(1),
            device_name: personal(2),
        };
        given(history).when::<User, _>(command, &authority(Role::Member))
    }

    #[test]
    fn a_device_gets_another_name() {
        rename(with_devices(1)).then([OtpDeviceRenamed {
            device_id: device(1),
            device_name: personal(2),
        }]);
    }

    #[test]
    fn what_is_not_confirmed_or_not_theirs_has_no_name() {
        rename(with_devices(0)).then_rejected(&Rejection::NotFound);
        let mut begun = with_devices(1);
        begun.pop();
        rename(begun).then_rejected(&Rejection::NotFound);
    }
}
