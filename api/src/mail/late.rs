//! A mail that is written just when its person is erased.

use super::*;
use eventstore::keyring::MasterKey;
use eventstore_schema::{Actor, CommandId, EventId, InvitationRevoked, Metadata, Position};
use std::fs;
use uuid::Uuid;

/// Any event will do: what is written comes from elsewhere.
fn event() -> Recorded<Event> {
    let id = Uuid::from_u128(7);
    Recorded {
        position: Position(7),
        stream: StreamName::user(UserId(id)),
        revision: 0,
        id: EventId(id),
        metadata: Metadata {
            version: 1,
            recorded_at: DateTime::UNIX_EPOCH,
            actor: Actor::Operator,
            command_id: CommandId(id),
            command_digest: None,
            organization_id: None,
            correlation_id: id,
            causation_id: id,
        },
        data: Event::User(InvitationRevoked {}.into()),
    }
}

#[tokio::test]
async fn a_mail_is_taken_back_when_its_person_was_erased_while_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let master = MasterKey::load_or_create(&file("master.key"), true).unwrap();
    let keyring = Keyring::open(&file("keyring.db"), &master).unwrap();
    let user = UserId(Uuid::from_u128(1));
    let key = [KeyName::person(user)];
    keyring.create(&key).await.unwrap();
    let outbox = Outbox {
        folder: file("outbox"),
        public_url: "http://localhost".parse().unwrap(),
    };
    // Opened before, as by who is about to write.
    let write = || {
        let to = Addressee {
            user,
            name: "Ada".into(),
            address: "ada@example.org".parse().unwrap(),
            organization: "Acme".into(),
        };
        let letter = Letter {
            subject: "Hello".into(),
            body: "Hello".into(),
        };
        outbox.write(&keyring, &event(), to, letter).unwrap();
        let files = fs::read_dir(&outbox.folder).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.collect::<Vec<_>>()
    };
    let event = event().id;
    assert_eq!(write(), [format!("000000000007-{event}-{user}.eml")]);
    keyring.destroy(&key).await.unwrap();
    assert_eq!(write(), [""; 0]);
}
