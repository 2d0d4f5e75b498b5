//! What cannot be exported is said in one sentence, and changes nothing.

use crate::{
    export, names_in, run,
    story::{self, Story},
};
use projections::analytics::DATASETS;
use std::{fs, path::Path};
use tempfile::TempDir;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_wrongly_is_said() {
    let Story { server, .. } = story::told().await;
    let folder = TempDir::new().unwrap();
    let data = server.data();
    let output = folder.path().to_str().unwrap();
    let refused = async |arguments: &[&str]| {
        let arguments = [arguments, &["--output", output]].concat();
        run(export(data, &arguments)).await.sentence()
    };
    let unknown = refused(&["adoption", "adaption"]).await;
    assert!(unknown.contains("no dataset adaption"), "{unknown}");
    for dataset in DATASETS {
        assert!(unknown.contains(dataset.name), "{unknown}");
    }
    let nobody = "0190a000-0000-7000-8000-000000000000";
    let said = refused(&["--organization", nobody]).await;
    assert_eq!(said, format!("there is no organization {nobody}"));
    let said = refused(&["--from", "2027-01-16", "--until", "2027-01-16"]).await;
    assert_eq!(
        said,
        "there is no day from 2027-01-16 until before 2027-01-16"
    );
    let said = run(export(data, &["--output", "-"])).await.sentence();
    assert!(said.contains("only one dataset"), "{said}");
    let said = run(export(&folder.path().join("nowhere"), &[])).await;
    let said = said.sentence();
    assert!(said.contains("nowhere"), "{said}");
    assert!(names_in(folder.path()).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_there_are_kept_unless_they_are_to_be_replaced() {
    let Story { server, .. } = story::told().await;
    let folder = TempDir::new().unwrap();
    let kept = folder.path().join("devices.parquet");
    fs::write(&kept, "somebody's").unwrap();
    let output = ["--output", folder.path().to_str().unwrap()];
    let said = run(export(server.data(), &output)).await.sentence();
    assert!(
        said.contains("devices.parquet is there already; give --force"),
        "{said}"
    );
    assert_eq!(fs::read_to_string(&kept).unwrap(), "somebody's");
    assert_eq!(names_in(folder.path()), ["devices.parquet"], "all or none");

    let replace = [&output[..], &["--force"]].concat();
    run(export(server.data(), &replace)).await.well();
    assert_eq!(names_in(folder.path()).len(), DATASETS.len());
    assert!(fs::read(&kept).unwrap().starts_with(b"PAR1"));
}

#[tokio::test]
async fn a_data_directory_without_read_models_is_named() {
    let nothing = TempDir::new().unwrap();
    let said = run(export(nothing.path(), &["adoption", "--output", "-"])).await;
    let said = said.sentence();
    let file = Path::new(nothing.path()).join("projections.db");
    assert!(said.contains(file.to_str().unwrap()), "{said}");
}
