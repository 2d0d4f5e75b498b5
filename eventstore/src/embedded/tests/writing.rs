//! The writer: batches, what one request does to the others, and a log without room.

use super::{
    writer::{Request, write},
    *,
};
use ExpectedRevision::{Any, Exact, NoStream};
use std::time::Duration;

type Answer = Result<Appended, AppendError>;

/// A writer whose batches and connection are in the hands of the test.
struct Bench {
    directory: TempDir,
    connection: Connection,
    shared: Arc<Shared>,
}

impl Bench {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let file = log_file(directory.path(), "");
        let connection = file::open_to_write(&file).unwrap();
        let shared = Arc::new(Shared::new(file, &connection, None).unwrap());
        Self {
            directory,
            connection,
            shared,
        }
    }

    /// Has all of these written as one batch.
    fn write<const N: usize>(
        &mut self,
        requests: [(&str, ExpectedRevision, &[&NewEvent]); N],
    ) -> [Answer; N] {
        let (mut batch, mut answers) = (Vec::new(), Vec::new());
        for (name, expected, events) in requests {
            let events = events.iter().map(|event| (*event).clone()).collect();
            let (request, answer) = Request::new(stream(name), expected, events).unwrap();
            batch.push(request);
            answers.push(answer);
        }
        write(&mut self.connection, &self.shared, &mut batch);
        let mut answers = answers.into_iter();
        std::array::from_fn(|_| answers.next().unwrap().try_recv().unwrap())
    }

    fn reader(&self) -> EmbeddedStore {
        EmbeddedStore(Arc::new(Inner {
            shared: self.shared.clone(),
            writer: None,
        }))
    }

    fn set_max_page_count(&self, pages: i64) {
        self.connection
            .query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
            .unwrap();
    }
}

fn at(revision: u64, position: u64) -> Appended {
    let position = Position(position);
    Appended { revision, position }
}

#[track_caller]
fn assert_store_error(answer: &Answer, expected: &StoreError) {
    assert!(
        matches!(answer, Err(AppendError::Store(error)) if error == expected),
        "{answer:?}"
    );
}

/// The transactions in the log's WAL, which must not have been folded into the log yet: frames that
/// say how large the log is after a commit, others say 0. (SQLite, "WAL-mode File Format")
fn commits(directory: &Path) -> usize {
    let wal = fs::read(log_file(directory, "-wal")).unwrap();
    let number = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().unwrap()) as usize;
    let (header, frames) = wal.split_at(32);
    let frames = frames.chunks_exact(24 + number(&header[8..12]));
    let current = frames.filter(|frame| frame[8..16] == header[16..24]);
    current.filter(|frame| number(&frame[4..8]) > 0).count()
}

#[tokio::test]
async fn a_bad_request_fails_alone_in_its_batch() {
    let mut bench = Bench::new();
    let [old_1, old_2, new_1, new_2, new_3, good_1, good_2, good_3] =
        std::array::from_fn(|_| event("{}"));
    let [first] = bench.write([("old", NoStream, &[&old_1, &old_2])]);
    assert_eq!(first.unwrap(), at(1, 2));
    let before = commits(bench.directory.path());

    let [
        good,
        known_later,
        elsewhere,
        reordered,
        same_batch,
        conflict,
        repeated,
        last,
    ] = bench.write([
        ("good", NoStream, &[&good_1]),
        ("old", Any, &[&new_1, &old_2]),
        ("other", NoStream, &[&old_1]),
        ("old", Any, &[&old_2, &old_1]),
        ("other", NoStream, &[&new_2, &good_1]),
        ("good", Exact(7), &[&new_3]),
        ("good", NoStream, &[&good_1]),
        ("good", Exact(0), &[&good_2, &good_3]),
    ]);
    assert_eq!(good.unwrap(), at(0, 3));
    assert_eq!(repeated.unwrap(), at(0, 3));
    assert_eq!(last.unwrap(), at(2, 5));
    assert_store_error(&known_later, &StoreError::DuplicateId(old_2.id));
    assert_store_error(&elsewhere, &StoreError::DuplicateId(old_1.id));
    assert_store_error(&reordered, &StoreError::DuplicateId(old_2.id));
    assert_store_error(&same_batch, &StoreError::DuplicateId(good_1.id));
    assert!(
        matches!(
            &conflict,
            Err(AppendError::Conflict {
                actual: Some(0),
                ..
            })
        ),
        "{conflict:?}"
    );
    assert_eq!(positions(&bench.reader()).await, [1, 2, 3, 4, 5]);
    assert_eq!(commits(bench.directory.path()), before + 1);
}

#[tokio::test]
async fn a_row_that_the_log_refuses_unexpectedly_fails_its_request_alone() {
    let mut bench = Bench::new();
    let [a, b, c, d] = std::array::from_fn(|_| event("{}"));
    let [first] = bench.write([("changed", NoStream, &[&a])]);
    assert_eq!(first.unwrap(), at(0, 1));
    sql(bench.directory.path())
        .execute_batch(
            "INSERT INTO events VALUES (99, x'00', 'changed', 1, 'Smuggled', '{}', '{}')",
        )
        .unwrap();

    let [before, refused, after] = bench.write([
        ("innocent", NoStream, &[&b]),
        ("changed", Exact(0), &[&c]),
        ("innocent", Exact(0), &[&d]),
    ]);
    assert_eq!(before.unwrap(), at(0, 2));
    assert_eq!(after.unwrap(), at(1, 3));
    let Err(AppendError::Store(StoreError::Corrupt(sentence))) = refused else {
        panic!("{refused:?}");
    };
    assert!(
        sentence.contains("changed by another program"),
        "{sentence}"
    );
    assert_eq!(positions(&bench.reader()).await, [1, 2, 3]);
}

#[tokio::test]
async fn without_room_nothing_is_acknowledged_and_nothing_acknowledged_is_lost() {
    let mut bench = Bench::new();
    let [small, large] = [event("{}"), event(format!("\"{}\"", "x".repeat(100_000)))];
    let [kept] = bench.write([("user-1", NoStream, &[&event("{}")])]);
    assert_eq!(kept.unwrap(), at(0, 1));
    let pages = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
    let pages = bench
        .connection
        .query_row("PRAGMA page_count", [], pages)
        .unwrap();

    bench.set_max_page_count(pages + 5);
    for _ in 0..3 {
        let answers = bench.write([
            ("user-1", Exact(0), &[&small]),
            ("user-2", NoStream, &[&large]),
        ]);
        for answer in &answers {
            assert_store_error(answer, &StoreError::Full);
        }
        assert_eq!(positions(&bench.reader()).await, [1]);
        assert_eq!(bench.reader().head().await, Ok(Position(1)));
    }
    let [still_fits] = bench.write([("user-1", Exact(0), &[&small])]);
    assert_eq!(still_fits.unwrap(), at(1, 2));

    bench.set_max_page_count(1_000_000);
    let [again, fits_now] = bench.write([
        ("user-1", Exact(0), &[&small]),
        ("user-2", NoStream, &[&large]),
    ]);
    assert_eq!(again.unwrap(), at(1, 2));
    assert_eq!(fits_now.unwrap(), at(0, 3));
    assert_eq!(positions(&bench.reader()).await, [1, 2, 3]);
}

#[tokio::test]
async fn appends_that_wait_share_a_commit() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path()).unwrap();
    let names: Vec<_> = (0..300).map(|n| stream(&format!("user-{n}"))).collect();
    // Nobody can commit while this transaction is open, so all of them get to wait.
    let gate = sql(directory.path());
    gate.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut appends = Vec::new();
    for name in &names {
        let mut append = store.append(name, NoStream, vec![event("{}")]);
        assert!(futures::poll!(&mut append).is_pending());
        appends.push(append);
        tokio::task::yield_now().await;
    }
    gate.execute_batch("ROLLBACK").unwrap();
    for append in appends {
        append.await.unwrap();
    }
    // One for those that the writer took first, one for all that came meanwhile.
    let commits = commits(directory.path());
    assert!((1..=2).contains(&commits), "{commits} commits");
}

#[tokio::test]
async fn an_event_counts_with_its_metadata() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path()).unwrap();
    let name = stream("user-1");
    let mut event = event("");
    event.data = "7".repeat(EVENT_LIMIT - event.metadata.len() + 1);
    let refused = store.append(&name, NoStream, vec![event.clone()]).await;
    let (size, limit) = (EVENT_LIMIT + 1, EVENT_LIMIT);
    assert_store_error(&refused, &StoreError::TooLarge { size, limit });
    event.data.pop();
    store.append(&name, NoStream, vec![event]).await.unwrap();
}

#[tokio::test]
async fn nothing_is_shown_before_the_writer_has_published_it() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path()).unwrap();
    let name = stream("user-1");
    let first = store.append(&name, NoStream, vec![event("{}")]).await;
    assert_eq!(first.unwrap(), at(0, 1));
    // As it is between a commit and the word of it.
    sql(directory.path())
        .execute_batch(
            "INSERT INTO events
             SELECT 2, zeroblob(16), stream, 1, type, metadata, data FROM events",
        )
        .unwrap();
    assert_eq!(store.head().await, Ok(Position(1)));
    assert_eq!(positions(&store).await, [1]);
    for (direction, from) in [(Direction::Forwards, 0), (Direction::Backwards, u64::MAX)] {
        let events = store.read_stream(&name, from, direction, 9).await.unwrap();
        assert_eq!(events.len(), 1, "{direction:?}");
    }
    let last = store.read_all(Position(u64::MAX), Direction::Backwards, 1);
    assert_eq!(last.await.unwrap()[0].position, Position(1));
    let both = store.read_at(&[Position(2), Position(1)]).await.unwrap();
    assert!(both.iter().map(|event| event.position.0).eq([1]));
    drop(store);

    let store = open(directory.path()).unwrap();
    assert_eq!(store.head().await, Ok(Position(2)));
    assert_eq!(positions(&store).await, [1, 2]);
}

#[tokio::test]
async fn a_log_that_lacks_its_own_end_ends_a_subscription() {
    let mut bench = Bench::new();
    let [appended] = bench.write([("user-1", NoStream, &[&event("{}")])]);
    assert_eq!(appended.unwrap(), at(0, 1));
    bench.shared.head.send_replace(Position(7));
    let events = bench.reader().subscribe(Position::START).take(3).collect();
    let events = tokio::time::timeout(Duration::from_mins(1), events).await;
    let events: Vec<_> = events.unwrap();
    assert!(
        matches!(&events[..], [Ok(_), Err(StoreError::Corrupt(text))] if text.contains("ends at position 7")),
        "{events:?}"
    );
}
