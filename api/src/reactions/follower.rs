//! Follows the log for one reaction, and notes how far it has come.

use super::{Outage, Reaction};
use crate::{erasure::Unfinished, files::write_whole};
use eventstore::{EventStore, keyring::Keyring};
use eventstore_schema::{EventId, Position};
use futures::StreamExt as _;
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// How long to wait before trying again what failed.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long what has begun to follow from an event may take when Pawl is told to stop.
const GRACE: Duration = Duration::from_secs(10);
/// Events from which nothing followed, after which it is noted how far the reaction has come.
const NOTE_EVERY: u64 = 1_000;

/// A reaction that follows the log.
pub(super) struct Follower {
    pub(super) store: Arc<dyn EventStore>,
    /// Where it is noted how far it has come.
    pub(super) checkpoint: PathBuf,
    /// Where that was noted before it had a checkpoint of its own.
    pub(super) fallback: PathBuf,
    /// Knows up to where the log had been looked through, where no file is left of it.
    pub(super) keyring: Keyring,
    pub(super) reaction: Box<dyn Reaction>,
}

impl Follower {
    /// Notes where it begins, where that is not noted yet, before any other reaction has come further.
    pub(super) async fn prepare(&self, stop: &CancellationToken) {
        let prepared = async {
            while !self.checkpoint.exists()
                && let Err(error) = self.noted()
            {
                tracing::error!(%error, "a reaction failed and will be tried again");
                tokio::time::sleep(PATIENCE).await;
            }
        };
        stop.run_until_cancelled(prepared).await;
    }

    /// Follows the log until told to stop. What has begun to follow from an event is finished, so that
    /// nothing is at work in the background when this is over.
    pub(super) async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let outcome = tokio::select! {
                outcome = self.follow(&stop) => outcome,
                () = late(&stop) => return,
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

    async fn follow(&self, stop: &CancellationToken) -> Result<(), Outage> {
        let mut noted = self.begin().await?;
        let mut last = None;
        let mut events = self.store.subscribe(noted);
        while let Some(Some(event)) = stop.run_until_cancelled(events.next()).await {
            let event = event?;
            let (position, id) = (event.position, event.id);
            let reacted = event.stream.is_ours() && {
                let event = event.decode().map_err(Outage::unreadable(position, id))?;
                self.reaction.react(&event).await?
            };
            if reacted || position.0 >= noted.0 + NOTE_EVERY {
                self.settle(position, id).await?;
                noted = position;
            }
            last = Some((position, id));
        }
        match last {
            // So that the next start need not look at them again.
            Some((position, id)) if position > noted => self.settle(position, id).await,
            _ => Ok(()),
        }
    }

    /// Notes that everything up to this event has been reacted to.
    async fn settle(&self, position: Position, event: EventId) -> Result<(), Outage> {
        self.note(position)?;
        self.reaction.noted(position, event).await
    }

    /// Where to begin. A checkpoint behind the end of the log says that the log was put back to an
    /// older state, all of which has been reacted to.
    async fn begin(&self) -> Result<Position, Outage> {
        let noted = self.noted()?;
        let head = self.store.head().await?;
        if noted > head {
            tracing::warn!(%noted, %head, "the log was put back; reactions begin at its end");
            self.note(head)?;
        }
        let noted = noted.min(head);
        self.reaction.begin(noted)?;
        Ok(noted)
    }

    /// How far it had come. Where the files are lost, as after a backup without them, it goes on at the
    /// end of what there was: nobody gets the mail of years again.
    fn noted(&self) -> Result<Position, Outage> {
        if let Some(noted) = read(&self.checkpoint).map_err(Outage::Checkpoint)? {
            return Ok(noted);
        }
        let begin = if let Some(noted) = read(&self.fallback).map_err(Outage::Checkpoint)? {
            noted
        } else {
            let carried_out = self.keyring.carried_out().map_err(Unfinished::from)?;
            carried_out.map_or(Position::START, |last| last.position)
        };
        self.note(begin)?;
        Ok(begin)
    }

    fn note(&self, position: Position) -> Result<(), Outage> {
        write_whole(&self.checkpoint, format!("{position}\n").as_bytes())
            .map_err(Outage::Checkpoint)
    }
}

/// Some time after it was told to stop.
async fn late(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(GRACE).await;
}

/// The position in a file, if it is there.
fn read(file: &Path) -> io::Result<Option<Position>> {
    match fs::read_to_string(file) {
        Ok(text) => {
            let position = text.trim().parse().map_err(io::Error::other)?;
            Ok(Some(Position(position)))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
