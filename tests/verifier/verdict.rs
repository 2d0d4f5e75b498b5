//! What the verifiers say.

use harness::DEADLINE;
use std::{path::Path, process::Stdio};
use tokio::{process::Command, time::timeout};

/// How a verifier ended.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) code: i32,
    pub(crate) said: String,
}

impl Verdict {
    async fn of(mut verifier: Command) -> Self {
        let ended = verifier
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .output();
        let ended = timeout(DEADLINE, ended).await.expect("it ends in time");
        let ended = ended.expect("the verifiers are not installed: run cargo xtask test once");
        let said = [ended.stdout, ended.stderr].concat();
        Self {
            code: ended.status.code().unwrap(),
            said: String::from_utf8(said).unwrap(),
        }
    }

    /// All is sound.
    pub(crate) fn accepts(&self, what: &str) {
        assert!(
            self.code == 0 && self.said.starts_with("sound"),
            "{what}: {self:?}"
        );
    }

    /// Nobody could say, for this reason.
    pub(crate) fn cannot_tell(&self, why: &str) {
        let unclear = self.code == 2 && self.said.starts_with("could not tell: ");
        assert!(unclear && self.said.contains(why), "{self:?}");
    }

    /// It is not sound, for this reason.
    pub(crate) fn rejects(&self, what: &str, why: &str) {
        assert_eq!(self.unless_rejected(what, why), None);
    }

    /// What is to be said where it was not rejected for this reason.
    pub(crate) fn unless_rejected(&self, what: &str, why: &str) -> Option<String> {
        let rejected = self.code == 1 && self.said.starts_with("not sound: ");
        let as_expected = rejected && self.said.contains(why);
        (!as_expected).then(|| format!("{what}: {self:?}"))
    }
}

/// What the verifier in Python says, which is written by the public texts.
pub(crate) async fn python(arguments: &[&str]) -> Verdict {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut verifier = Command::new(folder.join("../target/clients/verifier/bin/python"));
    verifier
        .arg(folder.join("verifier/verify.py"))
        .args(arguments);
    Verdict::of(verifier).await
}

/// What the packages of Go's own checksum database say. They know nothing of records.
pub(crate) async fn go(arguments: &[&str]) -> Verdict {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut verifier = Command::new(folder.join("../target/clients/verifier-go/verify"));
    verifier.args(arguments);
    Verdict::of(verifier).await
}
