//! What a reviewer finds with the binary alone: a history that nobody touched is sound, from wherever it
//! is read; one in which anything was changed never is, and the record is named.

use crate::{PAWL, pawl, run, set_up};
use harness::{Process, eventually};
use proptest::{
    prelude::*,
    sample::Index,
    test_runner::{Config, TestRunner},
};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

/// A data directory with a history of some three hundred events, its server stopped.
struct Installation {
    data: TempDir,
    organization: String,
    /// The public key of its log.
    key: String,
    /// A checkpoint from before most of it.
    early: PathBuf,
}

impl Installation {
    async fn new() -> Self {
        let data = TempDir::new().unwrap();
        let server = Process::serve(PAWL, data.path()).await;
        let (organization, session) = set_up(&server).await;
        let checkpoint = data.path().join("audit-log/checkpoint");
        let size = || {
            let text = fs::read_to_string(&checkpoint).ok()?;
            text.lines().nth(1)?.parse::<u64>().ok()
        };
        let begun = async || size().filter(|size| *size > 0);
        eventually("a checkpoint of the beginning", begun).await;
        let early = data.path().join("kept");
        fs::copy(&checkpoint, &early).unwrap();
        let path = format!("/v1/organizations/{organization}/invitations");
        for number in 0..150 {
            let email = format!("person.{number}@example.org");
            let body = json!({ "email": email, "name": "Somebody", "role": "member" });
            let _ = session.post(&path, body).await.expect(201);
        }
        let (status, _) = server.terminate().await;
        assert!(status.success());
        let key = fs::read_to_string(data.path().join("audit-log/keys")).unwrap();
        Self {
            key: key.trim().to_owned(),
            data,
            organization,
            early,
        }
    }

    /// A copy of what verifying a data directory takes.
    fn copy(&self) -> TempDir {
        let copy = TempDir::new().unwrap();
        fs::copy(self.data.path().join("log.db"), copy.path().join("log.db")).unwrap();
        copy_folder(
            &self.data.path().join("audit-log"),
            &copy.path().join("audit-log"),
        );
        copy
    }

    /// What `pawl audit verify` says of a copy, and its exit code.
    fn verify(&self, source: &Path) -> (i32, Value) {
        let ended = Command::new(PAWL)
            .args(["audit", "verify", "--json", "--key", &self.key])
            .arg(source)
            .output()
            .unwrap();
        let code = ended.status.code().expect("it ends by itself");
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        (code, serde_json::from_slice(&ended.stdout).expect(&said))
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// The files of the audit log's tiles.
fn tiles(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.join("audit-log/tile")];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

type Row = (i64, Vec<u8>, String, i64, String, String, String);

/// What the log says, if SQLite can read it and finds nothing wrong with it.
fn content(folder: &Path) -> rusqlite::Result<Vec<Row>> {
    let connection = Connection::open(folder.join("log.db"))?;
    let checked: String =
        connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if checked != "ok" {
        return Err(rusqlite::Error::InvalidQuery);
    }
    let mut rows = connection.prepare("SELECT * FROM events ORDER BY position")?;
    let rows = rows.query_map([], |row| {
        Ok((
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
            row.get(5)?,
            row.get(6)?,
        ))
    })?;
    rows.collect()
}

/// Tries each of many cases.
fn each<S: Strategy>(cases: u32, strategy: S, check: impl Fn(S::Value) -> Result<(), String>) {
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    });
    let check = |case| check(case).map_err(TestCaseError::fail);
    runner.run(&strategy, check).unwrap();
}

fn expect(holds: bool, found: &impl std::fmt::Debug) -> Result<(), String> {
    if holds {
        Ok(())
    } else {
        Err(format!("{found:?}"))
    }
}

fn flip(file: &Path, byte: Index, bit: u8) {
    let mut bytes = fs::read(file).unwrap();
    let byte = byte.index(bytes.len());
    bytes[byte] ^= 1 << bit;
    fs::write(file, bytes).unwrap();
}

/// What somebody does who has the file and a SQL shell.
#[derive(Clone, Debug)]
enum Deed {
    Delete(Index),
    Change(Index, &'static str),
    Swap(Index, Index),
    Append,
}

impl Deed {
    /// Does it; at which index it has to be found, `None` where nothing that was signed changed.
    fn on(&self, folder: &Path, rows: &[Row]) -> Option<usize> {
        let connection = Connection::open(folder.join("log.db")).unwrap();
        let shell = |sql: &str| connection.execute_batch(sql).unwrap();
        shell("DROP TRIGGER events_are_never_changed; DROP TRIGGER events_are_never_deleted;");
        match self {
            Self::Delete(which) => {
                let at = which.index(rows.len());
                shell(&format!("DELETE FROM events WHERE position = {}", at + 1));
                Some(at)
            }
            Self::Change(which, set) => {
                let at = which.index(rows.len());
                shell(&format!(
                    "UPDATE events SET {set} WHERE position = {}",
                    at + 1
                ));
                Some(at)
            }
            Self::Swap(a, b) => {
                let (a, b) = (a.index(rows.len()), b.index(rows.len()));
                for (at, row) in [(a, &rows[b]), (b, &rows[a])] {
                    let (kind, data) = (&row.4, &row.6);
                    let sql = "UPDATE events SET type = ?1, data = ?2 WHERE position = ?3";
                    let at = i64::try_from(at).unwrap() + 1;
                    connection.execute(sql, (kind, data, at)).unwrap();
                }
                let same = (&rows[a].4, &rows[a].6) == (&rows[b].4, &rows[b].6);
                (!same).then_some(a.min(b))
            }
            Self::Append => {
                shell(
                    "INSERT INTO events SELECT max(position) + 1, randomblob(16), 'user-new', 0, \
                     type, metadata, data FROM events",
                );
                None
            }
        }
    }
}

fn deed() -> impl Strategy<Value = Deed> {
    let index = any::<Index>;
    let change = prop::sample::select(vec![
        "data = data || ' '",
        "metadata = replace(metadata, '2', '3')",
        "type = 'TwoFactorRelaxed'",
        "revision = revision + 1000",
        "stream = 'user-somebody'",
        "id = randomblob(16)",
    ]);
    prop_oneof![
        2 => index().prop_map(Deed::Delete),
        4 => (index(), change).prop_map(|(which, set)| Deed::Change(which, set)),
        2 => (index(), index()).prop_map(|(a, b)| Deed::Swap(a, b)),
        1 => Just(Deed::Append),
    ]
}

#[tokio::test]
async fn whatever_is_done_to_the_log_is_found_and_named() {
    let installation = Installation::new().await;
    let rows = content(installation.data.path()).unwrap();
    let (code, said) = installation.verify(installation.copy().path());
    assert_eq!((code, &said["records"]), (0, &json!(rows.len())), "{said}");

    each(120, deed(), |deed| {
        let copy = installation.copy();
        let place = deed.on(copy.path(), &rows);
        let (code, said) = installation.verify(copy.path());
        match place {
            None => expect(code == 0, &said),
            Some(at) => expect(
                code == 1 && said["wrong"]["index"] == json!(at),
                &(at, said),
            ),
        }
    });

    each(150, (any::<Index>(), 0..8_u8), |(byte, bit)| {
        let copy = installation.copy();
        flip(&copy.path().join("log.db"), byte, bit);
        let (code, said) = installation.verify(copy.path());
        let Ok(changed) = content(copy.path()) else {
            return expect(code != 0, &said);
        };
        let differ = |at: &usize| changed.get(*at) != rows.get(*at);
        let different: Vec<_> = (0..rows.len().max(changed.len())).filter(differ).collect();
        match different[..] {
            // What SQLite does not use may be anything; what it goes by may keep Pawl from reading.
            [] => Ok(()),
            [at] => expect(
                code == 1 && said["wrong"]["index"] == json!(at),
                &(at, said),
            ),
            _ => expect(code != 0, &said),
        }
    });
}

#[tokio::test]
async fn a_damaged_tile_is_named() {
    let installation = Installation::new().await;
    let rows = content(installation.data.path()).unwrap();
    let newest = format!(".p/{}", rows.len() % 256);
    let in_use = |path: &PathBuf| {
        let path = path.to_str().unwrap();
        !path.contains(".p/") || path.ends_with(&newest) || path.ends_with("tile/1/000.p/1")
    };
    each(60, any::<(Index, Index, u8)>(), |(which, byte, bit)| {
        let copy = installation.copy();
        let files: Vec<_> = tiles(copy.path()).into_iter().filter(in_use).collect();
        let file = &files[which.index(files.len())];
        flip(file, byte, bit % 8);
        let (code, said) = installation.verify(copy.path());
        let name = file.strip_prefix(copy.path().join("audit-log")).unwrap();
        let name = name.to_str().unwrap();
        let what = said["wrong"]["what"].to_string();
        let as_signed = what.contains("the records themselves are as they were signed");
        let told = as_signed != name.contains("entries");
        expect(code == 1 && what.contains(name) && told, &(name, said))
    });
}

#[tokio::test]
async fn a_reviewer_verifies_a_directory_a_server_and_an_export() {
    let installation = Installation::new().await;
    let data = installation.data.path();
    let early = installation.early.to_str().unwrap();
    let server = Process::serve(PAWL, data).await;
    let with_key = |source: &str| {
        let words = ["audit", "verify", source, "--since", early, "--key"];
        let words = words.into_iter().chain([installation.key.as_str()]);
        words.map(str::to_owned).collect::<Vec<_>>()
    };
    let verify = async |source: &str, more: &[&str]| {
        let words = with_key(source);
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        run(&[&words, more].concat()).await
    };
    let export = data.join("export.jsonl");
    let export = export.to_str().unwrap();
    let arguments = [
        "audit",
        "export",
        "--organization",
        &installation.organization,
    ];
    let (done, _, error) = pawl(&[&arguments[..], &["--output", export]].concat(), data).await;
    assert!(done, "{error}");
    for (source, more) in [
        (data.to_str().unwrap(), &[][..]),
        (&server.address, &[]),
        (&server.address, &["--quick"]),
        (export, &[]),
    ] {
        let (sound, out, error) = verify(source, more).await;
        assert!(sound, "{source}: {out}{error}");
        assert!(out.contains("only grew"), "{source}: {out}");
    }
    let (again, _, error) = pawl(&[&arguments[..], &["--output", export]].concat(), data).await;
    assert!(!again && error.contains("--force"), "{error}");

    let (told, out, error) = run(&["audit", "verify", export]).await;
    assert!(
        !told && out.is_empty() && error.contains("--key"),
        "{error}"
    );
    let text = fs::read_to_string(export).unwrap();
    fs::write(export, text.replace("Somebody", "Somebodi")).unwrap();
    let (sound, out, _) = verify(export, &[]).await;
    assert!(!sound && out.starts_with("not sound: line "), "{out}");
    let (status, _) = server.terminate().await;
    assert!(status.success());

    // An older copy of the log is put back, in which the newest are missing.
    let connection = Connection::open(data.join("log.db")).unwrap();
    let back = "DROP TRIGGER events_are_never_deleted; DELETE FROM events WHERE position > 50;";
    connection.execute_batch(back).unwrap();
    drop(connection);
    let (sound, out, _) = verify(data.to_str().unwrap(), &[]).await;
    assert!(!sound && out.contains("were cut off"), "{out}");
}
