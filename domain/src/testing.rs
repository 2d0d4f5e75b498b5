//! Given events, when a command, then events.

use crate::{
    Authority, Decide, Decider, Enrolment, Outcome, Rejection, SessionHolder,
    organization::Organization,
    session::{Session, SessionLimits},
    user::User,
};
use chrono::{DateTime, Utc};
use eventstore_schema::{
    Actor, AddressId, CommandId, DeviceId, EventId, KeyName, Metadata, OrganizationEvent,
    OrganizationId, OrganizationRegistered, OtpDeviceConfirmed, OtpDeviceRegistered, PasswordHash,
    PasswordId, Personal, Position, Recorded, Role, Sealed, SealedSecret, SecondFactorAccepted,
    SessionEvent, SessionId, SessionStarted, StreamName, TokenDigest, TwoFactorEnforced, UserEvent,
    UserId, UserRegistered,
};
use std::fmt::Debug;
use uuid::Uuid;

pub(crate) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_015, 0).unwrap()
}

pub(crate) fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

pub(crate) fn session(n: u128) -> SessionId {
    SessionId(Uuid::from_u128(n))
}

pub(crate) fn device(n: u128) -> DeviceId {
    DeviceId(Uuid::from_u128(n))
}

pub(crate) fn acme() -> OrganizationId {
    OrganizationId(Uuid::from_u128(100))
}

fn sealed(key: KeyName) -> Sealed {
    Sealed {
        key,
        ciphertext: "AAAA".into(),
    }
}

pub(crate) fn personal(n: u128) -> Personal {
    Personal(sealed(KeyName::person(user(n))))
}

pub(crate) fn secret(n: u128) -> SealedSecret {
    SealedSecret(sealed(KeyName::otp_device(device(n))))
}

pub(crate) fn password() -> PasswordHash {
    another_password(7)
}

pub(crate) fn another_password(n: u128) -> PasswordHash {
    let password_id = PasswordId(Uuid::from_u128(n));
    PasswordHash {
        password_id,
        hash: SealedSecret(sealed(KeyName::password(password_id))),
    }
}

pub(crate) fn digest(text: &str) -> TokenDigest {
    TokenDigest(text.into())
}

pub(crate) fn address() -> AddressId {
    AddressId("ada".into())
}

pub(crate) fn recorded<E>(revision: u64, data: E) -> Recorded<E> {
    Recorded {
        position: Position(revision + 1),
        stream: StreamName::organization(acme()),
        revision,
        id: EventId(Uuid::from_u128(u128::from(revision) + 1)),
        metadata: Metadata {
            version: 1,
            recorded_at: now(),
            actor: Actor::User(user(1)),
            command_id: CommandId(Uuid::nil()),
            command_digest: None,
            organization_id: Some(acme()),
            correlation_id: Uuid::nil(),
            causation_id: Uuid::nil(),
        },
        data,
    }
}

pub(crate) fn registered(role: Role) -> UserEvent {
    UserRegistered {
        organization_id: acme(),
        email: personal(1),
        address_id: address(),
        name: personal(1),
        role,
        password: password(),
    }
    .into()
}

/// An authenticator, confirmed long ago.
pub(crate) fn device_set_up(n: u128) -> Vec<UserEvent> {
    let registered = OtpDeviceRegistered {
        device_id: device(n),
        secret: secret(n),
        expires_at: now(),
        replaces: None,
        session_id: None,
    };
    let confirmed = OtpDeviceConfirmed {
        device_id: device(n),
        device_name: personal(1),
        time_step: 1,
        session_id: session(9),
    };
    vec![registered.into(), confirmed.into()]
}

/// What happened to a person with so many authenticators.
pub(crate) fn with_devices(count: u128) -> Vec<UserEvent> {
    let devices = (1..=count).flat_map(device_set_up);
    std::iter::once(registered(Role::Member))
        .chain(devices)
        .collect()
}

pub(crate) fn state<D: Decider>(events: impl IntoIterator<Item = D::Event>) -> D {
    let mut state = D::default();
    for (revision, event) in (0..).zip(events) {
        state.evolve(&recorded(revision, event));
    }
    state
}

pub(crate) fn organization(enforced: bool) -> Vec<OrganizationEvent> {
    let acme = OrganizationRegistered {
        name: "Acme".into(),
    };
    let enforcement = enforced.then(|| TwoFactorEnforced {}.into());
    std::iter::once(acme.into()).chain(enforcement).collect()
}

/// The session of user 1, in an organization, as the policy sees it.
pub(crate) fn holder(
    role: Role,
    organization: OrganizationId,
    more: impl IntoIterator<Item = UserEvent>,
    enforced: bool,
    second_factor: bool,
) -> SessionHolder {
    let UserEvent::UserRegistered(mut first) = registered(role) else {
        unreachable!()
    };
    first.organization_id = organization;
    let person = state::<User>(std::iter::once(first.into()).chain(more));
    let policy = state::<Organization>(self::organization(enforced));
    let started = SessionStarted {
        user_id: user(1),
        organization_id: organization,
        token_digest: digest("token"),
        expires_at: now() + crate::session::LIFETIME,
        browser: None,
    };
    let factor: Option<SessionEvent> = second_factor.then(|| {
        SecondFactorAccepted {
            device_id: device(1),
            token_digest: digest("token"),
        }
        .into()
    });
    let open = state::<Session>(std::iter::once(started.into()).chain(factor));
    let presented = digest("token");
    SessionHolder::of(
        session(1),
        &open,
        (&presented, None),
        &person,
        &policy,
        (now(), SessionLimits::default()),
    )
    .unwrap()
}

pub(crate) fn authority(role: Role) -> Authority {
    Authority::of(holder(role, acme(), [], false, false)).unwrap()
}

pub(crate) fn authority_elsewhere(role: Role) -> Authority {
    let elsewhere = OrganizationId(Uuid::from_u128(200));
    Authority::of(holder(role, elsewhere, [], false, false)).unwrap()
}

/// The session of user 1, begun at a position, after events at positions of their own.
pub(crate) fn holder_begun_at(
    position: u64,
    role: Role,
    events: impl IntoIterator<Item = (u64, UserEvent)>,
) -> Result<SessionHolder, Rejection> {
    let mut person = User::default();
    person.evolve(&recorded(0, registered(role)));
    for (position, event) in events {
        person.evolve(&recorded(position - 1, event));
    }
    let mut open = Session::default();
    let started = SessionStarted {
        user_id: user(1),
        organization_id: acme(),
        token_digest: digest("token"),
        expires_at: now() + crate::session::LIFETIME,
        browser: None,
    };
    open.evolve(&recorded(position - 1, started.into()));
    let policy = state::<Organization>(organization(false));
    let presented = (&digest("token"), None);
    let at = (now(), SessionLimits::default());
    SessionHolder::of(session(1), &open, presented, &person, &policy, at)
}

pub(crate) fn authority_begun_at(position: u64, role: Role) -> Authority {
    Authority::of(holder_begun_at(position, role, []).unwrap()).unwrap()
}

pub(crate) fn enrolment() -> Enrolment {
    Enrolment::of(holder(Role::Member, acme(), [], true, false)).unwrap()
}

pub(crate) struct Given<E>(Vec<E>);

pub(crate) fn given<E>(events: impl IntoIterator<Item = impl Into<E>>) -> Given<E> {
    Given(events.into_iter().map(Into::into).collect())
}

impl<E> Given<E> {
    pub(crate) fn when<D, C>(self, command: C, by: &D::By) -> Then<E>
    where
        D: Decide<C> + Decider<Event = E>,
    {
        Then(state::<D>(self.0).decide(command, by))
    }
}

pub(crate) struct Then<E>(Result<Outcome<E>, Rejection>);

impl<E: Debug + PartialEq> Then<E> {
    #[track_caller]
    pub(crate) fn then(self, events: impl IntoIterator<Item = impl Into<E>>) {
        let events = events.into_iter().map(Into::into).collect();
        assert_eq!(
            self.0,
            Ok(Outcome {
                events,
                refusal: None
            })
        );
    }

    #[track_caller]
    pub(crate) fn then_nothing(self) {
        assert_eq!(
            self.0,
            Ok(Outcome {
                events: Vec::new(),
                refusal: None
            })
        );
    }

    #[track_caller]
    pub(crate) fn then_rejected(self, rejection: &Rejection) {
        assert_eq!(self.0.as_ref(), Err(rejection));
    }

    #[track_caller]
    pub(crate) fn then_refused(
        self,
        events: impl IntoIterator<Item = impl Into<E>>,
        refusal: &Rejection,
    ) {
        let events = events.into_iter().map(Into::into).collect();
        assert_eq!(
            self.0,
            Ok(Outcome {
                events,
                refusal: Some(refusal.clone())
            })
        );
    }
}
