//! The one writer of the read models: events in, rows and checkpoints out, in one transaction.

use crate::{
    DatabaseError, Failure, Home, Projection, ProjectionError, Rows,
    catalog::{self, Entry, Moves, Side},
    checkpoint::Checkpoint,
    sql::{Connection, Purpose, Transaction, names::Names},
    tables,
};
use eventstore_schema::{DecodeError, Event, EventId, Position, Recorded, RecordedEvent};

/// An event on its way to the read models: decoded once for all of them, or found unreadable, or
/// none of Pawl's.
pub(crate) struct Delivery {
    pub(crate) position: Position,
    id: EventId,
    event: Option<Result<Recorded<Event>, DecodeError>>,
}

impl From<RecordedEvent> for Delivery {
    fn from(event: RecordedEvent) -> Self {
        Self {
            position: event.position,
            id: event.id,
            event: event.stream.is_ours().then(|| event.decode()),
        }
    }
}

impl Delivery {
    /// How far a read model has come that has seen it.
    fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            position: self.position,
            event_id: Some(self.id),
        }
    }
}

/// One side of a read model, and how far it has come.
#[derive(Clone)]
pub(crate) struct Model {
    pub(crate) projection: &'static dyn Projection,
    pub(crate) side: Side,
    pub(crate) generation: i64,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) failure: Option<Failure>,
    /// How far the one has come that is to take its place.
    pub(crate) building: Option<Position>,
    names: Names,
}

/// How far the slowest read model that still works has come, `None` where none works.
pub(crate) fn lowest_healthy(models: &[Model]) -> Option<Position> {
    let healthy = models.iter().filter(|model| model.failure.is_none());
    healthy.map(|model| model.checkpoint.position).min()
}

pub(crate) struct Writer {
    pub(crate) connection: Box<dyn Connection>,
    pub(crate) models: Vec<Model>,
    /// Whether it is this one that follows the log, or another node that shares the database.
    pub(crate) leads: bool,
    home: Home,
}

impl Writer {
    /// Finds how far each read model has come. Whoever follows the log makes the tables of those that
    /// are not there; one that another version of Pawl built stays as it is, to be built anew beside.
    pub(crate) fn open(
        home: &Home,
        projections: &[&'static dyn Projection],
    ) -> Result<Self, DatabaseError> {
        let models = projections.iter().copied().map(Model::missing).collect();
        let mut writer = Self::of(home, home.open_writable()?, models);
        writer.look()?;
        Ok(writer)
    }

    /// One that writes these, and follows no log.
    pub(crate) fn of(home: &Home, connection: Box<dyn Connection>, models: Vec<Model>) -> Self {
        Self {
            connection,
            models,
            leads: false,
            home: home.clone(),
        }
    }

    /// Looks again how far each read model has come, after something went wrong or one was built:
    /// another process may have moved it on. A connection that has ended is replaced.
    pub(crate) fn refresh(&mut self) -> Result<(), DatabaseError> {
        if self.connection.is_broken() {
            self.connection = self.home.open_writable()?;
        }
        self.look()
    }

    /// Gives back the right to follow the log, which belongs to the connection.
    pub(crate) fn step_down(&mut self) -> Result<(), DatabaseError> {
        self.connection = self.home.open_writable()?;
        self.leads = false;
        Ok(())
    }

    fn look(&mut self) -> Result<(), DatabaseError> {
        let led = self.leads;
        let mut transaction = Transaction::begin(&mut *self.connection, Purpose::Writing)?;
        let inside = transaction.connection();
        catalog::create(inside)?;
        let entries = catalog::entries(inside)?;
        let projections: Vec<_> = self.models.iter().map(|model| model.projection).collect();
        self.leads = may_lead(&self.home, &projections, &entries) && inside.lead()?;
        // What one node does not know, another one of another version may.
        if self.leads && !self.home.is_shared() {
            tables::drop_left_overs(inside, &projections)?;
        }
        for model in &mut self.models {
            // Whoever begins to follow tries again what stopped another.
            let stopped = model.failure.take();
            let stopped = stopped.filter(|failure| led && failure.is_the_events());
            let projection = model.projection;
            *model = match Model::in_entries(projection, &entries) {
                None if self.leads => {
                    let side = (Side::Live, 0);
                    tables::create(inside, projection, side)?;
                    tables::index(inside, projection, side)?;
                    Model::empty(projection, side)
                }
                None => Model::missing(projection),
                Some(found) => found,
            };
            model.failure = model.failure.take().or(stopped);
        }
        transaction.commit()?;
        Ok(())
    }

    /// Sees how far another node has brought the read models, and whether it is this one's turn.
    pub(crate) fn glance(&mut self) -> Result<bool, DatabaseError> {
        let entries = catalog::entries(&mut *self.connection)?;
        for model in &mut self.models {
            let projection = model.projection;
            let mut live = entries.iter().filter(|entry| entry.side == Side::Live);
            let live = live.find(|entry| entry.projection == projection.name());
            let building = model.building;
            *model = Model::in_entries(projection, &entries)
                .unwrap_or_else(|| Model::missing(projection));
            let stopped = live.and_then(|live| live.failure.clone());
            model.failure = model.failure.take().or(stopped);
            model.building = building;
        }
        let projections: Vec<_> = self.models.iter().map(|model| model.projection).collect();
        Ok(may_lead(&self.home, &projections, &entries) && self.connection.lead()?)
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
        if let Some(models) = self.apply_whole(events)? {
            self.models = models;
            return Ok(());
        }
        let mut transaction = Transaction::begin(&mut *self.connection, Purpose::Writing)?;
        let mut models = self.models.clone();
        for model in models.iter_mut().filter(|model| model.failure.is_none()) {
            model.advance(transaction.connection(), events)?;
        }
        transaction.commit()?;
        self.models = models;
        Ok(())
    }

    /// The same where every read model takes in every event, as they nearly always do: without a point
    /// to go back to for each of them. Otherwise `None`, and nothing was written.
    fn apply_whole(&mut self, events: &[Delivery]) -> Result<Option<Vec<Model>>, DatabaseError> {
        let mut transaction = Transaction::begin(&mut *self.connection, Purpose::Writing)?;
        let mut models = self.models.clone();
        let mut moves = Moves::default();
        for model in models.iter_mut().filter(|model| model.failure.is_none()) {
            let unseen = model.unseen(events);
            if let Err((_, refusal)) = model.project(transaction.connection(), unseen) {
                refusal.outage_or_message()?;
                return Ok(None);
            }
            if let Some(last) = unseen.last() {
                moves.note(model, last.checkpoint());
                model.checkpoint = last.checkpoint();
            }
        }
        moves.make(transaction.connection())?;
        transaction.commit()?;
        Ok(Some(models))
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
            checkpoint: Checkpoint::default(),
            failure: None,
            building: None,
            names: tables::names(projection, side, generation),
        }
    }

    /// A read model that is not there yet: the node that follows the log makes it.
    fn missing(projection: &'static dyn Projection) -> Self {
        Self {
            failure: Some(Failure::Outdated { built_by: 0 }),
            ..Self::empty(projection, (Side::Live, 0))
        }
    }

    /// The read model that is read, as the entries have it.
    fn in_entries(projection: &'static dyn Projection, entries: &[Entry]) -> Option<Self> {
        let mut live = entries.iter().filter(|entry| entry.side == Side::Live);
        let live = live.find(|entry| entry.projection == projection.name())?;
        Some(Self::found(projection, live))
    }

    /// A read model whose tables were there. Whatever stopped it, it tries again.
    pub(crate) fn found(projection: &'static dyn Projection, entry: &Entry) -> Self {
        let outdated = entry.version != projection.version();
        Self {
            checkpoint: entry.checkpoint,
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

    /// Those of the events that it has not seen.
    fn unseen<'e>(&self, events: &'e [Delivery]) -> &'e [Delivery] {
        &events[events.partition_point(|event| event.position <= self.checkpoint.position)..]
    }

    /// Takes in the events that it has not seen, inside a transaction.
    pub(crate) fn advance(
        &mut self,
        connection: &mut dyn Connection,
        events: &[Delivery],
    ) -> Result<(), DatabaseError> {
        let mut events = self.unseen(events);
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
            let mut moves = Moves::default();
            moves.note(self, last.checkpoint());
            moves.make(connection)?;
            self.checkpoint = last.checkpoint();
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
        let handed = hand(self.projection, &mut rows, events);
        // What was still under way came before what failed at once.
        let finished = rows.finish();
        finished.map_err(|(index, error)| (index, Refusal::Project(error)))?;
        handed
    }
}

/// Hands the events to the read model, or answers which one it refused and why.
fn hand(
    projection: &dyn Projection,
    rows: &mut Rows<'_>,
    events: &[Delivery],
) -> Result<(), (usize, Refusal)> {
    for (index, delivery) in events.iter().enumerate() {
        rows.begin(index);
        let projected = match &delivery.event {
            None => Ok(()),
            Some(Ok(event)) => projection.project(rows, event).map_err(Refusal::Project),
            Some(Err(error)) => Err(Refusal::Decode(error.to_string())),
        };
        projected.map_err(|refusal| (rows.event(), refusal))?;
    }
    Ok(())
}

/// Whether a node with these read models may follow the log. Where a newer version of one is read that
/// others share, an older node would only take it away from them.
fn may_lead(home: &Home, projections: &[&'static dyn Projection], entries: &[Entry]) -> bool {
    let is_newer = |entry: &&Entry| {
        let mut ours = projections.iter();
        let ours = ours.find(|projection| projection.name() == entry.projection);
        entry.side == Side::Live && ours.is_some_and(|ours| entry.version > ours.version())
    };
    !(home.is_shared() && entries.iter().any(|entry| is_newer(&entry)))
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
mod tests;
