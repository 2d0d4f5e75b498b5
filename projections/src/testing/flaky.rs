//! A projection that fails on demand.

use crate::{Projection, ProjectionError, Rows, Table, sql::params};
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
        let mut connection = super::home_in(directory).open_read_only().unwrap();
        let sql = "SELECT position FROM flaky ORDER BY position";
        connection.all(sql, &[], |row| row.at(0)).unwrap()
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
            columns: "position BIGINT NOT NULL",
            key: &["position"],
            indexes: &[],
        }]
    }

    fn project(&self, rows: &mut Rows<'_>, event: &Recorded<Event>) -> Result<(), ProjectionError> {
        let position = i64::try_from(event.position.0).unwrap();
        rows.execute(
            "INSERT INTO flaky (position) VALUES (?1)",
            params![position],
        )?;
        if self.fails_at == Some(event.position) {
            rows.change("UPDATE flaky SET position = 0 WHERE position < 0", &[])?;
        }
        Ok(())
    }
}
