//! Builds read models anew from the whole log, as fast as it can be read.

use crate::{DatabaseError, Failure, Projections, writer::Delivery};
use eventstore::{Direction, EventStore, StoreError};
use eventstore_schema::Position;
use tokio::task::{JoinError, spawn_blocking};

/// Events read, and written, at a time: enough to spread the cost of a transaction, few enough
/// that two pages in memory do not count.
const PAGE: usize = 4_096;

/// A rebuild that did not come to its end. What it wrote is sound; starting Pawl, or another
/// rebuild, goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The file of the projections cannot be used.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The log cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A read model cannot take in an event; the others are complete.
    #[error("the read model {projection} {failure}")]
    Stopped {
        /// The read model's name.
        projection: &'static str,
        /// What stopped it.
        failure: Failure,
    },
    /// The process is ending, or the rebuild itself has an error.
    #[error("the rebuild was broken off: {0}")]
    BrokenOff(#[from] JoinError),
}

impl Projections {
    /// Empties the read models with these names, or all, and builds them from the log up to its
    /// last event, which it answers. `progress` is told where it is and where it goes.
    pub async fn rebuild(
        self,
        store: &dyn EventStore,
        names: Option<&[&str]>,
        mut progress: impl FnMut(Position, Position),
    ) -> Result<Position, RebuildError> {
        let mut writer = self.writer;
        writer.restart(names)?;
        let head = store.head().await?;
        let mut page = read(store, Position::START, head).await?;
        while let Some(last) = page.last().map(|event| event.position) {
            // The next page is read and decoded while this one is written.
            let apply = spawn_blocking(move || {
                let outcome = writer.apply(&page);
                (writer, outcome)
            });
            let (applied, next) = tokio::join!(apply, read(store, last, head));
            let outcome;
            (writer, outcome) = applied?;
            outcome?;
            progress(last, head);
            page = next?;
        }
        for model in &writer.models {
            if let Some(failure) = model.failure.clone() {
                let projection = model.projection.name();
                return Err(RebuildError::Stopped {
                    projection,
                    failure,
                });
            }
        }
        Ok(head)
    }
}

/// The next events up to `head`, decoded.
async fn read(
    store: &dyn EventStore,
    after: Position,
    head: Position,
) -> Result<Vec<Delivery>, RebuildError> {
    if after >= head {
        return Ok(Vec::new());
    }
    let mut events = store.read_all(after, Direction::Forwards, PAGE).await?;
    events.truncate(events.partition_point(|event| event.position <= head));
    Ok(spawn_blocking(|| events.into_iter().map(Delivery::from).collect()).await?)
}

#[cfg(test)]
pub(crate) mod tests;
