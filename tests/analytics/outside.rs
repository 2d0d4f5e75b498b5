//! `projections.db` is open to tools that read it while the server writes it.

use crate::{
    Ended, database, run, sqlite3,
    story::{self, Story},
};
use harness::eventually;
use projections::analytics::DATASETS;
use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
    process::Stdio,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
    runtime::Handle,
    task::block_in_place,
};

/// More than the file beside it takes while nobody stays, which is 4000 pages.
const ROOM: u64 = 20_000_000;

const COUNT: &str = "SELECT sum(sent) FROM analytics_invitations;";

/// Debian's sqlite3 as an analyst leaves it open.
struct Shell {
    child: Child,
    input: ChildStdin,
    output: tokio::io::Lines<BufReader<ChildStdout>>,
}

impl Shell {
    fn open(file: &Path) -> Self {
        let mut child = Command::new("sqlite3")
            .arg("-readonly")
            .arg(file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self {
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()).lines(),
            child,
        }
    }

    /// What it answers, on one line.
    async fn ask(&mut self, sql: &str) -> String {
        self.input.write_all(sql.as_bytes()).await.unwrap();
        self.input.write_all(b"\n").await.unwrap();
        let line = tokio::time::timeout(harness::DEADLINE, self.output.next_line()).await;
        line.expect("it answers in time").unwrap().unwrap()
    }
}

async fn count(file: &Path) -> String {
    let mut count = Command::new("sqlite3");
    count.arg("-readonly").arg(file).arg(COUNT);
    run(count).await.well().trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_stays_sees_one_state_and_stops_nobody() {
    let Story { server, acme, .. } = story::told().await;
    let file = database(server.data());
    let log_of_writes = || {
        let beside = server.data().join("projections.db-wal");
        fs::metadata(beside).unwrap().len()
    };
    let mut stays = Shell::open(&file);
    let seen = stays.ask(&format!("BEGIN; {COUNT}")).await;
    assert_eq!(count(&file).await, seen);

    // What is written takes room in the file beside, as long as somebody may want the state before it.
    let mut invited = 0;
    while log_of_writes() < ROOM {
        story::invite_somebody(&acme, invited).await;
        invited += 1;
        story::caught_up(&server).await;
    }
    assert_eq!(stays.ask(COUNT).await, seen, "the state that it began with");
    let now = seen.parse::<u32>().unwrap() + invited;
    assert_eq!(
        count(&file).await,
        now.to_string(),
        "others see what happened"
    );

    // With the reader gone, the room is used again: what is written makes the file no longer.
    stays.child.kill().await.unwrap();
    eventually("the room is used again", async || {
        let before = log_of_writes();
        story::invite_somebody(&acme, invited).await;
        invited += 1;
        story::caught_up(&server).await;
        (log_of_writes() == before).then_some(())
    })
    .await;
}

/// The group of analysts, and a user in it.
const GROUP: &str = "nogroup";
const ANALYST: &str = "nobody";

/// What docs/analytics.md tells the operator.
const LET_THEM_READ: &str = r#"
    cd "$1"
    chmod go= *
    chgrp "$2" . projections.db*
    chmod 640 projections.db*
    chmod 2710 .
"#;

/// Runs a program as root, who alone may give files to a group and act as somebody else.
fn as_root(program: &str) -> Command {
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.args(["--non-interactive", program]);
    command
}

/// What sqlite3 answers to an analyst.
async fn analyst(file: &str, sql: &str) -> Ended {
    let mut command = as_root("setpriv");
    command.args(["--reuid", ANALYST, "--regid", GROUP, "--clear-groups"]);
    command.args(["sqlite3", file, sql]);
    run(command).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_reads_it_and_nothing_else_once_the_operator_lets_it() {
    let Story { server, acme, .. } = story::told().await;
    let data = server.data().to_str().unwrap().to_owned();
    let [file, log] = ["projections.db", "log.db"].map(|name| format!("file:{data}/{name}"));
    let read_only = format!("{file}?mode=ro");
    // As Pawl makes it.
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    let refused = analyst(&read_only, COUNT).await;
    assert!(!refused.success, "it is its owner's alone");
    let mut let_them = as_root("bash");
    let_them.args(["-euc", LET_THEM_READ, "-", &data, GROUP]);
    run(let_them).await.well();

    assert_eq!(analyst(&read_only, COUNT).await.well(), "4\n");
    story::invite_somebody(&acme, 0).await;
    story::caught_up(&server).await;
    assert_eq!(analyst(&read_only, COUNT).await.well(), "5\n");
    let refused = analyst(&file, "DELETE FROM invitations").await;
    assert!(refused.error.contains("readonly"), "{}", refused.error);
    let refused = analyst(
        &format!("{log}?mode=ro"),
        "SELECT count(*) FROM sqlite_schema",
    )
    .await;
    assert!(!refused.success, "the log is not for them");

    // Also while Pawl is stopped, and when the files beside it are made anew.
    let stopped = |data: &Path| {
        for beside in ["projections.db-shm", "projections.db-wal"] {
            let _ = fs::remove_file(data.join(beside));
        }
        let unchanging = format!("{file}?immutable=1");
        let (refused, found) = block_in_place(|| {
            let both = async {
                let refused = analyst(&read_only, COUNT).await;
                (refused, analyst(&unchanging, COUNT).await)
            };
            Handle::current().block_on(both)
        });
        assert!(!refused.success, "it may not make them");
        assert_eq!(found.well(), "5\n");
    };
    let server = server.restart_after(stopped).await;
    story::caught_up(&server).await;
    assert_eq!(analyst(&read_only, COUNT).await.well(), "5\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_made_while_the_server_runs() {
    let Story { server, .. } = story::told().await;
    let folder = TempDir::new().unwrap();
    let copy = folder.path().join("copy.db");
    let make = format!("VACUUM INTO '{}'", copy.display());
    let file = database(server.data());
    run(sqlite3(&file, &make)).await.well();
    for dataset in DATASETS {
        let rows = format!("SELECT * FROM {}", dataset.view());
        let copied = run(sqlite3(&copy, &rows)).await.well();
        assert_eq!(copied, run(sqlite3(&file, &rows)).await.well());
        assert_ne!(copied, "", "{}", dataset.name);
    }
}
