//! An auditor takes the history along in the forms that other tools read.

use harness::{TestServer, eventually};
use serde_json::Value;
use std::process::{Command, Output};

/// `pawl audit export` beside the running server, once everything is signed.
async fn export(server: &TestServer, arguments: &[&str]) -> Output {
    let head = server.log().head().await.unwrap().to_string();
    let checkpoint = server.data().join("audit-log/checkpoint");
    eventually("everything is signed", async || {
        let signed = std::fs::read_to_string(&checkpoint).ok()?;
        (signed.lines().nth(1) == Some(&head)).then_some(())
    })
    .await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_pawl-under-test"));
    command
        .args(["audit", "export", "--data"])
        .arg(server.data());
    command.args(arguments).output().unwrap()
}

async fn lines(server: &TestServer, arguments: &[&str]) -> Vec<String> {
    let output = export(server, arguments).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn an_export_for_other_tools_has_every_record_with_personal_data_opened() {
    let (server, acme) = TestServer::with_acme().await;
    acme.enforce().await;
    let events = usize::try_from(server.log().head().await.unwrap().0).unwrap();
    let all: Vec<Value> = lines(&server, &["--format", "ocsf"])
        .await
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(all.len(), events);
    for (index, event) in (0_u64..).zip(&all) {
        assert_eq!(event["metadata"]["sequence"], index);
    }
    let registered = all
        .iter()
        .find(|event| event["type_uid"] == 300_101)
        .unwrap();
    assert_eq!(registered["user"]["email_addr"], "ada@example.org");
    assert_eq!(
        registered["unmapped"]["data"]["password"]["hash"]["sealed"],
        true
    );

    // Of the organization alone, as a table; and of a time before all of it.
    let of_acme = ["--organization", &acme.id];
    let table = lines(&server, &[&of_acme[..], &["--format", "csv"]].concat()).await;
    assert!(table[0].starts_with("leaf_index,event_id,"));
    assert!((3..=events).contains(&table.len()));
    assert!(table[1..].iter().all(|row| row.contains(&acme.id)));
    let before = ["--format", "cloudevents", "--to", "2001-01-01T00:00:00Z"];
    assert!(lines(&server, &before).await.is_empty());
    let since = ["--format", "cloudevents", "--from", "2001-01-01T00:00:00Z"];
    assert_eq!(lines(&server, &since).await.len(), events);
}

#[tokio::test]
async fn what_is_to_be_verified_has_no_period() {
    let (server, _) = TestServer::with_acme().await;
    let refused = export(&server, &["--from", "2001-01-01T00:00:00Z"]).await;
    assert_eq!(refused.status.code(), Some(2));
    assert!(refused.stdout.is_empty());
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(
        said.contains("--from and --to need another --format"),
        "{said}"
    );
}
