//! The table `read_models`: how far each read model has come, and which one is being built beside it.

use crate::{
    DatabaseError, Failure, Projection,
    checkpoint::Checkpoint,
    sql::{
        Connection, Row, SqlError, params,
        value::{Text, Whole},
    },
    writer::Model,
};
use eventstore_schema::Position;
use std::{collections::BTreeMap, fmt::Write as _};

/// The name of the table.
pub(crate) const CATALOG: &str = "read_models";

/// Which of its two sets of tables an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Those that are read.
    Live,
    /// Those that are built to take their place.
    Building,
}

impl Side {
    fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Building => "building",
        }
    }
}

/// What the table says of one side of a read model.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) projection: String,
    pub(crate) side: Side,
    /// The version that built the rows.
    pub(crate) version: u32,
    /// Counts how often the read model was built; tells the tables of a building from others.
    pub(crate) generation: i64,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) failure: Option<Failure>,
}

pub(crate) fn create(connection: &mut dyn Connection) -> Result<(), SqlError> {
    connection.script(
        "CREATE TABLE IF NOT EXISTS read_models (
             projection TEXT NOT NULL,
             side TEXT NOT NULL,
             version BIGINT NOT NULL,
             generation BIGINT NOT NULL,
             position BIGINT NOT NULL,
             event_id TEXT,
             stopped_before BIGINT,
             stopped_by TEXT,
             PRIMARY KEY (projection, side)
         )",
    )?;
    // A build of Pawl made it without.
    if !connection.has_column(CATALOG, "event_id")? {
        connection.script("ALTER TABLE read_models ADD COLUMN event_id TEXT")?;
    }
    Ok(())
}

/// Everything that the table says.
pub(crate) fn entries(connection: &mut dyn Connection) -> Result<Vec<Entry>, SqlError> {
    let all = "SELECT * FROM read_models ORDER BY projection, side DESC";
    connection.all(all, &[], entry_from)
}

/// What the table says of this side of the read model.
pub(crate) fn find(
    connection: &mut dyn Connection,
    projection: &dyn Projection,
    side: Side,
) -> Result<Option<Entry>, SqlError> {
    connection.first(
        "SELECT * FROM read_models WHERE projection = ?1 AND side = ?2",
        params![projection.name(), side.word()],
        entry_from,
    )
}

fn entry_from(row: &Row<'_>) -> Result<Entry, SqlError> {
    let stopped_before = row.get::<Option<Whole>>("stopped_before")?;
    let stopped_by = row.get::<Option<String>>("stopped_by")?;
    let failure = stopped_before
        .zip(stopped_by)
        .map(|(Whole(position), error)| Failure::Event {
            position: Position(position),
            error,
        });
    Ok(Entry {
        projection: row.get("projection")?,
        side: match row.get::<String>("side")?.as_str() {
            "building" => Side::Building,
            _ => Side::Live,
        },
        version: row.get("version")?,
        generation: row.get("generation")?,
        checkpoint: Checkpoint {
            position: Position(row.get::<Whole>("position")?.0),
            event_id: row.get::<Option<Text<_>>>("event_id")?.map(|id| id.0),
        },
        failure,
    })
}

/// Notes that the tables of this side are there, and empty.
pub(crate) fn begin(
    connection: &mut dyn Connection,
    projection: &dyn Projection,
    side: Side,
    generation: i64,
) -> Result<(), SqlError> {
    remove(connection, projection.name(), side)?;
    connection.execute(
        "INSERT INTO read_models (projection, side, version, generation, position)
         VALUES (?1, ?2, ?3, ?4, 0)",
        params![
            projection.name(),
            side.word(),
            projection.version(),
            generation
        ],
    )?;
    Ok(())
}

/// Notes that the building has taken the place of what was read.
pub(crate) fn promote(
    connection: &mut dyn Connection,
    projection: &dyn Projection,
) -> Result<(), SqlError> {
    remove(connection, projection.name(), Side::Live)?;
    connection.execute(
        "UPDATE read_models SET side = 'live' WHERE projection = ?1 AND side = 'building'",
        params![projection.name()],
    )?;
    Ok(())
}

pub(crate) fn remove(
    connection: &mut dyn Connection,
    projection: &str,
    side: Side,
) -> Result<(), SqlError> {
    connection.execute(
        "DELETE FROM read_models WHERE projection = ?1 AND side = ?2",
        params![projection, side.word()],
    )?;
    Ok(())
}

/// Checkpoints on their way from where this writer left them. Those that stand at the same place, as
/// nearly all do, are moved by one statement.
#[derive(Default)]
pub(crate) struct Moves(
    BTreeMap<(&'static str, Checkpoint, Checkpoint), Vec<&'static dyn Projection>>,
);

impl Moves {
    /// Notes that a read model comes this far.
    pub(crate) fn note(&mut self, model: &Model, to: Checkpoint) {
        let way = (model.side.word(), model.checkpoint, to);
        self.0.entry(way).or_default().push(model.projection);
    }

    /// Moves them. Where one is elsewhere, another writer is at work, and applying events twice would
    /// make the rows wrong.
    pub(crate) fn make(self, connection: &mut dyn Connection) -> Result<(), DatabaseError> {
        for ((side, from, to), models) in self.0 {
            let mut versions = String::from(",");
            for model in &models {
                let _ = write!(versions, "{} {},", model.name(), model.version());
            }
            let moved = connection.execute(
                "UPDATE read_models
                 SET position = ?3, event_id = ?4, stopped_before = NULL, stopped_by = NULL
                 WHERE side = ?1 AND position = ?2 AND event_id IS NOT DISTINCT FROM ?6
                     AND ?5 LIKE '%,' || projection || ' ' || version || ',%'",
                params![
                    side,
                    Whole(from.position.0),
                    Whole(to.position.0),
                    to.event_id.map(Text),
                    versions,
                    from.event_id.map(Text)
                ],
            )?;
            if moved != models.len() {
                return Err(DatabaseError::Raced(models[0].name()));
            }
        }
        Ok(())
    }
}

/// Notes what stopped the read model, for whoever asks from outside this process.
pub(crate) fn stop(
    connection: &mut dyn Connection,
    projection: &dyn Projection,
    side: Side,
    (position, error): (Position, &str),
) -> Result<(), SqlError> {
    connection.execute(
        "UPDATE read_models SET stopped_before = ?3, stopped_by = ?4
         WHERE projection = ?1 AND side = ?2",
        params![projection.name(), side.word(), Whole(position.0), error],
    )?;
    Ok(())
}
