//! Keeps the read models up to date: one subscription feeds all of them. Catching up and following
//! live are the same code; only the size of the batches differs.

use crate::{
    DatabaseError, Failure, Projection, ProjectionStatus, Projections,
    writer::{Delivery, Model, Writer, lowest_healthy},
};
use eventstore::{EventStore, StoreError};
use eventstore_schema::{Position, RecordedEvent};
use futures::StreamExt;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    task::{JoinError, spawn_blocking},
    time::{sleep, timeout},
};

/// At most this many events go into one transaction, which bounds memory and how long a reader
/// waits for the first of them.
const BATCH: usize = 1_000;
/// How long to wait after an outage before trying again; twice as long each time, up to
/// [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The read models while they follow the log. Dropping it stops them too.
pub struct RunningProjections {
    models: watch::Receiver<Vec<Model>>,
    stop: watch::Sender<bool>,
}

/// The read models have not come as far as the caller wants, and did not within its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the read models are at {reached}, not yet at {wanted}")]
pub struct Behind {
    /// The position that the caller waited for.
    pub wanted: Position,
    /// The position that the slowest read model has reached.
    pub reached: Position,
}

/// A log that is not the one that the read models were built from.
#[derive(Debug, thiserror::Error)]
pub enum LogPutBack {
    /// It ends before an event that they have seen.
    #[error(
        "the log ends at position {head}, but the read model {projection} has seen the event at \
         {seen}: the log was put back to an older state, and what it lacks is lost; if that is \
         intended, run: pawl projections rebuild"
    )]
    Ahead {
        /// The read model.
        projection: &'static str,
        /// What it has seen.
        seen: Position,
        /// Where the log ends.
        head: Position,
    },
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Projections {
    /// Refuses a log that ends before a checkpoint: it is not the one that the rows were built
    /// from, and what it lacks would be missing without a trace.
    pub async fn expect_same_log(&self, store: &dyn EventStore) -> Result<(), LogPutBack> {
        let head = store.head().await?;
        let models = &self.writer.models;
        match models.iter().find(|model| model.position > head) {
            None => Ok(()),
            Some(ahead) => Err(LogPutBack::Ahead {
                projection: ahead.projection.name(),
                seen: ahead.position,
                head,
            }),
        }
    }

    /// Follows the log from now on, in a task of the current Tokio runtime.
    #[must_use]
    pub fn start(self, store: Arc<dyn EventStore>) -> RunningProjections {
        let (progress, models) = watch::channel(self.writer.models.clone());
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(run(progress, self.writer, store, stopped));
        RunningProjections { models, stop }
    }
}

impl RunningProjections {
    /// None at all: for a command that decides on the log alone, beside a server or in its place.
    #[must_use]
    pub fn none() -> Self {
        let (_, models) = watch::channel(Vec::new());
        let (stop, _) = watch::channel(true);
        Self { models, stop }
    }

    /// How far each read model has come on the way to `head`, the log's last event.
    #[must_use]
    pub fn status(&self, head: Position) -> Vec<ProjectionStatus> {
        let models = self.models.borrow();
        models
            .iter()
            .map(|model| ProjectionStatus::of(model, head))
            .collect()
    }

    /// Whether this read model has stopped, and so lacks what came later.
    #[must_use]
    pub fn has_stopped(&self, projection: &dyn Projection) -> bool {
        let models = self.models.borrow();
        let model = models
            .iter()
            .find(|model| model.projection.name() == projection.name());
        model.is_none_or(|model| model.failure.is_some())
    }

    /// Waits until every read model that works has seen the event at this position.
    pub async fn wait_for(&self, position: Position, limit: Duration) -> Result<(), Behind> {
        let mut models = self.models.clone();
        let reached = models.wait_for(|models| lowest_healthy(models) >= Some(position));
        if matches!(timeout(limit, reached).await, Ok(Ok(_))) {
            return Ok(());
        }
        let models = self.models.borrow();
        let reached = models.iter().map(|model| model.position).min();
        Err(Behind {
            wanted: position,
            reached: reached.unwrap_or_default(),
        })
    }

    /// Stops after the batch at hand, and returns when that is written.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        let mut models = self.models.clone();
        // The runner drops its end of the channel when it has ended.
        while models.changed().await.is_ok() {}
    }
}

/// What ended the following of the log.
enum Ending {
    /// It was told to stop, or no read model works any more.
    Final,
    /// Something that may pass: the disk was full, the log did not answer.
    Outage(String),
    /// Going on would make the rows wrong.
    Fault(String),
}

/// The channel comes first, and so is dropped last: whoever hears of its end finds file and log let go.
async fn run(
    progress: watch::Sender<Vec<Model>>,
    mut writer: Writer,
    store: Arc<dyn EventStore>,
    mut stop: watch::Receiver<bool>,
) {
    let mut pause = FIRST_PAUSE;
    loop {
        let ending;
        let came_from = lowest_healthy(&writer.models);
        (writer, ending) = match follow(writer, &*store, &progress, &mut stop).await {
            Ok(ended) => ended,
            // The writer is lost with its task.
            Err(error) => return publish_outage(&progress, &error.to_string()),
        };
        match ending {
            Ending::Final => return,
            Ending::Fault(error) => return publish_outage(&progress, &error),
            Ending::Outage(error) => publish_outage(&progress, &error),
        }
        let moved = lowest_healthy(&writer.models) != came_from;
        pause = if moved {
            FIRST_PAUSE
        } else {
            (pause * 2).min(LONGEST_PAUSE)
        };
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = sleep(pause) => publish(&progress, &writer.models),
        }
    }
}

/// Follows the log as long as it can.
async fn follow(
    mut writer: Writer,
    store: &dyn EventStore,
    progress: &watch::Sender<Vec<Model>>,
    stop: &mut watch::Receiver<bool>,
) -> Result<(Writer, Ending), JoinError> {
    let from = lowest_healthy(&writer.models).unwrap_or_default();
    let mut batches = store.subscribe(from).ready_chunks(BATCH);
    while lowest_healthy(&writer.models).is_some() {
        let batch = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            batch = batches.next() => batch.unwrap_or_default(),
        };
        let (events, interruption) = split(batch);
        let (returned, outcome) = spawn_blocking(move || {
            let events: Vec<_> = events.into_iter().map(Delivery::from).collect();
            let outcome = writer.apply(&events);
            (writer, outcome)
        })
        .await?;
        writer = returned;
        publish(progress, &writer.models);
        let ending = match (outcome, interruption) {
            (Err(error @ DatabaseError::Raced(_)), _) => Ending::Fault(error.to_string()),
            (Err(error), _) => Ending::Outage(error.to_string()),
            (Ok(()), Some(error)) => Ending::Outage(error),
            (Ok(()), None) => continue,
        };
        return Ok((writer, ending));
    }
    Ok((writer, Ending::Final))
}

/// The events of a batch, and what ended the subscription after them, if it is over.
fn split(batch: Vec<Result<RecordedEvent, StoreError>>) -> (Vec<RecordedEvent>, Option<String>) {
    if batch.is_empty() {
        return (Vec::new(), Some("the log sends no more events".to_owned()));
    }
    let mut events = Vec::with_capacity(batch.len());
    for event in batch {
        match event {
            Ok(event) => events.push(event),
            Err(error) => return (events, Some(error.to_string())),
        }
    }
    (events, None)
}

fn publish(progress: &watch::Sender<Vec<Model>>, models: &[Model]) {
    progress.send_modify(|published| {
        for (before, now) in published.iter_mut().zip(models) {
            if let (None, Some(failure)) = (&before.failure, &now.failure) {
                tracing::error!(projection = now.projection.name(), "{failure}");
            }
            before.clone_from(now);
        }
    });
}

fn publish_outage(progress: &watch::Sender<Vec<Model>>, error: &str) {
    tracing::error!("the projections stopped: {error}");
    progress.send_modify(|models| {
        for model in models.iter_mut().filter(|model| model.failure.is_none()) {
            model.failure = Some(Failure::Outage {
                error: error.to_owned(),
            });
        }
    });
}

#[cfg(test)]
mod tests;
