//! The walk of `docs/compliance.md`, as a reviewer does it: every command of it, word for word.

use crate::history::{History, PAWL};
use audit_log::inclusion_proof;
use data_encoding::HEXLOWER;
use pawl::audit_log::TileFiles;
use std::{env, fs, os::unix::fs::symlink, path::Path};
use tokio::process::Command;

/// The commands between the fences that are for every reviewer.
fn commands() -> String {
    let page = include_str!("../../docs/compliance.md");
    let blocks = page.split("```sh\n").skip(1);
    blocks
        .map(|rest| rest.split("```").next().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_walk_does_what_it_says() {
    let history = History::happens().await;
    let laptop = history.file("laptop");
    let programs = laptop.join("programs");
    fs::create_dir_all(&programs).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    symlink(PAWL, programs.join("pawl")).unwrap();
    symlink(folder, laptop.join("tests")).unwrap();
    let python = folder.join("../target/clients/verifier/bin");
    let path = [programs, python, env::var_os("PATH").unwrap().into()];
    let path = env::join_paths(path.iter().flat_map(|part| env::split_paths(part)));

    fs::copy(&history.kept, laptop.join("last-year.checkpoint")).unwrap();
    let export = fs::read_to_string(&history.export).unwrap();
    let enforced = export
        .lines()
        .find(|line| line.contains("TwoFactorEnforced"));
    let enforced: serde_json::Value = serde_json::from_str(enforced.unwrap()).unwrap();
    let files = TileFiles::new(history.folder());
    let signed = files.checkpoint().unwrap().unwrap();
    let index = enforced["index"].as_u64().unwrap();
    let proof = inclusion_proof(index, signed.unverified(), &files).unwrap();
    fs::write(laptop.join("enforced.tlog-proof"), proof.to_text(&signed)).unwrap();

    let commands = commands();
    let walk = Command::new("bash")
        .args(["-euxo", "pipefail", "-c", &commands])
        .current_dir(&laptop)
        .env("PATH", path.unwrap())
        .env("KEY", &history.key)
        .env("SERVER", history.server.client.url(""))
        .env("DATA", history.server.data())
        .env("ORGANIZATION", &history.acme.id)
        .env("TAG_KEY", HEXLOWER.encode(history.tag_key().expose()))
        .output()
        .await
        .unwrap();
    let (said, errors) = (
        String::from_utf8_lossy(&walk.stdout),
        String::from_utf8_lossy(&walk.stderr),
    );
    assert!(walk.status.success(), "{said}\n{errors}");
    assert_eq!(said.matches("sound: ").count(), 5, "{said}");
    let report = fs::read_to_string(laptop.join("report.html")).unwrap();
    assert!(report.contains(&history.acme.id), "{report}");
}
