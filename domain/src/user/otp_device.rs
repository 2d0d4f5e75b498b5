//! Setting up an authenticator: registered with its secret, then confirmed by one code.

use super::{PendingDevice, User};
use crate::{
    Decide, Decision, Enrolment, Rejection,
    decider::{emit, emit_all},
    otp::{OtpCode, OtpSecret},
    user::{recovery_codes::issue, verify_otp::judge},
};
use chrono::{DateTime, TimeDelta, Utc};
use eventstore_schema::{
    DeviceId, OtpDeviceConfirmed, OtpDeviceRegistered, Personal, RecoveryCodeDigest, SealedSecret,
    SessionId, UserEvent,
};

/// How long a set-up waits for its code.
pub const SET_UP_LIFETIME: TimeDelta = TimeDelta::minutes(10);
/// Authenticators of a person at most: each one makes a guessed code a little likelier to be right.
pub const DEVICE_LIMIT: usize = 10;

/// Begins the set-up of an authenticator. It takes the place of one that was not confirmed.
#[derive(Debug)]
pub struct RegisterOtpDevice {
    /// The id of the authenticator.
    pub device_id: DeviceId,
    /// Its sealed secret.
    pub secret: SealedSecret,
    /// Now.
    pub at: DateTime<Utc>,
}

impl Decide<RegisterOtpDevice> for User {
    type By = Enrolment;

    fn decide(&self, command: RegisterOtpDevice, by: &Enrolment) -> Decision<UserEvent> {
        if self.is_erased() {
            // In the moment between the check of the session and this.
            return Err(Rejection::Unauthenticated);
        }
        self.throttle.admit(command.at)?;
        if self.lacks_set_up_link(by.holder(), command.at) {
            return Err(Rejection::OtpSetUpLinkRequired);
        }
        if !self.devices.is_empty() {
            by.require_fresh_second_factor(command.at)?;
        }
        if self.devices.len() >= DEVICE_LIMIT {
            return Err(Rejection::OtpDeviceLimit);
        }
        emit(OtpDeviceRegistered {
            device_id: command.device_id,
            secret: command.secret,
            expires_at: command.at + SET_UP_LIFETIME,
            replaces: self.pending.as_ref().map(|pending| pending.id),
            session_id: Some(by.holder().session()),
        })
    }
}

/// Confirms a set-up with a code and names the authenticator. With the first one come recovery codes.
#[derive(Debug)]
pub struct ConfirmOtpDevice {
    /// The authenticator.
    pub device_id: DeviceId,
    /// Its opened secret.
    pub secret: OtpSecret,
    /// What it is called.
    pub device_name: Personal,
    /// The code that it shows.
    pub code: OtpCode,
    /// The keyed digests of the recovery codes, should they be needed.
    pub recovery_codes: Vec<RecoveryCodeDigest>,
    /// Now.
    pub at: DateTime<Utc>,
}

impl User {
    /// The unconfirmed set-up that began in this session, if its time has not run out.
    #[must_use]
    pub fn set_up_begun_in(
        &self,
        session: SessionId,
        now: DateTime<Utc>,
    ) -> Option<&PendingDevice> {
        let pending = self.pending.as_ref()?;
        (pending.session == Some(session) && now < pending.expires_at).then_some(pending)
    }

    /// The unconfirmed set-up with this id, if its time has not run out.
    pub fn set_up(&self, id: DeviceId, now: DateTime<Utc>) -> Result<&SealedSecret, Rejection> {
        match &self.pending {
            Some(pending) if pending.id == id && now < pending.expires_at => Ok(&pending.secret),
            Some(pending) if pending.id == id => Err(Rejection::OtpSetUpExpired),
            _ => Err(Rejection::OtpSetUpNotFound),
        }
    }
}

impl Decide<ConfirmOtpDevice> for User {
    type By = Enrolment;

    fn decide(&self, command: ConfirmOtpDevice, by: &Enrolment) -> Decision<UserEvent> {
        self.throttle.admit(command.at)?;
        self.set_up(command.device_id, command.at)?;
        // It may have begun before the link was asked for.
        self.require_set_up_link(by.holder())?;
        if !self.devices.is_empty() {
            // As at its beginning: it may have waited since in a session that was left open.
            by.require_fresh_second_factor(command.at)?;
        }
        let session_id = by.holder().session();
        let offered = [(command.device_id, None, &command.secret)];
        match judge(&offered, &command.code, command.at, session_id) {
            Err(refused) => refused,
            Ok((device_id, step)) => {
                let confirmed = OtpDeviceConfirmed {
                    device_id,
                    device_name: command.device_name,
                    time_step: step.0,
                    session_id,
                };
                let first = self.devices.is_empty();
                let codes = first.then(|| issue(command.recovery_codes).into());
                emit_all(std::iter::once(confirmed.into()).chain(codes).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        otp::{TimeStep, code_at},
        testing::*,
    };
    use eventstore_schema::{OtpRejected, OtpRejectionReason, RecoveryCodesIssued, Role};

    fn phone() -> OtpSecret {
        OtpSecret::new([7; 20])
    }

    fn begun(n: u128) -> UserEvent {
        OtpDeviceRegistered {
            device_id: device(n),
            secret: secret(n),
            expires_at: now() + SET_UP_LIFETIME,
            replaces: (n > 1).then(|| device(n - 1)),
            session_id: Some(session(1)),
        }
        .into()
    }

    /// In a session that has just shown a code of another authenticator.
    fn second_enrolment() -> Enrolment {
        Enrolment::of(holder(Role::Member, acme(), device_set_up(1), true, true)).unwrap()
    }

    #[track_caller]
    fn confirm(history: Vec<UserEvent>, code: OtpCode, at: DateTime<Utc>) -> Then<UserEvent> {
        confirm_by(&enrolment(), history, code, at)
    }

    #[track_caller]
    fn confirm_by(
        by: &Enrolment,
        history: Vec<UserEvent>,
        code: OtpCode,
        at: DateTime<Utc>,
    ) -> Then<UserEvent> {
        let command = ConfirmOtpDevice {
            device_id: device(1),
            secret: phone(),
            device_name: personal(1),
            code,
            recovery_codes: vec![RecoveryCodeDigest("code".into())],
            at,
        };
        given(history).when::<User, _>(command, by)
    }

    #[test]
    fn a_set_up_begins_with_a_secret() {
        given([registered(Role::Member)])
            .when::<User, _>(
                RegisterOtpDevice {
                    device_id: device(1),
                    secret: secret(1),
                    at: now(),
                },
                &enrolment(),
            )
            .then([begun(1)]);
    }

    #[test]
    fn who_was_erased_in_the_meantime_begins_none() {
        let begin = RegisterOtpDevice {
            device_id: device(1),
            secret: secret(1),
            at: now(),
        };
        let erased = eventstore_schema::UserErased {};
        given([registered(Role::Member), erased.into()])
            .when::<User, _>(begin, &enrolment())
            .then_rejected(&Rejection::Unauthenticated);
    }

    #[test]
    fn beginning_again_replaces_what_was_not_confirmed() {
        given([registered(Role::Member), begun(1)])
            .when::<User, _>(
                RegisterOtpDevice {
                    device_id: device(2),
                    secret: secret(2),
                    at: now(),
                },
                &enrolment(),
            )
            .then([begun(2)]);
        confirm(
            vec![registered(Role::Member), begun(1), begun(2)],
            code_at(&phone(), now()),
            now(),
        )
        .then_rejected(&Rejection::OtpSetUpNotFound);
    }

    /// Or a stolen password would be shown the secret that the phone is scanning elsewhere.
    #[test]
    fn only_the_session_that_began_a_set_up_sees_it_again() {
        let user = state::<User>([registered(Role::Member), begun(1)]);
        let seen = |session, at| user.set_up_begun_in(session, at).map(|pending| pending.id);
        assert_eq!(seen(session(1), now()), Some(device(1)));
        assert_eq!(seen(session(2), now()), None);
        assert_eq!(seen(session(1), now() + SET_UP_LIFETIME), None);
    }

    #[test]
    fn one_valid_code_confirms_the_set_up_and_the_first_brings_recovery_codes() {
        let code = code_at(&phone(), now());
        let confirmed = OtpDeviceConfirmed {
            device_id: device(1),
            device_name: personal(1),
            time_step: TimeStep::at(now()).0,
            session_id: session(1),
        };
        let codes = RecoveryCodesIssued {
            count: 1,
            digests: vec![RecoveryCodeDigest("code".into())],
        };
        let history = vec![registered(Role::Member), begun(1)];
        let both: [UserEvent; 2] = [confirmed.clone().into(), codes.into()];
        confirm(history, code.clone(), now()).then(both);

        // Whoever has an authenticator has recovery codes, and keeps them.
        let mut history = vec![registered(Role::Member)];
        history.extend(device_set_up(2));
        history.push(begun(1));
        confirm_by(&second_enrolment(), history, code, now()).then([confirmed]);
    }

    #[test]
    fn a_wrong_code_confirms_nothing() {
        let other = code_at(&OtpSecret::new([8; 20]), now());
        confirm(vec![registered(Role::Member), begun(1)], other, now()).then_refused(
            [OtpRejected {
                reason: OtpRejectionReason::Wrong,
                session_id: session(1),
            }],
            &Rejection::OtpCodeWrong,
        );
    }

    #[test]
    fn nobody_needs_more_than_ten() {
        let history = (1..=DEVICE_LIMIT as u128).flat_map(device_set_up);
        given(std::iter::once(registered(Role::Member)).chain(history))
            .when::<User, _>(
                RegisterOtpDevice {
                    device_id: device(11),
                    secret: secret(11),
                    at: now(),
                },
                &second_enrolment(),
            )
            .then_rejected(&Rejection::OtpDeviceLimit);
    }

    #[test]
    fn a_further_device_needs_a_second_factor_shown_just_now() {
        let register = |by: &Enrolment, later| {
            let command = RegisterOtpDevice {
                device_id: device(2),
                secret: secret(2),
                at: now() + later,
            };
            given(with_devices(1)).when::<User, _>(command, by)
        };
        let refused = &Rejection::FreshSecondFactorRequired;
        let mut second = begun(2);
        if let UserEvent::OtpDeviceRegistered(second) = &mut second {
            second.replaces = None;
        }
        register(&second_enrolment(), TimeDelta::zero()).then([second]);
        register(&second_enrolment(), TimeDelta::minutes(6)).then_rejected(refused);
        // Another session set up the first one in between.
        register(&enrolment(), TimeDelta::zero()).then_rejected(refused);

        // Also at its end: it may have waited in a session that was left open.
        let mut history = with_devices(1);
        if let UserEvent::OtpDeviceRegistered(waiting) = begun(1) {
            history.push(
                OtpDeviceRegistered {
                    device_id: device(2),
                    ..waiting
                }
                .into(),
            );
        }
        let command = ConfirmOtpDevice {
            device_id: device(2),
            secret: phone(),
            device_name: personal(1),
            code: code_at(&phone(), now() + TimeDelta::minutes(6)),
            recovery_codes: vec![],
            at: now() + TimeDelta::minutes(6),
        };
        given(history)
            .when::<User, _>(command, &second_enrolment())
            .then_rejected(refused);
    }

    #[test]
    fn a_set_up_expires() {
        let late = now() + SET_UP_LIFETIME;
        confirm(
            vec![registered(Role::Member), begun(1)],
            code_at(&phone(), late),
            late,
        )
        .then_rejected(&Rejection::OtpSetUpExpired);
    }

    #[test]
    fn an_unconfirmed_device_is_none() {
        assert!(!state::<User>([registered(Role::Member), begun(1)]).has_otp_device());
    }
}
