//! Files that are no sound log: each is told in a sentence that an operator can act on, and is
//! left as it was.

use super::*;

/// The events of [`a_log`]; they fill some forty pages.
const EVENTS: usize = 150;

/// A closed log.
async fn a_log() -> TempDir {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path()).unwrap();
    for number in 0..EVENTS {
        let data = format!(r#"{{"number":{number},"text":"{}"}}"#, "x".repeat(700));
        let events = vec![event(data)];
        store
            .append(&stream("user-1"), ExpectedRevision::Any, events)
            .await
            .unwrap();
    }
    drop(store);
    directory
}

/// Replaces the log's bytes.
fn change(directory: &TempDir, change: impl FnOnce(&mut Vec<u8>)) {
    let file = log_file(directory.path(), "");
    let mut bytes = fs::read(&file).unwrap();
    change(&mut bytes);
    fs::write(&file, bytes).unwrap();
}

/// Opens the log both ways, and makes sure that this changes nothing.
#[track_caller]
fn refusal(directory: &TempDir) -> StoreError {
    let contents = || ["", "-wal"].map(|suffix| fs::read(log_file(directory.path(), suffix)).ok());
    let before = contents();
    let to_write = open(directory.path()).err();
    assert!(contents() == before, "opening it to write changed it");
    let to_read = EmbeddedStore::open_read_only(directory.path()).err();
    // SQLite leaves an empty WAL, which is as good as none.
    let empty_as_none = |contents: [Option<Vec<u8>>; 2]| contents.map(Option::unwrap_or_default);
    let unchanged = empty_as_none(contents()) == empty_as_none(before);
    assert!(unchanged, "opening it to read changed it");
    assert_eq!(to_write, to_read);
    to_write.expect("the log was opened")
}

#[track_caller]
fn assert_corrupt(error: &StoreError, sentence: &str) {
    assert!(
        matches!(error, StoreError::Corrupt(text) if text.contains(sentence)),
        "{error:?}"
    );
}

#[track_caller]
fn assert_foreign(error: &StoreError, sentence: &str) {
    assert!(
        matches!(error, StoreError::Foreign(text) if text.contains(sentence)),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_truncated_log_is_damaged() {
    let directory = a_log().await;
    change(&directory, |bytes| bytes.truncate(bytes.len() / 2));
    assert_corrupt(
        &refusal(&directory),
        "log.db is damaged; restore it from a backup",
    );
}

#[tokio::test]
async fn a_log_truncated_to_nothing_is_not_taken_for_a_new_one() {
    let directory = a_log().await;
    change(&directory, Vec::clear);
    fs::write(log_file(directory.path(), "-wal"), "the last events").unwrap();
    assert_corrupt(&refusal(&directory), "log.db is empty");
}

#[tokio::test]
async fn a_lost_log_whose_wal_is_there_is_not_made_anew() {
    let directory = TempDir::new().unwrap();
    let wal = log_file(directory.path(), "-wal");
    fs::write(&wal, "the last events").unwrap();
    let error = open(directory.path()).err().unwrap();
    assert_corrupt(&error, "log.db is missing");
    assert_eq!(fs::read(&wal).unwrap(), b"the last events");
    assert!(!log_file(directory.path(), "").exists());
}

#[tokio::test]
async fn a_page_of_garbage_is_told_when_it_is_read() {
    let directory = a_log().await;
    let number = |row: &rusqlite::Row<'_>, index| row.get::<_, u32>(index).map(|n| n as usize);
    let (page, size) = sql(directory.path())
        .query_row(
            "SELECT pageno, (SELECT page_size FROM pragma_page_size) FROM dbstat
             WHERE name = 'events' AND pagetype = 'leaf' ORDER BY path LIMIT 1",
            [],
            |row| Ok((number(row, 0)?, number(row, 1)?)),
        )
        .unwrap();
    change(&directory, |bytes| {
        bytes[(page - 1) * size..page * size].fill(0xa5);
    });
    let before = fs::read(log_file(directory.path(), "")).unwrap();

    let store = open(directory.path()).unwrap();
    let damaged = store.read_all(Position::START, Direction::Forwards, 1);
    assert_corrupt(&damaged.await.unwrap_err(), "log.db is damaged");
    let name = stream("user-1");
    let damaged = store.read_stream(&name, 0, Direction::Forwards, 1);
    assert_corrupt(&damaged.await.unwrap_err(), "log.db is damaged");
    let mut subscription = store.subscribe(Position::START);
    let damaged = subscription.next().await.unwrap();
    assert_corrupt(&damaged.unwrap_err(), "log.db is damaged");
    assert!(subscription.next().await.is_none());

    // The rest is still there to be saved.
    let middle = Position(EVENTS as u64 / 2);
    let rest = store.read_all(middle, Direction::Forwards, EVENTS).await;
    assert_eq!(rest.unwrap().len(), EVENTS / 2);
    drop((store, subscription));
    assert!(fs::read(log_file(directory.path(), "")).unwrap() == before);
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_named_by_its_position() {
    let find = |bytes: &[u8], text: &str| {
        let text = text.as_bytes();
        bytes.windows(text.len()).rposition(|found| found == text)
    };
    // The file holds an event's metadata right before its content.
    for damaged in [r#""number":75,"#, r#""version":1,"#] {
        let directory = a_log().await;
        change(&directory, |bytes| {
            let content = find(bytes, r#""number":75,"#).unwrap();
            let end = content + damaged.len();
            let damaged = find(&bytes[..end], damaged).unwrap();
            bytes[damaged] = 0xff;
        });
        let store = open(directory.path()).unwrap();
        let events = store.read_all(Position(75), Direction::Forwards, 1).await;
        assert_corrupt(&events.unwrap_err(), "the event at position 76 in ");
    }
}

#[test]
fn a_file_that_is_no_database_is_foreign() {
    let directory = TempDir::new().unwrap();
    let text = "a shopping list, long enough to be no SQLite header at all";
    fs::write(log_file(directory.path(), ""), text).unwrap();
    assert_foreign(&refusal(&directory), "log.db is not a log of Pawl's");
}

#[test]
fn a_database_of_another_program_is_foreign_and_keeps_its_wal() {
    let (directory, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let other = sql(elsewhere.path());
    other
        .execute_batch(
            "PRAGMA journal_mode = WAL;
             CREATE TABLE shopping (item TEXT); INSERT INTO shopping VALUES ('bread');",
        )
        .unwrap();
    // Copied while it is open, or else its WAL would be folded into it.
    for suffix in ["", "-wal"] {
        let file = log_file(elsewhere.path(), suffix);
        fs::copy(file, log_file(directory.path(), suffix)).unwrap();
    }
    assert_foreign(&refusal(&directory), "is a database of another program");
}

#[tokio::test]
async fn a_log_of_a_newer_version_is_foreign() {
    let directory = a_log().await;
    sql(directory.path())
        .execute_batch("PRAGMA user_version = 2")
        .unwrap();
    assert_foreign(
        &refusal(&directory),
        "log.db is a log of version 2, and this Pawl knows version 1",
    );
}

#[test]
fn where_there_is_no_log_there_is_none_to_read() {
    let directory = TempDir::new().unwrap();
    let error = EmbeddedStore::open_read_only(directory.path())
        .err()
        .unwrap();
    assert!(error.to_string().contains("there is no "), "{error}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_log_that_was_never_finished_is_made_again() {
    let directory = TempDir::new().unwrap();
    fs::write(log_file(directory.path(), ".new"), "half a log").unwrap();
    let store = open(directory.path()).unwrap();
    assert_eq!(store.head().await, Ok(Position::START));
    assert!(!log_file(directory.path(), ".new").exists());
}
