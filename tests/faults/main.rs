//! What can go wrong with machines: the binary is killed, its disk is full, its files are damaged,
//! missing or held by another process. What was acknowledged stays; what is wrong is said.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "it is all test"
)]

mod announcement;
mod audit_log;
mod audit_verify;
mod copy;
mod files;
mod full_disk;
mod keys;
mod kill;
mod nodes;
mod operator;
mod postgres;
mod rebuild;

const PAWL: &str = env!("CARGO_BIN_EXE_pawl-under-test");

/// Makes the first organization; its id and the session of its administrator.
async fn set_up(server: &harness::Process) -> (String, harness::Client) {
    let token = server.link().split_once("token=").unwrap().1;
    let body = serde_json::json!({
        "token": token, "organization": "Acme", "email": "ada@example.org", "name": "Ada",
        "password": harness::PASSWORD,
    });
    let done = server.client.post("/v1/setup", body).await.expect(201);
    let session = server.client.with(done["session_token"].as_str().unwrap());
    (
        done["organization_id"].as_str().unwrap().to_owned(),
        session,
    )
}

/// Runs a command of the binary to its end: whether it succeeded, and what it said.
async fn pawl(arguments: &[&str], data: &std::path::Path) -> (bool, String, String) {
    run(&[arguments, &["--data", data.to_str().unwrap()]].concat()).await
}

/// The same without a data directory.
async fn run(arguments: &[&str]) -> (bool, String, String) {
    let ended = tokio::process::Command::new(PAWL)
        .args(arguments)
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true)
        .output();
    let ended = tokio::time::timeout(harness::DEADLINE, ended).await;
    let ended = ended.expect("the command ends in time").unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        ended.status.success(),
        text(ended.stdout),
        text(ended.stderr),
    )
}
