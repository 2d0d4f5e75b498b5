//! The one writer of the read models: events in, rows and checkpoints out, in one transaction.

use crate::{
    DatabaseError, Failure, Projection, ProjectionError, Rows, analytics::keep_views,
    database::is_outage, value::Whole,
};
use eventstore_schema::{DecodeError, Event, Position, Recorded, RecordedEvent};
use rusqlite::{
    Connection, OptionalExtension, Savepoint, Transaction, TransactionBehavior::Immediate, params,
};

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

/// A read model and how far it has come.
#[derive(Clone)]
pub(crate) struct Model {
    pub(crate) projection: &'static dyn Projection,
    pub(crate) position: Position,
    pub(crate) failure: Option<Failure>,
}

/// How far the slowest read model that still works has come, `None` where none works.
pub(crate) fn lowest_healthy(models: &[Model]) -> Option<Position> {
    let healthy = models.iter().filter(|model| model.failure.is_none());
    healthy.map(|model| model.position).min()
}

pub(crate) struct Writer {
    connection: Connection,
    pub(crate) models: Vec<Model>,
}

impl Writer {
    /// Finds each read model's checkpoint, and empties those that another version built.
    pub(crate) fn new(
        mut connection: Connection,
        projections: &[&'static dyn Projection],
    ) -> Result<Self, DatabaseError> {
        let transaction = connection.transaction_with_behavior(Immediate)?;
        let mut models = Vec::with_capacity(projections.len());
        for &projection in projections {
            models.push(Model {
                projection,
                position: find_or_create(&transaction, projection)?,
                failure: None,
            });
        }
        drop_left_overs(&transaction, projections)?;
        keep_views(&transaction, projections)?;
        transaction.commit()?;
        Ok(Self { connection, models })
    }

    /// Keeps the read models with these names only, and empties them. The tables themselves stay,
    /// so that a dump of the file lists them in the same order afterwards.
    pub(crate) fn restart(&mut self, names: Option<&[&str]>) -> Result<(), DatabaseError> {
        if let Some(names) = names {
            let known = |name: &str| self.models.iter().any(|m| m.projection.name() == name);
            if let Some(unknown) = names.iter().find(|name| !known(name)) {
                return Err(DatabaseError::UnknownProjection((*unknown).to_owned()));
            }
            self.models
                .retain(|model| names.contains(&model.projection.name()));
        }
        let transaction = self.connection.transaction_with_behavior(Immediate)?;
        for model in &mut self.models {
            for table in model.projection.tables() {
                transaction.execute(&format!("DELETE FROM {}", table.name), [])?;
            }
            set_checkpoint(&transaction, model.projection, Position::START)?;
            (model.position, model.failure) = (Position::START, None);
        }
        transaction.commit()?;
        Ok(())
    }

    /// Projects the events, oldest first, into every read model that works and has not seen them.
    /// An event that a read model cannot take in stops this read model just before the event; an
    /// error means that nothing at all was written.
    pub(crate) fn apply(&mut self, events: &[Delivery]) -> Result<(), DatabaseError> {
        let mut transaction = self.connection.transaction_with_behavior(Immediate)?;
        let mut models = self.models.clone();
        for model in models.iter_mut().filter(|model| model.failure.is_none()) {
            model.advance(&mut transaction, events)?;
        }
        transaction.commit()?;
        self.models = models;
        Ok(())
    }
}

impl Drop for Writer {
    /// Leaves one whole file behind, which can be copied. Readers cannot do it when they close.
    fn drop(&mut self) {
        let emptied = self
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        if let Err(error) = emptied {
            tracing::warn!(%error, "the write-ahead log of the projections stays");
        }
    }
}

impl Model {
    fn advance(
        &mut self,
        transaction: &mut Transaction<'_>,
        events: &[Delivery],
    ) -> Result<(), DatabaseError> {
        let seen = events.partition_point(|event| event.position <= self.position);
        let mut events = &events[seen..];
        let mut savepoint = transaction.savepoint()?;
        // One savepoint for all events is much cheaper than one each. When an event fails, what
        // it half did is undone together with the events before it, and those are done again.
        while let Err((failed, error)) = self.project(&savepoint, events) {
            savepoint.rollback()?;
            let position = events[failed].position;
            self.failure = Some(Failure::Event {
                position,
                error: error.outage_or_message()?,
            });
            events = &events[..failed];
        }
        if let Some(last) = events.last() {
            move_checkpoint(&savepoint, self.projection, self.position, last.position)?;
            self.position = last.position;
        }
        Ok(savepoint.commit()?)
    }

    /// Projects all the events, or answers which one failed and why.
    fn project(
        &self,
        savepoint: &Savepoint<'_>,
        events: &[Delivery],
    ) -> Result<(), (usize, Refusal)> {
        let mut rows = Rows::new(savepoint);
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
            Self::Project(ProjectionError::Sqlite(error)) if is_outage(&error) => Err(error.into()),
            Self::Project(error) => Ok(error.to_string()),
            Self::Decode(message) => Ok(message),
        }
    }
}

/// The read model's checkpoint; where it has none of this version, its tables are made anew.
fn find_or_create(
    transaction: &Transaction<'_>,
    projection: &dyn Projection,
) -> Result<Position, DatabaseError> {
    let checkpoint = transaction
        .query_row(
            "SELECT position FROM checkpoints WHERE projection = ?1 AND version = ?2",
            params![projection.name(), projection.version()],
            |row| row.get::<_, Whole>(0),
        )
        .optional()?;
    if let Some(Whole(position)) = checkpoint {
        return Ok(Position(position));
    }
    for table in projection.tables() {
        transaction.execute_batch(&format!("DROP TABLE IF EXISTS {}", table.name))?;
        transaction.execute_batch(table.create)?;
    }
    set_checkpoint(transaction, projection, Position::START)?;
    Ok(Position::START)
}

/// Drops the tables and checkpoints of read models, or of their versions, that this build does not
/// know: the file holds nothing else.
fn drop_left_overs(
    transaction: &Transaction<'_>,
    projections: &[&'static dyn Projection],
) -> Result<(), DatabaseError> {
    let names_of = |sql: &str| -> rusqlite::Result<Vec<String>> {
        transaction
            .prepare(sql)?
            .query_map([], |row| row.get(0))?
            .collect()
    };
    for name in names_of("SELECT projection FROM checkpoints")? {
        if !projections
            .iter()
            .any(|projection| projection.name() == name)
        {
            transaction.execute("DELETE FROM checkpoints WHERE projection = ?1", [name])?;
        }
    }
    for name in names_of("SELECT name FROM sqlite_schema WHERE type = 'table'")? {
        let mut tables = projections
            .iter()
            .flat_map(|projection| projection.tables());
        if name != "checkpoints" && !tables.any(|table| table.name == name) {
            transaction.execute_batch(&format!("DROP TABLE \"{}\"", name.replace('"', "\"\"")))?;
        }
    }
    Ok(())
}

fn set_checkpoint(
    transaction: &Transaction<'_>,
    projection: &dyn Projection,
    position: Position,
) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO checkpoints (projection, version, position) VALUES (?1, ?2, ?3)
         ON CONFLICT (projection) DO UPDATE
         SET version = excluded.version, position = excluded.position",
        params![projection.name(), projection.version(), Whole(position.0)],
    )?;
    Ok(())
}

/// Moves the checkpoint on from where this writer left it. Where it is elsewhere, another writer
/// is at work, and applying events twice would make the rows wrong.
fn move_checkpoint(
    connection: &Connection,
    projection: &dyn Projection,
    from: Position,
    to: Position,
) -> Result<(), DatabaseError> {
    let moved = connection
        .prepare_cached(
            "UPDATE checkpoints SET position = ?4
             WHERE projection = ?1 AND version = ?2 AND position = ?3",
        )?
        .execute(params![
            projection.name(),
            projection.version(),
            Whole(from.0),
            Whole(to.0)
        ])?;
    match moved {
        1 => Ok(()),
        _ => Err(DatabaseError::Raced(projection.name())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        database::open_writable,
        testing::{Flaky, History},
        users::Users,
    };
    use std::path::Path;
    use tempfile::TempDir;

    fn writer(directory: &Path, projections: &[&'static dyn Projection]) -> Writer {
        let connection = open_writable(&directory.join("projections.db")).unwrap();
        Writer::new(connection, projections).unwrap()
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
        let mut writer = writer(directory.path(), &[Flaky::at(Position(4)), &Users]);
        writer.apply(&events()).unwrap();

        assert_eq!(Flaky::seen(directory.path()), [1]);
        assert_eq!(checkpoint(&directory, "flaky"), 1);
        assert_eq!(checkpoint(&directory, "users"), 7);
    }

    #[test]
    fn a_stopped_projection_stays_where_it_is() {
        let directory = TempDir::new().unwrap();
        let mut writer = writer(directory.path(), &[Flaky::at(Position(4))]);
        let events = events();
        writer.apply(&events[..2]).unwrap();
        writer.apply(&events[2..]).unwrap();
        assert_eq!(Flaky::seen(directory.path()), [1]);
    }

    #[test]
    fn events_already_seen_are_not_projected_again() {
        let directory = TempDir::new().unwrap();
        let mut writer = writer(directory.path(), &[Flaky::never()]);
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
        let mut one = writer(directory.path(), &[&Users]);
        let mut other = writer(directory.path(), &[&Users]);
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
    fn another_version_starts_from_nothing() {
        let directory = TempDir::new().unwrap();
        writer(directory.path(), &[Flaky::never(), &Users])
            .apply(&events())
            .unwrap();

        let writer = writer(directory.path(), &[Flaky::version(2), &Users]);
        assert_eq!(Flaky::seen(directory.path()), [0; 0]);
        assert_eq!(writer.models[0].position, Position::START);
        assert_eq!(writer.models[1].position, Position(7));
    }

    #[test]
    fn a_read_model_that_this_build_does_not_know_goes() {
        let directory = TempDir::new().unwrap();
        writer(directory.path(), &[Flaky::never(), &Users]);
        let writer = writer(directory.path(), &[&Users]);
        let left: i64 = writer
            .connection
            .query_row(
                "SELECT (SELECT count(*) FROM sqlite_schema WHERE name LIKE 'flaky%')
                      + (SELECT count(*) FROM checkpoints WHERE projection = 'flaky')",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(left, 0);
    }

    fn checkpoint(directory: &TempDir, name: &str) -> u64 {
        let file = directory.path().join("projections.db");
        let statuses = crate::status_read_only(file, Position(7)).unwrap();
        let status = statuses.iter().find(|status| status.name == name).unwrap();
        assert_eq!(status.lag_events, 7 - status.position.0);
        status.position.0
    }
}
