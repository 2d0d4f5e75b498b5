//! What the log says is gone, and must be gone outside of it: the keys of what was replaced, and of a
//! person who was erased everything that bears their name. All of it can be done twice. How far it has
//! come stands in the keyring itself, so that one that was put back from a copy forgets again what it
//! had forgotten, before anything is served.

use crate::mail::{MailName, Outbox};
use eventstore::{
    Direction, EventStore, StoreError,
    keyring::{CarriedOut, Keyring, KeyringError},
};
use eventstore_schema::{
    DecodeError, Event, EventId, EventType as _, KeyName, OtpDeviceRegistered, OtpDeviceRemoved,
    OtpDevicesReset, PasswordChanged, PasswordRehashed, PasswordReset, Position, Recorded,
    RecordedEvent, Sealed, StreamName, UserErased, UserEvent, UserId,
};
use serde::Deserialize as _;
use serde_json::Value;
use std::{
    collections::HashSet,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Events read at a time.
const PAGE: usize = 500;

/// What keeps something from being forgotten, for now.
#[derive(Debug, thiserror::Error)]
pub enum Unfinished {
    /// The log failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keyring failed.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// An event cannot be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The outbox failed.
    #[error("the outbox: {0}")]
    Outbox(#[from] io::Error),
}

/// Forgets, outside the log, what the log says is gone.
#[derive(Clone)]
pub struct Erasure {
    /// The log.
    pub store: Arc<dyn EventStore>,
    /// The keys.
    pub keyring: Keyring,
    /// The folder of the mail.
    pub outbox: PathBuf,
}

impl Erasure {
    /// Carries out what is missing in this keyring: after a start nothing is left to do, whatever
    /// copy of it was put back.
    pub async fn catch_up(&self) -> Result<(), Unfinished> {
        let noted = self.keyring.carried_out()?;
        let mut last = match noted {
            Some(noted) if self.stands_in_the_log(noted).await? => Some(noted),
            _ => None,
        };
        loop {
            let from = last.map_or(Position::START, |last| last.position);
            let page = self.store.read_all(from, Direction::Forwards, PAGE).await?;
            let Some(end) = page.last().map(place_of) else {
                break;
            };
            for event in page.into_iter().filter(destroys) {
                self.carry_out(&event.decode()?).await?;
            }
            last = Some(end);
        }
        match last {
            Some(end) if last != noted => Ok(self.keyring.note_carried_out(end).await?),
            _ => Ok(()),
        }
    }

    /// Notes that everything up to this event has been carried out.
    pub async fn note(&self, position: Position, event: EventId) -> Result<(), Unfinished> {
        let place = CarriedOut { position, event };
        Ok(self.keyring.note_carried_out(place).await?)
    }

    /// Whether this event stands in this log, and not in another, or in one that was put back.
    async fn stands_in_the_log(&self, noted: CarriedOut) -> Result<bool, Unfinished> {
        let behind = Position(noted.position.0.saturating_add(1));
        let there = self.store.read_all(behind, Direction::Backwards, 1).await?;
        Ok(there.first().map(place_of) == Some(noted))
    }

    /// Destroys what this event ended; whether there was anything.
    pub async fn carry_out(&self, event: &Recorded<Event>) -> Result<bool, Unfinished> {
        let Event::User(what) = &event.data else {
            return Ok(false);
        };
        let device = |id| KeyName::otp_device(id);
        let keys: Vec<_> = match what {
            UserEvent::PasswordReset(PasswordReset { replaces, .. })
            | UserEvent::PasswordChanged(PasswordChanged { replaces, .. })
            | UserEvent::PasswordRehashed(PasswordRehashed { replaces, .. }) => {
                vec![KeyName::password(*replaces)]
            }
            UserEvent::OtpDeviceRegistered(registered) => {
                registered.replaces.into_iter().map(device).collect()
            }
            UserEvent::OtpDeviceRemoved(removed) => vec![device(removed.device_id)],
            UserEvent::OtpDevicesReset(reset) => {
                let devices = reset.device_ids.iter().copied().chain(reset.set_up);
                devices.map(device).collect()
            }
            UserEvent::UserErased(_) => {
                let user = event.stream.as_str().trim_start_matches("user-").parse();
                if let Ok(user) = user {
                    self.forget(user).await?;
                }
                return Ok(user.is_ok());
            }
            _ => vec![],
        };
        if keys.is_empty() {
            return Ok(false);
        }
        self.keyring.destroy(&keys).await?;
        Ok(true)
    }

    /// Deletes the mail of everybody who has been erased, wherever it came from: a crash between the
    /// writing and the looking, or a copy of the outbox that was put back.
    pub async fn sweep_mail(&self) -> Result<(), Unfinished> {
        let (outbox, keyring) = (Outbox::new(self.outbox.clone()), self.keyring.clone());
        let swept = tokio::task::spawn_blocking(move || {
            for folder in outbox.folders()? {
                for file in files_in(&folder)? {
                    let name = file.file_name().unwrap_or_default().to_string_lossy();
                    if let Ok(mail) = name.parse::<MailName>()
                        && keyring.is_destroyed(&KeyName::person(mail.user))?
                    {
                        remove(&file)?;
                    }
                }
            }
            Ok(())
        });
        swept.await.map_err(io::Error::other)?
    }

    /// Destroys the key of a person and every key of what is sealed in their stream, then deletes
    /// their mail. In this order: who has written a mail looks afterwards whether the key is still
    /// there, and takes it back if not.
    pub async fn forget(&self, user: UserId) -> Result<(), Unfinished> {
        let mut keys = vec![KeyName::person(user)];
        let mut events = HashSet::new();
        let stream = StreamName::user(user);
        loop {
            let from = events.len() as u64;
            let page = self
                .store
                .read_stream(&stream, from, Direction::Forwards, PAGE)
                .await?;
            if page.is_empty() {
                break;
            }
            for event in page {
                events.insert(event.id);
                let content = serde_json::from_str(&event.data).unwrap_or_default();
                keys_in(&content, &mut keys);
            }
        }
        self.keyring.destroy(&keys).await?;
        let outbox = Outbox::new(self.outbox.clone());
        let deleted = tokio::task::spawn_blocking(move || {
            let folders = outbox.folders()?;
            folders
                .iter()
                .try_for_each(|folder| delete_mail(folder, user, &events))
        });
        Ok(deleted.await.map_err(io::Error::other)??)
    }
}

fn place_of(event: &RecordedEvent) -> CarriedOut {
    CarriedOut {
        position: event.position,
        event: event.id,
    }
}

/// Whether an event is one of those that end a key, by its name.
fn destroys(event: &RecordedEvent) -> bool {
    let names = [
        PasswordReset::NAME,
        PasswordChanged::NAME,
        PasswordRehashed::NAME,
        OtpDeviceRegistered::NAME,
        OtpDeviceRemoved::NAME,
        OtpDevicesReset::NAME,
        UserErased::NAME,
    ];
    event.stream.is_ours() && names.contains(&event.event_type.as_str())
}

/// The keys of everything sealed in a content, save those of other people. Nothing is sealed under a key
/// that signs checkpoints, and whatever a content says, none is destroyed for it.
fn keys_in(content: &Value, keys: &mut Vec<KeyName>) {
    match content {
        Value::Object(fields) => match Sealed::deserialize(content) {
            Ok(sealed) if sealed.key.is_of_a_person() || sealed.key.is_a_checkpoint_signer() => {}
            Ok(sealed) => keys.push(sealed.key),
            Err(_) => fields.values().for_each(|value| keys_in(value, keys)),
        },
        Value::Array(values) => values.iter().for_each(|value| keys_in(value, keys)),
        _ => {}
    }
}

/// Deletes the mail of a person, finished or not: it is named by its event, and by them.
fn delete_mail(folder: &Path, user: UserId, events: &HashSet<EventId>) -> io::Result<()> {
    let theirs = format!("-{user}.eml");
    let files = files_in(folder)?;
    if files.is_empty() {
        return Ok(());
    }
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let event = name.split_once('-').and_then(|(_, rest)| rest.get(..36));
        let event = event.and_then(|id| id.parse().ok());
        if name.contains(&theirs) || event.is_some_and(|event| events.contains(&event)) {
            remove(&file)?;
        }
    }
    File::open(folder)?.sync_all()
}

/// What is in a folder; nothing where it is not there.
fn files_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => entries?.map(|entry| Ok(entry?.path())).collect(),
    }
}

/// Deletes a file, unless it was sent, or taken back, in the meantime.
fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn mail_of_one_person_goes_and_that_of_others_stays() {
        let folder = tempfile::tempdir().unwrap();
        let id = |n| Uuid::from_u128(n);
        let user = UserId(id(1));
        let gone = [
            format!("000000000007-{}-{}.eml", id(70), id(1)),
            // Cut off while it was written.
            format!("000000000008-{}-{}.eml.new", id(80), id(1)),
            // As it was named before it said whose it is.
            format!("000000000009-{}.eml", id(90)),
        ];
        let stay = [
            format!("000000000010-{}-{}.eml", id(100), id(2)),
            format!("000000000011-{}.eml", id(110)),
            "notes.txt".to_owned(),
        ];
        for name in gone.iter().chain(&stay) {
            fs::write(folder.path().join(name), "mail").unwrap();
        }
        let events = HashSet::from([EventId(id(90))]);
        delete_mail(folder.path(), user, &events).unwrap();
        delete_mail(&folder.path().join("failed"), user, &events).unwrap();
        for (names, there) in [(&gone, false), (&stay, true)] {
            for name in names {
                assert_eq!(folder.path().join(name).exists(), there, "{name}");
            }
        }
    }

    #[test]
    fn keys_are_found_wherever_they_stand() {
        let sealed = |key: &str| serde_json::json!({ "key": key, "box": "AAAA" });
        let content = serde_json::json!({
            "name": sealed("person/1"),
            "password": { "password_id": "7", "hash": sealed("password/7") },
            "more": [sealed("otp-device/8"), "otp-device/9"],
            "foreign": sealed("checkpoint-signer/1"),
        });
        let mut keys = vec![];
        keys_in(&content, &mut keys);
        let mut names: Vec<_> = keys.iter().map(KeyName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["otp-device/8", "password/7"]);
    }
}
