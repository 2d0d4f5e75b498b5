//! A mail that is finished just after its person was erased.

use super::{Composer, MailName, Outbox};
use eventstore::{
    embedded::{DataDir, EmbeddedStore},
    keyring::{Keyring, MasterKey},
};
use eventstore_schema::{EventId, KeyName, Position, UserId};
use std::{fs, sync::Arc};
use uuid::Uuid;

#[tokio::test]
async fn a_mail_is_taken_back_when_its_person_was_erased_while_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let master = MasterKey::load_or_create(&file("master.key"), true).unwrap();
    let keyring = Keyring::open(&file("keyring.db"), &master).unwrap();
    let people = [1, 2].map(|n| UserId(Uuid::from_u128(n)));
    let keys = people.map(KeyName::person);
    keyring.create(&keys).await.unwrap();
    let directory = DataDir::lock(folder.path()).unwrap();
    let composer = Composer {
        store: Arc::new(EmbeddedStore::open(&directory).unwrap()),
        keyring: keyring.clone(),
        public_url: "http://localhost".parse().unwrap(),
        from: "Acme <no-reply@example.org>".parse().unwrap(),
    };
    let outbox = Outbox::new(file("outbox"));
    let mails = people.map(|user| MailName {
        position: Position(7),
        event: EventId(Uuid::from_u128(7)),
        user,
    });
    for mail in &mails {
        outbox.prepare("letters", mail, b"Hello").unwrap();
    }
    keyring.destroy(&keys[..1]).await.unwrap();
    let published = outbox.publish("letters", |_| true).unwrap();
    assert_eq!(published.len(), 2);
    composer.withdraw_erased(&outbox, &published).unwrap();
    let left = fs::read_dir(file("outbox")).unwrap();
    let left = left.map(|file| file.unwrap().file_name().into_string().unwrap());
    let left: Vec<_> = left
        .filter_map(|name| name.parse::<MailName>().ok())
        .collect();
    assert_eq!(left, mails[1..]);
}
