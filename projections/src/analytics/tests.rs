//! What holds for every dataset.

mod naive;

use super::*;
use crate::{
    READ_MODELS,
    testing::{
        History, at,
        datasets::{everything, line},
        random, readers_of,
    },
};
use chrono::Utc;
use eventstore_schema::{Actor, Event, OrganizationEvent, OrganizationId};
use naive::Naive;
use proptest::prelude::*;
use rusqlite::{Connection, types::ValueRef};
use std::{ops::ControlFlow, path::Path};

#[test]
fn each_dataset_is_described_as_it_is() {
    for dataset in DATASETS {
        let name = dataset.name;
        // Nothing but the tables of its read model is there to select from.
        let database = Connection::open_in_memory().unwrap();
        for table in dataset.projection.tables() {
            let (name, columns) = (table.name, table.columns);
            let create = format!("CREATE TABLE {name} ({columns})");
            database.execute_batch(&create).unwrap();
        }
        let query = dataset.query("'2026-11-26T00:00:00Z'");
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
        let mut views = dataset.projection.views().iter();
        let view = views.find(|view| view.name == dataset.view()).unwrap();
        assert_eq!(view.select, dataset.sql, "{name}");
    }
    let views = READ_MODELS.iter().flat_map(|model| model.views());
    assert_eq!(views.count(), DATASETS.len());
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

fn rows_of(file: &Path, view: &str) -> Vec<Vec<Value>> {
    let connection = Connection::open(file).unwrap();
    let mut statement = connection
        .prepare(&format!("SELECT * FROM {view}"))
        .unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        let values = (0..columns).map(|column| match row.get_ref(column)? {
            ValueRef::Null => Ok(Value::Nothing),
            ValueRef::Integer(number) => Ok(Value::Number(number)),
            other => Ok(Value::Text(other.as_str()?.to_owned())),
        });
        values.collect()
    });
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

/// The organizations of a history.
fn organizations(history: &History) -> Vec<OrganizationId> {
    let events = history
        .events
        .iter()
        .map(|event| event.clone().decode().unwrap());
    let registered = events.filter(|event| {
        let what = &event.data;
        matches!(
            what,
            Event::Organization(OrganizationEvent::OrganizationRegistered(_))
        )
    });
    registered
        .filter_map(|event| event.metadata.organization_id)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn the_counts_are_those_of_the_whole_history(
        steps in prop::collection::vec(any::<(u8, prop::sample::Index)>(), 1..300),
        now in 0..3_000_usize,
    ) {
        let history = random::history(&steps);
        let (_directory, readers) = readers_of(&history);
        let now = at(now);
        for organization in organizations(&history) {
            let naive = Naive::of(&history, organization, now);
            let question = Question { now, ..everything(Some(organization)) };
            for dataset in DATASETS {
                let expected = match dataset.name {
                    "adoption" => naive.adoption(),
                    "enforcement" => naive.enforcement(),
                    "devices" => naive.devices(),
                    "sign_ins" => naive.sign_ins(),
                    "rejected_codes" => naive.rejected_codes(),
                    "invitations" => naive.invitations(),
                    "credential_use" => naive.credential_use(),
                    other => panic!("{other} is not counted"),
                };
                let mut found = Vec::new();
                each(&readers, dataset, &question, |row| {
                    assert_eq!(row[0], Value::Text(organization.to_string()));
                    expect_kinds(dataset, &row);
                    found.push(line(&row));
                    ControlFlow::Continue(())
                })
                .unwrap();
                prop_assert_eq!(found, expected, "{}", dataset.name);
            }
        }
    }
}

/// Each value is of the kind of its column.
fn expect_kinds(dataset: &Dataset, row: &[Value]) {
    for (column, value) in dataset.columns.iter().zip(row) {
        let as_told = match (column.kind, value) {
            (Kind::Id, Value::Text(text)) => text.parse::<uuid::Uuid>().is_ok(),
            (Kind::Date, Value::Text(text)) => text.parse::<chrono::NaiveDate>().is_ok(),
            (Kind::Time, Value::Text(text)) => text.len() == 20 && text.ends_with('Z'),
            (Kind::Text, Value::Text(_)) | (Kind::Seconds, Value::Nothing) => true,
            (Kind::Count | Kind::Seconds, Value::Number(number)) => *number >= 0,
            _ => false,
        };
        let (dataset, column) = (dataset.name, column.name);
        assert!(as_told, "{dataset}.{column} is {value:?}");
    }
}
