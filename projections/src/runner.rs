//! Keeps the read models up to date: one subscription feeds all of them. Catching up and following
//! live are the same code; only the size of the batches differs.

use crate::{
    Failure, ProjectionStatus, Projections,
    writer::{Delivery, Model, Writer, lowest_healthy},
};
use eventstore::{EventStore, StoreError};
use eventstore_schema::{Position, RecordedEvent};
use futures::StreamExt;
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, task::spawn_blocking, time::timeout};

/// At most this many events go into one transaction, which bounds memory and how long a reader
/// waits for the first of them.
const BATCH: usize = 1_000;

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

impl Projections {
    /// Follows the log from now on, in a task of the current Tokio runtime.
    #[must_use]
    pub fn start(self, store: Arc<dyn EventStore>) -> RunningProjections {
        let (progress, models) = watch::channel(self.writer.models.clone());
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(run(self.writer, store, progress, stopped));
        RunningProjections { models, stop }
    }
}

impl RunningProjections {
    /// How far each read model has come on the way to `head`, the log's last event.
    #[must_use]
    pub fn status(&self, head: Position) -> Vec<ProjectionStatus> {
        let models = self.models.borrow();
        models
            .iter()
            .map(|model| ProjectionStatus::of(model, head))
            .collect()
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

async fn run(
    mut writer: Writer,
    store: Arc<dyn EventStore>,
    progress: watch::Sender<Vec<Model>>,
    mut stop: watch::Receiver<bool>,
) {
    let from = lowest_healthy(&writer.models).unwrap_or_default();
    let mut batches = store.subscribe(from).ready_chunks(BATCH);
    while lowest_healthy(&writer.models).is_some() {
        let batch = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            batch = batches.next() => batch.unwrap_or_default(),
        };
        let (events, ending) = split(batch);
        let applied = spawn_blocking(move || {
            let events: Vec<_> = events.into_iter().map(Delivery::from).collect();
            let outcome = writer.apply(&events);
            (writer, outcome)
        });
        let outcome = match applied.await {
            Ok((returned, outcome)) => {
                writer = returned;
                outcome.map_err(|error| error.to_string())
            }
            Err(error) => return publish_outage(&progress, &error.to_string()),
        };
        publish(&progress, &writer.models);
        if let Some(error) = outcome.err().or(ending) {
            return publish_outage(&progress, &error);
        }
    }
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
            model.failure = Some(Failure::Outage { error: error.to_owned() });
        }
    });
}
