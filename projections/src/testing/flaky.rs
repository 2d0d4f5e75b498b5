//! A projection that fails on demand.

use crate::{Projection, ProjectionError, Rows, Table, database::open_read_only};
use eventstore_schema::{Event, Position, Recorded};
use std::path::Path;

/// Keeps the position of every event, and fails at one of them after half its work.
pub(crate) struct Flaky {
    fails_at: Option<Position>,
    version: u32,
}

impl Flaky {
    pub(crate) fn at(position: Position) -> &'static Self {
        Box::leak(Box::new(Self {
            fails_at: Some(position),
            version: 1,
        }))
    }

    pub(crate) fn never() -> &'static Self {
        Self::version(1)
    }

    pub(crate) fn version(version: u32) -> &'static Self {
        Box::leak(Box::new(Self {
            fails_at: None,
            version,
        }))
    }

    /// The rows in the file `projections.db` of this directory.
    pub(crate) fn seen(directory: &Path) -> Vec<i64> {
        let connection = open_read_only(&directory.join("projections.db")).unwrap();
        let mut rows = connection
            .prepare("SELECT position FROM flaky ORDER BY position")
            .unwrap();
        let positions = rows.query_map([], |row| row.get(0)).unwrap();
        positions.collect::<Result<_, _>>().unwrap()
    }
}

impl Projection for Flaky {
    fn name(&self) -> &'static str {
        "flaky"
    }

    fn version(&self) -> u32 {
        self.version
    }

    fn tables(&self) -> &'static [Table] {
        &[Table {
            name: "flaky",
            create: "CREATE TABLE flaky (position BIGINT PRIMARY KEY) WITHOUT ROWID",
        }]
    }

    fn project(
        &self,
        rows: &mut Rows<'_>,
        event: &Recorded<Event>,
        _: &str,
    ) -> Result<(), ProjectionError> {
        let position = i64::try_from(event.position.0).unwrap();
        rows.execute("INSERT INTO flaky (position) VALUES (?1)", [position])?;
        if self.fails_at == Some(event.position) {
            rows.change("UPDATE flaky SET position = 0 WHERE position < 0", [])?;
        }
        Ok(())
    }
}
