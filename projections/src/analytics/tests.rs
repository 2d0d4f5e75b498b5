//! What holds for every dataset.

use super::*;
use crate::{
    READ_MODELS,
    testing::{
        History,
        datasets::{everything, line},
        readers_of,
    },
};
use rusqlite::Connection;
use std::ops::ControlFlow;

#[test]
fn each_dataset_is_described_as_it_is() {
    for dataset in DATASETS {
        let name = dataset.name;
        // Nothing but the tables of its read model is there to select from.
        let database = Connection::open_in_memory().unwrap();
        for table in dataset.projection.tables() {
            database.execute_batch(table.create).unwrap();
        }
        let query = dataset.query("0");
        let statement = database.prepare(&query).unwrap();
        let columns: Vec<_> = dataset.columns.iter().map(|column| column.name).collect();
        let selected: Vec<_> = statement.column_names().collect();
        assert_eq!(selected, columns, "{name}");
        assert_eq!(columns[0], "organization_id", "{name}");
        assert_eq!(dataset.order[0], "organization_id", "{name}");
        let mut named = dataset.order.iter().chain(&dataset.time);
        assert!(named.all(|column| columns.contains(column)), "{name}");
        let model = dataset.projection.name();
        assert!(
            READ_MODELS.iter().any(|each| each.name() == model),
            "{name}"
        );
    }
}

#[test]
fn a_dataset_is_read_page_by_page_and_day_by_day() {
    let mut history = History::default();
    let organizations = ["Acme", "Other"].map(|name| history.organization(name));
    let people = organizations.map(|organization| history.registered(organization));
    for (day, hour) in [(25, 22), (25, 23), (26, 0), (26, 9), (27, 0)] {
        history.clock = Some(format!("2026-11-{day}T{hour:02}:30:00Z"));
        for person in people {
            history.signed_in(person);
        }
    }
    let (_directory, readers) = readers_of(&history);
    let dataset = named("sign_ins").unwrap();
    let [acme, other] = organizations;

    let mut question = everything(Some(acme));
    let hours = |rows: &[Vec<Value>]| -> Vec<String> {
        let hours = rows.iter().map(|row| line(&row[..2]));
        hours.map(|hour| hour[8..13].to_owned()).collect()
    };
    let mut after = None;
    for (expected, more) in [
        (vec!["25T22", "25T23"], true),
        (vec!["26T00", "26T09"], true),
        (vec!["27T00"], false),
    ] {
        let page = page(&readers, dataset, &question, after.as_deref(), 2).unwrap();
        assert_eq!(hours(&page.items), expected);
        assert_eq!(page.next.is_some(), more);
        after = page.next;
    }
    // From the first day on, and before the last.
    question.from = Some("2026-11-26".parse().unwrap());
    question.until = Some("2026-11-27".parse().unwrap());
    let day = page(&readers, dataset, &question, None, 9).unwrap();
    assert_eq!(hours(&day.items), ["26T00", "26T09"]);

    let mut of_all = Vec::new();
    each(&readers, dataset, &everything(None), |row| {
        of_all.push(row[0].clone());
        match of_all.len() {
            7 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    })
    .unwrap();
    let [acme, other] = [acme, other].map(|id| Value::Text(id.to_string()));
    assert_eq!(of_all[..5], vec![acme; 5]);
    assert_eq!(of_all[5..], vec![other; 2]);
}
