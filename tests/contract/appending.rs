//! Appends: whole or absent, in one order, and seen by everybody once they are answered.

use crate::log::{
    Log, assert_conflict, assert_duplicate, event, events, given, ids, new_ids, new_stream,
    new_streams,
};
use eventstore::{
    AppendError, Direction,
    ExpectedRevision::{Any, Exact, NoStream},
    StoreError,
};
use eventstore_schema::{EventId, NewEvent, StreamName};
use futures::future::join_all;
use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering},
};

pub(crate) async fn an_append_that_expects_another_revision_is_refused(log: &Log) {
    let stream = new_stream();
    let mut kept = Vec::new();
    for (expected, actual) in [
        (Exact(0), None),
        (NoStream, None),
        (NoStream, Some(0)),
        (Exact(1), Some(0)),
        (Exact(0), Some(0)),
        (Exact(0), Some(1)),
        (Exact(2), Some(1)),
        (Exact(u64::MAX), Some(1)),
        (Any, Some(1)),
        (NoStream, Some(2)),
    ] {
        let new = event("{}");
        let answer = log.append(&stream, expected, vec![new.clone()]).await;
        if expected == Any || expected == actual.map_or(NoStream, Exact) {
            kept.push(new);
            assert_eq!(answer.unwrap().revision, kept.len() as u64 - 1);
        } else {
            assert_conflict(&answer, &stream, expected, actual);
        }
        log.holds(&stream, &kept).await;
    }
    let streamless = new_stream();
    let appended = log.append(&streamless, Any, events(2)).await.unwrap();
    assert_eq!(appended.revision, 1);
}

pub(crate) async fn of_writers_who_expect_the_same_exactly_one_wins(log: &Log) {
    let stream = new_stream();
    let mut winners = Vec::new();
    for round in 0..20 {
        let before: Option<u64> = (winners.len() as u64).checked_sub(1);
        let expected = before.map_or(NoStream, Exact);
        let writers = (0..8).map(|_| {
            let (log, stream, new) = (log.clone(), stream.clone(), event("{}"));
            tokio::spawn(async move {
                let answer = log.append(&stream, expected, vec![new.clone()]).await;
                (new, answer)
            })
        });
        for writer in join_all(writers).await {
            match writer.unwrap() {
                (new, Ok(appended)) => {
                    assert_eq!(appended.revision, round);
                    winners.push(new);
                }
                (_, lost) => assert_conflict(&lost, &stream, expected, Some(round)),
            }
        }
        assert_eq!(winners.len() as u64, round + 1, "winners of round {round}");
    }
    log.holds(&stream, &winners).await;
}

pub(crate) async fn an_append_is_whole_or_absent(log: &Log) {
    const SIZE: usize = 7;
    let streams = new_streams::<2>();
    let writers = (0..12).map(|writer| {
        let (log, stream) = (log.clone(), streams[writer % 2].clone());
        tokio::spawn(async move {
            let mut appended = Vec::new();
            for _ in 0..5 {
                appended.push(log.put(&stream, SIZE).await.0);
                // One that is refused at its last event leaves none of the others.
                let mut refused = events(SIZE);
                refused.push(event("7".repeat(log.event_limit + 1)));
                log.append(&stream, Any, refused).await.unwrap_err();
                let late = log.append(&stream, Exact(u64::MAX), events(SIZE)).await;
                late.unwrap_err();
            }
            appended
        })
    });
    let writers = writers.collect::<Vec<_>>();
    // Whoever reads meanwhile never sees a part.
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        for stream in &streams {
            assert_eq!(log.whole(stream).await.len() % SIZE, 0);
        }
        for stream in streams.chunks(1) {
            assert_eq!(log.all(stream).await.len() % SIZE, 0);
        }
    }
    let mut appends = HashMap::<EventId, Vec<EventId>>::new();
    for appended in join_all(writers).await {
        for new in appended.unwrap() {
            appends.insert(new[0].id, new_ids(&new));
        }
    }
    let found = log.all(&streams).await;
    assert_eq!(found.len(), appends.len() * SIZE);
    for together in found.chunks(SIZE) {
        assert_eq!(appends.get(&together[0].id), Some(&ids(together)));
    }
}

pub(crate) async fn positions_grow_in_the_order_of_commits(log: &Log) {
    let streams = new_streams::<3>();
    let clock = AtomicUsize::new(0);
    let tick = || clock.fetch_add(1, Ordering::SeqCst);
    let appends = join_all((0..6).map(|writer| {
        let (streams, tick) = (&streams, &tick);
        async move {
            let mut appends = Vec::new();
            for number in 0..15 {
                let begun = tick();
                let (new, appended) = log.put(&streams[(writer + number) % 3], 2).await;
                appends.push((begun, tick(), new, appended));
            }
            appends
        }
    }));
    let appends: Vec<_> = appends.await.into_iter().flatten().collect();

    let found = log.all(&streams).await;
    assert_eq!(found.len(), appends.len() * 2);
    assert!(found.is_sorted_by(|one, next| one.position < next.position));
    for stream in &streams {
        let revisions = found.iter().filter(|event| event.stream == *stream);
        let revisions = revisions.map(|event| event.revision);
        assert!(revisions.eq(0..found.len() as u64 / 3), "{stream}");
    }
    let places: HashMap<_, _> = found
        .iter()
        .map(|event| (event.id, (event.position, event.revision)))
        .collect();
    for (begun, _, new, appended) in &appends {
        let last = (appended.position, appended.revision);
        assert_eq!(places[&new[1].id], last, "the answer is the last event's");
        for (_, answered, _, earlier) in &appends {
            if answered < begun {
                assert!(earlier.position < places[&new[0].id].0);
            }
        }
    }
}

pub(crate) async fn what_was_answered_is_seen_everywhere(log: &Log) {
    let writers = (0..4).map(|_| {
        let log = log.clone();
        tokio::spawn(async move {
            let stream = new_stream();
            let only = std::slice::from_ref(&stream);
            let mut follower = log.follow(log.begin, only);
            for revision in 0..25 {
                let before = log.head().await.unwrap();
                let (new, appended) = log.put(&stream, 1).await;
                assert!(appended.position > before);
                assert!(log.head().await.unwrap() >= appended.position);

                let forwards = log.read_stream(&stream, revision, Direction::Forwards, 9);
                assert_eq!(ids(&forwards.await.unwrap()), new_ids(&new));
                let backwards = log.read_stream(&stream, u64::MAX, Direction::Backwards, 1);
                assert_eq!(ids(&backwards.await.unwrap()), new_ids(&new));
                let in_all = log.all_after(before, only).await;
                assert_eq!(ids(&in_all), new_ids(&new));
                assert_eq!(follower.next().await.id, new[0].id);
                let first = log.follow(before, only).next().await;
                assert_eq!(first, in_all[0]);
                assert_eq!((&first.stream, first.revision), (&stream, revision));
                assert_eq!(first.position, appended.position);
                assert_eq!(given(first), new[0]);
            }
        })
    });
    for writer in join_all(writers).await {
        writer.unwrap();
    }
}

pub(crate) async fn an_append_without_events_is_refused(log: &Log) {
    let stream = new_stream();
    for expected in [NoStream, Any, Exact(0)] {
        let answer = log.append(&stream, expected, Vec::new()).await;
        let refused = matches!(answer, Err(AppendError::Store(StoreError::NoEvents)));
        assert!(refused, "{answer:?}");
    }
    // It has not made the stream, and does not move one.
    let first = vec![event("{}")];
    log.append(&stream, NoStream, first.clone()).await.unwrap();
    log.append(&stream, Any, Vec::new()).await.unwrap_err();
    log.append(&stream, Exact(0), Vec::new()).await.unwrap_err();
    log.holds(&stream, &first).await;
    let second = log.append(&stream, Exact(0), events(1)).await.unwrap();
    assert_eq!(second.revision, 1);
}

pub(crate) async fn a_bad_writer_harms_no_other(log: &Log) {
    let [known, bad] = new_streams();
    let (old, _) = log.put(&known, 2).await;
    let good = new_streams::<8>();
    let mut kept = vec![Vec::new(); good.len()];
    for round in 0..10 {
        let expected = match round {
            0 => NoStream,
            _ => Exact(round * 2 - 1),
        };
        let good_writers = join_all(good.iter().map(|stream| async move {
            let new = events(2);
            let answer = log.append(stream, expected, new.clone()).await;
            (new, answer)
        }));
        let twice = event("{}");
        let bad_appends: [(&StreamName, Vec<NewEvent>); 5] = [
            (&known, vec![event("{}"), old[1].clone()]),
            (&known, vec![old[1].clone(), old[0].clone()]),
            (&bad, vec![twice.clone(), twice]),
            (
                &bad,
                vec![event("{}"), event("7".repeat(log.event_limit + 1))],
            ),
            (&bad, Vec::new()),
        ];
        let bad_writers = bad_appends
            .into_iter()
            .map(|(stream, new)| log.append(stream, Any, new));
        let late = log.append(&known, Exact(7), events(1));
        let (answers, bad_answers, late) =
            futures::join!(good_writers, join_all(bad_writers), late);

        assert_duplicate(&bad_answers[0], &[old[1].id]);
        assert_duplicate(&bad_answers[1], &new_ids(&old));
        for answer in bad_answers {
            assert!(matches!(answer, Err(AppendError::Store(_))), "{answer:?}");
        }
        assert_conflict(&late, &known, Exact(7), Some(1));
        for (kept, (new, answer)) in kept.iter_mut().zip(answers) {
            assert_eq!(answer.unwrap().revision, round * 2 + 1);
            kept.extend(new);
        }
    }
    for (stream, kept) in good.iter().zip(&kept) {
        log.holds(stream, kept).await;
    }
    log.holds(&known, &old).await;
    log.holds(&bad, &[]).await;
}

pub(crate) async fn similar_names_are_different_streams(log: &Log) {
    let name = new_stream();
    let names = [
        "",
        "0",
        "%",
        "_",
        "-x",
        "-X",
        "-é",
        "-e\u{301}",
        "'",
        "/",
        " x",
    ];
    let streams = names.map(|end| StreamName::named(format!("{name}{end}")));
    let mut kept = Vec::new();
    for stream in &streams {
        let new = vec![event("{}")];
        let appended = log.append(stream, NoStream, new.clone()).await.unwrap();
        assert_eq!(appended.revision, 0);
        kept.push(new);
    }
    for (stream, kept) in streams.iter().zip(&kept) {
        log.holds(stream, kept).await;
    }
    let found = log.all(&streams).await;
    assert!(found.iter().map(|event| &event.stream).eq(&streams));
}
