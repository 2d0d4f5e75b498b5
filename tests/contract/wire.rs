//! The adapter for KurrentDB when the network between it and the server fails: nothing is lost,
//! nothing doubled, and every call ends.

use crate::{
    adapters::Wire,
    log::{Adapter as _, event, events, ids, new_ids, new_stream, soon},
};
use eventstore::{
    AppendError, Direction, EventStore,
    ExpectedRevision::{Any, Exact, NoStream},
    StoreError,
};
use eventstore_schema::{NewEvent, Position, StreamName};
use futures::{StreamExt as _, future::join_all};
use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::time::sleep;

async fn wire(deadline: Duration) -> Wire {
    Wire::with_deadline(deadline).await
}

/// The events of a stream, as the server has them, whatever the network does.
async fn held(wire: &Wire, stream: &StreamName) -> Vec<NewEvent> {
    let direct = wire.behind();
    let read = direct.read_stream(stream, 0, Direction::Forwards, usize::MAX);
    let events = read.await.unwrap();
    events.into_iter().map(crate::log::given).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_cut_in_the_middle_of_appends_lose_and_double_nothing() {
    let wire = wire(Duration::from_secs(10)).await;
    let store = wire.store();
    let over = Arc::new(AtomicBool::new(false));
    let cutter = tokio::spawn({
        let (proxy, over) = (wire.proxy().clone(), over.clone());
        async move {
            // Answers that take a while are more often cut on their way.
            proxy.delay(Duration::from_millis(3));
            let mut cuts = 0;
            while !over.load(Ordering::Relaxed) {
                sleep(Duration::from_millis(40 + cuts * 37 % 260)).await;
                proxy.cut();
                cuts += 1;
            }
            cuts
        }
    });
    let writers = (0..6).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            let stream = new_stream();
            let mut kept: Vec<NewEvent> = Vec::new();
            for round in 0..25 {
                let new = events(1 + round % 3);
                let expected = match (writer % 2, kept.len() as u64) {
                    (0, _) => Any,
                    (_, 0) => NoStream,
                    (_, count) => Exact(count - 1),
                };
                // A command that was not answered is repeated by whoever gave it.
                loop {
                    match store.append(&stream, expected, new.clone()).await {
                        Ok(appended) => {
                            let end = kept.len() + new.len();
                            assert_eq!(appended.revision, end as u64 - 1);
                            break;
                        }
                        Err(AppendError::Store(StoreError::Unavailable(_))) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
                kept.extend(new);
            }
            (stream, kept)
        })
    });
    let outcomes = soon(join_all(writers.collect::<Vec<_>>())).await;
    over.store(true, Ordering::Relaxed);
    assert!(cutter.await.unwrap() > 3);
    for outcome in outcomes {
        let (stream, kept) = outcome.unwrap();
        assert_eq!(held(&wire, &stream).await, kept, "{stream}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_held_back_is_asked_for_again_and_appended_once() {
    let wire = wire(Duration::from_secs(6)).await;
    let store = wire.store();
    let stream = new_stream();
    let mut kept = Vec::new();
    for expected in [NoStream, Exact(1), Any, Any] {
        let new = events(2);
        kept.extend(new.clone());
        wire.proxy().hold_answers(true);
        let append = tokio::spawn({
            let (store, stream) = (store.clone(), stream.clone());
            async move { store.append(&stream, expected, new).await }
        });
        // It is in the log, but nobody has heard of it; or, before an append that looks first, the
        // look has no answer.
        sleep(Duration::from_millis(300)).await;
        assert!(!append.is_finished());
        wire.proxy().hold_answers(false);
        wire.proxy().cut();
        let appended = soon(append).await.unwrap().unwrap();
        assert_eq!(appended.revision, kept.len() as u64 - 1);
        assert_eq!(held(&wire, &stream).await, kept);
    }
    let read = store.read_stream(&stream, 0, Direction::Forwards, 99);
    assert_eq!(ids(&read.await.unwrap()), new_ids(&kept));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_never_comes_ends_the_call_at_its_deadline() {
    let deadline = Duration::from_secs(2);
    let wire = wire(deadline).await;
    let store = wire.store();
    let stream = new_stream();
    let new = vec![event("{}")];
    wire.proxy().hold_answers(true);
    let begun = Instant::now();
    let answer = store.append(&stream, NoStream, new.clone()).await;
    let unknown = matches!(&answer, Err(AppendError::Store(StoreError::Unavailable(_))));
    assert!(unknown, "{answer:?}");
    store.head().await.unwrap_err();
    store
        .read_all(Position::START, Direction::Forwards, 1)
        .await
        .unwrap_err();
    let took = begun.elapsed();
    assert!(took < 3 * deadline + Duration::from_millis(500), "{took:?}");
    // It was appended all the same, and whoever repeats the command finds that out.
    assert_eq!(held(&wire, &stream).await, new);
    wire.proxy().hold_answers(false);
    for expected in [NoStream, Exact(0), Any] {
        let again = store.append(&stream, expected, new.clone()).await.unwrap();
        assert_eq!(again.revision, 0);
    }
    assert_eq!(held(&wire, &stream).await, new);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_that_is_cut_goes_on_without_gap_or_repeat() {
    let wire = wire(Duration::from_secs(10)).await;
    let store = wire.store();
    let stream = new_stream();
    let mut subscription = store.subscribe(Position::START);
    let writer = tokio::spawn({
        let (direct, stream) = (wire.behind(), stream.clone());
        async move {
            let mut kept = Vec::new();
            for _ in 0..100 {
                let new = events(3);
                direct.append(&stream, Any, new.clone()).await.unwrap();
                kept.extend(new);
                sleep(Duration::from_millis(20)).await;
            }
            kept
        }
    });
    let mut seen = Vec::new();
    while seen.len() < 300 {
        let event = soon(subscription.next()).await.unwrap().unwrap();
        assert_eq!(event.stream, stream);
        seen.push(event);
        if seen.len() % 20 == 0 {
            wire.proxy().cut();
        }
    }
    assert_eq!(ids(&seen), new_ids(&writer.await.unwrap()));
    // One that is cut while it waits hears of what comes next, too.
    for _ in 0..3 {
        wire.proxy().cut();
        sleep(Duration::from_millis(30)).await;
        let next = events(1);
        wire.behind()
            .append(&stream, Any, next.clone())
            .await
            .unwrap();
        let event = soon(subscription.next()).await.unwrap().unwrap();
        assert_eq!(event.id, next[0].id);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_goes_away_and_comes_back_is_found_again() {
    let mut wire = wire(Duration::from_secs(2)).await;
    let store = wire.store();
    let stream = new_stream();
    store.append(&stream, NoStream, events(1)).await.unwrap();
    let mut subscription = store.subscribe(Position::START);
    soon(subscription.next()).await.unwrap().unwrap();

    wire.stop_server().await;
    let lost = events(1);
    let begun = Instant::now();
    let answer = store.append(&stream, Exact(0), lost).await;
    assert!(
        matches!(answer, Err(AppendError::Store(StoreError::Unavailable(_)))),
        "{answer:?}"
    );
    assert!(begun.elapsed() < Duration::from_millis(2500));

    wire.start_server().await;
    let next = events(1);
    let appended = store.append(&stream, Exact(0), next.clone()).await.unwrap();
    assert_eq!(appended.revision, 1);
    let event = soon(subscription.next()).await.unwrap().unwrap();
    assert_eq!(event.id, next[0].id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_streams_of_others_are_never_seen() {
    let wire = wire(Duration::from_secs(10)).await;
    let (store, direct) = (wire.store(), wire.behind());
    let (ours, theirs) = (new_stream(), StreamName::named("invoice-1"));
    let mut kept = HashSet::new();
    let mut last = Position::START;
    for _ in 0..30 {
        direct.append(&theirs, Any, events(40)).await.unwrap();
        let new = events(1);
        kept.insert(new[0].id);
        last = store.append(&ours, Any, new).await.unwrap().position;
        assert_eq!(store.head().await.unwrap(), last);
    }
    direct.append(&theirs, Any, events(700)).await.unwrap();
    assert_eq!(store.head().await.unwrap(), last);
    for (from, direction) in [
        (Position::START, Direction::Forwards),
        (Position(u64::MAX), Direction::Backwards),
    ] {
        let (mut from, mut found) = (from, HashSet::new());
        loop {
            let page = store.read_all(from, direction, 7).await.unwrap();
            let Some(end) = page.last() else {
                break;
            };
            from = end.position;
            found.extend(ids(&page));
        }
        assert_eq!(found, kept);
    }
    let places = [0, 1, 41].map(|back| Position(last.0 - back));
    let found = store.read_at(&places).await.unwrap();
    let found = found.iter().map(|event| event.position);
    assert!(found.eq([places[0], places[2]]));
    let mut subscription = store.subscribe(Position::START);
    for _ in 0..kept.len() {
        let event = soon(subscription.next()).await.unwrap().unwrap();
        assert!(kept.remove(&event.id));
    }
    let refused = store.append(&theirs, Any, events(1)).await;
    assert!(
        matches!(refused, Err(AppendError::Store(StoreError::Foreign(_)))),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_credentials_are_said_at_once() {
    let wire = wire(Duration::from_secs(10)).await;
    let begun = Instant::now();
    let refused = wire
        .connect_as("pawl:wr%40ng", Duration::from_secs(10))
        .await;
    let sentence = refused.unwrap_err().to_string();
    assert!(begun.elapsed() < Duration::from_secs(3));
    assert!(sentence.contains("check user and password"), "{sentence}");
    assert!(
        !sentence.contains("wr@ng") && !sentence.contains("wr%40ng"),
        "{sentence}"
    );
    let store = wire
        .connect_as(Wire::USER, Duration::from_secs(10))
        .await
        .unwrap();
    let debug = format!("{store:?}");
    assert!(
        !debug.contains("pawl:") && !debug.contains("s3cret"),
        "{debug}"
    );
    store.head().await.unwrap();
}
