//! Keeps the read models up to date: one subscription feeds all of them. Catching up and following
//! live are the same code; only the size of the batches differs.

use crate::{
    Failure, Home, Projection, ProjectionStatus, Projections, RebuildError,
    build::{Build, Others, Pace},
    checkpoint::{self, AnotherLog},
    writer::{Delivery, Model, Writer, lowest_healthy},
};
use eventstore::{EventStore, StoreError};
use eventstore_schema::{Position, RecordedEvent};
use futures::StreamExt;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, watch},
    task::{JoinError, JoinHandle, spawn_blocking},
    time::{sleep, timeout},
};

/// At most this many events go into one transaction, which bounds memory and how long a reader
/// waits for the first of them.
const BATCH: usize = 1_000;
/// How long to wait after an outage before trying again; twice as long each time, up to
/// [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long a node that looks on waits between two looks.
const GLANCE: Duration = Duration::from_millis(50);

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

/// Whether a read model can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It follows the log.
    Works,
    /// It is being built anew, and there is nothing that could be asked until that is over.
    IsBuilt,
    /// It has stopped, and so lacks what came later.
    Stopped,
}

impl Projections {
    /// Refuses a log that is not the one that the read models were built from.
    pub async fn expect_same_log(&self, store: &dyn EventStore) -> Result<(), AnotherLog> {
        checkpoint::expect_same_log(&self.writer.models, store).await
    }

    /// Follows the log from now on, in a task of the current Tokio runtime. What another version of
    /// Pawl built is built anew in a second one. Where several nodes share the database, one of them
    /// follows the log and the others look on, until it is their turn.
    #[must_use]
    pub fn start(self, store: Arc<dyn EventStore>) -> RunningProjections {
        let (progress, models) = watch::channel(self.writer.models.clone());
        let (stop, stopped) = watch::channel(false);
        let follower = Follower {
            progress,
            home: self.home,
            store,
            built: Arc::new(Notify::new()),
            stop: stopped,
            building: None,
        };
        tokio::spawn(follower.run(self.writer));
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

    #[cfg(test)]
    pub(crate) fn watched(&self) -> watch::Receiver<Vec<Model>> {
        self.models.clone()
    }

    /// Whether this read model can be asked.
    #[must_use]
    pub fn standing(&self, projection: &dyn Projection) -> Standing {
        let models = self.models.borrow();
        let mut models = models.iter();
        let model = models.find(|model| model.projection.name() == projection.name());
        match model.map(|model| &model.failure) {
            Some(None) => Standing::Works,
            Some(Some(Failure::Outdated { .. })) => Standing::IsBuilt,
            Some(Some(_)) | None => Standing::Stopped,
        }
    }

    /// Waits until every read model that works has seen the event at this position.
    pub async fn wait_for(&self, position: Position, limit: Duration) -> Result<(), Behind> {
        let mut models = self.models.clone();
        let reached = models.wait_for(|models| lowest_healthy(models) >= Some(position));
        if matches!(timeout(limit, reached).await, Ok(Ok(_))) {
            return Ok(());
        }
        let models = self.models.borrow();
        let reached = models.iter().map(|model| model.checkpoint.position).min();
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

/// What ended the following of the log, or looking on.
enum Ending {
    /// It was told to stop, or no read model works any more.
    Final,
    /// A read model was built, and is to be followed too; or it is this node's turn to follow.
    Changed,
    /// Something that may pass: the disk was full, the log did not answer.
    Outage(String),
}

/// What follows the log. The channel comes first, and so is dropped first: whoever hears of its end
/// finds the file let go, for that is dropped before.
struct Follower {
    progress: watch::Sender<Vec<Model>>,
    home: Home,
    store: Arc<dyn EventStore>,
    built: Arc<Notify>,
    stop: watch::Receiver<bool>,
    /// What builds anew while this node follows the log.
    building: Option<JoinHandle<()>>,
}

/// Lets another node follow the log: this one cannot, or has another log than the read models were built
/// from.
async fn step_down(writer: Writer, why: &AnotherLog) -> Result<(Writer, Ending), JoinError> {
    let (writer, stepped_down) = with(writer, Writer::step_down).await?;
    let why = match stepped_down {
        Ok(()) => why.to_string(),
        Err(error) => error.to_string(),
    };
    Ok((writer, Ending::Outage(why)))
}

/// Does work with the writer where blocking is allowed.
async fn with<T: Send + 'static>(
    mut writer: Writer,
    work: impl FnOnce(&mut Writer) -> T + Send + 'static,
) -> Result<(Writer, T), JoinError> {
    spawn_blocking(move || {
        let done = work(&mut writer);
        (writer, done)
    })
    .await
}

impl Follower {
    async fn run(mut self, writer: Writer) {
        if let Err(error) = self.run_until_told(writer).await {
            // The writer is lost with its task.
            publish_outage(&self.progress, &error.to_string());
        }
    }

    async fn run_until_told(&mut self, mut writer: Writer) -> Result<(), JoinError> {
        let mut pause = FIRST_PAUSE;
        loop {
            let came_from = lowest_healthy(&writer.models);
            // Other nodes may have followed another log until now.
            let same = tokio::select! {
                _ = self.stop.wait_for(|stop| *stop) => return Ok(()),
                same = checkpoint::expect_same_log(&writer.models, &*self.store) => same,
            };
            let mut ending;
            (writer, ending) = match same {
                Err(error) => {
                    self.building.take().inspect(JoinHandle::abort);
                    step_down(writer, &error).await?
                }
                Ok(()) if writer.leads => {
                    self.build_outdated(&writer);
                    self.follow(writer).await?
                }
                Ok(()) => {
                    self.building.take().inspect(JoinHandle::abort);
                    self.watch(writer).await?
                }
            };
            if lowest_healthy(&writer.models) != came_from {
                pause = FIRST_PAUSE;
            }
            // A connection that has ended is first of all made again.
            let mut rests = !writer.connection.is_broken();
            loop {
                match ending {
                    Ending::Final => return Ok(()),
                    Ending::Outage(error) if rests => {
                        publish_outage(&self.progress, &error);
                        tokio::select! {
                            _ = self.stop.wait_for(|stop| *stop) => return Ok(()),
                            () = sleep(pause) => {}
                        }
                        pause = (pause * 2).min(LONGEST_PAUSE);
                    }
                    Ending::Outage(_) | Ending::Changed => {}
                }
                let refreshed;
                (writer, refreshed) = with(writer, Writer::refresh).await?;
                match refreshed {
                    Ok(()) => break,
                    Err(error) => ending = Ending::Outage(error.to_string()),
                }
                rests = true;
            }
            publish(&self.progress, &writer.models);
        }
    }

    /// Builds anew, once, what an older version of Pawl built.
    fn build_outdated(&mut self, writer: &Writer) {
        let outdated = writer.models.iter().filter(|model| model.is_outdated());
        let outdated: Vec<_> = outdated.map(|model| model.projection).collect();
        if outdated.is_empty() || self.building.is_some() {
            return;
        }
        let building = Building {
            home: self.home.clone(),
            projections: outdated,
            store: Arc::clone(&self.store),
            progress: self.progress.clone(),
            built: Arc::clone(&self.built),
        };
        self.building = Some(tokio::spawn(building.run(self.stop.clone())));
    }

    /// Looks on while another node follows the log, until it is this one's turn.
    async fn watch(&mut self, mut writer: Writer) -> Result<(Writer, Ending), JoinError> {
        loop {
            tokio::select! {
                biased;
                _ = self.stop.wait_for(|stop| *stop) => return Ok((writer, Ending::Final)),
                () = sleep(GLANCE) => {}
            }
            let outcome;
            (writer, outcome) = with(writer, Writer::glance).await?;
            match outcome {
                Ok(false) => publish(&self.progress, &writer.models),
                Ok(true) => return Ok((writer, Ending::Changed)),
                Err(error) => return Ok((writer, Ending::Outage(error.to_string()))),
            }
        }
    }

    /// Follows the log as long as it can.
    async fn follow(&mut self, mut writer: Writer) -> Result<(Writer, Ending), JoinError> {
        let from = lowest_healthy(&writer.models).unwrap_or_default();
        let mut batches = self.store.subscribe(from).ready_chunks(BATCH);
        while writer.has_work() {
            let batch = tokio::select! {
                biased;
                _ = self.stop.wait_for(|stop| *stop) => break,
                () = self.built.notified() => return Ok((writer, Ending::Changed)),
                batch = batches.next() => batch.unwrap_or_default(),
            };
            let (events, interruption) = split(batch);
            let outcome;
            (writer, outcome) = with(writer, |writer| {
                let events: Vec<_> = events.into_iter().map(Delivery::from).collect();
                writer.apply(&events)
            })
            .await?;
            publish(&self.progress, &writer.models);
            let ending = match (outcome, interruption) {
                (Err(error), _) => Ending::Outage(error.to_string()),
                (Ok(()), Some(error)) => Ending::Outage(error),
                (Ok(()), None) => continue,
            };
            return Ok((writer, ending));
        }
        Ok((writer, Ending::Final))
    }
}

/// What builds anew what another version of Pawl built.
struct Building {
    home: Home,
    projections: Vec<&'static dyn Projection>,
    store: Arc<dyn EventStore>,
    progress: watch::Sender<Vec<Model>>,
    built: Arc<Notify>,
}

impl Building {
    async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut pause = FIRST_PAUSE;
        loop {
            let outcome = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                outcome = self.build() => outcome,
            };
            match outcome {
                Ok(()) => return,
                Err(error @ RebuildError::Stopped { .. }) => {
                    tracing::error!("{error}");
                    return;
                }
                Err(error) => tracing::error!("a read model is not built yet: {error}"),
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = sleep(pause) => {}
            }
        }
    }

    async fn build(&self) -> Result<(), RebuildError> {
        let (home, projections) = (self.home.clone(), self.projections.clone());
        let begin = spawn_blocking(move || Build::begin(&home, &projections, Pace::Background));
        let mut progress = |at, _| self.publish(at);
        let (build, _) = begin.await??.catch_up(&self.store, &mut progress).await?;
        let taken = build.take_over(&self.store, Others::Replaced).await;
        self.built.notify_one();
        let taken = taken?;
        tracing::info!(?taken, "read models were built anew");
        Ok(())
    }

    fn publish(&self, at: Position) {
        self.progress.send_modify(|models| {
            for model in models.iter_mut().filter(|model| model.is_outdated()) {
                model.building = Some(at);
            }
        });
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
            let building = before.building.filter(|_| now.is_outdated());
            before.clone_from(now);
            before.building = building;
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
mod shared;
#[cfg(test)]
mod tests;
