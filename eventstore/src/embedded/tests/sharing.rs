//! The directory, the file and the connections: who may use them, and when they are free again.

use super::{heads::Heads, readers::Readers, *};
use std::sync::{
    Barrier,
    atomic::{AtomicUsize, Ordering},
};

#[tokio::test]
async fn a_directory_is_locked_until_the_log_in_it_is_closed() {
    let directory = TempDir::new().unwrap();
    let in_use = || matches!(DataDir::lock(directory.path()), Err(StoreError::InUse(_)));
    let lock = DataDir::lock(directory.path()).unwrap();
    assert!(in_use());
    let store = EmbeddedStore::open(&lock).unwrap();
    drop(lock);
    assert!(in_use());
    let subscription = store.subscribe(Position::START);
    drop(store);
    assert!(in_use(), "the subscription still has the log open");
    drop(subscription);
    assert!(!in_use());
}

#[tokio::test]
async fn a_read_that_nobody_waits_for_still_holds_the_directory() {
    let directory = TempDir::new().unwrap();
    let lock = DataDir::lock(directory.path()).unwrap();
    let store = EmbeddedStore::open(&lock).unwrap();
    let (begun, has_begun) = std::sync::mpsc::channel();
    let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
    let readers = store.0.shared.readers.clone();
    let read = tokio::spawn(async move {
        let slow = move |_: &Connection| {
            begun.send(()).unwrap();
            may_go_on.recv().unwrap();
            Ok(())
        };
        readers.run(slow).await
    });
    tokio::task::spawn_blocking(move || has_begun.recv().unwrap())
        .await
        .unwrap();
    read.abort();
    let _ = read.await;
    drop(store);
    let mut released = std::pin::pin!(lock.release());
    assert!(futures::poll!(&mut released).is_pending());
    go_on.send(()).unwrap();
    released.await;
    DataDir::lock(directory.path()).unwrap();
}

#[test]
fn whoever_finds_a_directory_in_use_is_told_what_to_do() {
    let directory = TempDir::new().unwrap();
    let _lock = DataDir::lock(directory.path()).unwrap();
    let sentence = DataDir::lock(directory.path()).unwrap_err().to_string();
    let name = directory.path().display();
    assert_eq!(
        sentence,
        format!(
            "{name} is in use by another process; stop that process or choose another data \
             directory"
        )
    );
}

#[tokio::test]
async fn the_file_refuses_to_change_or_delete_an_event() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path()).unwrap();
    store
        .append(
            &stream("user-1"),
            ExpectedRevision::Any,
            vec![event(r#""kept""#)],
        )
        .await
        .unwrap();
    let shell = sql(directory.path());
    for (statement, refusal) in [
        ("UPDATE events SET data = '{}'", "an event is never changed"),
        ("DELETE FROM events", "an event is never deleted"),
    ] {
        let error = shell.execute(statement, []).unwrap_err().to_string();
        assert_eq!(error, refusal);
    }
    let events = store
        .read_all(Position::START, Direction::Forwards, 9)
        .await;
    assert_eq!(events.unwrap()[0].data, r#""kept""#);
}

#[tokio::test]
async fn a_closed_log_is_one_file() {
    for somebody_looks in [false, true] {
        let (directory, copy) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let store = open(directory.path()).unwrap();
        for _ in 0..3 {
            store
                .append(&stream("user-1"), ExpectedRevision::Any, vec![event("{}")])
                .await
                .unwrap();
        }
        assert_eq!(positions(&store).await, [1, 2, 3]);
        // Another process keeps SQLite's own files there, but they hold nothing.
        let other = somebody_looks.then(|| sql(directory.path()));
        if let Some(other) = &other {
            other.execute_batch("SELECT count(*) FROM events").unwrap();
        }
        drop(store);
        for suffix in ["-wal", "-shm"] {
            let exists = log_file(directory.path(), suffix).exists();
            assert_eq!(exists, somebody_looks, "{suffix}");
        }
        fs::copy(log_file(directory.path(), ""), log_file(copy.path(), "")).unwrap();
        let store = open(copy.path()).unwrap();
        assert_eq!(positions(&store).await, [1, 2, 3]);
    }
}

#[tokio::test]
async fn a_log_opened_to_read_stays_as_it_was_then() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path()).unwrap();
    let name = stream("user-1");
    let append = |store: EmbeddedStore| {
        let name = name.clone();
        async move {
            let events = vec![event("{}")];
            store.append(&name, ExpectedRevision::Any, events).await
        }
    };
    append(store.clone()).await.unwrap();
    let reader = EmbeddedStore::open_read_only(directory.path()).unwrap();
    append(store.clone()).await.unwrap();
    assert_eq!(positions(&store).await, [1, 2]);
    assert_eq!(positions(&reader).await, [1]);
    assert_eq!(reader.head().await, Ok(Position(1)));
    let events = reader.read_stream(&name, 0, Direction::Forwards, 9).await;
    assert_eq!(events.unwrap().len(), 1);
    let refused = append(reader).await.unwrap_err().to_string();
    assert_eq!(refused, "the log is not available: it was opened to read");
}

#[tokio::test]
async fn readers_wait_for_one_of_a_few_connections() {
    let directory = TempDir::new().unwrap();
    let _store = open(directory.path()).unwrap();
    let readers = Readers::new(&log_file(directory.path(), ""), None);
    // Each waits until as many as may be are at work together.
    let together = Arc::new(Barrier::new(readers::LIMIT));
    let at_work = Arc::new(AtomicUsize::new(0));
    let reads = (0..3 * readers::LIMIT).map(|_| {
        let (together, at_work) = (together.clone(), at_work.clone());
        readers.run(move |_| {
            let count = at_work.fetch_add(1, Ordering::SeqCst) + 1;
            together.wait();
            at_work.fetch_sub(1, Ordering::SeqCst);
            Ok(count)
        })
    });
    for most in futures::future::join_all(reads).await {
        assert!(most.unwrap() <= readers::LIMIT);
    }
    assert_eq!(readers.idle().len(), readers::LIMIT);
}

#[tokio::test]
async fn a_connection_that_failed_is_not_used_again() {
    let directory = TempDir::new().unwrap();
    let _store = open(directory.path()).unwrap();
    let readers = Readers::new(&log_file(directory.path(), ""), None);
    readers.run(|_| Ok(())).await.unwrap();
    assert_eq!(readers.idle().len(), 1);
    let failed = readers.run(|_| Err::<(), _>(StoreError::Full)).await;
    assert_eq!(failed, Err(StoreError::Full));
    assert_eq!(readers.idle().len(), 0);
    let panicked = readers.run(|_| -> Result<(), _> { panic!("on purpose") });
    assert!(matches!(panicked.await, Err(StoreError::Unavailable(_))));
    assert_eq!(readers.idle().len(), 0);
    readers.run(|_| Ok(())).await.unwrap();
    assert_eq!(readers.idle().len(), 1);
}

#[test]
fn a_reader_that_is_late_does_not_turn_a_stream_back() {
    let heads = Heads::default();
    let name = stream("user-1");
    let before = heads.generation();
    heads.committed([(name.clone(), 5)].into());
    heads.seen(before, &name, 4);
    assert_eq!(heads.get(&name), Some(5));

    // Nor when the newer revision has been forgotten meanwhile.
    let others = (1..heads::LIMIT).map(|number| (stream(&format!("other-{number}")), 0));
    heads.committed(others.collect());
    heads.committed([(stream("one-too-many"), 0)].into());
    assert_eq!(heads.get(&name), None);
    heads.seen(before, &name, 4);
    assert_eq!(heads.get(&name), None);
    heads.seen(heads.generation(), &name, 5);
    assert_eq!(heads.get(&name), Some(5));
}
