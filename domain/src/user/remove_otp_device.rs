//! Removing an authenticator. Where two-factor authentication is enforced the last one stays; and
//! should enforcement come at the same moment, whoever has none left must set one up
//! ([`crate::authority::next_step`]), so nobody ends in a single factor.

use super::User;
use crate::{Authority, Decide, Decision, Rejection, decider::emit, organization::Organization};
use chrono::{DateTime, Utc};
use eventstore_schema::{DeviceId, OtpDeviceRemoved, UserEvent};

/// Removes an authenticator, for good.
#[derive(Debug)]
pub struct RemoveOtpDevice<'a> {
    /// The authenticator.
    pub device_id: DeviceId,
    /// The organization of the person.
    pub organization: &'a Organization,
    /// Now.
    pub at: DateTime<Utc>,
}

impl Decide<RemoveOtpDevice<'_>> for User {
    type By = Authority;

    fn decide(&self, command: RemoveOtpDevice<'_>, by: &Authority) -> Decision<UserEvent> {
        self.device(command.device_id).ok_or(Rejection::NotFound)?;
        if self.devices.len() == 1 && command.organization.requires_second_factor() {
            return Err(Rejection::LastOtpDevice);
        }
        // Or a stolen session would put its own in the place of the last one.
        by.require_fresh_second_factor(command.at)?;
        emit(OtpDeviceRemoved {
            device_id: command.device_id,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;
    use chrono::TimeDelta;
    use eventstore_schema::{RecoveryCodeDigest, RecoveryCodesIssued, Role};

    fn removed(n: u128) -> UserEvent {
        OtpDeviceRemoved {
            device_id: device(n),
        }
        .into()
    }

    #[track_caller]
    fn remove(history: Vec<UserEvent>, enforced: bool) -> Then<UserEvent> {
        let organization = state::<Organization>(organization(enforced));
        let command = RemoveOtpDevice {
            device_id: device(1),
            organization: &organization,
            at: now(),
        };
        given(history).when::<User, _>(command, &authority(Role::Member))
    }

    #[test]
    fn one_of_several_is_removed_enforced_or_not() {
        for enforced in [false, true] {
            remove(with_devices(2), enforced).then([removed(1)]);
        }
    }

    #[test]
    fn the_last_one_stays_where_a_second_factor_is_enforced() {
        remove(with_devices(1), true).then_rejected(&Rejection::LastOtpDevice);
        remove(with_devices(1), false).then([removed(1)]);
        let mut history = with_devices(2);
        history.push(removed(2));
        remove(history, true).then_rejected(&Rejection::LastOtpDevice);
    }

    #[test]
    fn what_is_not_there_cannot_be_removed() {
        remove(with_devices(0), false).then_rejected(&Rejection::NotFound);
        let mut history = with_devices(2);
        history.push(removed(1));
        remove(history, false).then_rejected(&Rejection::NotFound);
    }

    #[test]
    fn removing_needs_a_second_factor_shown_just_now() {
        let organization = state::<Organization>(organization(false));
        let shown = holder(Role::Member, acme(), device_set_up(1), false, true);
        let by = Authority::of(shown).unwrap();
        let remove = |later| {
            let command = RemoveOtpDevice {
                device_id: device(1),
                organization: &organization,
                at: now() + later,
            };
            given(with_devices(1)).when::<User, _>(command, &by)
        };
        remove(TimeDelta::minutes(5)).then([removed(1)]);
        remove(TimeDelta::minutes(6)).then_rejected(&Rejection::FreshSecondFactorRequired);
    }

    #[test]
    fn recovery_codes_go_with_the_last_device() {
        let mut history = with_devices(2);
        let digests = vec![RecoveryCodeDigest("code".into())];
        history.push(RecoveryCodesIssued { count: 1, digests }.into());
        history.push(removed(1));
        assert!(state::<User>(history.clone()).recovery_codes().is_some());
        history.push(removed(2));
        let person = state::<User>(history);
        assert!(person.recovery_codes().is_none());
        assert!(!person.has_otp_device());
    }
}
