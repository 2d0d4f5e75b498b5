//! For the tests of this crate: a log in memory, histories to put into it, and a projection that
//! fails on demand.

mod credentials;
pub(crate) mod datasets;
mod factors;
mod flaky;
#[expect(dead_code, reason = "the tests of the whole system use all of it")]
#[path = "../../tests/harness/postgres.rs"]
mod postgres;
pub(crate) mod random;

pub(crate) use flaky::Flaky;
pub(crate) use postgres::PostgresServer;

use crate::{Home, Projections, Readers, writer::Delivery};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use eventstore::{
    AppendError, Appended, Direction, EventStore, ExpectedRevision, StoreError, Subscription,
};
use eventstore_schema::{
    Actor, AddressId, AdministratorAppointed, AdministratorDismissed, CommandId, DeviceId, Event,
    EventId, InvitationAccepted, InvitationResent, InvitationRevoked, KeyName, Metadata, NewEvent,
    OrganizationEvent, OrganizationId, OrganizationRegistered, OtpDeviceConfirmed, PasswordChanged,
    PasswordHash, PasswordId, PasswordRehashed, PasswordReset, PasswordResetRequested, Personal,
    Position, RecordedEvent, Role, RoleChanged, Sealed, SealedSecret, SessionId, StreamName,
    TokenDigest, TwoFactorEnforced, UserDisabled, UserEnabled, UserEvent, UserId, UserInvited,
    UserRegistered,
};
use futures::{StreamExt, stream};
use std::{collections::HashMap, path::Path};
use tempfile::TempDir;
use tokio::sync::watch;
use uuid::Uuid;

mod events;

/// A log in memory that sends its events to those who follow it.
pub(crate) struct MemoryStore {
    log: watch::Sender<Vec<Result<RecordedEvent, &'static str>>>,
}

impl MemoryStore {
    pub(crate) fn holding(history: &History) -> Self {
        let (log, _) = watch::channel(history.events.iter().cloned().map(Ok).collect());
        Self { log }
    }

    /// Appends what the history has and the log has not.
    pub(crate) fn catch_up(&self, history: &History) {
        self.log.send_modify(|log| {
            let new = &history.events[log.len()..];
            log.extend(new.iter().cloned().map(Ok));
        });
    }

    /// Ends every subscription with an error, after the events before it.
    pub(crate) fn break_down(&self, message: &'static str) {
        self.log.send_modify(|log| log.push(Err(message)));
    }

    /// Undoes [`break_down`](Self::break_down).
    pub(crate) fn repair(&self) {
        self.log.send_modify(|log| log.retain(Result::is_ok));
    }

    fn events(&self) -> Vec<RecordedEvent> {
        let log = self.log.borrow();
        log.iter().filter_map(|event| event.clone().ok()).collect()
    }
}

#[async_trait]
impl EventStore for MemoryStore {
    async fn append(
        &self,
        _: &StreamName,
        _: ExpectedRevision,
        _: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        unimplemented!("projections do not write the log")
    }

    async fn read_stream(
        &self,
        _: &StreamName,
        _: u64,
        _: Direction,
        _: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        unimplemented!("projections read the whole log")
    }

    async fn read_all(
        &self,
        from: Position,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        assert_eq!(direction, Direction::Forwards);
        let mut events = self.events();
        events.retain(|event| event.position > from);
        // Short pages, so that a small history has many.
        events.truncate(limit.min(7));
        Ok(events)
    }

    async fn head(&self) -> Result<Position, StoreError> {
        let last = self.events().pop();
        Ok(last.map_or(Position::START, |event| event.position))
    }

    fn subscribe(&self, after: Position) -> Subscription {
        let follow = (self.log.subscribe(), 0);
        stream::unfold(follow, |(mut log, index)| async move {
            let next = log.wait_for(|log| log.len() > index).await.ok()?[index].clone();
            let next = next.map_err(|message| StoreError::Unavailable(message.into()));
            Some((next, (log, index + 1)))
        })
        .filter(move |event| {
            let wanted = event.as_ref().map_or(true, |event| event.position > after);
            std::future::ready(wanted)
        })
        .boxed()
    }
}

/// A history in the making. Its ids and times are counted, and its positions have gaps.
#[derive(Clone, Default)]
pub(crate) struct History {
    pub(crate) events: Vec<RecordedEvent>,
    revisions: HashMap<StreamName, u64>,
    /// The last id that was given.
    pub(crate) ids: u128,
    /// How many days later than usual what comes next is recorded.
    pub(crate) days: i64,
    /// When what comes next is recorded instead, as RFC 3339 text that stands in the log as it is.
    pub(crate) clock: Option<String>,
}

impl History {
    pub(crate) fn id(&mut self) -> Uuid {
        self.ids += 1;
        Uuid::from_u128(self.ids)
    }

    pub(crate) fn last(&self) -> &RecordedEvent {
        self.events.last().unwrap()
    }

    pub(crate) fn head(&self) -> Position {
        self.last().position
    }

    pub(crate) fn record(
        &mut self,
        stream: StreamName,
        organization_id: Option<OrganizationId>,
        actor: Actor,
        event: impl Into<Event>,
    ) {
        let event = event.into();
        let (event_type, version) = event.event_type();
        let revision = self.revisions.entry(stream.clone()).or_default();
        let command = Uuid::from_u128(self.events.len() as u128);
        let recorded_at = at(self.events.len()) + TimeDelta::days(self.days);
        self.events.push(RecordedEvent {
            position: Position(self.events.len() as u64 * 3 + 1),
            stream,
            revision: *revision,
            id: EventId(Uuid::from_u128(1 << 100 | self.events.len() as u128)),
            event_type: event_type.into(),
            metadata: Metadata {
                version,
                recorded_at,
                actor,
                command_id: CommandId(command),
                command_digest: None,
                organization_id,
                correlation_id: command,
                causation_id: command,
            }
            .encode()
            .unwrap(),
            data: event.encode().unwrap(),
        });
        *revision += 1;
        if let (Some(clock), Some(event)) = (&self.clock, self.events.last_mut()) {
            let usual = serde_json::to_string(&recorded_at).unwrap();
            event.metadata = event.metadata.replace(&usual, &format!("\"{clock}\""));
        }
    }

    /// Another history, in which the same has happened as in this one: only the ids of the events differ.
    pub(crate) fn elsewhere(&self) -> Self {
        let mut other = self.clone();
        for event in &mut other.events {
            event.id = EventId(Uuid::from_u128(event.id.0.as_u128() | 1 << 101));
        }
        other
    }

    /// What comes next is recorded by a clock that is late, elsewhere on Earth, and stands.
    pub(crate) fn late_by_nine_hours(&mut self) {
        let usual = at(self.events.len()) + TimeDelta::days(self.days);
        let late = (usual - TimeDelta::hours(9)).naive_utc() + TimeDelta::hours(2);
        self.clock = Some(format!("{}+02:00", late.format("%Y-%m-%dT%H:%M:%S%.6f")));
    }

    /// An event that no version of Pawl knows.
    pub(crate) fn unreadable(&mut self) {
        let event = UserEvent::from(InvitationRevoked {});
        let user = self.id();
        self.record(StreamName::user(UserId(user)), None, Actor::Operator, event);
        self.events.last_mut().unwrap().event_type = "Unheard".into();
    }

    pub(crate) fn organization(&mut self, name: &str) -> OrganizationId {
        let id = OrganizationId(self.id());
        let event = OrganizationEvent::from(OrganizationRegistered { name: name.into() });
        self.record(
            StreamName::organization(id),
            Some(id),
            Actor::Operator,
            event,
        );
        id
    }

    pub(crate) fn enforced(&mut self, id: OrganizationId, by: UserId) {
        let event = OrganizationEvent::from(TwoFactorEnforced {});
        self.record(
            StreamName::organization(id),
            Some(id),
            Actor::User(by),
            event,
        );
    }

    pub(crate) fn registered(&mut self, organization_id: OrganizationId) -> Person {
        let person = Person(UserId(self.id()), organization_id);
        let event = UserRegistered {
            organization_id,
            email: person.personal("email"),
            address_id: AddressId(format!("address of {}", person.0)),
            name: person.personal("name"),
            role: Role::Admin,
            password: password(self.id()),
        };
        self.of(person, Actor::Operator, event);
        person
    }

    pub(crate) fn invited(&mut self, organization_id: OrganizationId, by: Actor) -> Person {
        let person = Person(UserId(self.id()), organization_id);
        let event = UserInvited {
            organization_id,
            email: person.personal("email"),
            address_id: AddressId(format!("address of {}", person.0)),
            name: person.personal("name"),
            role: Role::UserManager,
            token_digest: TokenDigest("0".into()),
            expires_at: at(1_000),
        };
        self.of(person, by, event);
        person
    }

    pub(crate) fn resent(&mut self, person: Person) {
        let event = InvitationResent {
            token_digest: TokenDigest("1".into()),
            expires_at: at(2_000),
        };
        self.of(person, Actor::Operator, event);
    }

    pub(crate) fn revoked(&mut self, person: Person) {
        self.of(person, Actor::Operator, InvitationRevoked {});
    }

    pub(crate) fn accepted(&mut self, person: Person) {
        let password = password(self.id());
        self.of(person, Actor::Anonymous, InvitationAccepted { password });
    }

    pub(crate) fn role_changed(&mut self, person: Person, role: Role) {
        self.of(person, Actor::Operator, RoleChanged { role });
    }

    pub(crate) fn disabled(&mut self, person: Person) {
        self.of(person, Actor::Operator, UserDisabled {});
    }

    pub(crate) fn enabled(&mut self, person: Person) {
        self.of(person, Actor::Operator, UserEnabled {});
    }

    pub(crate) fn appointed(&mut self, Person(user_id, organization): Person) {
        let event = OrganizationEvent::from(AdministratorAppointed { user_id });
        let stream = StreamName::organization(organization);
        self.record(stream, Some(organization), Actor::Operator, event);
    }

    pub(crate) fn dismissed(&mut self, Person(user_id, organization): Person) {
        let event = OrganizationEvent::from(AdministratorDismissed { user_id });
        let stream = StreamName::organization(organization);
        self.record(stream, Some(organization), Actor::Operator, event);
    }

    pub(crate) fn reset_requested(&mut self, person: Person) {
        let event = PasswordResetRequested {
            token_digest: TokenDigest("2".into()),
            expires_at: at(3_000),
        };
        self.of(person, Actor::Anonymous, event);
    }

    pub(crate) fn password_reset(&mut self, person: Person) {
        let event = PasswordReset {
            password: password(self.id()),
            replaces: PasswordId(self.id()),
        };
        self.of(person, Actor::Anonymous, event);
    }

    pub(crate) fn password_rehashed(&mut self, person: Person) {
        let event = PasswordRehashed {
            password: password(self.id()),
            replaces: PasswordId(self.id()),
        };
        self.of(person, Actor::User(person.0), event);
    }

    pub(crate) fn password_changed(&mut self, person: Person) {
        let session = SessionId(self.id());
        self.password_changed_in(person, session);
    }

    pub(crate) fn password_changed_in(&mut self, person: Person, session_id: SessionId) {
        let event = PasswordChanged {
            password: password(self.id()),
            replaces: PasswordId(self.id()),
            session_id,
        };
        self.of(person, Actor::User(person.0), event);
    }

    pub(crate) fn device_confirmed(&mut self, person: Person) -> DeviceId {
        let device_id = DeviceId(self.id());
        let event = OtpDeviceConfirmed {
            device_id,
            device_name: person.personal("phone"),
            time_step: 1,
            session_id: SessionId(self.id()),
        };
        self.of(person, Actor::User(person.0), event);
        device_id
    }

    fn of(&mut self, person: Person, actor: Actor, event: impl Into<UserEvent>) {
        let stream = StreamName::user(person.0);
        self.record(stream, Some(person.1), actor, event.into());
    }
}

/// A person in a history, with their organization.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person(pub(crate) UserId, pub(crate) OrganizationId);

impl Person {
    pub(crate) fn personal(self, what: &str) -> Personal {
        Personal(sealed(KeyName::person(self.0), what))
    }
}

/// When the event with this index was recorded.
pub(crate) fn at(index: usize) -> DateTime<Utc> {
    let seconds = 1_800_000_000 + i64::try_from(index).unwrap();
    DateTime::from_timestamp(seconds, 123_456_000).unwrap()
}

fn password(id: Uuid) -> PasswordHash {
    let password_id = PasswordId(id);
    PasswordHash {
        password_id,
        hash: SealedSecret(sealed(KeyName::password(password_id), "hash")),
    }
}

fn sealed(key: KeyName, ciphertext: &str) -> Sealed {
    Sealed {
        key,
        ciphertext: ciphertext.into(),
    }
}

/// The read models' home in this directory.
pub(crate) fn home_in(directory: &Path) -> Home {
    Home::Sqlite(directory.join("projections.db"))
}

/// The read models' home in a new database of this name.
pub(crate) fn home_on(server: &PostgresServer, name: &str) -> Home {
    let server = crate::PostgresServer::parse(&server.database(name).into()).unwrap();
    Home::Postgres(Box::new(server))
}

/// Every read model, having seen this history.
pub(crate) fn readers_of(history: &History) -> (TempDir, Readers) {
    let directory = TempDir::new().unwrap();
    let mut projections = Projections::open(&home_in(directory.path())).unwrap();
    let events: Vec<_> = history.events.iter().cloned().map(Delivery::from).collect();
    projections.writer.apply(&events).unwrap();
    for model in &projections.writer.models {
        assert_eq!(model.failure, None);
    }
    let readers = projections.readers().unwrap();
    (directory, readers)
}
