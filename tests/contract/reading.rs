//! Reads: the same events in the same order, whatever the page and the direction.

use crate::log::{Log, given, ids, new_ids, new_streams};
use eventstore::Direction::{Backwards, Forwards};
use eventstore_schema::{Position, RecordedEvent, StreamName};

pub(crate) async fn a_stream_is_the_same_in_pages_of_any_size(log: &Log) {
    const COUNT: usize = 13;
    let [stream, other] = new_streams();
    let mut new = Vec::new();
    for count in [5, 1, 4, 3] {
        new.extend(log.put(&stream, count).await.0);
        log.put(&other, count).await;
    }
    let whole = log.whole(&stream).await;
    assert!(whole.iter().map(|event| event.revision).eq(0..COUNT as u64));
    assert_eq!(whole.iter().cloned().map(given).collect::<Vec<_>>(), new);
    for size in (1..=COUNT + 1).chain([1_000_000, usize::MAX]) {
        for begin in 0..COUNT {
            let pages = forwards(log, &stream, begin as u64, size).await;
            assert_eq!(pages, whole[begin..], "{size} from {begin}");
            let mut pages = backwards(log, &stream, begin as u64, size).await;
            pages.reverse();
            assert_eq!(pages, whole[..=begin], "{size} back from {begin}");
        }
    }
}

async fn forwards(
    log: &Log,
    stream: &StreamName,
    mut from: u64,
    size: usize,
) -> Vec<RecordedEvent> {
    let mut events = Vec::new();
    loop {
        let page = log.read_stream(stream, from, Forwards, size).await.unwrap();
        assert!(page.len() <= size);
        let Some(last) = page.last() else {
            return events;
        };
        from = last.revision + 1;
        events.extend(page);
    }
}

async fn backwards(log: &Log, stream: &StreamName, from: u64, size: usize) -> Vec<RecordedEvent> {
    let mut events = Vec::new();
    let mut from = Some(from);
    while let Some(at) = from {
        let page = log.read_stream(stream, at, Backwards, size).await.unwrap();
        assert!(page.len() <= size);
        from = page.last().and_then(|last| last.revision.checked_sub(1));
        events.extend(page);
    }
    events
}

pub(crate) async fn the_log_is_the_same_in_pages_of_any_size(log: &Log) {
    let streams = new_streams::<3>();
    let mut new = Vec::new();
    for number in 0..9 {
        new.extend(log.put(&streams[number % 3], number % 2 + 1).await.0);
    }
    let whole = log.all(&streams).await;
    assert_eq!(ids(&whole), new_ids(&new));
    let end = whole[whole.len() - 1].position;
    for size in (1..=whole.len() + 1).chain([1_000_000]) {
        for (index, from) in whole.iter().enumerate().step_by(3) {
            let pages = pages(log, from.position, end, size).await;
            assert_eq!(of(&streams, pages), whole[index + 1..], "{size}");
            let mut pages = pages_back(log, from.position, size).await;
            pages.reverse();
            assert_eq!(of(&streams, pages), whole[..index], "{size} back");
        }
    }
    let mut pages = pages_back(log, Position(u64::MAX), 4).await;
    pages.reverse();
    assert_eq!(of(&streams, pages), whole);
}

fn of(streams: &[StreamName], mut events: Vec<RecordedEvent>) -> Vec<RecordedEvent> {
    assert!(events.is_sorted_by(|one, next| one.position < next.position));
    events.retain(|event| streams.contains(&event.stream));
    events
}

/// The events after a position, up to another.
async fn pages(log: &Log, mut after: Position, end: Position, size: usize) -> Vec<RecordedEvent> {
    let mut events = Vec::new();
    while after < end {
        let page = log.read_all(after, Forwards, size).await.unwrap();
        assert!(page.len() <= size);
        after = page.last().expect("there is more").position;
        events.extend(page);
    }
    events
}

/// The events before a position, back to where the test began.
async fn pages_back(log: &Log, mut before: Position, size: usize) -> Vec<RecordedEvent> {
    let mut events = Vec::new();
    loop {
        let page = log.read_all(before, Backwards, size).await.unwrap();
        assert!(page.len() <= size);
        let Some(last) = page.last().filter(|last| last.position > log.begin) else {
            events.extend(page.into_iter().filter(|e| e.position > log.begin));
            return events;
        };
        before = last.position;
        events.extend(page);
    }
}

pub(crate) async fn events_are_read_at_their_positions_in_any_order(log: &Log) {
    let streams = new_streams::<3>();
    for number in 0..40 {
        log.put(&streams[number % 3], number % 2 + 1).await;
    }
    let whole = log.all(&streams).await;
    assert_eq!(whole.len(), 60);
    let forwards: Vec<_> = (0..60).collect();
    let backwards: Vec<_> = (0..60).rev().collect();
    for order in [forwards, backwards, vec![7, 3, 3, 59, 0], vec![31], vec![]] {
        let positions: Vec<_> = order.iter().map(|&index| whole[index].position).collect();
        let expected: Vec<_> = order.iter().map(|&index| whole[index].clone()).collect();
        assert_eq!(log.read_at(&positions).await.unwrap(), expected);
    }
    // Where there is nothing, nothing else comes in its place.
    let (one, other) = (whole[11].position, whole[8].position);
    let gaps = [
        Position(u64::MAX),
        one,
        Position::START,
        Position::END,
        other,
    ];
    let events = log.read_at(&gaps).await.unwrap();
    assert_eq!(events, [whole[11].clone(), whole[8].clone()]);
}

pub(crate) async fn beyond_the_ends_there_is_nothing(log: &Log) {
    let [stream, nobody] = new_streams();
    let (_, appended) = log.put(&stream, 3).await;
    for (name, from, direction, limit) in [
        (&stream, 3, Forwards, 9),
        (&stream, u64::MAX, Forwards, usize::MAX),
        (&stream, 0, Forwards, 0),
        (&stream, 2, Backwards, 0),
        (&nobody, 0, Forwards, 9),
        (&nobody, 0, Backwards, 9),
        (&nobody, u64::MAX, Backwards, 9),
    ] {
        let page = log.read_stream(name, from, direction, limit).await.unwrap();
        assert_eq!(page, [], "{name} from {from} {direction:?}");
    }
    // From beyond the end backwards is from the end.
    for from in [2, 3, 1000, u64::MAX] {
        let page = log.read_stream(&stream, from, Backwards, 9).await.unwrap();
        assert!(page.iter().map(|event| event.revision).eq([2, 1, 0]));
    }
    for (from, direction, limit) in [
        (Position(u64::MAX), Forwards, 9),
        (Position::START, Backwards, 9),
        (log.begin, Forwards, 0),
        (appended.position, Backwards, 0),
    ] {
        let page = log.read_all(from, direction, limit).await.unwrap();
        assert_eq!(page, [], "from {from} {direction:?}");
    }
}
