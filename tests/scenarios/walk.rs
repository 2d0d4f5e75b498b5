//! The walk of the README, on the binary, as a newcomer does it.

use harness::{PASSWORD, Process};
use tempfile::TempDir;
use tokio::process::Command;

#[tokio::test]
async fn the_readme_holds_and_no_secret_is_logged() {
    let data = TempDir::new().unwrap();
    let mut serve = Command::new(env!("CARGO_BIN_EXE_pawl-under-test"));
    serve
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .env("PAWL_LOG", "trace");
    let server = Process::spawn(serve).await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/walk.sh");
    let walk = Command::new("bash")
        .args([script, &server.address])
        .arg(data.path())
        .arg(server.link())
        .output()
        .await
        .unwrap();
    let (said, errors) = (
        String::from_utf8_lossy(&walk.stdout),
        String::from_utf8_lossy(&walk.stderr),
    );
    assert!(walk.status.success(), "{said}\n{errors}");
    assert!(said.ends_with("All of it happened.\n"), "{said}");

    let token = server.link().split_once("token=").unwrap().1.to_owned();
    let (status, log) = server.terminate().await;
    assert!(status.success(), "{log}");
    assert!(log.contains("TwoFactorEnforced"), "nothing was logged");
    let mut secrets = vec![token, PASSWORD.to_owned(), "example.org".to_owned()];
    secrets
        .extend(["Lovelace", "nanosecond wire", "bug in the relay", "Bearer "].map(str::to_owned));
    secrets.extend(tokens(data.path()));
    assert!(secrets.len() > 8, "the outbox holds tokens");
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret:?} is in the log");
    }
}

/// Every one-time token that was mailed.
fn tokens(data: &std::path::Path) -> Vec<String> {
    let people = ["hank@example.net", "grace", "linus", "barbara"];
    let mails = people.map(|who| harness::Mailbox::of(data).to(who));
    let token = |mail: String| {
        let (_, rest) = mail.split_once("token=").unwrap();
        rest.split_whitespace().next().unwrap().to_owned()
    };
    mails.into_iter().flatten().map(token).collect()
}
