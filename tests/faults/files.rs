//! Starts that are refused, each with one plain sentence, and leave the files as they were.

use crate::{PAWL, pawl, set_up};
use harness::Process;
use std::{
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// A data directory that has been in use.
async fn used() -> TempDir {
    let data = TempDir::new().unwrap();
    let server = Process::serve(PAWL, data.path()).await;
    set_up(&server).await;
    let (status, _) = server.terminate().await;
    assert!(status.success());
    data
}

/// Asserts that the start is refused in these words, and that it changed nothing.
async fn refuses(data: &Path, words: &str) {
    let before = contents(data);
    let (ended, out, error) = pawl(&["serve", "--listen", "127.0.0.1:0"], data).await;
    assert!(!ended);
    assert!(error.contains(words), "{error}");
    assert!(!out.contains("listening"), "{out}");
    let sentences: Vec<_> = error
        .lines()
        .filter(|line| line.starts_with("pawl: "))
        .collect();
    assert_eq!(sentences.len(), 1, "{error}");
    assert_eq!(contents(data), before);
}

/// Every file but the lock and SQLite's own notes beside a database: its name and a checksum.
fn contents(data: &Path) -> Vec<(String, u64)> {
    let files = fs::read_dir(data)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let content = |file: PathBuf| {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let is_one = file.is_file() && name != "lock" && !name.contains(".db-");
        is_one.then(|| {
            let mut checksum = DefaultHasher::new();
            fs::read(&file).unwrap().hash(&mut checksum);
            (name, checksum.finish())
        })
    };
    let mut contents: Vec<_> = files.filter_map(content).collect();
    contents.sort();
    contents
}

#[tokio::test]
async fn a_second_process_on_the_same_directory() {
    let data = TempDir::new().unwrap();
    let server = Process::serve(PAWL, data.path()).await;
    let (_, session) = set_up(&server).await;
    let (ended, _, error) = pawl(&["serve", "--listen", "127.0.0.1:0"], data.path()).await;
    assert!(!ended);
    assert!(error.contains("is in use by another process"), "{error}");
    // Looking is allowed, and building beside what the first one reads; it goes on.
    let (ended, _, error) = pawl(&["projections", "rebuild"], data.path()).await;
    assert!(ended, "{error}");
    let (ended, out, error) = pawl(&["projections", "status"], data.path()).await;
    assert!(ended, "{error}");
    assert!(out.contains("audit_trail"), "{out}");
    let _ = session.get("/v1/session").await.expect(200);
}

#[tokio::test]
async fn a_log_that_is_none() {
    let data = used().await;
    let log = data.path().join("log.db");
    let whole = fs::read(&log).unwrap();
    fs::write(
        &log,
        "a shopping list, long enough to be no header of a database",
    )
    .unwrap();
    refuses(data.path(), "is not a log of Pawl's").await;
    fs::copy(data.path().join("projections.db"), &log).unwrap();
    refuses(data.path(), "is a database of another program").await;
    // Restored, it serves again.
    fs::write(&log, whole).unwrap();
    let server = Process::serve(PAWL, data.path()).await;
    let (status, _) = server.terminate().await;
    assert!(status.success());
}

#[tokio::test]
async fn a_master_key_that_is_missing_public_or_another() {
    let data = used().await;
    let key = data.path().join("master.key");
    let text = fs::read(&key).unwrap();
    let mode = |mode| {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(0o644);
    refuses(data.path(), "can be read by others").await;
    fs::remove_file(&key).unwrap();
    refuses(data.path(), "is missing, and without it").await;
    fs::write(&key, "0".repeat(64)).unwrap();
    mode(0o600);
    refuses(data.path(), "this is not the master key").await;
    fs::write(&key, text).unwrap();
    let server = Process::serve(PAWL, data.path()).await;
    let (status, _) = server.terminate().await;
    assert!(status.success());
}

#[tokio::test]
async fn a_log_or_a_keyring_that_is_lost() {
    for lost in ["log.db", "keyring.db"] {
        let data = used().await;
        fs::remove_file(data.path().join(lost)).unwrap();
        refuses(data.path(), &format!("{lost} is missing while")).await;
    }
    // Cut off in the middle of the first start, before anything happened.
    for left in ["log.db", "keyring.db"] {
        let data = TempDir::new().unwrap();
        let server = Process::serve(PAWL, data.path()).await;
        let (status, _) = server.terminate().await;
        assert!(status.success());
        for file in fs::read_dir(data.path()).unwrap() {
            let (file, name) = file.map(|f| (f.path(), f.file_name())).unwrap();
            let stays = [left, "master.key"].contains(&name.to_str().unwrap());
            if !stays && file.is_file() {
                fs::remove_file(file).unwrap();
            }
        }
        let server = Process::serve(PAWL, data.path()).await;
        set_up(&server).await;
    }
}

#[tokio::test]
async fn a_directory_that_was_mistyped() {
    let data = TempDir::new().unwrap();
    for command in ["rebuild", "status"] {
        let (ended, _, error) = pawl(&["projections", command], data.path()).await;
        assert!(!ended);
        assert!(error.contains("log.db"), "{error}");
    }
    assert!(!data.path().join("log.db").exists());
}

#[tokio::test]
async fn read_models_of_another_log_are_not_believed() {
    let (data, other) = (used().await, used().await);
    let [ours, theirs] = [&data, &other].map(|data| data.path().join("projections.db"));
    fs::copy(&theirs, &ours).unwrap();
    refuses(data.path(), "the log is another one").await;
    let longer = Process::serve(PAWL, other.path()).await;
    let _ = longer
        .client
        .post(
            "/v1/sign-in",
            serde_json::json!({ "email": "a@b.cd", "password": "x" }),
        )
        .await;
    let (status, _) = longer.terminate().await;
    assert!(status.success());
    fs::copy(&theirs, &ours).unwrap();
    refuses(data.path(), "the log was put back to an older state").await;
    let (ended, _, error) = pawl(&["projections", "rebuild"], data.path()).await;
    assert!(ended, "{error}");
    let server = Process::serve(PAWL, data.path()).await;
    let _ = server.client.get("/readyz").await.expect(200);
}

#[tokio::test]
async fn settings_that_cannot_be_read() {
    let data = TempDir::new().unwrap();
    let file = data.path().join("pawl.toml");
    for (text, words) in [
        ("listen = 7", "invalid type"),
        ("colour = \"red\"", "unknown field `colour`"),
        ("listen = \"here\"", "invalid socket address"),
        (
            "public-url = \"localhost:8080\"",
            "is not the root of a site",
        ),
        (
            "public-url = \"https://example.org/pawl\"",
            "is not the root of a site",
        ),
        ("log = \"pawl=loud\"", "log: "),
        ("argon2-memory-kib = 1", "argon2: "),
        ("witnesses = [\"nobody\"]", "nobody is no witness, such as"),
        ("mail-from = \"Acme\"", "mail-from: Acme is no sender"),
        ("smtp-url = \"smtps://mail.example.org\"", "needs mail-from"),
        (
            "smtp-url = \"smtp://pawl:s3cret@mail.example.org?tls=none\"\nmail-from = \"a@b.c\"",
            "show the password",
        ),
        (
            "smtp-url = \"smtps://mail.example.org\"\nmail-from = \"a@b.c\"\nsmtp-ca-file = \"no\"",
            "cannot read no",
        ),
        (
            "smtp-url = \"smtps://mail.example.org\"\nmail-from = \"a@b.c\"\nsmtp-timeout = 0",
            "smtp-timeout: ",
        ),
    ] {
        fs::write(&file, text).unwrap();
        let config = file.to_str().unwrap();
        let (ended, _, error) = pawl(&["config", "check", "--config", config], data.path()).await;
        assert!(!ended);
        assert!(error.contains(words), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
    let mail =
        "smtp-url = \"smtps://pawl:s3cret@mail.example.org\"\nmail-from = \"Acme <a@b.c>\"\n";
    fs::write(&file, format!("listen = \"127.0.0.1:9\"\n{mail}")).unwrap();
    let config = file.to_str().unwrap();
    let (ended, out, error) = pawl(&["config", "check", "--config", config], data.path()).await;
    assert!(ended, "{error}");
    assert!(out.contains("127.0.0.1:9"), "{out}");
    assert!(
        out.contains("Acme <a@b.c>") && !out.contains("s3cret"),
        "{out}"
    );
}
