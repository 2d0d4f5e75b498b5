//! The binary as a process of its own, to be stopped, killed and looked at from outside.

use crate::{Client, DEADLINE};
use std::{
    path::Path,
    process::{ExitStatus, Stdio},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
    process::{Child, Command},
    task::JoinHandle,
    time::timeout,
};

/// A running `pawl serve`.
pub struct Process {
    /// Talks to it, without a session.
    pub client: Client,
    /// Where it listens (`http://...`).
    pub address: String,
    /// What it said before it was ready.
    pub greeting: Vec<String>,
    child: Child,
    /// Read all the time: a full pipe would hold the server up.
    log: JoinHandle<String>,
}

impl Process {
    /// Starts the binary on this data directory, and waits until it listens.
    pub async fn serve(binary: &str, data: &Path) -> Self {
        let mut command = Command::new(binary);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]);
        command.arg(data);
        Self::spawn(command).await
    }

    /// Starts a command that ends in `pawl serve`, and waits until it listens.
    pub async fn spawn(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let log = tokio::spawn(async move {
            let mut log = String::new();
            stderr.read_to_string(&mut log).await.unwrap();
            log
        });
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut greeting = Vec::new();
        let address = loop {
            let line = timeout(DEADLINE, lines.next_line())
                .await
                .expect("ready in time");
            match line.unwrap() {
                Some(line) if line.starts_with("listening on ") => {
                    break line["listening on ".len()..].to_owned();
                }
                Some(line) => greeting.push(line),
                None => panic!("pawl ended before it listened: {}", log.await.unwrap()),
            }
        };
        Self {
            client: Client::of(&address),
            address,
            greeting,
            child,
            log,
        }
    }

    /// The link of the first start.
    #[must_use]
    pub fn link(&self) -> &str {
        let link = self.greeting.iter().find(|line| line.contains("?token="));
        link.expect("the link of the first start")
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// `kill -9`
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// `kill -TERM`, and what it logged until it ended.
    pub async fn terminate(mut self) -> (ExitStatus, String) {
        let id = self.id().to_string();
        let sent = std::process::Command::new("kill").arg(id).status();
        assert!(sent.unwrap().success());
        let status = timeout(DEADLINE, self.child.wait()).await;
        let status = status.expect("it ends in time").unwrap();
        (status, self.log.await.unwrap())
    }
}
