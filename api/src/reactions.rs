//! What follows from events: mail is written, and what was replaced or erased is forgotten. Each reaction
//! follows the log from where it stopped, so a restart loses none, and doing one twice is harmless.

use crate::{
    erasure::{Erasure, Unfinished},
    files::write_whole,
    mail::{MailError, Outbox},
};
use eventstore::{EventStore, StoreError, keyring::Keyring};
use eventstore_schema::{DecodeError, Event, Position, Recorded, UserEvent};
use futures::StreamExt as _;
use std::{
    fs::{self, File},
    io,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// How long to wait before trying again what failed.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often to look whether the node that reacts has ended.
const TURN: Duration = Duration::from_secs(1);
/// Events from which nothing followed, after which it is noted how far the reactions have come.
const NOTE_EVERY: u64 = 1_000;

/// Follows the log and reacts, until told to stop.
pub struct Reactions {
    /// The log.
    pub store: Arc<dyn EventStore>,
    /// The keys.
    pub keyring: Keyring,
    /// The mail.
    pub outbox: Outbox,
    /// What forgets.
    pub erasure: Erasure,
    /// Where it is noted how far the reactions have come.
    pub checkpoint: PathBuf,
    /// Held by the one node that reacts.
    pub lock: PathBuf,
}

/// What keeps the reactions from going on, for now.
#[derive(Debug, thiserror::Error)]
enum Outage {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Unfinished(#[from] Unfinished),
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error(transparent)]
    Mail(#[from] MailError),
    #[error("the checkpoint of the reactions: {0}")]
    Checkpoint(io::Error),
}

impl Reactions {
    /// Follows the log, once no other node does.
    pub async fn run(self, stop: CancellationToken) {
        let Some(_lock) = stop.run_until_cancelled(self.turn()).await else {
            return;
        };
        while !stop.is_cancelled() {
            let outcome = tokio::select! {
                outcome = self.follow() => outcome,
                () = stop.cancelled() => return,
            };
            if let Err(error) = outcome {
                tracing::error!(%error, "a reaction failed and will be tried again");
            }
            tokio::select! {
                () = tokio::time::sleep(PATIENCE) => {}
                () = stop.cancelled() => return,
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

    async fn follow(&self) -> Result<(), Outage> {
        let mut noted = self.begin().await?;
        let mut events = self.store.subscribe(noted);
        while let Some(event) = events.next().await {
            let event = event?;
            let (position, id) = (event.position, event.id);
            let reacted = event.stream.is_ours() && self.react(&event.decode()?).await?;
            if reacted || position.0 >= noted.0 + NOTE_EVERY {
                self.erasure.note(position, id).await?;
                self.note(position)?;
                noted = position;
            }
        }
        Ok(())
    }

    /// Where to begin. A checkpoint behind the end of the log says that the log was put back to an
    /// older state, all of which has been reacted to.
    async fn begin(&self) -> Result<Position, Outage> {
        let noted = self.noted().map_err(Outage::Checkpoint)?;
        let head = self.store.head().await?;
        if noted > head {
            tracing::warn!(%noted, %head, "the log was put back; reactions begin at its end");
            self.note(head)?;
        }
        Ok(noted.min(head))
    }

    /// Whether something followed from the event.
    async fn react(&self, event: &Recorded<Event>) -> Result<bool, Outage> {
        match &event.data {
            Event::User(UserEvent::UserInvited(_) | UserEvent::InvitationResent(_)) => {
                let written = self.outbox.invitation(&*self.store, &self.keyring, event);
                mailed(event, written.await)
            }
            Event::User(UserEvent::PasswordResetRequested(_)) => {
                let written = self
                    .outbox
                    .password_reset(&*self.store, &self.keyring, event);
                mailed(event, written.await)
            }
            Event::User(UserEvent::OtpSetUpLinkRequested(_)) => {
                let written = self
                    .outbox
                    .otp_set_up_link(&*self.store, &self.keyring, event);
                mailed(event, written.await)
            }
            _ => Ok(self.erasure.carry_out(event).await?),
        }
    }

    fn noted(&self) -> io::Result<Position> {
        match fs::read_to_string(&self.checkpoint) {
            Ok(text) => text.trim().parse().map(Position).map_err(io::Error::other),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Position::START),
            Err(error) => Err(error),
        }
    }

    fn note(&self, position: Position) -> Result<(), Outage> {
        write_whole(&self.checkpoint, format!("{position}\n").as_bytes())
            .map_err(Outage::Checkpoint)
    }
}

/// Passes over a mail that can never be written: trying again would hold up everybody's for ever.
fn mailed(event: &Recorded<Event>, written: Result<(), MailError>) -> Result<bool, Outage> {
    match written {
        Err(MailError::Impossible(reason)) => {
            tracing::error!(event_id = %event.id, reason, "a mail cannot be written");
        }
        written => written?,
    }
    Ok(true)
}
