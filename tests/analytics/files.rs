//! Exported files hold what the views hold, and the views hold what happened, whichever tool reads them.

use crate::{
    PAWL, database, export, names_in, run, sqlite3,
    story::{self, MACHINE, Story},
};
use projections::analytics::{DATASETS, Dataset, Kind};
use serde_json::{Value, json};
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};
use tempfile::TempDir;
use tokio::process::Command;

/// The rows of a view in their order, as Debian's sqlite3 reads them.
async fn rows_of_view(data: &Path, dataset: &Dataset) -> Vec<Value> {
    let (view, order) = (dataset.view(), dataset.order.join(", "));
    let sql = format!("SELECT * FROM {view} ORDER BY {order}");
    let rows = run(sqlite3(&database(data), &sql)).await.well();
    serde_json::from_str(&rows).unwrap()
}

/// What the tools of analysts find in a folder of exported files and in the views.
async fn read_by_tools(folder: &Path, data: &Path) -> Value {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut python = Command::new(here.join("../target/clients/analytics/bin/python"));
    python
        .arg(here.join("analytics/read.py"))
        .arg(folder)
        .arg(database(data));
    serde_json::from_str(&run(python).await.well()).unwrap()
}

/// The types of the columns in the words of a tool: text, day, time, number.
fn types(dataset: &Dataset, words: [&str; 4]) -> Value {
    let word = |kind| match kind {
        Kind::Id | Kind::Text => words[0],
        Kind::Date => words[1],
        Kind::Time => words[2],
        Kind::Count | Kind::Seconds => words[3],
    };
    let columns = dataset.columns.iter();
    let types = columns.map(|column| (column.name.to_owned(), json!(word(column.kind))));
    Value::Object(types.collect())
}

/// The rows as CSV has them: no cell begins like a formula.
fn harmless(mut rows: Vec<Value>) -> Vec<Value> {
    for row in &mut rows {
        if row["name"] == MACHINE {
            row["name"] = json!(format!("'{MACHINE}"));
        }
    }
    rows
}

/// The rows in some order, numbers and text alike.
fn sorted_text(rows: &Value) -> Vec<String> {
    let rows = rows.as_array().unwrap().iter();
    let mut rows: Vec<_> = rows
        .map(|row| {
            let cells = row.as_object().unwrap().iter();
            let cells = cells.map(|(name, value)| match value {
                Value::String(text) => format!("{name}: {text}"),
                other => format!("{name}: {other}"),
            });
            cells.collect::<Vec<_>>().join(", ")
        })
        .collect();
    rows.sort();
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn duckdb_and_pandas_read_what_happened() {
    let Story { server, acme, .. } = story::told().await;
    let folder = TempDir::new().unwrap();
    let output = folder.path().to_str().unwrap();
    let data = server.data();
    let csv = export(data, &["--format", "csv", "--output", output]);
    run(csv).await.well();
    let parquet = export(data, &["--format", "parquet", "--output", output]);
    run(parquet).await.well();
    let found = read_by_tools(folder.path(), data).await;

    for dataset in DATASETS {
        let name = dataset.name;
        let rows = rows_of_view(data, dataset).await;
        assert!(!rows.is_empty(), "{name}");
        let csv = harmless(rows.clone());
        for (tool, rows) in [
            ("duckdb parquet", &rows),
            ("pandas parquet", &rows),
            ("duckdb csv", &csv),
            ("pandas csv", &csv),
        ] {
            assert_eq!(found[tool][name]["rows"], json!(rows), "{name} by {tool}");
        }
        for tool in ["duckdb sqlite", "pandas sqlite"] {
            let found = sorted_text(&found[tool][name]["rows"]);
            assert_eq!(found, sorted_text(&json!(rows)), "{name} by {tool}");
        }
        let time = "TIMESTAMP WITH TIME ZONE";
        let by_duckdb = types(dataset, ["VARCHAR", "DATE", time, "BIGINT"]);
        assert_eq!(found["duckdb parquet"][name]["types"], by_duckdb, "{name}");
        // DuckDB does not know what a view that asks the clock answers, and takes it for text.
        if !dataset.sql.contains("{now}") {
            let in_sqlite = types(dataset, ["VARCHAR", "VARCHAR", "VARCHAR", "BIGINT"]);
            assert_eq!(found["duckdb sqlite"][name]["types"], in_sqlite, "{name}");
        }
        let time = "timestamp[us, tz=UTC][pyarrow]";
        let day = "date32[day][pyarrow]";
        let by_pandas = types(dataset, ["string[pyarrow]", day, time, "int64[pyarrow]"]);
        assert_eq!(found["pandas parquet"][name]["types"], by_pandas, "{name}");
        for column in dataset.columns {
            let as_told = json!([column.kind == Kind::Seconds, column.says]);
            assert_eq!(found["columns"][name][column.name], as_told, "{name}");
        }
    }
    let of_acme = |name: &str| -> Vec<Value> {
        let rows = found["duckdb parquet"][name]["rows"].as_array().unwrap();
        let mut rows = rows.clone();
        rows.retain(|row| row["organization_id"] == acme.id);
        rows
    };
    expect_the_story(of_acme);
}

/// What is in the files of Acme is what happened there.
fn expect_the_story(of_acme: impl Fn(&str) -> Vec<Value>) {
    let picked = |name: &str, columns: &[&str]| -> Value {
        let rows = of_acme(name);
        let pick = |row: &Value| columns.iter().map(|column| row[column].clone()).collect();
        rows.iter().map(pick).collect::<Vec<Vec<_>>>().into()
    };
    assert_eq!(
        picked("adoption", &["day", "people", "with_device", "pending"]),
        json!([["2027-01-15", 2, 1, 1], ["2027-01-16", 3, 2, 1]])
    );
    assert_eq!(
        picked("devices", &["devices", "people"]),
        json!([[0, 1], [1, 2]])
    );
    let enforcement = ["people", "set_up", "seconds_to_50", "seconds_to_90"];
    assert_eq!(
        picked("enforcement", &enforcement),
        json!([[2, 1, 0, null]])
    );
    let next_day = "2027-01-16T09:00:00Z";
    let mut sign_ins = of_acme("sign_ins");
    sign_ins.retain(|row| row["hour"] == next_day);
    let sign_ins: Vec<_> = sign_ins
        .iter()
        .map(|row| json!([row["factor"], row["outcome"], row["attempts"]]))
        .collect();
    assert_eq!(
        json!(sign_ins),
        json!([
            ["otp", "signed_in", 2],
            ["otp", "wrong", 1],
            ["password", "wrong", 1]
        ])
    );
    assert_eq!(
        picked("rejected_codes", &["day", "wrong", "lock_outs"]),
        json!([["2027-01-16", 1, 0]])
    );
    assert_eq!(
        picked("invitations", &["day", "sent", "accepted"]),
        json!([["2027-01-15", 2, 1], ["2027-01-16", 1, 1]])
    );
    assert_eq!(
        picked("credential_use", &["day", "name", "tokens"]),
        json!([["2027-01-15", MACHINE, 1]])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_says_what_it_is_of() {
    let Story { server, acme, .. } = story::told().await;
    let folder = TempDir::new().unwrap();
    let output = folder.path().join("new/folder");
    let of_one_day = ["--from", "2027-01-16", "--until", "2027-01-17"];
    let of_acme = [
        "--organization",
        &acme.id,
        "--output",
        output.to_str().unwrap(),
    ];
    let head = story::caught_up(&server).await;
    for format in ["csv", "parquet"] {
        let asked = [&of_one_day[..], &of_acme, &["--format", format]].concat();
        run(export(server.data(), &asked)).await.well();
    }
    let names = names_in(&output);
    assert_eq!(names.len(), 2 * DATASETS.len(), "{names:?}");
    for name in names {
        let mode = fs::metadata(output.join(&name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }

    let found = read_by_tools(&output, server.data()).await;
    for dataset in DATASETS {
        let name = dataset.name;
        let said = &found["said"][name];
        assert_eq!(said["pawl.dataset"], name);
        assert_eq!(said["pawl.description"], dataset.says);
        assert_eq!(said["pawl.position"], head.to_string());
        assert_eq!(said["pawl.version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(said["pawl.organization_id"], acme.id.as_str());
        assert_eq!(said["pawl.from"], "2027-01-16");
        for row in found["pandas parquet"][name]["rows"].as_array().unwrap() {
            assert_eq!(row["organization_id"], acme.id.as_str());
            if let Some(time) = dataset.time {
                let time = row[time].as_str().unwrap();
                assert!(time.starts_with("2027-01-16"), "{name}: {time}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_one_export_show_one_state_while_the_server_writes() {
    let Story { server, acme, .. } = story::told().await;
    let folder = TempDir::new().unwrap();
    let output = folder.path().to_str().unwrap();
    let writing = async {
        for number in 0.. {
            story::invite_somebody(&acme, number).await;
        }
    };
    let exporting = async {
        for format in ["csv", "parquet"] {
            let asked = ["--format", format, "--output", output];
            run(export(server.data(), &asked)).await.well();
        }
    };
    tokio::select! {
        () = writing => {}
        () = exporting => {}
    }
    let found = read_by_tools(folder.path(), server.data()).await;
    let position = &found["said"]["adoption"]["pawl.position"];
    for dataset in DATASETS {
        assert_eq!(found["said"][dataset.name]["pawl.position"], *position);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_dataset_goes_to_standard_output_or_a_file() {
    let Story { server, globex, .. } = story::told().await;
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("of globex.csv");
    let of_globex = ["adoption", "--format", "csv", "--organization", &globex];
    let expected =
        format!("organization_id,day,people,with_device,pending\r\n{globex},2027-01-15,0,0,1\r\n");
    let to = |output: &str| {
        export(
            server.data(),
            &[&of_globex[..], &["--output", output]].concat(),
        )
    };
    assert_eq!(run(to("-")).await.well(), expected);
    run(to(file.to_str().unwrap())).await.well();
    assert_eq!(fs::read_to_string(&file).unwrap(), expected);
    assert_eq!(names_in(folder.path()), ["of globex.csv"]);

    let mut list = Command::new(PAWL);
    list.args(["analytics", "list"]);
    let list = run(list).await.well();
    let names: Vec<_> = list.lines().map(|line| line.split(' ').next()).collect();
    let known = DATASETS.iter().map(|dataset| Some(dataset.name));
    assert_eq!(names, known.collect::<Vec<_>>());
}
