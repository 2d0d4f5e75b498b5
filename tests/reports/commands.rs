//! The command line, as a reviewer runs it.

use crate::exported::Signed;
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// A reviewer's laptop: an export and the public key, nothing else.
pub struct Laptop {
    pub folder: TempDir,
    pub export: PathBuf,
    key: String,
}

/// What a command came to.
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// Runs a command of the binary to its end.
pub fn pawl(arguments: &[&str]) -> Ended {
    let ended = Command::new(env!("CARGO_BIN_EXE_pawl-under-test"))
        .arg("audit")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Ended {
        code: ended.status.code(),
        out: String::from_utf8(ended.stdout).unwrap(),
        err: String::from_utf8(ended.stderr).unwrap(),
    }
}

impl Laptop {
    pub fn with(signed: &Signed) -> Self {
        let folder = TempDir::new().unwrap();
        Self {
            export: signed.export(folder.path()),
            key: signed.key(),
            folder,
        }
    }

    fn export(&self) -> &str {
        self.export.to_str().unwrap()
    }

    pub fn replay(&self, more: &[&str]) -> Ended {
        pawl(&[&["replay", self.export(), "--key", &self.key], more].concat())
    }

    /// Makes a report about the days of the tests.
    pub fn report(&self, output: &Path, more: &[&str]) -> Ended {
        let output = output.to_str().unwrap();
        let days = ["--from", "2027-01-01", "--to", "2027-01-31"];
        let report = [
            "report",
            self.export(),
            "--key",
            &self.key,
            "--output",
            output,
        ];
        pawl(&[&report, days.as_slice(), more].concat())
    }

    /// The same as facts, and the exit code.
    pub fn facts(&self) -> (Value, Option<i32>) {
        let output = self.folder.path().join("facts.json");
        let ended = self.report(&output, &["--json", "--force"]);
        let text = std::fs::read_to_string(&output);
        let text = text.unwrap_or_else(|_| panic!("{}", ended.err));
        (serde_json::from_str(&text).unwrap(), ended.code)
    }
}
