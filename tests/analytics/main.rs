//! What analysts read, with their own tools: the files that `pawl analytics export` writes and the views
//! in `projections.db`, while the server runs.
//!
//! `cargo xtask test` installs `DuckDB` and pandas beside the build, at the versions that this folder pins.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "it is all test")]

mod cut_off;
mod errors;
mod files;
mod outside;
mod story;

use harness::DEADLINE;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::{process::Command, time::timeout};

const PAWL: &str = env!("CARGO_BIN_EXE_pawl-under-test");

/// How a command ended.
struct Ended {
    success: bool,
    out: String,
    error: String,
}

impl Ended {
    /// What it printed, having succeeded.
    #[track_caller]
    fn well(self) -> String {
        assert!(self.success, "{}{}", self.out, self.error);
        self.out
    }

    /// The one sentence with which it failed.
    #[track_caller]
    fn sentence(self) -> String {
        assert!(!self.success, "it succeeded: {}", self.out);
        let sentence = self.error.strip_prefix("pawl: ");
        let sentence = sentence.expect(&self.error).trim_end();
        assert!(!sentence.contains('\n'), "{sentence}");
        sentence.to_owned()
    }
}

/// Runs a command to its end.
async fn run(mut command: Command) -> Ended {
    let ended = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let ended = timeout(2 * DEADLINE, ended).await;
    let ended = ended.expect("it ends in time");
    let ended = ended.expect("not everything is installed: run cargo xtask test once");
    Ended {
        success: ended.status.success(),
        out: String::from_utf8_lossy(&ended.stdout).into_owned(),
        error: String::from_utf8_lossy(&ended.stderr).into_owned(),
    }
}

/// `pawl analytics export` out of this data directory.
fn export(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PAWL);
    command
        .args(["analytics", "export", "--data"])
        .arg(data)
        .args(arguments);
    command
}

/// Debian's sqlite3, which may only read.
fn sqlite3(file: &Path, sql: &str) -> Command {
    let mut command = Command::new("sqlite3");
    command.args(["-readonly", "-json"]).arg(file).arg(sql);
    command
}

/// The file of the read models in a data directory.
fn database(data: &Path) -> PathBuf {
    data.join("projections.db")
}

/// What is in a folder, in order.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
    let mut names: Vec<_> = entries
        .map(|entry| name(entry).into_string().unwrap())
        .collect();
    names.sort();
    names
}
