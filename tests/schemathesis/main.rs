//! Every call of the API, tried by its own description with values that nobody here thought of: what
//! is described and what is not, with a session and without. Nothing breaks, and nothing is answered
//! that the description does not know.
//!
//! `cargo xtask test` installs Schemathesis beside the build, at the version that this folder pins.

use harness::{Acme, DEADLINE, TestServer};
use std::{fs, path::Path, process::Stdio};
use tokio::{process::Command, time::timeout};

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_schema_conformance,response_headers_conformance,ignored_auth,\
                      unsupported_method";

/// Of which organization and person the calls are. That all calls of one kind are refused for want
/// of a right would prove nothing, save where a secret is wrong that is not in the description.
fn settings(acme: &Acme, person: &str) -> String {
    format!(
        r#"
        [parameters]
        "path.org" = "{}"
        "path.id" = "{person}"

        [warnings]
        display = ["missing_auth"]
        fail-on = ["missing_auth"]

        [[operations]]
        include-path = ["/v1/sign-in", "/v1/me/password", "/v1/session/otp"]
        warnings = false
        "#,
        acme.id
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_is_what_its_description_says() {
    let (server, acme) = TestServer::with_acme().await;
    let (ada, _) = server.set_up_phone(&acme.ada).await;
    let acme = Acme { ada, ..acme };
    acme.enforce().await;
    let grace = server.join(&acme.ada, &acme.id, "grace", "member").await;
    let grace = grace.get("/v1/session").await.expect(200);
    let folder = server.data().join("schemathesis");
    fs::create_dir(&folder).unwrap();
    let person = grace["user_id"].as_str().unwrap();
    fs::write(folder.join("schemathesis.toml"), settings(&acme, person)).unwrap();

    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/clients/schemathesis");
    let ended = Command::new(beside.join("bin/schemathesis"))
        .args(["run", &server.client.url("/openapi.json")])
        .args(["--url", &server.client.url("")])
        .arg("--header")
        .arg(format!("Authorization: Bearer {}", acme.ada.token()))
        // Signing out would end all that comes behind it; scenarios do that.
        .args(["--exclude-path", "/v1/session"])
        .args(["--phases", "examples,coverage,fuzzing", "--checks", CHECKS])
        .args(["--max-examples", "10", "--seed", "1"])
        .args(["--continue-on-failure", "--no-color"])
        .current_dir(&folder)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let ended = timeout(6 * DEADLINE, ended).await.expect("it ends in time");
    let ended = ended.expect("Schemathesis is not installed: run cargo xtask test once");
    let report = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{report}");
}
