//! Debian's rsyslog as a process: a receiver that Pawl was not written against.

use crate::{all_arrive, all_is_noted, of_ocsf};
use harness::{TestServer, certificates, eventually};
use serde_json::Value;
use std::{fs, process::Stdio};
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// A running rsyslog. It ends with the test.
struct Rsyslog {
    port: u16,
    folder: TempDir,
    _process: Child,
}

impl Rsyslog {
    /// One that takes syslog over TLS and writes down what it understood of each message.
    async fn start() -> Self {
        let folder = certificates();
        let file = |name: &str| folder.path().join(name).display().to_string();
        let configuration = format!(
            r#"
            global(
                workDirectory="{folder}" defaultNetstreamDriverCAFile="{ca}"
                defaultNetstreamDriverCertFile="{certificate}"
                defaultNetstreamDriverKeyFile="{key}"
            )
            module(
                load="imtcp" streamDriver.name="gtls" streamDriver.mode="1"
                streamDriver.authMode="anon"
            )
            input(type="imtcp" address="127.0.0.1" port="0" listenPortFileName="{port}")
            template(
                name="understood" type="string"
                string="%pri-text%|%app-name%|%msgid%|%structured-data%|%msg%\n"
            )
            action(type="omfile" file="{received}" template="understood")
            "#,
            folder = folder.path().display(),
            ca = file("ca.pem"),
            certificate = file("node.pem"),
            key = file("node.key"),
            port = file("port"),
            received = file("received"),
        );
        fs::write(file("rsyslog.conf"), configuration).unwrap();
        let process = Command::new("rsyslogd")
            .args(["-n", "-f", &file("rsyslog.conf"), "-i", &file("pid")])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the tests need the Debian packages rsyslog and rsyslog-gnutls: install them");
        let port = eventually("rsyslog listens", async || {
            fs::read_to_string(file("port")).ok()?.trim().parse().ok()
        })
        .await;
        Self {
            port,
            folder,
            _process: process,
        }
    }

    /// What it understood: priority, name, message id, structured data, and the event.
    fn received(&self) -> Vec<([String; 4], Value)> {
        let text = fs::read_to_string(self.folder.path().join("received")).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let read = |line: &str| {
            let mut parts = line.splitn(5, '|').map(str::to_owned);
            let head = [(); 4].map(|()| parts.next().unwrap());
            let event = parts.next().unwrap();
            let event = event.trim_start_matches([' ', '\u{feff}']);
            (head, serde_json::from_str(event).unwrap())
        };
        whole.lines().map(read).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rsyslog_understands_every_message_and_acknowledges_by_ending_the_connection() {
    let rsyslog = Rsyslog::start().await;
    let (url, ca) = (
        format!("syslog+tls://127.0.0.1:{}", rsyslog.port),
        rsyslog.folder.path().join("ca.pem"),
    );
    let (server, acme) = TestServer::with_acme_and(move |flags| {
        flags.siem.siem_url = Some(url.parse().unwrap());
        flags.siem.siem_ca_file = Some(ca.clone());
    })
    .await;
    acme.enforce().await;
    let received = || {
        rsyslog
            .received()
            .iter()
            .map(|(_, event)| of_ocsf(event))
            .collect()
    };
    all_arrive(&server, received).await;
    all_is_noted(&server).await;
    for ([priority, name, message_id, data], event) in rsyslog.received() {
        assert!(
            priority.starts_with("13.") || priority.contains("audit"),
            "{priority}"
        );
        assert_eq!(
            (&*name, &*message_id),
            ("pawl", event["metadata"]["event_code"].as_str().unwrap())
        );
        let id = event["metadata"]["uid"].as_str().unwrap();
        assert!(
            data.starts_with(&format!("[pawl@32473 eventId=\"{id}\"")),
            "{data}"
        );
    }
}
