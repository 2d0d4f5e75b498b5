//! The people of an organization, as a year of invitations would have left them in the log.

use crate::installation::Installation;
use chrono::{DateTime, TimeDelta, Utc};
use eventstore::ExpectedRevision;
use eventstore_schema::{
    Actor, AddressClaimed, AddressEvent, AddressId, CommandId, DeviceId, Event, EventId,
    InvitationAccepted, KeyName, Metadata, NewEvent, OtpDeviceConfirmed, OtpDeviceRegistered,
    PasswordHash, PasswordId, Personal, RecoveryCodeDigest, RecoveryCodesIssued, Role, Sealed,
    SealedSecret, SessionId, StreamName, UserEvent, UserId, UserInvited,
};
use futures::{StreamExt as _, stream};
use pawl::application::{digest, invitation_token};
use secrecy::ExposeSecret as _;
use std::fmt::Write as _;
use uuid::Uuid;

/// Over how many days people have come.
pub(crate) const DAYS: i64 = 365;
/// People who are written at a time. Their appends wait together, and so share the log's commits.
const BATCH: u64 = 1000;
/// As long as argon2id's.
const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZSBzYWx0IG9mIDE2$\
                    YSBoYXNoIHRoYXQgbm8gcGFzc3dvcmQgaGFzLCAzMiBieXRlcw";
const FIRST: [&str; 8] = [
    "Ada", "Grace", "Edsger", "Barbara", "Donald", "Frances", "Niklaus", "Radia",
];
const LAST: [&str; 5] = ["Lovelace", "Hopper", "Liskov", "Allen", "Perlman"];

/// What the pages are asked with.
pub(crate) struct Population {
    /// Somebody with an authenticator.
    pub(crate) somebody: UserId,
    /// A text in the address of one person only, whoever is searched through.
    pub(crate) search: &'static str,
    /// A day when the first had come.
    pub(crate) early: String,
    /// The token of an invitation that is pending.
    pub(crate) token: String,
}

/// One person to be.
struct Newcomer {
    number: u64,
    id: UserId,
    password: PasswordId,
    /// The authenticator of those who have one.
    device: Option<DeviceId>,
    /// Whether they have accepted.
    accepted: bool,
    /// The command that invited them.
    command: CommandId,
    at: DateTime<Utc>,
}

impl Newcomer {
    /// The person with this number of so many: three of five have an authenticator, one of fifty
    /// has not accepted yet, nor has the last.
    fn of(number: u64, count: u64, begin: DateTime<Utc>) -> Self {
        let id =
            |what: &str| Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{what} {number}").as_bytes());
        let seconds = TimeDelta::days(DAYS).num_seconds();
        let share = i64::try_from((number + 1) * seconds.unsigned_abs() / count).unwrap();
        let accepted = number % 50 != 49 && number + 1 != count;
        Self {
            number,
            id: UserId(id("user")),
            password: PasswordId(id("password")),
            device: (accepted && number % 5 < 3).then(|| DeviceId(id("device"))),
            accepted,
            command: CommandId(id("invitation")),
            at: begin + TimeDelta::seconds(share),
        }
    }

    fn keys(&self) -> impl Iterator<Item = KeyName> {
        let password = self.accepted.then(|| KeyName::password(self.password));
        let device = self.device.map(KeyName::otp_device);
        std::iter::once(KeyName::person(self.id))
            .chain(password)
            .chain(device)
    }

    fn email(&self) -> String {
        let number = self.number;
        format!("person.{number}@example.org")
    }

    fn name(&self) -> String {
        let pick =
            |names: &[&'static str], step| names[usize::try_from(step).unwrap() % names.len()];
        let first = pick(&FIRST, self.number);
        format!("{first} {}", pick(&LAST, self.number / 8))
    }

    fn role(&self) -> Role {
        match self.number % 100 {
            50 => Role::UserManager,
            51 => Role::Auditor,
            52 => Role::Analyst,
            _ => Role::Member,
        }
    }
}

/// Writes so many people into the organization, spread over a year.
pub(crate) async fn settle(installation: &mut Installation, count: u64) -> Population {
    eprintln!("an organization of {count}");
    let begin = installation.now();
    let all = |range: std::ops::Range<u64>| range.map(|number| Newcomer::of(number, count, begin));
    for start in (0..count).step_by(usize::try_from(BATCH).unwrap()) {
        let people: Vec<_> = all(start..count.min(start + BATCH)).collect();
        let keys: Vec<_> = people.iter().flat_map(Newcomer::keys).collect();
        installation.keyring.create(&keys).await.unwrap();
        write(installation, &people).await;
    }
    installation.go_on_after(TimeDelta::days(DAYS)).await;
    let last = Newcomer::of(count - 1, count, begin);
    let token = invitation_token(&installation.keyring, last.id, last.command);
    Population {
        somebody: Newcomer::of(1, count, begin).id,
        search: "son.7@",
        early: (begin + TimeDelta::days(40)).date_naive().to_string(),
        token: token.expose_secret().to_owned(),
    }
}

async fn write(installation: &Installation, people: &[Newcomer]) {
    let scribe = Scribe(installation);
    let mut appends = Vec::with_capacity(people.len() * 2);
    for person in people {
        let address = scribe.address(person);
        let claimed = AddressEvent::from(AddressClaimed { user_id: person.id });
        let claimed = scribe.event(person, 0, scribe.ada(), &claimed.into());
        appends.push((StreamName::address(&address), vec![claimed]));
        let history = scribe.history(person, address);
        appends.push((StreamName::user(person.id), history));
    }
    let store = installation.pawl.store();
    let append = |(stream, events): (StreamName, Vec<NewEvent>)| async move {
        let appended = store.append(&stream, ExpectedRevision::NoStream, events);
        appended.await.unwrap();
    };
    let appends = stream::iter(appends).map(append).buffered(2000);
    appends.collect::<()>().await;
}

/// Whoever writes the histories of people.
struct Scribe<'a>(&'a Installation);

impl Scribe<'_> {
    fn ada(&self) -> Actor {
        Actor::User(self.0.ada)
    }

    /// What has happened to a person until now.
    fn history(&self, person: &Newcomer, address_id: AddressId) -> Vec<NewEvent> {
        let own = |field, text: &str| Personal(self.seal(&KeyName::person(person.id), field, text));
        let mut history = Vec::new();
        let mut note = |actor, what: UserEvent| {
            let event = self.event(person, history.len(), actor, &what.into());
            history.push(event);
        };
        let token = invitation_token(&self.0.keyring, person.id, person.command);
        let invited = UserInvited {
            organization_id: self.0.organization,
            email: own("email", &person.email()),
            address_id,
            name: own("name", &person.name()),
            role: person.role(),
            token_digest: digest(&token),
            expires_at: person.at + TimeDelta::days(7),
        };
        note(self.ada(), invited.into());
        if person.accepted {
            let key = KeyName::password(person.password);
            let password = PasswordHash {
                password_id: person.password,
                hash: SealedSecret(self.seal(&key, "hash", HASH)),
            };
            note(Actor::Anonymous, InvitationAccepted { password }.into());
        }
        if let Some(device_id) = person.device {
            let actor = Actor::User(person.id);
            let session_id = SessionId(person.password.0);
            let key = KeyName::otp_device(device_id);
            let registered = OtpDeviceRegistered {
                device_id,
                secret: SealedSecret(self.seal(&key, "secret", "a secret of 20 bytes")),
                expires_at: person.at + TimeDelta::minutes(30),
                replaces: None,
                session_id: Some(session_id),
            };
            note(actor, registered.into());
            let confirmed = OtpDeviceConfirmed {
                device_id,
                device_name: own("device_name", "phone"),
                time_step: person.at.timestamp().unsigned_abs() / 30,
                session_id,
            };
            note(actor, confirmed.into());
            let digests: Vec<_> = (0..10).map(|code| self.code(person, code)).collect();
            note(actor, RecoveryCodesIssued { count: 10, digests }.into());
        }
        history
    }

    fn event(&self, person: &Newcomer, minutes: usize, actor: Actor, what: &Event) -> NewEvent {
        let (event_type, version) = what.event_type();
        let command_id = match what {
            Event::User(UserEvent::UserInvited(_)) => person.command,
            _ => CommandId(Uuid::now_v7()),
        };
        let metadata = Metadata {
            version,
            recorded_at: person.at + TimeDelta::minutes(i64::try_from(minutes).unwrap()),
            actor,
            command_id,
            command_digest: None,
            organization_id: Some(self.0.organization),
            correlation_id: command_id.0,
            causation_id: command_id.0,
        };
        NewEvent {
            id: EventId(Uuid::now_v7()),
            event_type: event_type.to_owned(),
            metadata: metadata.encode().unwrap(),
            data: what.encode().unwrap(),
        }
    }

    fn seal(&self, key: &KeyName, field: &str, text: &str) -> Sealed {
        let keyring = &self.0.keyring;
        keyring.seal(key, field, text.as_bytes()).unwrap()
    }

    fn address(&self, person: &Newcomer) -> AddressId {
        AddressId(self.mac("email-address", person.email().as_bytes()))
    }

    fn code(&self, person: &Newcomer, number: u8) -> RecoveryCodeDigest {
        let message = [person.id.0.as_bytes().as_slice(), &[number]].concat();
        RecoveryCodeDigest(self.mac("recovery-code-digest", &message))
    }

    fn mac(&self, purpose: &str, message: &[u8]) -> String {
        let mac = self.0.keyring.mac(purpose, message);
        mac.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    }
}
