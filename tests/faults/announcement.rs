//! Mail to everybody, cut off in the middle: whoever has theirs gets no other, and everybody gets one.

use crate::{PAWL, set_up};
use harness::{Mailbox, Process, eventually};
use serde_json::json;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// More than two pages.
const PEOPLE: usize = 250;
/// They and their administrator.
const EVERYBODY: usize = PEOPLE + 1;

/// The mails about the enforcement, and to whom they are.
fn announced(data: &Path) -> Vec<(PathBuf, String)> {
    let files = Mailbox::of(data).files().into_iter();
    let read = files.filter_map(|file| {
        let mail = fs::read_to_string(&file).ok()?;
        let ours = mail.contains("\r\nSubject: Acme now requires two-factor authentication\r\n");
        let to = mail.lines().find(|line| line.starts_with("To: "))?;
        ours.then(|| (file, to.to_owned()))
    });
    read.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announcement_that_is_killed_goes_on_where_it_was() {
    let data = TempDir::new().unwrap();
    let server = Process::serve(PAWL, data.path()).await;
    let (organization, ada) = set_up(&server).await;
    let path = format!("/v1/organizations/{organization}/invitations");
    for number in 0..PEOPLE {
        let email = format!("p{number}@example.org");
        let body = json!({ "email": email, "name": "P", "role": "member" });
        let _ = ada.post(&path, body).await.expect(201);
    }
    let path = format!("/v1/organizations/{organization}/two-factor/enforce");
    let body = json!({ "confirm": "Enforce 2FA" });
    let _ = ada.post(&path, body).await.expect(200);
    let cursor = data.path().join("announcements.cursor");
    eventually("a page of people has been told", async || {
        cursor.exists().then_some(())
    })
    .await;
    server.kill().await;

    // Whoever sends the mail takes it away.
    let mut told = BTreeSet::new();
    for (file, to) in announced(data.path()) {
        fs::remove_file(file).unwrap();
        assert!(told.insert(to));
    }
    assert!(told.len() < EVERYBODY, "killed too late: {}", told.len());
    let server = Process::serve(PAWL, data.path()).await;
    eventually("everybody has been told", async || {
        (told.len() + announced(data.path()).len() == EVERYBODY).then_some(())
    })
    .await;
    server.terminate().await;
    for (_, to) in announced(data.path()) {
        assert!(told.insert(to.clone()), "{to} was told twice");
    }
    assert_eq!(told.len(), EVERYBODY);
}
