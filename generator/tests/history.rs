//! Whether histories are what they promise, looked at from outside: from their events alone.

#![expect(clippy::unwrap_used, reason = "it is all test")]

use domain::{
    Decider, address::Address, api_credential::ApiCredential, audit::Audit,
    installation::Installation, organization::Organization, session::Session, user::User,
};
use eventstore::{
    Direction, EventStore as _, ExpectedRevision,
    embedded::{DataDir, EmbeddedStore},
    keyring::{Keyring, MasterKey},
};
use eventstore_schema::{
    DeviceId, Event, Factor, OrganizationEvent, OrganizationId, Position, Recorded, RecordedEvent,
    SessionEvent, StreamName, UserEvent, UserId,
};
use generator::{Append, Boxes, History, Plan, email_of, write};
use std::collections::{BTreeSet, HashMap};
use tempfile::TempDir;
use tokio::runtime::Handle;

fn history(seed: u64) -> impl Iterator<Item = Append> {
    let plan = Plan::new(400, 20_000, seed).unwrap().organizations(4);
    History::new(plan, Boxes::derived()).map(Result::unwrap)
}

/// The events as a log would give them back.
fn recorded(seed: u64) -> impl Iterator<Item = Recorded<Event>> {
    let mut log = 0;
    let mut revisions = HashMap::new();
    history(seed).flat_map(move |append| {
        let next: &mut u64 = revisions.entry(append.stream.clone()).or_default();
        let expected = match *next {
            0 => ExpectedRevision::NoStream,
            next => ExpectedRevision::Exact(next - 1),
        };
        assert_eq!(append.expected, expected, "{}", append.stream);
        let mut events = Vec::new();
        for event in append.events {
            log += 1;
            let event = RecordedEvent {
                position: Position(log),
                stream: append.stream.clone(),
                revision: *next,
                id: event.id,
                event_type: event.event_type,
                metadata: event.metadata,
                data: event.data,
            };
            *next += 1;
            events.push(event.decode().unwrap());
        }
        assert_eq!(append.position, Position(log));
        events
    })
}

#[test]
fn a_seed_gives_the_same_events_byte_for_byte() {
    assert!(history(7).eq(history(7)));
    assert!(history(7).ne(history(8)));
}

#[test]
fn a_history_is_as_long_as_its_plan_says() {
    assert!((20_000..20_003).contains(&recorded(1).count()));
}

/// What has happened in a log so far, as the deciders know it.
#[derive(Default)]
struct World {
    users: HashMap<UserId, User>,
    organizations: HashMap<OrganizationId, Organization>,
    sessions: HashMap<StreamName, Session>,
    others: Others,
    steps: HashMap<DeviceId, u64>,
}

#[derive(Default)]
struct Others {
    addresses: HashMap<StreamName, Address>,
    credentials: HashMap<StreamName, ApiCredential>,
    audits: HashMap<StreamName, Audit>,
    installation: Installation,
}

fn evolve<D: Decider>(state: &mut D, event: &Recorded<Event>) {
    let data = D::Event::try_from(event.data.clone()).unwrap();
    let (stream, metadata) = (event.stream.clone(), event.metadata.clone());
    state.evolve(&Recorded {
        position: event.position,
        stream,
        revision: event.revision,
        id: event.id,
        metadata,
        data,
    });
}

impl World {
    /// Refuses what no command may have led to, then takes the event in.
    fn take_in(&mut self, event: &Recorded<Event>) {
        let stream = event.stream.clone();
        let organization = event.metadata.organization_id;
        match &event.data {
            Event::User(data) => {
                self.look_at_person(data, &stream);
                evolve(self.users.entry(id_in(&stream)).or_default(), event);
            }
            Event::Session(data) => {
                self.look_at_session(data, organization);
                evolve(self.sessions.entry(stream).or_default(), event);
            }
            Event::Organization(data) => {
                let state = self.organizations.entry(organization.unwrap()).or_default();
                let enforced = matches!(data, OrganizationEvent::TwoFactorEnforced(_));
                assert!(!(enforced && state.requires_second_factor()));
                evolve(state, event);
            }
            Event::Address(_) => evolve(self.others.addresses.entry(stream).or_default(), event),
            Event::ApiCredential(_) => {
                evolve(self.others.credentials.entry(stream).or_default(), event);
            }
            Event::Audit(_) => evolve(self.others.audits.entry(stream).or_default(), event),
            Event::Installation(_) => evolve(&mut self.others.installation, event),
        }
    }

    fn look_at_person(&mut self, event: &UserEvent, stream: &StreamName) {
        let before = self.users.get(&id_in(stream));
        let erased = before.is_some_and(User::is_erased);
        assert!(!erased, "{stream} after its erasure: {event:?}");
        match event {
            UserEvent::UserInvited(_) | UserEvent::UserRegistered(_) => assert!(before.is_none()),
            UserEvent::OtpVerified(verified) => {
                let last = self.steps.insert(verified.device_id, verified.time_step);
                assert!(
                    last.is_none_or(|last| last < verified.time_step),
                    "{stream}"
                );
            }
            UserEvent::OtpDeviceConfirmed(confirmed) => {
                self.steps.insert(confirmed.device_id, confirmed.time_step);
            }
            _ => {}
        }
    }

    fn look_at_session(&self, event: &SessionEvent, organization: Option<OrganizationId>) {
        match event {
            SessionEvent::SessionStarted(started) => {
                assert!(self.users[&started.user_id].active().is_some());
            }
            SessionEvent::SignedIn(signed_in) if signed_in.factors == [Factor::Password] => {
                let organization = &self.organizations[&organization.unwrap()];
                assert!(!organization.requires_second_factor());
            }
            _ => {}
        }
    }
}

fn id_in(stream: &StreamName) -> UserId {
    let (_, id) = stream.as_str().split_once('-').unwrap();
    id.parse().unwrap()
}

#[test]
fn nothing_happens_that_the_domain_forbids() {
    for seed in 1..=3 {
        let mut world = World::default();
        recorded(seed).for_each(|event| world.take_in(&event));
        let active = world.users.values().filter(|user| user.active().is_some());
        assert!(active.count() > 300, "most of them have come");
    }
}

#[test]
fn a_history_resembles_life() {
    let mut counts = HashMap::<_, u64>::new();
    let mut days = BTreeSet::new();
    let (mut newest, mut late) = (None, 0);
    for event in recorded(2) {
        let at = event.metadata.recorded_at;
        days.insert(at.date_naive());
        late += u64::from(newest.is_some_and(|newest| at < newest));
        newest = newest.max(Some(at));
        *counts.entry(event.data.event_type().0).or_default() += 1;
    }
    for name in [
        "TwoFactorEnforced",
        "UserDisabled",
        "UserEnabled",
        "UserErased",
        "RoleChanged",
        "InvitationResent",
        "InvitationRevoked",
        "OtpRejected",
        "RecoveryCodeUsed",
        "OtpDevicesReset",
        "OtpDeviceRemoved",
        "PasswordChanged",
        "SessionEnded",
        "SessionUsed",
        "SignInRejected",
        "ApiCredentialRevoked",
        "AuditRead",
        "AdministratorAppointed",
    ] {
        assert!(counts.contains_key(name), "no {name} in {counts:?}");
    }
    assert!(counts["SignedIn"] > 2_000, "{counts:?}");
    assert!(counts["AccessTokenIssued"] > 200, "{counts:?}");
    assert!(days.len() > 300, "{} days", days.len());
    assert!((1..200).contains(&late), "{late} late");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_holds_it_in_order_and_a_keyring_opens_it() {
    let folder = TempDir::new().unwrap();
    let directory = DataDir::lock(folder.path()).unwrap();
    let store = EmbeddedStore::open(&directory).unwrap();
    let master = MasterKey::load_or_create(&folder.path().join("master.key"), true).unwrap();
    let keyring = Keyring::open(&folder.path().join("keyring.db"), &master).unwrap();
    let boxes = Boxes::sealed(keyring.clone(), Handle::current());
    let plan = Plan::new(300, 4_000, 1).unwrap();
    let events = write(&store, History::new(plan, boxes), |_| {}).await;
    let head = store.head().await.unwrap();
    assert_eq!(Position(events.unwrap()), head);

    let (mut world, mut names) = (World::default(), 0);
    let mut after = Position::START;
    while after < head {
        let page = store.read_all(after, Direction::Forwards, 500).await;
        for event in page.unwrap() {
            after = event.position;
            let event = event.decode().unwrap();
            if let Event::User(UserEvent::UserInvited(invited)) = &event.data {
                let email = keyring.open_sealed("email", &invited.email.0).unwrap();
                names += 1;
                assert_eq!(*email, email_of(names).into_bytes());
            }
            world.take_in(&event);
        }
    }
    assert_eq!(names, 299);
}
