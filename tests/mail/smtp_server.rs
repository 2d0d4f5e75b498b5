//! Debian's aiosmtpd as a process: a mail server that Pawl was not written against.

use harness::{DEADLINE, certificates, eventually};
use serde_json::Value;
use std::{fs, path::PathBuf, process::Stdio};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

/// Whom it lets in.
pub const LOGIN: &str = "pawl:s3cret-of-the-relay";

/// A mail server. It ends with the test.
pub struct SmtpServer {
    pub port: u16,
    folder: TempDir,
    certificates: TempDir,
    arguments: Vec<String>,
    process: Option<Child>,
}

impl SmtpServer {
    /// One that speaks in clear and lets everybody in.
    pub async fn open() -> Self {
        Self::start(&[]).await
    }

    /// One that asks for a login over TLS: `wrapped` or `starttls`.
    pub async fn guarded(tls: &str) -> Self {
        Self::start(&["--tls", tls, "--login", LOGIN]).await
    }

    async fn start(arguments: &[&str]) -> Self {
        let certificates = certificates();
        let file = |name: &str| certificates.path().join(name).display().to_string();
        let mut arguments: Vec<_> = arguments.iter().map(ToString::to_string).collect();
        arguments.extend(["--certificate".into(), file("node.pem")]);
        arguments.extend(["--key".into(), file("node.key")]);
        let mut server = Self {
            port: 0,
            folder: TempDir::new().unwrap(),
            certificates,
            arguments,
            process: None,
        };
        server.begin().await;
        server
    }

    /// Starts it, at the port where it was before.
    pub async fn begin(&mut self) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/mail/smtp_server.py");
        let mut process = Command::new("/usr/bin/python3")
            .arg(script)
            .arg(self.folder.path())
            .args(["--port", &self.port.to_string()])
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the tests need the Debian package python3-aiosmtpd: install it");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = tokio::time::timeout(DEADLINE, lines.next_line()).await;
        let port = port.expect("ready in time").unwrap();
        self.port = port.expect("a port").parse().unwrap();
        self.process = Some(process);
    }

    /// Ends it.
    pub async fn end(&mut self) {
        self.process.take().unwrap().kill().await.unwrap();
    }

    /// The authority that its certificate is of.
    pub fn ca(&self) -> PathBuf {
        self.certificates.path().join("ca.pem")
    }

    /// What it took.
    pub fn taken(&self) -> Vec<Value> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|kind| kind == "json"));
        files.sort();
        let read = |file: &PathBuf| serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        files.iter().map(read).collect()
    }

    /// What it took for this person.
    pub fn taken_for(&self, who: &str) -> Vec<Value> {
        let mut taken = self.taken();
        taken.retain(|mail| mail["recipients"][0] == format!("{who}@example.org"));
        taken
    }

    /// Waits until it took so many for this person; the last.
    pub async fn takes(&self, who: &str, mails: usize) -> Value {
        eventually(&format!("mail {mails} for {who}"), async || {
            self.taken_for(who).into_iter().nth(mails - 1)
        })
        .await
    }
}
