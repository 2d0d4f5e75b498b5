//! What follows from events: mail is written and replaced secrets are destroyed. Each reaction
//! follows the log from where it stopped, so a restart loses none, and doing one twice is harmless.

use crate::mail::Outbox;
use eventstore::{EventStore, keyring::Keyring};
use eventstore_schema::{Event, KeyName, Position, Recorded, UserEvent};
use futures::StreamExt as _;
use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// How long to wait before trying again what failed.
const PATIENCE: Duration = Duration::from_secs(5);

/// Follows the log and reacts, until told to stop.
pub struct Reactions {
    /// The log.
    pub store: Arc<dyn EventStore>,
    /// The keys.
    pub keyring: Keyring,
    /// The mail.
    pub outbox: Outbox,
    /// Where it is noted how far the reactions have come.
    pub checkpoint: PathBuf,
}

impl Reactions {
    /// Follows the log.
    pub async fn run(self, stop: CancellationToken) {
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

    async fn follow(&self) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let mut events = self.store.subscribe(read_checkpoint(&self.checkpoint)?);
        while let Some(event) = events.next().await {
            let event = event?.decode()?;
            if self.react(&event).await? {
                write_checkpoint(&self.checkpoint, event.position)?;
            }
        }
        Ok(())
    }

    /// Whether something followed from the event.
    async fn react(
        &self,
        event: &Recorded<Event>,
    ) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
        match &event.data {
            Event::User(UserEvent::UserInvited(_) | UserEvent::InvitationResent(_)) => {
                self.outbox
                    .invitation(&*self.store, &self.keyring, event)
                    .await?;
                Ok(true)
            }
            Event::User(UserEvent::OtpDeviceRegistered(registered)) => {
                let Some(replaced) = registered.replaces else {
                    return Ok(false);
                };
                self.keyring
                    .destroy(&[KeyName::otp_device(replaced)])
                    .await?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}

fn read_checkpoint(file: &Path) -> std::io::Result<Position> {
    match fs::read_to_string(file) {
        Ok(text) => text
            .trim()
            .parse()
            .map(Position)
            .map_err(std::io::Error::other),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Position::START),
        Err(error) => Err(error),
    }
}

fn write_checkpoint(file: &Path, position: Position) -> std::io::Result<()> {
    let new = file.with_extension("new");
    let mut written = fs::File::create(&new)?;
    writeln!(written, "{position}")?;
    written.sync_all()?;
    fs::rename(new, file)
}
