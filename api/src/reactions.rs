//! What follows from events: what was replaced or erased is forgotten, mail is written, the audit log is
//! published, and a SIEM is told. Each follows the log by itself from where it stopped, so a restart
//! loses nothing, one that fails holds up no other, and doing one twice is harmless until a mail has left.

mod announcements;
mod follower;
mod letters;
mod siem;

pub use announcements::Announcements;
pub use letters::Letters;
pub use siem::{Feed, SIEM_CHECKPOINT};

use crate::{
    application::Failure,
    audit_log::Publisher,
    erasure::{Erasure, Unfinished},
    mail::{MailError, Sender},
    siem::SiemError,
};
use async_trait::async_trait;
use eventstore::StoreError;
use eventstore_schema::{DecodeError, Event, EventId, Position, Recorded};
use follower::Follower;
use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How often to look whether the node that reacts has ended.
const TURN: Duration = Duration::from_secs(1);

/// The files that note how far each reaction has come. The first notes the forgetting, and once
/// noted it all: where another one is missing, its reaction begins there.
pub const CHECKPOINTS: [&str; 3] = [
    "reactions.checkpoint",
    "letters.checkpoint",
    "announcements.checkpoint",
];

/// One kind of consequence.
#[async_trait]
trait Reaction: Send + Sync {
    /// Before the log is followed from after this position: finishes what was noted, and drops what was
    /// not.
    fn begin(&self, _noted: Position) -> Result<(), Outage> {
        Ok(())
    }

    /// Whether something followed from the event.
    async fn react(&self, event: &Recorded<Event>) -> Result<bool, Outage>;

    /// It is durable that everything up to this event, at this position, has been reacted to.
    async fn noted(&self, _position: Position, _event: EventId) -> Result<(), Outage> {
        Ok(())
    }
}

/// What keeps a reaction from going on, for now.
#[derive(Debug, thiserror::Error)]
enum Outage {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Unfinished(#[from] Unfinished),
    #[error("the event {event} at position {position} cannot be read: {error}")]
    Unreadable {
        event: EventId,
        position: Position,
        error: DecodeError,
    },
    #[error(transparent)]
    Mail(#[from] MailError),
    #[error(transparent)]
    Application(#[from] Failure),
    #[error(transparent)]
    Siem(#[from] SiemError),
    #[error("the checkpoint of the reactions: {0}")]
    Checkpoint(io::Error),
}

impl Outage {
    /// Names the event, which holds everything after it up until it can be read.
    fn unreadable(position: Position, event: EventId) -> impl FnOnce(DecodeError) -> Self {
        move |error| Self::Unreadable {
            event,
            position,
            error,
        }
    }
}

/// Everything that reacts.
pub struct Reactions {
    lock: PathBuf,
    erasure: Erasure,
    followers: Vec<Follower>,
    publisher: Publisher,
    sender: Option<Sender>,
    feed: Option<Feed>,
}

impl Reactions {
    /// The reactions of an installation, in the directory that its nodes share. Without a sender, mail
    /// stays in the outbox; without a feed, no SIEM is told anything.
    #[must_use]
    pub fn new(
        shared: &Path,
        erasure: Erasure,
        letters: Letters,
        announcements: Announcements,
        publisher: Publisher,
        sender: Option<Sender>,
        feed: Option<Feed>,
    ) -> Self {
        let [first, letters_file, announcements_file] = CHECKPOINTS.map(|name| shared.join(name));
        let (store, keyring) = (erasure.store.clone(), erasure.keyring.clone());
        let follower = |checkpoint: PathBuf, reaction: Box<dyn Reaction>| Follower {
            store: store.clone(),
            checkpoint,
            fallback: first.clone(),
            keyring: keyring.clone(),
            reaction,
        };
        Self {
            lock: shared.join("reactions.lock"),
            erasure: erasure.clone(),
            // The one whose checkpoint the others begin at comes last.
            followers: vec![
                follower(letters_file, Box::new(letters)),
                follower(announcements_file, Box::new(announcements)),
                follower(first.clone(), Box::new(Forgetting(erasure))),
            ],
            publisher,
            sender,
            feed,
        }
    }

    /// Reacts, once no other node does, until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        let Some(_lock) = stop.run_until_cancelled(self.turn()).await else {
            return;
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(self.publisher.run(stop.clone()));
        for follower in &self.followers {
            follower.prepare(&stop).await;
        }
        if let Err(error) = self.erasure.sweep_mail().await {
            tracing::error!(%error, "mail of erased people may be left in the outbox");
        }
        for follower in self.followers {
            tasks.spawn(follower.run(stop.clone()));
        }
        if let Some(feed) = self.feed {
            tasks.spawn(feed.run(stop.clone()));
        }
        if let Some(sender) = self.sender {
            tasks.spawn(sender.run(stop));
        }
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a reaction has stopped; restart Pawl");
            }
        }
    }

    /// Waits for the lock. A node that ends, however it ends, lets it go.
    async fn turn(&self) -> File {
        loop {
            let lock = File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&self.lock)
                .and_then(|lock| lock.try_lock().map(|()| lock).map_err(io::Error::from));
            match lock {
                Ok(lock) => return lock,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => tracing::error!(%error, "the lock of the reactions cannot be used"),
            }
            tokio::time::sleep(TURN).await;
        }
    }
}

/// Forgets what was replaced or erased.
struct Forgetting(Erasure);

#[async_trait]
impl Reaction for Forgetting {
    async fn react(&self, event: &Recorded<Event>) -> Result<bool, Outage> {
        Ok(self.0.carry_out(event).await?)
    }

    async fn noted(&self, position: Position, event: EventId) -> Result<(), Outage> {
        Ok(self.0.note(position, event).await?)
    }
}
