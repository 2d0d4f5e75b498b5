//! The policy, and how long a right lasts.

use super::*;
use crate::{Decider as _, testing::*};
use eventstore_schema::{
    OtpDevicesReset, PasswordChanged, PasswordReset, Position, RoleChanged, SessionEvent,
    SessionStarted, UserDisabled, UserEnabled, UserEvent,
};

/// I2 in one table: device, enforced, second factor shown -> next step.
#[test]
fn the_policy_decides_what_a_session_opens() {
    for (has_device, enforced, shown, next) in [
        (false, false, false, NextStep::Done),
        (false, true, false, NextStep::OtpSetUp),
        (true, false, false, NextStep::Otp),
        (true, true, false, NextStep::Otp),
        (false, false, true, NextStep::Done),
        (false, true, true, NextStep::OtpSetUp),
        (true, false, true, NextStep::Done),
        (true, true, true, NextStep::Done),
    ] {
        let devices = if has_device {
            device_set_up(1)
        } else {
            Vec::new()
        };
        let holder = holder(Role::Admin, acme(), devices, enforced, shown);
        assert_eq!(holder.next(), next);
        assert_eq!(
            Authority::of(holder.clone()).is_ok(),
            next == NextStep::Done
        );
        assert_eq!(Enrolment::of(holder).is_ok(), next != NextStep::Otp);
    }
}

fn reset() -> UserEvent {
    let device_ids = vec![device(1)];
    OtpDevicesReset {
        device_ids,
        set_up: None,
    }
    .into()
}

/// By the order of the log, not by the clock, which stands still here.
#[test]
fn sessions_that_began_before_they_were_ended_are_over() {
    let organization = state::<Organization>(organization(false));
    let presented = digest("token");
    for (began, ended, over) in [(8, 7, false), (6, 7, true)] {
        let mut person = state::<User>(with_devices(1));
        let mut event = recorded(3, reset());
        event.position = Position(ended);
        person.evolve(&event);
        let started = SessionStarted {
            user_id: user(1),
            organization_id: acme(),
            token_digest: presented.clone(),
            expires_at: now() + TimeDelta::hours(1),
            browser: None,
        };
        let mut event = recorded(0, SessionEvent::from(started));
        event.position = Position(began);
        let mut open = Session::default();
        open.evolve(&event);
        let token = (&presented, None);
        let at = (now(), SessionLimits::default());
        let holder = SessionHolder::of(session(1), &open, token, &person, &organization, at);
        assert_eq!(holder.is_err(), over, "{began} {ended}");
        if let Ok(holder) = holder {
            assert_eq!(holder.next(), NextStep::OtpSetUp, "reset, not enforced");
        }
    }
}

#[test]
fn a_second_factor_is_fresh_for_five_minutes() {
    let fresh = |devices: Vec<UserEvent>, enforced, shown, later| {
        let holder = holder(Role::Admin, acme(), devices, enforced, shown);
        let authority = Authority::of(holder).unwrap();
        authority.require_fresh_second_factor(now() + later)
    };
    let (soon, late) = (TimeDelta::minutes(5), TimeDelta::seconds(301));
    let refused = Err(Rejection::FreshSecondFactorRequired);
    for enforced in [false, true] {
        assert_eq!(fresh(device_set_up(1), enforced, true, soon), Ok(()));
        assert_eq!(fresh(device_set_up(1), enforced, true, late), refused);
    }
    // Who needs none and has none.
    assert_eq!(fresh(vec![], false, false, late), Ok(()));
}

/// Session 1 began at position 5. What happens to its person before, then or after it ends it or
/// does not.
#[test]
fn a_session_is_over_when_its_person_ended_it_later() {
    let reset = || {
        UserEvent::from(PasswordReset {
            password: another_password(8),
            replaces: password().password_id,
        })
    };
    let changed_in = |n| {
        UserEvent::from(PasswordChanged {
            password: another_password(8),
            replaces: password().password_id,
            session_id: session(n),
        })
    };
    for (events, open) in [
        (vec![(4, reset())], true),
        (vec![(6, reset())], false),
        (
            vec![(6, UserEvent::from(RoleChanged { role: Role::Admin }))],
            false,
        ),
        (vec![(6, UserDisabled {}.into())], false),
        (
            vec![(6, UserDisabled {}.into()), (7, UserEnabled {}.into())],
            false,
        ),
        (
            vec![(3, UserDisabled {}.into()), (4, UserEnabled {}.into())],
            true,
        ),
        (vec![(6, changed_in(1))], true),
        (vec![(6, changed_in(2))], false),
        (vec![(6, changed_in(1)), (7, reset())], false),
        (vec![(6, changed_in(1)), (7, changed_in(2))], false),
    ] {
        let label = format!("{events:?}");
        let holder = holder_begun_at(5, Role::Member, events);
        assert_eq!(holder.is_ok(), open, "{label}");
    }
}
