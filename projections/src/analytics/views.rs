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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Projections,
        analytics::{Value, each},
        testing::{History, datasets::everything, readers_of},
    };
    use chrono::Utc;
    use eventstore_schema::Actor;
    use rusqlite::Connection;
    use std::{ops::ControlFlow, path::Path};
    use tempfile::TempDir;

    fn rows_of(file: &Path, view: &str) -> Vec<Vec<Value>> {
        let connection = Connection::open(file).unwrap();
        let mut statement = connection
            .prepare(&format!("SELECT * FROM {view}"))
            .unwrap();
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| (0..columns).map(|at| row.get(at)).collect());
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn whoever_opens_the_file_sees_the_same_rows() {
        let mut history = History::default();
        let acme = history.organization("Acme");
        let admin = history.registered(acme);
        history.signed_in(admin);
        for _ in 0..5 {
            history.code_rejected(admin);
        }
        history.device_confirmed(admin);
        history.enforced(acme, admin.0);
        history.invited(acme, Actor::Operator);
        let machine = history.credential_created(admin);
        history.token_issued(admin, machine);
        let (directory, readers) = readers_of(&history);

        let mut question = everything(None);
        question.now = Utc::now();
        for dataset in DATASETS {
            let mut expected = Vec::new();
            each(&readers, dataset, &question, |row| {
                expected.push(row);
                ControlFlow::Continue(())
            })
            .unwrap();
            assert!(!expected.is_empty(), "{}", dataset.name);
            let file = directory.path().join("projections.db");
            let view = format!("{} ORDER BY {}", dataset.view(), dataset.order.join(", "));
            assert_eq!(rows_of(&file, &view), expected);
        }
    }

    #[test]
    fn the_present_is_that_of_the_clock() {
        let connection = Connection::open_in_memory().unwrap();
        let now: i64 = connection
            .query_row(&format!("SELECT {SQLITE_NOW}"), [], |row| row.get(0))
            .unwrap();
        let apart = Utc::now().timestamp_micros().abs_diff(now);
        assert!(apart < 60_000_000, "{apart} microseconds apart");
    }

    #[test]
    fn views_are_those_of_this_version_and_no_others() {
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("projections.db");
        let views = || {
            let connection = Connection::open(&file).unwrap();
            let sql = "SELECT sql FROM sqlite_schema WHERE type = 'view' ORDER BY name";
            let mut views = connection.prepare(sql).unwrap();
            let views = views.query_map([], |row| row.get::<_, String>(0)).unwrap();
            views.collect::<Result<Vec<_>, _>>().unwrap()
        };
        drop(Projections::open(&file).unwrap());
        let as_made = views();
        assert_eq!(as_made.len(), DATASETS.len());
        Connection::open(&file)
            .unwrap()
            .execute_batch(
                "DROP VIEW analytics_adoption;
                 DROP VIEW analytics_devices;
                 CREATE VIEW analytics_devices AS SELECT 1 AS organization_id;
                 CREATE VIEW analytics_of_another_version AS SELECT 1 AS organization_id",
            )
            .unwrap();
        drop(Projections::open(&file).unwrap());
        assert_eq!(views(), as_made);
    }
}
