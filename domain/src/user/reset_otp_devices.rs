//! An administrator's help for somebody who has lost everything but the password (invariant I9): no
//! second factor of before counts any more, every session is over, and the next one has to set up an
//! authenticator, enforced or not. So nobody ends in a single factor, the administrator included.

use super::User;
use crate::{
    Acting as _, Authority, Decide, Decision, OnTheServer, Permission, Rejection,
    decider::emit_all, user::RESET_LIFETIME,
};
use chrono::{DateTime, Utc};
use eventstore_schema::{
    Actor, OrganizationId, OtpDevicesReset, PasswordResetRequested, TokenDigest, UserEvent, UserId,
};

/// Ends every second factor of somebody else.
#[derive(Debug)]
pub struct ResetOtpDevices {
    /// The organization that the caller acts in.
    pub organization_id: OrganizationId,
    /// The person.
    pub user_id: UserId,
    /// Now.
    pub at: DateTime<Utc>,
}

impl Decide<ResetOtpDevices> for User {
    type By = Authority;

    fn decide(&self, command: ResetOtpDevices, by: &Authority) -> Decision<UserEvent> {
        by.permit(Permission::ResetOtpDevices, command.organization_id)?;
        let theirs = self.profile().map(|profile| profile.organization_id);
        if theirs != Some(command.organization_id) {
            return Err(Rejection::NotFound);
        }
        if by.actor() == Actor::User(command.user_id) {
            return Err(Rejection::NotOnYourself);
        }
        by.require_fresh_second_factor(command.at)?;
        emit_all(self.reset(self.has_something_to_reset()))
    }
}

impl User {
    fn has_something_to_reset(&self) -> bool {
        !self.devices.is_empty() || self.pending.is_some()
    }

    /// The end of every second factor, or nothing.
    fn reset(&self, needed: bool) -> Vec<UserEvent> {
        let reset = || OtpDevicesReset {
            device_ids: self.devices.iter().map(|device| device.id).collect(),
            set_up: self.pending.as_ref().map(|pending| pending.id),
        };
        needed.then(|| reset().into()).into_iter().collect()
    }
}

/// The operator's help, where no administrator is left to give it. It also takes whoever never had an
/// authenticator to the set-up.
#[derive(Debug)]
pub struct ResetOtpDevicesOnTheServer {
    /// The digest of the token in a link to choose a new password, where the operator hands one over:
    /// the person's mailbox is lost as well, and somebody else may read it. Whoever follows this link
    /// is asked for no further one; until there is an authenticator, no mailed link counts.
    pub handed_over: Option<TokenDigest>,
    /// Now.
    pub at: DateTime<Utc>,
}

impl Decide<ResetOtpDevicesOnTheServer> for User {
    type By = OnTheServer;

    fn decide(
        &self,
        command: ResetOtpDevicesOnTheServer,
        _by: &OnTheServer,
    ) -> Decision<UserEvent> {
        self.active().ok_or(Rejection::NotFound)?;
        let link = command.handed_over.map(|token_digest| {
            let expires_at = command.at + RESET_LIFETIME;
            PasswordResetRequested {
                token_digest,
                expires_at,
            }
            .into()
        });
        let mut events = self.reset(self.has_something_to_reset() || !self.must_set_up_device);
        events.extend(link);
        emit_all(events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;
    use chrono::TimeDelta;
    use eventstore_schema::{
        OtpDeviceRegistered, OtpRejected, OtpRejectionReason, Position, RecoveryCodeDigest,
        RecoveryCodesIssued, Role,
    };

    /// User 1 acts; user 2 is helped.
    fn command() -> ResetOtpDevices {
        ResetOtpDevices {
            organization_id: acme(),
            user_id: user(2),
            at: now(),
        }
    }

    fn reset(devices: u128, set_up: Option<u128>) -> UserEvent {
        OtpDevicesReset {
            device_ids: (1..=devices).map(device).collect(),
            set_up: set_up.map(device),
        }
        .into()
    }

    fn begun(n: u128) -> UserEvent {
        OtpDeviceRegistered {
            device_id: device(n),
            secret: secret(n),
            expires_at: now() + TimeDelta::minutes(10),
            replaces: None,
            session_id: None,
        }
        .into()
    }

    #[test]
    fn everything_goes_at_once() {
        let mut history = with_devices(2);
        history.push(begun(3));
        given(history.clone())
            .when::<User, _>(command(), &authority(Role::Admin))
            .then([reset(2, Some(3))]);
        let digests = vec![RecoveryCodeDigest("code".into())];
        history.push(RecoveryCodesIssued { count: 1, digests }.into());
        history.push(reset(2, Some(3)));
        let person = state::<User>(history.clone());
        assert!(person.devices().is_empty() && person.pending_device().is_none());
        assert!(person.recovery_codes().is_none());
        assert!(person.must_set_up_device());
        assert_eq!(
            person.sessions_ended_at(),
            Some(Position(history.len() as u64))
        );
        history.extend(device_set_up(4));
        assert!(!state::<User>(history).must_set_up_device());
    }

    #[test]
    fn a_set_up_alone_is_taken_back_and_where_there_is_nothing_nothing_happens() {
        let mut history = with_devices(0);
        given(history.clone())
            .when::<User, _>(command(), &authority(Role::Admin))
            .then_nothing();
        history.push(begun(3));
        given(history)
            .when::<User, _>(command(), &authority(Role::Admin))
            .then([reset(0, Some(3))]);
        let mut history = with_devices(1);
        history.push(reset(1, None));
        given(history)
            .when::<User, _>(command(), &authority(Role::Admin))
            .then_nothing();
    }

    #[test]
    fn the_wait_after_wrong_codes_is_over() {
        let wrong = OtpRejected {
            reason: OtpRejectionReason::Wrong,
            session_id: session(1),
        };
        let mut history = with_devices(1);
        history.extend((0..9).map(|_| UserEvent::from(wrong.clone())));
        assert!(
            state::<User>(history.clone())
                .throttle
                .admit(now())
                .is_err()
        );
        history.push(reset(1, None));
        assert_eq!(state::<User>(history).throttle.admit(now()), Ok(()));
    }

    #[test]
    fn only_an_administrator_of_the_same_organization_resets() {
        for role in [
            Role::UserManager,
            Role::Auditor,
            Role::Analyst,
            Role::Member,
        ] {
            given(with_devices(1))
                .when::<User, _>(command(), &authority(role))
                .then_rejected(&Rejection::Forbidden);
        }
        given(with_devices(1))
            .when::<User, _>(command(), &authority_elsewhere(Role::Admin))
            .then_rejected(&Rejection::NotFound);
        given([] as [UserEvent; 0])
            .when::<User, _>(command(), &authority(Role::Admin))
            .then_rejected(&Rejection::NotFound);
    }

    #[test]
    fn nobody_resets_their_own() {
        let own = ResetOtpDevices {
            user_id: user(1),
            ..command()
        };
        given(with_devices(1))
            .when::<User, _>(own, &authority(Role::Admin))
            .then_rejected(&Rejection::NotOnYourself);
    }

    /// Also the last administrator's, and with a link for whoever has lost the mailbox too.
    #[test]
    fn the_operator_resets_on_the_server() {
        let operator = OnTheServer::with_the_files_open();
        let reset_by_operator = |handed_over| ResetOtpDevicesOnTheServer {
            handed_over,
            at: now(),
        };
        given(with_devices(1))
            .when::<User, _>(reset_by_operator(None), &operator)
            .then([reset(1, None)]);
        let link: UserEvent = PasswordResetRequested {
            token_digest: digest("link"),
            expires_at: now() + RESET_LIFETIME,
        }
        .into();
        given(with_devices(1))
            .when::<User, _>(reset_by_operator(Some(digest("link"))), &operator)
            .then([reset(1, None), link.clone()]);
        // Whoever never had one has to set one up too; once is enough.
        given(with_devices(0))
            .when::<User, _>(reset_by_operator(None), &operator)
            .then([reset(0, None)]);
        let history = || with_devices(0).into_iter().chain([reset(0, None)]);
        given(history())
            .when::<User, _>(reset_by_operator(None), &operator)
            .then_nothing();
        given(history())
            .when::<User, _>(reset_by_operator(Some(digest("link"))), &operator)
            .then([link]);
        given([] as [UserEvent; 0])
            .when::<User, _>(reset_by_operator(None), &operator)
            .then_rejected(&Rejection::NotFound);
    }

    #[test]
    fn who_has_a_second_factor_has_shown_it_just_now() {
        let by = Authority::of(holder(Role::Admin, acme(), device_set_up(1), false, true)).unwrap();
        given(with_devices(1))
            .when::<User, _>(command(), &by)
            .then([reset(1, None)]);
        let late = ResetOtpDevices {
            at: now() + TimeDelta::minutes(6),
            ..command()
        };
        given(with_devices(1))
            .when::<User, _>(late, &by)
            .then_rejected(&Rejection::FreshSecondFactorRequired);
    }
}
