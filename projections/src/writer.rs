//! The one writer of the read models: events in, rows and checkpoints out, in one transaction.

use crate::{
    DatabaseError, Failure, Home, Projection, ProjectionError, Rows,
    catalog::{self, Entry, Side},
    sql::{Connection, Purpose, Transaction, names::Names},
    tables::{self, Indexes},
};
use eventstore_schema::{DecodeError, Event, Position, Recorded, RecordedEvent};

/// An event on its way to the read models: decoded once for all of them, or found unreadable, or
/// none of Pawl's.
pub(crate) struct Delivery {
    pub(crate) position: Position,
    event: Option<Result<(Recorded<Event>, String), DecodeError>>,
}

impl From<RecordedEvent> for Delivery {
    fn from(event: RecordedEvent) -> Self {
        Self {
            position: event.position,
            event: event.stream.is_ours().then(|| event.decode_with_content()),
        }
    }
}

/// One side of a read model, and how far it has come.
#[derive(Clone)]
pub(crate) struct Model {
    pub(crate) projection: &'static dyn Projection,
    pub(crate) side: Side,
    pub(crate) generation: i64,
    pub(crate) position: Position,
    pub(crate) failure: Option<Failure>,
    /// How far the one has come that is to take its place.
    pub(crate) building: Option<Position>,
    names: Names,
}

/// How far the slowest read model that still works has come, `None` where none works.
pub(crate) fn lowest_healthy(models: &[Model]) -> Option<Position> {
    let healthy = models.iter().filter(|model| model.failure.is_none());
    healthy.map(|model| model.position).min()
}

pub(crate) struct Writer {
    pub(crate) connection: Box<dyn Connection>,
    pub(crate) models: Vec<Model>,
}

impl Writer {
    /// Finds how far each read model has come, and makes the tables of those that are not there.
    /// One that another version of Pawl built stays as it is, to be built anew beside.
    pub(crate) fn open(
        home: &Home,
        projections: &[&'static dyn Projection],
    ) -> Result<Self, DatabaseError> {
        let mut connection = home.open_writable()?;
        let mut transaction = Transaction::begin(&mut *connection, Purpose::Writing)?;
        let inside = transaction.connection();
        catalog::create(inside)?;
        tables::drop_left_overs(inside, projections)?;
        let mut models = Vec::with_capacity(projections.len());
        for &projection in projections {
            models.push(
                if let Some(entry) = catalog::find(inside, projection, Side::Live)? {
                    Model::found(projection, &entry)
                } else {
                    let side = (Side::Live, 0);
                    tables::create(inside, projection, side, Indexes::All)?;
                    Model::empty(projection, side)
                },
            );
        }
        transaction.commit()?;
        Ok(Self { connection, models })
    }

    /// Looks again how far each read model has come, after something went wrong or one was built:
    /// another process may have moved it on.
    pub(crate) fn refreshed(mut self) -> Self {
        let entries = catalog::entries(&mut *self.connection).unwrap_or_default();
        for model in &mut self.models {
            let mut live = entries.iter().filter(|entry| entry.side == Side::Live);
            if let Some(entry) = live.find(|entry| entry.projection == model.projection.name()) {
                let stopped = model.failure.take().filter(Failure::is_the_events);
                *model = Model::found(model.projection, entry);
                model.failure = model.failure.take().or(stopped);
            }
        }
        self
    }

    /// Whether a read model works, or one may come to.
    pub(crate) fn has_work(&self) -> bool {
        let works = |model: &Model| model.failure.is_none() || model.is_outdated();
        self.models.iter().any(works)
    }

    /// Projects the events, oldest first, into every read model that works and has not seen them.
    /// An event that a read model cannot take in stops this read model just before the event; an
    /// error means that nothing at all was written.
    pub(crate) fn apply(&mut self, events: &[Delivery]) -> Result<(), DatabaseError> {
        let mut transaction = Transaction::begin(&mut *self.connection, Purpose::Writing)?;
        let mut models = self.models.clone();
        for model in models.iter_mut().filter(|model| model.failure.is_none()) {
            model.advance(transaction.connection(), events)?;
        }
        transaction.commit()?;
        self.models = models;
        Ok(())
    }
}

impl Drop for Writer {
    /// Leaves behind what can be copied.
    fn drop(&mut self) {
        if let Err(error) = self.connection.settle() {
            tracing::warn!(%error, "the write-ahead log of the projections stays");
        }
    }
}

impl Model {
    /// A read model whose tables are there, and empty.
    pub(crate) fn empty(
        projection: &'static dyn Projection,
        (side, generation): (Side, i64),
    ) -> Self {
        Self {
            projection,
            side,
            generation,
            position: Position::START,
            failure: None,
            building: None,
            names: tables::names(projection, side, generation),
        }
    }

    /// A read model whose tables were there. Whatever stopped it, it tries again.
    pub(crate) fn found(projection: &'static dyn Projection, entry: &Entry) -> Self {
        let outdated = entry.version != projection.version();
        Self {
            position: entry.position,
            failure: outdated.then_some(Failure::Outdated {
                built_by: entry.version,
            }),
            ..Self::empty(projection, (entry.side, entry.generation))
        }
    }

    /// Whether another version of Pawl built it, so that it stays as it is until it is built anew.
    pub(crate) fn is_outdated(&self) -> bool {
        matches!(self.failure, Some(Failure::Outdated { .. }))
    }

    /// Takes in the events that it has not seen, inside a transaction.
    pub(crate) fn advance(
        &mut self,
        connection: &mut dyn Connection,
        events: &[Delivery],
    ) -> Result<(), DatabaseError> {
        let seen = events.partition_point(|event| event.position <= self.position);
        let mut events = &events[seen..];
        connection.execute("SAVEPOINT model", &[])?;
        // One savepoint for all events is much cheaper than one each. When an event fails, what
        // it half did is undone together with the events before it, and those are done again.
        while let Err((failed, refusal)) = self.project(connection, events) {
            let error = refusal.outage_or_message()?;
            connection.execute("ROLLBACK TO SAVEPOINT model", &[])?;
            let position = events[failed].position;
            self.failure = Some(Failure::Event { position, error });
            events = &events[..failed];
        }
        connection.execute("RELEASE SAVEPOINT model", &[])?;
        if let Some(last) = events.last() {
            let way = (self.position, last.position);
            catalog::advance(connection, self.projection, self.side, way)?;
            self.position = last.position;
        }
        if let Some(Failure::Event { position, error }) = &self.failure {
            catalog::stop(connection, self.projection, self.side, (*position, error))?;
        }
        Ok(())
    }

    /// Projects all the events, or answers which one failed and why.
    fn project(
        &mut self,
        connection: &mut dyn Connection,
        events: &[Delivery],
    ) -> Result<(), (usize, Refusal)> {
        let mut rows = Rows::new(connection, &mut self.names);
        for (index, delivery) in events.iter().enumerate() {
            let projected = match &delivery.event {
                None => Ok(()),
                Some(Ok((event, content))) => self
                    .projection
                    .project(&mut rows, event, content)
                    .map_err(Refusal::Project),
                Some(Err(error)) => Err(Refusal::Decode(error.to_string())),
            };
            projected.map_err(|refusal| (index, refusal))?;
        }
        Ok(())
    }
}

/// Why an event did not get into a read model.
enum Refusal {
    Decode(String),
    Project(ProjectionError),
}

impl Refusal {
    /// The message for the status, or the error where not the event is to blame.
    fn outage_or_message(self) -> Result<String, DatabaseError> {
        match self {
            Self::Project(ProjectionError::Sql(error)) if error.is_outage() => Err(error.into()),
            Self::Project(error) => Ok(error.to_string()),
            Self::Decode(message) => Ok(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        testing::{Flaky, History, home_in},
        users::Users,
    };
    use tempfile::TempDir;

    fn writer(directory: &TempDir, projections: &[&'static dyn Projection]) -> Writer {
        Writer::open(&home_in(directory.path()), projections).unwrap()
    }

    /// Three events, at the positions 1, 4 and 7.
    fn events() -> Vec<Delivery> {
        let mut history = History::default();
        let organization = history.organization("Acme");
        history.registered(organization);
        history.registered(organization);
        history.events.into_iter().map(Delivery::from).collect()
    }

    #[test]
    fn a_projection_that_fails_midway_keeps_neither_half_a_row_nor_a_later_checkpoint() {
        let directory = TempDir::new().unwrap();
        let mut writer = writer(&directory, &[Flaky::at(Position(4)), &Users]);
        writer.apply(&events()).unwrap();

        assert_eq!(Flaky::seen(directory.path()), [1]);
        assert_eq!(checkpoint(&directory, "flaky"), 1);
        assert_eq!(checkpoint(&directory, "users"), 7);
    }

    #[test]
    fn a_stopped_projection_stays_where_it_is() {
        let directory = TempDir::new().unwrap();
        let mut writer = writer(&directory, &[Flaky::at(Position(4))]);
        let events = events();
        writer.apply(&events[..2]).unwrap();
        writer.apply(&events[2..]).unwrap();
        assert_eq!(Flaky::seen(directory.path()), [1]);
    }

    #[test]
    fn events_already_seen_are_not_projected_again() {
        let directory = TempDir::new().unwrap();
        let mut writer = writer(&directory, &[Flaky::never()]);
        let events = events();
        writer.apply(&events[..2]).unwrap();
        writer.apply(&events).unwrap();
        assert_eq!(Flaky::seen(directory.path()), [1, 4, 7]);
        assert_eq!(writer.models[0].failure, None);
    }

    #[test]
    fn a_second_writer_is_noticed_and_writes_nothing() {
        let directory = TempDir::new().unwrap();
        // Its rows do not clash, so that only the checkpoint can tell.
        let mut one = writer(&directory, &[&Users]);
        let mut other = writer(&directory, &[&Users]);
        let events = events();
        one.apply(&events[..1]).unwrap();
        let raced = other.apply(&events[..1]);
        assert!(
            matches!(raced, Err(DatabaseError::Raced("users"))),
            "{raced:?}"
        );
        assert_eq!(other.models[0].position, Position::START);
    }

    #[test]
    fn what_another_version_built_stays_as_it_is() {
        let directory = TempDir::new().unwrap();
        writer(&directory, &[Flaky::never(), &Users])
            .apply(&events())
            .unwrap();

        let mut writer = writer(&directory, &[Flaky::version(2), &Users]);
        writer.apply(&events()).unwrap();
        assert_eq!(Flaky::seen(directory.path()), [1, 4, 7]);
        let outdated = Failure::Outdated { built_by: 1 };
        assert_eq!(writer.models[0].failure, Some(outdated));
        assert_eq!(writer.models[1].position, Position(7));
    }

    #[test]
    fn a_read_model_that_this_build_does_not_know_goes() {
        let directory = TempDir::new().unwrap();
        writer(&directory, &[Flaky::never(), &Users]);
        let mut writer = writer(&directory, &[&Users]);
        let tables = writer.connection.tables().unwrap();
        assert!(!tables.iter().any(|name| name == "flaky"), "{tables:?}");
        let entries = catalog::entries(&mut *writer.connection).unwrap();
        assert!(entries.iter().all(|entry| entry.projection == "users"));
    }

    fn checkpoint(directory: &TempDir, name: &str) -> u64 {
        let statuses = crate::status_read_only(&home_in(directory.path()), Position(7)).unwrap();
        let status = statuses.iter().find(|status| status.name == name).unwrap();
        assert_eq!(status.lag_events, 7 - status.position.0);
        status.position.0
    }
}
