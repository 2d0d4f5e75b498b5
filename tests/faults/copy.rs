//! `pawl log copy`: a log moves from a file to KurrentDB and back, goes on where a copy stopped, and
//! is never mixed with another.

use crate::{PAWL, audit_log, nodes, pawl, set_up};
use harness::{Client, Mailbox, Process, ServedLog};
use serde_json::json;
use std::{fs, path::Path};
use tempfile::TempDir;

async fn invite(session: &Client, organization: &str, people: std::ops::Range<usize>) {
    let path = format!("/v1/organizations/{organization}/invitations");
    for number in people {
        let email = format!("p{number}@example.org");
        let body = json!({ "email": email, "name": "P", "role": "member" });
        let _ = session.post(&path, body).await.expect(201);
    }
}

/// Copies; what was said, and whether it succeeded.
async fn copy(from: &str, to: &str, shared: Option<&Path>) -> (bool, String) {
    let mut arguments = vec!["log", "copy", "--from", from, "--to", to];
    if let Some(shared) = shared {
        arguments.extend(["--shared", shared.to_str().unwrap()]);
    }
    let (ended, out, error) = crate::run(&arguments).await;
    (ended, out + &error)
}

fn mails(data: &Path) -> usize {
    Mailbox::of(data).files().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_moves_to_kurrentdb_and_work_goes_on_there() {
    let [old, elsewhere, node, back] = std::array::from_fn(|_| TempDir::new().unwrap());
    let old_place = old.path().to_str().unwrap();
    let server = Process::serve(PAWL, old.path()).await;
    let (organization, session) = set_up(&server).await;
    invite(&session, &organization, 0..20).await;
    harness::eventually("the mail is written", async || {
        (mails(old.path()) == 20).then_some(())
    })
    .await;
    let (in_use, said) = copy(old_place, "copy", None).await;
    assert!(
        !in_use && said.contains("is in use by another process"),
        "{said}"
    );
    server.terminate().await;

    let before = audit_log::is_of_its_log(old.path()).await;

    // The log of an empty node over the wire stands for a KurrentDB.
    let store = nodes::with_the_log(elsewhere.path()).await;
    let address = format!("kurrentdb://{}?tls=false", nodes::open_to_others(&store));
    for _ in 0..2 {
        let (copied, said) = copy(old_place, &address, Some(old.path())).await;
        assert!(
            copied && said.contains(" events are the same in both"),
            "{said}"
        );
    }
    // Whoever sends the mail takes it away.
    fs::remove_dir_all(old.path().join("outbox")).unwrap();
    let there = nodes::on_the_log(&address, old.path(), node.path()).await;
    let session = there.client.same_session(&session);
    invite(&session, &organization, 20..25).await;
    harness::eventually(
        "the new mail is written, and the old not again",
        async || (!Mailbox::of(old.path()).to("p24@example.org").is_empty()).then_some(()),
    )
    .await;
    assert_eq!(mails(old.path()), 5);
    // The tree of the audit log goes on, whichever store the log is in.
    let log = ServedLog::with(&there.client, before.unverified().size + 5).await;
    audit_log::has_only_grown(&before, &log);
    there.terminate().await;

    // The old log is behind now, and goes on as a copy of the new one; so does an empty one.
    for place in [old_place, back.path().to_str().unwrap()] {
        let (copied, said) = copy(&address, place, None).await;
        assert!(copied, "{said}");
    }
    let (ended, _, error) = pawl(&["projections", "rebuild"], old.path()).await;
    assert!(ended, "{error}");
    let server = Process::serve(PAWL, old.path()).await;
    let list = format!("/v1/organizations/{organization}/invitations");
    let list = server
        .client
        .same_session(&session)
        .get(&list)
        .await
        .expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 25);
    server.terminate().await;
    let after = audit_log::is_of_its_log(old.path()).await;
    assert!(after.unverified().size >= log.checkpoint.unverified().size);
}

#[tokio::test]
async fn logs_are_never_mixed() {
    let [one, other] = std::array::from_fn(|_| TempDir::new().unwrap());
    for data in [&one, &other] {
        let server = Process::serve(PAWL, data.path()).await;
        let (organization, session) = set_up(&server).await;
        // The source is longer, so that there would be something to append.
        let people = if data.path() == one.path() {
            0..3
        } else {
            0..0
        };
        invite(&session, &organization, people).await;
        server.terminate().await;
    }
    let [one, other] = [&one, &other].map(|data| data.path().to_str().unwrap());
    let before = fs::read(format!("{other}/log.db")).unwrap();
    let (copied, said) = copy(one, other, None).await;
    assert!(
        !copied && said.contains("the target is not a copy of the source"),
        "{said}"
    );
    assert_eq!(fs::read(format!("{other}/log.db")).unwrap(), before);
    let (copied, said) = copy("no-such-directory", other, None).await;
    assert!(!copied && said.contains("there is no log.db"), "{said}");
    assert!(!Path::new("no-such-directory").exists());
}
