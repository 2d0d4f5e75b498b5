//! Builds read models anew from the whole log, beside those that are read, and puts them in their place.
//!
//! What is built stands in tables of its own until it has seen what the ones that are read have seen.
//! Then the one transaction that takes in the last events also swaps the tables: no reader ever sees
//! half of it. A build that was cut off goes on from its own checkpoint.

use crate::{
    DatabaseError, Failure, Home, Projection, READ_MODELS,
    catalog::{self, Entry, Side},
    checkpoint::{self, AnotherLog},
    sql::{Connection, Purpose, SqlError, Transaction},
    tables,
    writer::{Delivery, Model, Writer, lowest_healthy},
};
use eventstore::{Direction, EventStore, StoreError};
use eventstore_schema::Position;
use futures::{Stream, TryFutureExt as _, TryStreamExt as _, stream};
use std::{pin::pin, sync::Arc, thread, time::Duration};
use tokio::{
    runtime::Handle,
    task::{JoinError, spawn_blocking},
    time::{Instant, sleep},
};

/// Events read, and written, at a time: so many that much of what they do to the same rows is written
/// once, so few that three such pages take some tens of megabytes.
const PAGE: usize = 16_384;
/// The same beside a server, whose own writes wait meanwhile.
const SMALL_PAGE: usize = 512;
/// How long those go on who read a read model before it is tried again to put another in its place.
const READERS_PAUSE: Duration = Duration::from_millis(500);

/// How much of the machine a build takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// All that it can get: nobody else is at work.
    Full,
    /// At most half the time, in short transactions: somebody is served meanwhile.
    Background,
}

impl Pace {
    fn page(self) -> usize {
        match self {
            Self::Full => PAGE,
            Self::Background => SMALL_PAGE,
        }
    }
}

/// A build that did not come to its end. What it wrote is sound; another one goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The database of the projections cannot be used.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The log cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The read models that a server follows were built from another log.
    #[error(transparent)]
    AnotherLog(#[from] AnotherLog),
    /// A read model cannot take in an event; the others are complete.
    #[error("the read model {projection} {failure}")]
    Stopped {
        /// The read model's name.
        projection: &'static str,
        /// What stopped it.
        failure: Failure,
    },
    /// The process is ending, or the build itself has an error.
    #[error("the rebuild was broken off: {0}")]
    BrokenOff(#[from] JoinError),
}

impl RebuildError {
    /// Whether somebody reads what is to be replaced, so that it may be tried again.
    fn is_busy(&self) -> bool {
        matches!(self, Self::Database(DatabaseError::Sql(error)) if error.is_busy())
    }
}

/// What became of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// Where the log ended.
    pub head: Position,
    /// The read models that stay aside until the version of Pawl that built them starts, because
    /// another version is being read.
    pub aside: Vec<&'static str>,
}

/// Builds the read models with these names, or all, from the log up to its last event, and puts them
/// in the place of those that are read. `beside` tells whether a server is running, which may be one
/// of another version; it is not disturbed. `progress` is told where it is and where it goes.
pub async fn rebuild(
    home: &Home,
    store: &Arc<dyn EventStore>,
    names: Option<&[&str]>,
    beside: bool,
    progress: impl FnMut(Position, Position) + Send,
) -> Result<Rebuilt, RebuildError> {
    rebuild_of(READ_MODELS, home, store, names, beside, progress).await
}

pub(crate) async fn rebuild_of(
    read_models: &[&'static dyn Projection],
    home: &Home,
    store: &Arc<dyn EventStore>,
    names: Option<&[&str]>,
    beside: bool,
    mut progress: impl FnMut(Position, Position) + Send,
) -> Result<Rebuilt, RebuildError> {
    let known = |name: &str| read_models.iter().any(|model| model.name() == name);
    if let Some(unknown) = names.unwrap_or_default().iter().find(|name| !known(name)) {
        return Err(DatabaseError::UnknownProjection((*unknown).to_owned()).into());
    }
    let wanted =
        |model: &&&'static dyn Projection| names.is_none_or(|names| names.contains(&model.name()));
    let wanted: Vec<_> = read_models.iter().filter(wanted).copied().collect();
    let pace = if beside { Pace::Background } else { Pace::Full };
    if beside {
        expect_own(&wanted, home, store).await?;
    }
    let (home, models) = (home.clone(), wanted.clone());
    let build = spawn_blocking(move || Build::begin(&home, &models, pace)).await??;
    let (build, head) = build.catch_up(store, &mut progress).await?;
    let others = if beside {
        Others::Kept
    } else {
        Others::Replaced
    };
    let taken = build.take_over(store, others).await?;
    let aside = wanted.iter().map(|model| model.name());
    let aside = aside.filter(|name| !taken.contains(name));
    Ok(Rebuilt {
        head,
        aside: aside.collect(),
    })
}

/// Refuses to take away from running servers what they have built from another log.
async fn expect_own(
    wanted: &[&'static dyn Projection],
    home: &Home,
    store: &Arc<dyn EventStore>,
) -> Result<(), RebuildError> {
    let (home, wanted) = (home.clone(), wanted.to_vec());
    let live = spawn_blocking(move || {
        let mut connection = home.open_writable()?;
        let mut transaction = Transaction::begin(&mut *connection, Purpose::Writing)?;
        let inside = transaction.connection();
        catalog::create(inside)?;
        let mut live = Vec::new();
        for projection in wanted {
            let found = catalog::find(inside, projection, Side::Live)?;
            live.extend(found.map(|entry| Model::found(projection, &entry)));
        }
        transaction.commit()?;
        Ok::<_, DatabaseError>(live)
    });
    Ok(checkpoint::expect_same_log(&live.await??, &**store).await?)
}

/// What happens to a read model that another version of Pawl built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Others {
    /// It gives way.
    Replaced,
    /// It stays, for a server of that version may read it.
    Kept,
}

/// Read models in the making.
pub(crate) struct Build {
    writer: Writer,
    pace: Pace,
}

impl Build {
    /// Begins to build these read models, or goes on where the last build of this version was cut off.
    pub(crate) fn begin(
        home: &Home,
        projections: &[&'static dyn Projection],
        pace: Pace,
    ) -> Result<Self, DatabaseError> {
        let mut connection = home.open_writable()?;
        let mut transaction = Transaction::begin(&mut *connection, Purpose::Writing)?;
        let inside = transaction.connection();
        catalog::create(inside)?;
        let mut models = Vec::with_capacity(projections.len());
        for &projection in projections {
            let begun = catalog::find(inside, projection, Side::Building)?;
            let is_of_this_version = |entry: &Entry| entry.version == projection.version();
            if let Some(entry) = begun.filter(is_of_this_version) {
                models.push(Model::found(projection, &entry));
                continue;
            }
            let live = catalog::find(inside, projection, Side::Live)?;
            let generation = live.map_or(0, |live| live.generation) + 1;
            models.push(empty(inside, projection, generation, pace)?);
        }
        transaction.commit()?;
        let writer = Writer::of(home, connection, models);
        Ok(Self { writer, pace })
    }

    /// Takes in the log up to its present end, and answers where that is. `progress` is told where
    /// it is and where it goes.
    pub(crate) async fn catch_up(
        self,
        store: &Arc<dyn EventStore>,
        progress: &mut (impl FnMut(Position, Position) + Send),
    ) -> Result<(Self, Position), RebuildError> {
        let mut build = self.forget_another_log(store).await?;
        let head = store.head().await?;
        let Some(start) = lowest_healthy(&build.writer.models) else {
            return Ok((build, head));
        };
        let pace = build.pace;
        let mut batches = pin!(batches(store, (start, head), pace.page()));
        let mut batch = batches.try_next().await?;
        while let Some((events, at)) = batch {
            let began = Instant::now();
            let apply = spawn_blocking(move || {
                let outcome = build.writer.apply(&events);
                (build, outcome)
            });
            let (applied, next) = tokio::join!(apply, batches.try_next());
            let outcome;
            (build, outcome) = applied?;
            outcome?;
            progress(at, head);
            batch = next?;
            if pace == Pace::Background {
                sleep(began.elapsed().max(Duration::from_millis(1))).await;
            }
        }
        Ok((build, head))
    }

    /// Begins again where the build that was cut off was of another log, or of one that was put back to an
    /// older state since.
    async fn forget_another_log(
        mut self,
        store: &Arc<dyn EventStore>,
    ) -> Result<Self, RebuildError> {
        let strangers = checkpoint::of_another_log(&self.writer.models, &**store).await?;
        if strangers.is_empty() {
            return Ok(self);
        }
        spawn_blocking(move || {
            let Self { writer, pace } = &mut self;
            let mut transaction = Transaction::begin(&mut *writer.connection, Purpose::Writing)?;
            let models = writer.models.iter_mut();
            for model in models.filter(|model| strangers.contains(&model.projection.name())) {
                let (projection, generation) = (model.projection, model.generation);
                *model = empty(transaction.connection(), projection, generation, *pace)?;
            }
            transaction.commit()?;
            Ok::<_, DatabaseError>(self)
        })
        .await?
        .map_err(RebuildError::from)
    }

    /// Puts what was built in the place of what is read, and answers the names of those. One that
    /// an event stopped stays aside.
    pub(crate) async fn take_over(
        mut self,
        store: &Arc<dyn EventStore>,
        others: Others,
    ) -> Result<Vec<&'static str>, RebuildError> {
        let (store, handle) = (Arc::clone(store), Handle::current());
        spawn_blocking(move || {
            let mut taken = Vec::new();
            let mut stopped = None;
            for model in self.writer.models.clone() {
                match model.failure {
                    None => taken.extend(loop {
                        match self.swap(model.clone(), (&*store, &handle), others) {
                            Err(error) if error.is_busy() => thread::sleep(READERS_PAUSE),
                            swapped => break swapped?,
                        }
                    }),
                    Some(failure) => {
                        let projection = model.projection.name();
                        stopped = Some(RebuildError::Stopped {
                            projection,
                            failure,
                        });
                    }
                }
            }
            stopped.map_or(Ok(taken), Err)
        })
        .await?
    }

    fn swap(
        &mut self,
        mut model: Model,
        (store, handle): (&dyn EventStore, &Handle),
        others: Others,
    ) -> Result<Option<&'static str>, RebuildError> {
        let (projection, generation) = (model.projection, model.generation);
        let connection = &mut *self.writer.connection;
        let side = (Side::Building, generation);
        tables::index(connection, projection, side).map_err(DatabaseError::from)?;
        let mut transaction =
            Transaction::begin(connection, Purpose::Replacing).map_err(DatabaseError::from)?;
        let inside = transaction.connection();
        let live = catalog::find(inside, projection, Side::Live).map_err(DatabaseError::from)?;
        let is_other = |live: &Entry| live.version != projection.version();
        if others == Others::Kept && live.as_ref().is_some_and(is_other) {
            return Ok(None);
        }
        // Whoever keeps up what is read waits for the end of this transaction, and goes on in the
        // new tables from the same position.
        let same = live.filter(|live| !is_other(live));
        let goal = same
            .map_or(model.checkpoint, |live| live.checkpoint)
            .position;
        while model.checkpoint.position < goal {
            // What is read may have seen a log that was put back to an older state since.
            let after = model.checkpoint.position;
            let events = handle.block_on(store.read_all(after, Direction::Forwards, PAGE))?;
            let mut events: Vec<_> = events.into_iter().map(Delivery::from).collect();
            events.truncate(events.partition_point(|event| event.position <= goal));
            if events.is_empty() {
                break;
            }
            model.advance(inside, &events)?;
            if let Some(failure) = model.failure {
                let projection = projection.name();
                return Err(RebuildError::Stopped {
                    projection,
                    failure,
                });
            }
        }
        tables::swap(inside, projection, generation).map_err(DatabaseError::from)?;
        transaction.commit().map_err(DatabaseError::from)?;
        Ok(Some(projection.name()))
    }
}

/// A read model in the making, of which nothing is there yet.
fn empty(
    connection: &mut dyn Connection,
    projection: &'static dyn Projection,
    generation: i64,
    pace: Pace,
) -> Result<Model, SqlError> {
    let side = (Side::Building, generation);
    tables::create(connection, projection, side)?;
    if pace == Pace::Background {
        // To make an index later would let the server's own writes wait.
        tables::index(connection, projection, side)?;
    }
    Ok(Model::empty(projection, side))
}

/// The events behind a position up to `head`, decoded, `page` at a time, each batch with the position of
/// its last one. While whoever takes them is busy with one, the next one is decoded and the one after
/// that is read.
fn batches(
    store: &Arc<dyn EventStore>,
    (after, head): (Position, Position),
    page: usize,
) -> impl Stream<Item = Result<(Vec<Delivery>, Position), RebuildError>> {
    let pages = stream::try_unfold(after, move |after| async move {
        if after >= head {
            return Ok(None);
        }
        // In a task of its own, which goes on while nobody asks.
        let log = Arc::clone(store);
        let read = async move { log.read_all(after, Direction::Forwards, page).await };
        let mut events = tokio::spawn(read).await??;
        events.truncate(events.partition_point(|event| event.position <= head));
        let last = events.last().map(|event| event.position);
        Ok::<_, RebuildError>(last.map(|last| ((events, last), last)))
    });
    let decoded = pages.map_ok(|(events, last)| {
        let decode = move || (events.into_iter().map(Delivery::from).collect(), last);
        spawn_blocking(decode).map_err(RebuildError::from)
    });
    decoded.try_buffered(2)
}

#[cfg(test)]
mod tests;
