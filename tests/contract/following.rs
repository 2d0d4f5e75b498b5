//! Subscriptions: every event once and in order, whether it was there before or comes later.

use crate::log::{Follower, Log, event, given, ids, new_ids, new_stream, new_streams, soon};
use eventstore::ExpectedRevision::Any;
use eventstore_schema::{Position, RecordedEvent};
use futures::{FutureExt as _, future::join_all};
use std::{slice, sync::Arc};
use tokio::{sync::Barrier, task::JoinHandle};

pub(crate) async fn from_the_start_everything_comes(log: &Log) {
    let stream = new_stream();
    let (mut new, _) = log.put(&stream, 3).await;
    let mut follower = log.follow(Position::START, slice::from_ref(&stream));
    for (revision, new) in (0..).zip(&new) {
        let event = follower.next().await;
        assert_eq!((&event.stream, event.revision), (&stream, revision));
        assert_eq!(given(event), *new);
    }
    new.extend(log.put(&stream, 2).await.0);
    let rest = follower.until(new[4].id).await;
    assert_eq!(ids(&rest), new_ids(&new[3..]));
    assert_eq!(rest, log.whole(&stream).await[3..]);
}

pub(crate) async fn from_a_position_on_comes_what_is_after_it(log: &Log) {
    let stream = new_stream();
    let (mut new, last) = log.put(&stream, 5).await;
    let whole = log.whole(&stream).await;
    let from = |position| log.follow(position, slice::from_ref(&stream));
    let mut followers: Vec<_> = whole.iter().map(|event| from(event.position)).collect();
    let head = log.head().await.unwrap();
    assert!(head >= last.position);
    let mut at_the_end = [from(last.position), from(head)];
    new.extend(log.put(&stream, 3).await.0);
    for (index, follower) in followers.iter_mut().enumerate() {
        let events = follower.until(new[7].id).await;
        assert_eq!(ids(&events), new_ids(&new[index + 1..]));
    }
    for follower in &mut at_the_end {
        let events = follower.until(new[7].id).await;
        assert_eq!(ids(&events), new_ids(&new[5..]));
    }
}

/// Reads on in a task of its own, up to the event with the content `the end`.
fn read_to_the_end(mut follower: Follower) -> JoinHandle<Vec<RecordedEvent>> {
    tokio::spawn(async move {
        let mut events = Vec::new();
        while events
            .last()
            .is_none_or(|last: &RecordedEvent| last.data != THE_END)
        {
            events.push(follower.next().await);
        }
        events
    })
}

const THE_END: &str = r#""the end""#;

pub(crate) async fn catching_up_meets_live_without_gap_or_repeat(log: &Log) {
    const PHASES: usize = 4;
    let streams = new_streams::<4>();
    // More than an adapter reads at once, in appends that do not end where its pages do.
    for number in 0..20 {
        log.put(&streams[number % 4], 67).await;
    }
    let past = log.all(&streams).await;
    let middle = past[past.len() / 2].position;
    let phase = Arc::new(Barrier::new(streams.len() + 1));
    let writers = streams.clone().map(|stream| {
        let (log, phase) = (log.clone(), phase.clone());
        tokio::spawn(async move {
            for _ in 0..PHASES {
                phase.wait().await;
                for count in [1, 3, 2, 1, 1, 3, 2, 1] {
                    log.put(&stream, count).await;
                }
            }
        })
    });
    let mut readers = Vec::new();
    for _ in 0..PHASES {
        // Some begin before the writers go on, some while they write.
        for before in [true, false] {
            for after in [log.begin, middle, log.head().await.unwrap()] {
                let reader = read_to_the_end(log.follow(after, &streams));
                readers.push((after, reader));
            }
            if before {
                soon(phase.wait()).await;
            }
        }
    }
    for writer in join_all(writers).await {
        writer.unwrap();
    }
    let end = vec![event(THE_END)];
    log.append(&streams[0], Any, end).await.unwrap();
    let all = log.all(&streams).await;
    for (after, reader) in readers {
        let begin = all.partition_point(|event| event.position <= after);
        let events = soon(reader).await.unwrap();
        assert_eq!(ids(&events), ids(&all[begin..]), "after {after}");
        assert_eq!(events, all[begin..]);
    }
}

pub(crate) async fn many_subscribers_see_the_same(log: &Log) {
    let streams = new_streams::<3>();
    log.put(&streams[0], 10).await;
    let readers: Vec<_> = (0..100)
        .map(|_| read_to_the_end(log.follow(log.begin, &streams)))
        .collect();
    let idle = log.follow(log.begin, &streams);
    join_all(streams.iter().map(|stream| async {
        for count in 1..15 {
            log.put(stream, count % 3 + 1).await;
        }
    }))
    .await;
    let end = vec![event(THE_END)];
    log.append(&streams[0], Any, end).await.unwrap();
    let all = log.all(&streams).await;
    // One that has not read at all meanwhile has lost nothing.
    for reader in readers.into_iter().chain([read_to_the_end(idle)]) {
        assert_eq!(soon(reader).await.unwrap(), all);
    }
}

pub(crate) async fn a_subscriber_who_leaves_harms_no_other(log: &Log) {
    let stream = new_stream();
    let follow = |after| log.follow(after, slice::from_ref(&stream));
    let (mut new, _) = log.put(&stream, 600).await;
    let mut stays = follow(log.begin);
    for number in 0..10 {
        // One leaves unheard, one with events waiting for it, one while it waits for events.
        drop(follow(log.begin));
        let mut reads = follow(log.begin);
        assert_eq!(reads.next().await.id, new[0].id);
        drop(reads);
        let mut waits = follow(log.head().await.unwrap());
        assert!(waits.next().now_or_never().is_none());
        drop(waits);
        assert_eq!(stays.next().await.id, new[number].id);
        new.extend(log.put(&stream, 1).await.0);
    }
    let rest = stays.until(new[609].id).await;
    assert_eq!(ids(&rest), new_ids(&new[10..]));
}
