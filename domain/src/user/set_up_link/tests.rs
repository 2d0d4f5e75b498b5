//! The thief knows the password; the owner knows it too, and reads the mail.

use super::*;
use crate::{
    Anyone, Decider as _, Enrolment,
    organization::Organization,
    otp::{OtpCode, OtpSecret, code_at},
    session::{Session, SessionLimits},
    testing::*,
    user::{
        ConfirmOtpDevice, RESET_LIFETIME, RegisterOtpDevice, RequestPasswordReset, SET_UP_LIFETIME,
    },
};
use eventstore_schema::{
    Actor, InvitationAccepted, OtpDeviceRegistered, OtpDeviceRemoved, OtpDevicesReset, OtpRejected,
    OtpRejectionReason, OtpSetUpLinkEnforced, PasswordReset, PasswordResetRequested, Recorded,
    Role, SessionEvent, SessionStarted,
};
use uuid::Uuid;

const OWNER: u128 = 1;
const THIEF: u128 = 2;

fn command(n: u128) -> CommandId {
    CommandId(Uuid::from_u128(n))
}

/// What an event is recorded by.
fn by<E>(mut event: Recorded<E>, n: u128) -> Recorded<E> {
    event.metadata.command_id = command(n);
    event
}

/// A session of the person with this history, begun by a command of the same number, as the policy
/// sees it.
fn session_of(n: u128, person: &User, asks: bool) -> Enrolment {
    let mut policy = organization(true);
    policy.extend(asks.then(|| OtpSetUpLinkEnforced {}.into()));
    let started = SessionEvent::from(SessionStarted {
        browser: None,
        user_id: user(1),
        organization_id: acme(),
        token_digest: digest("token"),
        expires_at: now() + crate::session::LIFETIME,
    });
    let mut open = Session::default();
    open.evolve(&by(recorded(100, started), n));
    let policy = state::<Organization>(policy);
    let token = (&digest("token"), None);
    Enrolment::of(
        SessionHolder::of(
            session(n),
            &open,
            token,
            person,
            &policy,
            (now(), SessionLimits::default()),
        )
        .unwrap(),
    )
    .unwrap()
}

fn phone() -> OtpSecret {
    OtpSecret::new([7; 20])
}

fn reset() -> UserEvent {
    let device_ids = vec![device(1)];
    OtpDevicesReset {
        device_ids,
        set_up: None,
    }
    .into()
}

fn requested(link: &str) -> UserEvent {
    OtpSetUpLinkRequested {
        token_digest: digest(link),
        expires_at: now() + SET_UP_LINK_LIFETIME,
    }
    .into()
}

fn followed_in(n: u128) -> UserEvent {
    OtpSetUpLinkFollowed {
        session_id: session(n),
        expires_at: now() + SET_UP_LINK_LIFETIME,
    }
    .into()
}

fn begun_in(n: u128, at: DateTime<Utc>) -> UserEvent {
    OtpDeviceRegistered {
        device_id: device(7),
        secret: secret(7),
        expires_at: at + SET_UP_LIFETIME,
        replaces: None,
        session_id: Some(session(n)),
    }
    .into()
}

fn after_a_reset() -> Vec<UserEvent> {
    with_devices(1).into_iter().chain([reset()]).collect()
}

/// A person whose organization asks for the link, or does not.
struct Case {
    history: Vec<UserEvent>,
    asks: bool,
}

impl Case {
    fn with(history: Vec<UserEvent>, more: impl IntoIterator<Item = UserEvent>) -> Self {
        let history = history.into_iter().chain(more).collect();
        Self {
            history,
            asks: false,
        }
    }

    fn asking(mut self) -> Self {
        self.asks = true;
        self
    }

    fn enrolment(&self, n: u128) -> Enrolment {
        session_of(n, &state::<User>(self.history.clone()), self.asks)
    }

    #[track_caller]
    fn registers(&self, n: u128, at: DateTime<Utc>) -> Then<UserEvent> {
        let command = RegisterOtpDevice {
            device_id: device(7),
            secret: secret(7),
            at,
        };
        given(self.history.clone()).when::<User, _>(command, &self.enrolment(n))
    }

    #[track_caller]
    fn confirms(&self, n: u128, code: OtpCode, at: DateTime<Utc>) -> Then<UserEvent> {
        let command = ConfirmOtpDevice {
            device_id: device(7),
            secret: phone(),
            device_name: personal(1),
            code,
            recovery_codes: vec![],
            at,
        };
        given(self.history.clone()).when::<User, _>(command, &self.enrolment(n))
    }

    #[track_caller]
    fn asks_for_mail(&self, n: u128, link: &str) -> Then<UserEvent> {
        let command = RequestOtpSetUpLink {
            token_digest: digest(link),
            at: now(),
        };
        given(self.history.clone()).when::<User, _>(command, &self.enrolment(n))
    }

    #[track_caller]
    fn follows(&self, n: u128, link: &str, at: DateTime<Utc>) -> Then<UserEvent> {
        let command = FollowOtpSetUpLink {
            token_digest: digest(link),
            at,
        };
        given(self.history.clone()).when::<User, _>(command, &self.enrolment(n))
    }
}

const REQUIRED: &Rejection = &Rejection::OtpSetUpLinkRequired;

#[test]
fn a_password_alone_sets_up_nothing_after_a_reset_or_where_it_is_asked_for() {
    let without = vec![registered(Role::Member)];
    for case in [
        Case::with(after_a_reset(), []),
        Case::with(without.clone(), []).asking(),
        Case::with(after_a_reset(), [requested("link")]),
        // What the owner has followed is of no use to the thief.
        Case::with(after_a_reset(), [requested("link"), followed_in(OWNER)]),
    ] {
        case.registers(THIEF, now()).then_rejected(REQUIRED);
    }
    // Not asked for, and never reset.
    Case::with(without, [])
        .registers(THIEF, now())
        .then([begun_in(THIEF, now())]);
}

/// It began when nobody asked for a link, and waited.
#[test]
fn a_set_up_that_began_before_is_not_confirmed_without_the_link() {
    let without = vec![registered(Role::Member), begun_in(THIEF, now())];
    let code = || code_at(&phone(), now());
    Case::with(without.clone(), [])
        .asking()
        .confirms(THIEF, code(), now())
        .then_rejected(REQUIRED);
    let more = [requested("link"), followed_in(OWNER)];
    Case::with(without, more)
        .asking()
        .confirms(THIEF, code(), now())
        .then_rejected(REQUIRED);
}

#[test]
fn the_link_opens_the_set_up_in_the_session_that_follows_it_and_works_once() {
    let case = Case::with(after_a_reset(), [requested("link")]);
    case.follows(THIEF, "guess", now()).then_rejected(REQUIRED);
    case.follows(OWNER, "link", now())
        .then([followed_in(OWNER)]);
    let case = Case::with(after_a_reset(), [requested("link"), followed_in(OWNER)]);
    case.follows(THIEF, "link", now()).then_rejected(REQUIRED);
    // The same page again, and a set-up that expired and begins anew, within the hour.
    case.follows(OWNER, "link", now()).then_nothing();
    let late = now() + TimeDelta::minutes(59);
    case.registers(OWNER, late).then([begun_in(OWNER, late)]);
    let over = now() + SET_UP_LINK_LIFETIME;
    case.registers(OWNER, over).then_rejected(REQUIRED);
    // What began in time is finished in its own time.
    let more = [requested("link"), followed_in(OWNER), begun_in(OWNER, late)];
    let wrong = code_at(&OtpSecret::new([8; 20]), over);
    let refused = OtpRejected {
        reason: OtpRejectionReason::Wrong,
        session_id: session(OWNER),
    };
    Case::with(after_a_reset(), more)
        .confirms(OWNER, wrong, over)
        .then_refused([refused], &Rejection::OtpCodeWrong);
}

#[test]
fn a_link_expires_a_newer_one_kills_it_and_a_reset_does_too() {
    let case = Case::with(after_a_reset(), [requested("link")]);
    case.follows(OWNER, "link", now() + SET_UP_LINK_LIFETIME)
        .then_rejected(REQUIRED);
    let case = Case::with(after_a_reset(), [requested("link"), requested("newer")]);
    case.follows(OWNER, "link", now()).then_rejected(REQUIRED);
    case.follows(OWNER, "newer", now())
        .then([followed_in(OWNER)]);
    for more in [
        vec![requested("link"), reset()],
        vec![requested("link"), followed_in(OWNER), reset()],
    ] {
        let case = Case::with(after_a_reset(), more);
        // Of a session that began after it, or there would be none.
        case.follows(OWNER, "link", now()).then_rejected(REQUIRED);
        case.registers(OWNER, now()).then_rejected(REQUIRED);
        // And its mail is not held up by those of before.
        case.asks_for_mail(OWNER, "new").then([requested("new")]);
    }
}

/// Removed again, before the organization asked for a link: no link of before counts.
#[test]
fn with_an_authenticator_every_link_is_spent() {
    let mut history = after_a_reset();
    history.extend([requested("link"), followed_in(OWNER), requested("newer")]);
    history.extend(device_set_up(3));
    history.push(
        OtpDeviceRemoved {
            device_id: device(3),
        }
        .into(),
    );
    let case = Case::with(history, []).asking();
    case.registers(OWNER, now()).then_rejected(REQUIRED);
    case.follows(OWNER, "newer", now()).then_rejected(REQUIRED);
}

/// Or the thief's request would break off the owner's set-up.
#[test]
fn a_newer_link_leaves_alone_who_has_followed_one() {
    let more = [requested("link"), followed_in(OWNER), requested("newer")];
    let case = Case::with(after_a_reset(), more);
    case.registers(OWNER, now()).then([begun_in(OWNER, now())]);
    case.registers(THIEF, now()).then_rejected(REQUIRED);
}

#[test]
fn the_mail_goes_to_whoever_lacks_it_and_not_too_often() {
    let case = Case::with(after_a_reset(), []);
    case.asks_for_mail(THIEF, "link").then([requested("link")]);
    let case = Case::with(after_a_reset(), [requested("link")]);
    case.asks_for_mail(THIEF, "more").then_nothing();
    let not_needed = &Rejection::OtpSetUpLinkNotNeeded;
    for case in [
        Case::with(vec![registered(Role::Member)], []),
        Case::with(after_a_reset(), [requested("link"), followed_in(OWNER)]),
    ] {
        case.asks_for_mail(OWNER, "link").then_rejected(not_needed);
    }
}

/// The invitation, or a new password by mail. The session that the same command began, and no other.
#[test]
fn a_session_that_began_by_a_mailed_link_is_not_asked_for_another() {
    let accepted = InvitationAccepted {
        password: password(),
    };
    let new_password = PasswordReset {
        password: another_password(8),
        replaces: password().password_id,
    };
    for event in [UserEvent::from(accepted), new_password.into()] {
        let mut person = state::<User>(after_a_reset());
        person.evolve(&by(recorded(50, event), OWNER));
        for (n, lacks) in [(OWNER, false), (THIEF, true)] {
            let enrolment = session_of(n, &person, true);
            assert_eq!(person.lacks_set_up_link(enrolment.holder(), now()), lacks);
            let register = RegisterOtpDevice {
                device_id: device(7),
                secret: secret(7),
                at: now(),
            };
            assert_eq!(person.decide(register, &enrolment).is_err(), lacks);
        }
    }
}

/// The operator has handed a link over: whoever reads the lost mailbox gets nothing by it, and whoever
/// holds the link goes through.
#[test]
fn nothing_that_is_mailed_counts_once_the_operator_has_handed_a_link_over() {
    let handed_over = PasswordResetRequested {
        token_digest: digest("by hand"),
        expires_at: now() + RESET_LIFETIME,
    };
    let mut event = recorded(40, UserEvent::from(handed_over));
    // Whoever has only forgotten the password reads mail as before.
    let forgotten = Case::with(after_a_reset(), [event.data.clone()]);
    forgotten
        .asks_for_mail(OWNER, "link")
        .then([requested("link")]);
    event.metadata.actor = Actor::Operator;
    let mut person = state::<User>(after_a_reset().into_iter().chain([requested("link")]));
    person.evolve(&event);

    let enrolment = session_of(THIEF, &person, false);
    let at = now() + TimeDelta::hours(2);
    let token_digest = digest("mailed");
    let mail = || RequestPasswordReset {
        token_digest: token_digest.clone(),
        at,
    };
    let outcome = person.decide(mail(), &Anyone).unwrap();
    assert!(outcome.events.is_empty());
    // Nor does another reset bring the mailbox back.
    let mut again = person.clone();
    let reset = OtpDevicesReset {
        device_ids: vec![],
        set_up: None,
    };
    again.evolve(&recorded(45, reset.into()));
    assert!(again.decide(mail(), &Anyone).unwrap().events.is_empty());
    let mail = RequestOtpSetUpLink { token_digest, at };
    assert_eq!(person.decide(mail, &enrolment).as_ref(), Err(REQUIRED));
    let follow = FollowOtpSetUpLink {
        token_digest: digest("link"),
        at: now(),
    };
    assert_eq!(person.decide(follow, &enrolment).as_ref(), Err(REQUIRED));

    let chosen = PasswordReset {
        password: another_password(8),
        replaces: password().password_id,
    };
    person.evolve(&by(recorded(50, chosen.into()), OWNER));
    for (n, lacks) in [(OWNER, false), (THIEF, true)] {
        let enrolment = session_of(n, &person, false);
        assert_eq!(person.lacks_set_up_link(enrolment.holder(), now()), lacks);
    }
    for (revision, event) in (60..).zip(device_set_up(3)) {
        person.evolve(&recorded(revision, event));
    }
    // With an authenticator the mailbox is what it was.
    let mail = RequestPasswordReset {
        token_digest: digest("mailed"),
        at,
    };
    assert_eq!(person.decide(mail, &Anyone).unwrap().events.len(), 1);
}
