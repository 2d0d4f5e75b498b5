//! The second factor. An accepted time step is never accepted again (invariant I4): the step is in
//! the event, and of two writers with the same code the log admits one.

use super::User;
use crate::{
    Decide, Decision, Rejection, Showing,
    decider::{emit, record_and_refuse},
    otp::{CodeMatch, OtpCode, OtpSecret, TimeStep},
};
use chrono::{DateTime, Utc};
use eventstore_schema::{
    DeviceId, OtpRejected, OtpRejectionReason, OtpVerified, SessionId, UserEvent,
};

/// Verifies a code against the person's authenticators.
#[derive(Debug)]
pub struct VerifyOtp {
    /// The code as typed.
    pub code: OtpCode,
    /// The opened secrets of the person's authenticators.
    pub secrets: Vec<(DeviceId, OtpSecret)>,
    /// Now.
    pub at: DateTime<Utc>,
}

impl Decide<VerifyOtp> for User {
    type By = Showing;

    fn decide(&self, command: VerifyOtp, by: &Showing) -> Decision<UserEvent> {
        self.expects_second_factor(by)?;
        self.throttle.admit(command.at)?;
        let mut offered = Vec::with_capacity(self.devices.len());
        for device in &self.devices {
            if let Some((_, secret)) = command.secrets.iter().find(|(id, _)| *id == device.id) {
                offered.push((device.id, Some(device.last_step), secret));
            }
        }
        let session_id = by.holder().session();
        match judge(&offered, &command.code, command.at, session_id) {
            Err(refused) => refused,
            Ok((device_id, step)) => emit(OtpVerified {
                device_id,
                time_step: step.0,
                session_id,
            }),
        }
    }
}

/// Finds the authenticator and the step that the code belongs to, or refuses and remembers why.
pub(super) fn judge(
    offered: &[(DeviceId, Option<TimeStep>, &OtpSecret)],
    code: &OtpCode,
    at: DateTime<Utc>,
    session_id: SessionId,
) -> Result<(DeviceId, TimeStep), Decision<UserEvent>> {
    let mut reason = OtpRejectionReason::Wrong;
    for (device, spent, secret) in offered {
        match secret.find(code, at) {
            CodeMatch::Current(step) if spent.is_none_or(|spent| step > spent) => {
                return Ok((*device, step));
            }
            CodeMatch::Current(_) => reason = OtpRejectionReason::Reused,
            CodeMatch::Expired => reason = OtpRejectionReason::Expired,
            CodeMatch::None => {}
        }
    }
    Err(record_and_refuse(
        OtpRejected { reason, session_id },
        refusal(reason),
    ))
}

pub(super) fn refusal(reason: OtpRejectionReason) -> Rejection {
    match reason {
        OtpRejectionReason::Wrong => Rejection::OtpCodeWrong,
        OtpRejectionReason::Reused => Rejection::OtpCodeReused,
        OtpRejectionReason::Expired => Rejection::OtpCodeExpired,
    }
}

impl User {
    /// Refuses a session that does not wait for a second factor, and a person who has none.
    pub(super) fn expects_second_factor(&self, by: &Showing) -> Result<(), Rejection> {
        by.is_expected()?;
        if self.devices.is_empty() {
            return Err(Rejection::OtpDeviceMissing);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Authority, SessionHolder, otp::code_at, testing::*};
    use chrono::TimeDelta;
    use eventstore_schema::{OtpDeviceConfirmed, OtpDeviceRegistered, Role};

    fn phone() -> OtpSecret {
        OtpSecret::new([7; 20])
    }

    /// A person whose authenticator was confirmed with the code of the step before now.
    fn with_device() -> Vec<UserEvent> {
        vec![
            registered(Role::Member),
            OtpDeviceRegistered {
                device_id: device(1),
                secret: secret(1),
                expires_at: now() + TimeDelta::minutes(10),
                replaces: None,
                session_id: None,
            }
            .into(),
            OtpDeviceConfirmed {
                device_id: device(1),
                device_name: personal(1),
                time_step: TimeStep::at(now()).0 - 1,
                session_id: session(9),
            }
            .into(),
        ]
    }

    fn waiting_for_a_code() -> Showing {
        Showing::to_sign_in(session_of_a_device_owner(false))
    }

    fn session_of_a_device_owner(second_factor: bool) -> SessionHolder {
        let device = with_device().into_iter().skip(1);
        holder(Role::Member, acme(), device, true, second_factor)
    }

    fn wrong(times: usize) -> impl Iterator<Item = UserEvent> {
        (0..times).map(|_| rejected(OtpRejectionReason::Wrong))
    }

    fn rejected(reason: OtpRejectionReason) -> UserEvent {
        OtpRejected {
            reason,
            session_id: session(1),
        }
        .into()
    }

    fn verified(step: u64) -> UserEvent {
        OtpVerified {
            device_id: device(1),
            time_step: step,
            session_id: session(1),
        }
        .into()
    }

    #[track_caller]
    fn verify(history: Vec<UserEvent>, code: OtpCode) -> Then<UserEvent> {
        given(history).when::<User, _>(
            VerifyOtp {
                code,
                secrets: vec![(device(1), phone())],
                at: now(),
            },
            &waiting_for_a_code(),
        )
    }

    #[test]
    fn a_right_code_is_accepted() {
        verify(with_device(), code_at(&phone(), now())).then([verified(TimeStep::at(now()).0)]);
    }

    #[test]
    fn a_code_works_once() {
        let spent = verified(TimeStep::at(now()).0);
        let history = with_device().into_iter().chain([spent]).collect();
        verify(history, code_at(&phone(), now())).then_refused(
            [rejected(OtpRejectionReason::Reused)],
            &Rejection::OtpCodeReused,
        );
    }

    #[test]
    fn a_code_older_than_the_last_accepted_one_is_spent_too() {
        let later = verified(TimeStep::at(now()).0 + 1);
        let history = with_device().into_iter().chain([later]).collect();
        verify(history, code_at(&phone(), now())).then_refused(
            [rejected(OtpRejectionReason::Reused)],
            &Rejection::OtpCodeReused,
        );
    }

    #[test]
    fn the_code_that_confirmed_the_device_is_spent() {
        let code = code_at(&phone(), now() - TimeDelta::seconds(30));
        verify(with_device(), code).then_refused(
            [rejected(OtpRejectionReason::Reused)],
            &Rejection::OtpCodeReused,
        );
    }

    #[test]
    fn a_wrong_code_is_remembered() {
        verify(with_device(), code_at(&OtpSecret::new([8; 20]), now())).then_refused(
            [rejected(OtpRejectionReason::Wrong)],
            &Rejection::OtpCodeWrong,
        );
    }

    #[test]
    fn after_five_wrong_codes_even_the_right_one_waits() {
        let history = with_device().into_iter().chain(wrong(5)).collect();
        verify(history, code_at(&phone(), now())).then_rejected(&Rejection::TooManyAttempts {
            retry_at: now() + TimeDelta::minutes(1),
        });
    }

    #[test]
    fn the_wait_is_over_with_a_right_code() {
        let right = verified(TimeStep::at(now()).0 - 1);
        let history = with_device()
            .into_iter()
            .chain(wrong(4))
            .chain([right])
            .chain(wrong(4));
        verify(history.collect(), code_at(&phone(), now())).then([verified(TimeStep::at(now()).0)]);
    }

    #[test]
    fn a_session_without_device_is_sent_to_the_set_up() {
        let no_device = holder(Role::Member, acme(), [], true, false);
        given([registered(Role::Member)])
            .when::<User, _>(
                VerifyOtp {
                    code: code_at(&phone(), now()),
                    secrets: vec![(device(1), phone())],
                    at: now(),
                },
                &Showing::to_sign_in(no_device),
            )
            .then_rejected(&Rejection::OtpDeviceMissing);
    }

    #[test]
    fn a_session_that_lacks_nothing_shows_it_when_it_is_meant_to_again() {
        let complete = || session_of_a_device_owner(true);
        let show = |by: &Showing| {
            let command = VerifyOtp {
                code: code_at(&phone(), now()),
                secrets: vec![(device(1), phone())],
                at: now(),
            };
            given(with_device()).when::<User, _>(command, by)
        };
        show(&Showing::to_sign_in(complete())).then_rejected(&Rejection::OtpNotNeeded);
        let authority = Authority::of(complete()).unwrap();
        show(&Showing::again(authority)).then([verified(TimeStep::at(now()).0)]);
    }
}
