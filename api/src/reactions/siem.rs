//! The live feed for a SIEM: every event of the log, in its order, from the first on. It is noted how
//! far the SIEM has acknowledged them, and after whatever failure it goes on from there: an event may
//! come twice, and none is left out.

use super::Outage;
use crate::{
    audit::formats::Format,
    files::write_whole,
    siem::{Message, Receipt, Sink},
};
use eventstore::{Direction, EventStore, StoreError};
use eventstore_schema::{Position, RecordedEvent};
use futures::StreamExt as _;
use std::{
    fs, io,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

/// The file that notes how far it has come: a position, and how many of Pawl's events are up to there.
pub const SIEM_CHECKPOINT: &str = "siem.checkpoint";

/// Events that are sent at once.
const BATCH: usize = 100;
/// Events on their way, after which it is made sure that they have arrived.
const UNSETTLED: u64 = 5_000;
/// The same, in time without another event, and in time altogether.
const REST: Duration = Duration::from_secs(2);
const LONGEST_UNSETTLED: Duration = Duration::from_secs(30);
/// How long a SIEM that takes nothing is left alone: at first, and twice as long each time, up to
/// [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// Events read at a time to count them.
const PAGE: usize = 500;

/// Sends every event to a SIEM.
pub struct Feed {
    /// The log.
    pub store: Arc<dyn EventStore>,
    /// Where it is noted how far it has come.
    pub checkpoint: PathBuf,
    /// What the log calls itself.
    pub origin: String,
    /// What each event looks like.
    pub format: Format,
    /// Where they go.
    pub sink: Sink,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Place {
    position: Position,
    /// Pawl's events up to there: the index of the next one's leaf.
    events: u64,
}

impl Feed {
    /// Sends what is there and what comes, until told to stop. What is on its way then comes again.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let (mut pause, mut reached) = (FIRST_PAUSE, None);
        while let Some(Err(error)) = stop.run_until_cancelled(self.follow()).await {
            metrics::counter!("pawl_siem_outages_total").increment(1);
            tracing::warn!(%error, "nothing can be sent to the SIEM for now; it is tried again");
            let noted = self.noted().ok();
            if noted != reached {
                (reached, pause) = (noted, FIRST_PAUSE);
            }
            let paused = tokio::time::sleep(pause);
            stop.run_until_cancelled(paused).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Sends until something fails.
    async fn follow(&mut self) -> Result<(), Outage> {
        let mut noted = self.begin().await?;
        let (mut sent, mut since) = (noted, Instant::now());
        let mut events = self.store.subscribe(noted.position).ready_chunks(BATCH);
        loop {
            let batch = tokio::select! {
                batch = events.next() => batch,
                () = tokio::time::sleep(REST), if sent != noted => None,
            };
            if sent == noted {
                since = Instant::now();
            }
            let rests = batch.is_none() || since.elapsed() >= LONGEST_UNSETTLED;
            let (messages, failed) = self.take(batch.unwrap_or_default(), &mut sent);
            let receipt = if messages.is_empty() {
                Receipt::Written
            } else {
                self.sink.send(&messages).await?
            };
            let due = rests || failed.is_some() || sent.events - noted.events >= UNSETTLED;
            if due && receipt == Receipt::Written {
                self.sink.settle().await?;
            }
            if due || receipt == Receipt::Acknowledged {
                self.note(sent)?;
                metrics::counter!("pawl_siem_events_total").increment(sent.events - noted.events);
                noted = sent;
            }
            if let Some(failed) = failed {
                return Err(failed);
            }
        }
    }

    /// The messages of these events, up to one that cannot be read.
    fn take(
        &self,
        batch: Vec<Result<RecordedEvent, StoreError>>,
        sent: &mut Place,
    ) -> (Vec<Message>, Option<Outage>) {
        let mut messages = Vec::new();
        for event in batch {
            let event = match event {
                Ok(event) => event,
                Err(error) => return (messages, Some(error.into())),
            };
            let (position, id) = (event.position, event.id);
            if event.stream.is_ours() {
                match Message::new(self.format, &self.origin, sent.events, event) {
                    Ok(message) => messages.push(message),
                    Err(error) => {
                        let failed = Outage::unreadable(position, id)(error);
                        return (messages, Some(failed));
                    }
                }
                sent.events += 1;
            }
            sent.position = position;
        }
        (messages, None)
    }

    /// Where to begin: at the first event, where nothing is noted. A note behind the end of the log says
    /// that the log was put back to an older state, all of which has been sent.
    async fn begin(&self) -> Result<Place, Outage> {
        let noted = self.noted()?;
        let head = self.store.head().await?;
        if noted.position <= head {
            return Ok(noted);
        }
        tracing::warn!(noted = %noted.position, %head, "the log was put back; the feed begins at its end");
        let place = Place {
            position: head,
            events: self.count(head).await?,
        };
        self.note(place)?;
        Ok(place)
    }

    /// Pawl's events up to a position.
    async fn count(&self, end: Position) -> Result<u64, StoreError> {
        let (mut after, mut events) = (Position::START, 0);
        loop {
            let page = self
                .store
                .read_all(after, Direction::Forwards, PAGE)
                .await?;
            let counted = page.iter().take_while(|event| event.position <= end);
            events += counted.filter(|event| event.stream.is_ours()).count() as u64;
            match page.last() {
                Some(last) if last.position < end => after = last.position,
                _ => return Ok(events),
            }
        }
    }

    fn noted(&self) -> Result<Place, Outage> {
        let text = match fs::read_to_string(&self.checkpoint) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Place::default()),
            Err(error) => return Err(Outage::Checkpoint(error)),
        };
        let place = text.trim().split_once(' ').and_then(|(position, events)| {
            Some(Place {
                position: Position(position.parse().ok()?),
                events: events.parse().ok()?,
            })
        });
        let unreadable = || io::Error::other(format!("{SIEM_CHECKPOINT} is unreadable"));
        place.ok_or_else(|| Outage::Checkpoint(unreadable()))
    }

    fn note(&self, place: Place) -> Result<(), Outage> {
        let Place { position, events } = place;
        write_whole(
            &self.checkpoint,
            format!("{position} {events}\n").as_bytes(),
        )
        .map_err(Outage::Checkpoint)
    }
}
