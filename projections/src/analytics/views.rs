//! The views in the database, for tools that read it with SQL.

use super::DATASETS;
use crate::Projection;
use rusqlite::Transaction;

/// The present for SQLite, in microseconds since 1970 UTC.
const SQLITE_NOW: &str = "CAST(strftime('%s', 'now') AS BIGINT) * 1000000";

/// Makes the views over the tables of these read models, where they are not there as they should be,
/// and drops all others.
pub(crate) fn keep_views(
    transaction: &Transaction<'_>,
    projections: &[&'static dyn Projection],
) -> rusqlite::Result<()> {
    let known = |name: &str| projections.iter().any(|model| model.name() == name);
    let wanted: Vec<String> = DATASETS
        .iter()
        .filter(|dataset| known(dataset.projection.name()))
        .map(|dataset| {
            let query = dataset.query(SQLITE_NOW);
            format!("CREATE VIEW {} AS {query}", dataset.view())
        })
        .collect();
    let found: Vec<(String, String)> = transaction
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'view'")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (name, sql) in &found {
        if !wanted.contains(sql) {
            transaction.execute_batch(&format!("DROP VIEW \"{}\"", name.replace('"', "\"\"")))?;
        }
    }
    for view in &wanted {
        if !found.iter().any(|(_, sql)| sql == view) {
            transaction.execute_batch(view)?;
        }
    }
    Ok(())
}
