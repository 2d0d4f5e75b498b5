//! An export that does not come to its end leaves no file that looks whole.

use crate::{
    PAWL, database, export, names_in, run,
    story::{self, Story},
};
use harness::eventually;
use rusqlite::Connection;
use std::{fs, path::Path};
use tempfile::TempDir;
use tokio::process::Command;

/// More than one group of rows.
const MANY: u32 = 200_000;

/// A data directory whose sign-ins take some time to write, its server stopped.
async fn many_sign_ins() -> TempDir {
    let Story { server, acme, .. } = story::told().await;
    let data = TempDir::new().unwrap();
    let copy = format!("VACUUM INTO '{}'", database(data.path()).display());
    let file = database(server.data());
    Connection::open(file)
        .unwrap()
        .execute_batch(&copy)
        .unwrap();
    let many =
        "WITH RECURSIVE hours(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM hours WHERE n < ?1)
                INSERT INTO sign_ins (organization_id, hour, factor, outcome, attempts)
                SELECT ?2, strftime('%Y-%m-%dT%H:00:00Z', n * 3600, 'unixepoch'), 'otp', 'wrong', n
                FROM hours";
    let copy = Connection::open(database(data.path())).unwrap();
    copy.execute(many, (MANY, &acme.id)).unwrap();
    data
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_export_leaves_no_half_file() {
    let data = many_sign_ins().await;
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("sign_ins.parquet");
    let asked = ["sign_ins", "--output", file.to_str().unwrap()];
    let mut exporting = export(data.path(), &asked).spawn().unwrap();
    let unfinished = folder.path().join("sign_ins.parquet.new");
    let begun = async || (fs::metadata(&unfinished).ok()?.len() > 0).then_some(());
    eventually("a part of it is written", begun).await;
    exporting.kill().await.unwrap();
    assert!(!file.exists(), "the file is not whole");

    run(export(data.path(), &asked)).await.well();
    assert_eq!(names_in(folder.path()), ["sign_ins.parquet"]);
    assert!(fs::read(&file).unwrap().ends_with(b"PAR1"));
}

/// Exports to a file system of 64 KiB, in a mount namespace of its own, and says what is there then.
fn export_to_a_small_disk(data: &Path, output: &Path, format: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--map-root-user", "bash", "-uc"]);
    command.arg(
        r#"mount -t tmpfs -o size=64k tmpfs "$3" || exit
           "$1" analytics export adoption sign_ins --data "$2" --output "$3" --format "$4"
           ended=$?
           ls -A "$3"
           exit $ended"#,
    );
    command.arg("-").arg(PAWL).arg(data).arg(output).arg(format);
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_said_and_leaves_nothing_behind() {
    let data = many_sign_ins().await;
    let folder = TempDir::new().unwrap();
    for format in ["parquet", "csv"] {
        let full = run(export_to_a_small_disk(data.path(), folder.path(), format)).await;
        assert_eq!(full.out, "", "nothing is there");
        let file = folder.path().join("sign_ins").with_extension(format);
        let said = format!(
            "cannot write {}: No space left on device (os error 28)",
            file.display()
        );
        assert_eq!(full.sentence(), said);
    }
}
