//! Reads: the same events whatever the direction, the beginning and the count.

use crate::server::{Server, log, put, soon, stream};
use kurrentdb::{
    Error, Position, ReadAllOptions, ReadEvent, ReadStreamOptions,
    StreamPosition::{self, End, Start},
};

const COUNT: u64 = 300;

fn all(at: u64) -> StreamPosition<Position> {
    StreamPosition::Position(Position {
        commit: at,
        prepare: at,
    })
}

#[tokio::test]
async fn a_stream_is_read_from_anywhere_both_ways() {
    let server = Server::start().await;
    let client = server.client();
    for _ in 0..3 {
        server.append("s-1", "Done", 100).await;
        server.append("s-2", "Done", 7).await;
    }
    for (position, from) in [
        (Start, 0),
        (StreamPosition::Position(0), 0),
        (StreamPosition::Position(1), 1),
        (StreamPosition::Position(128), 128),
        (StreamPosition::Position(299), 299),
        (StreamPosition::Position(300), 300),
        (StreamPosition::Position(9999), 9999),
        (End, u64::MAX),
    ] {
        for count in [1, 2, 127, 128, 129, 256, 299, 300, 301, usize::MAX] {
            let options = ReadStreamOptions::default()
                .position(position)
                .max_count(count);
            let forwards = stream(&client, "s-1", options.clone().forwards());
            let forwards = forwards.await.unwrap();
            let expected = (from.min(COUNT)..COUNT).take(count);
            let revisions = forwards.iter().map(|event| event.revision);
            assert!(revisions.eq(expected), "{count} from {position:?}");

            let backwards = stream(&client, "s-1", options.backwards());
            let backwards = backwards.await.unwrap();
            let expected = (0..=from.min(COUNT - 1)).rev().take(count);
            let revisions = backwards.iter().map(|event| event.revision);
            assert!(revisions.eq(expected), "{count} back from {position:?}");
            let mut both = forwards.iter().chain(&backwards);
            assert!(both.all(|event| event.stream_id() == "s-1"));
        }
    }
}

#[tokio::test]
async fn the_log_is_read_from_anywhere_both_ways() {
    let server = Server::start().await;
    let client = server.client();
    for stream in ["s-1", "s-2", "s-3"] {
        server.append(stream, "Done", 100).await;
    }
    for (position, from) in [
        (Start, 0),
        (all(0), 0),
        (all(1), 1),
        (all(2), 2),
        (all(129), 129),
        (all(300), 300),
        (all(301), 301),
        (all(u64::MAX), u64::MAX),
        (End, u64::MAX),
    ] {
        for count in [1, 2, 128, 129, 300, 301, usize::MAX] {
            let options = ReadAllOptions::default()
                .position(position)
                .max_count(count);
            let forwards = log(&client, options.clone().forwards()).await.unwrap();
            // The event at the position is read forwards, and not read backwards.
            let expected = (from.clamp(1, COUNT + 1)..=COUNT).take(count);
            let positions = forwards.iter().map(|event| event.position.commit);
            assert!(positions.eq(expected), "{count} from {position:?}");

            let backwards = log(&client, options.backwards()).await.unwrap();
            let expected = (1..from.clamp(1, COUNT + 1)).rev().take(count);
            let positions = backwards.iter().map(|event| event.position.commit);
            assert!(positions.eq(expected), "{count} back from {position:?}");
        }
    }
}

#[tokio::test]
async fn a_stream_that_is_not_there_is_not_found() {
    let server = Server::start().await;
    let client = server.client();
    put(&client, "s-1", "Done", 1).await;
    for options in [
        ReadStreamOptions::default(),
        ReadStreamOptions::default().backwards().position(End),
        ReadStreamOptions::default().position(End),
    ] {
        for name in ["s", "s-2", "$$s-1", "$all"] {
            let answer = stream(&client, name, options.clone()).await;
            assert!(matches!(answer, Err(Error::ResourceNotFound)), "{name}");
        }
    }
    let options = ReadStreamOptions::default();
    let metadata = client.get_stream_metadata("s-1", &options);
    assert!(!soon(metadata).await.unwrap().is_success());
}

#[tokio::test]
async fn a_read_says_where_the_stream_ends() {
    let server = Server::start().await;
    let client = server.client();
    server.append("s-1", "Done", 3).await;
    let options = ReadStreamOptions::default();
    let mut read = soon(client.read_stream("s-1", &options)).await.unwrap();
    let mut end = None;
    while let Some(event) = soon(read.next_read_event()).await.unwrap() {
        assert!(end.is_none());
        if let ReadEvent::LastStreamPosition(last) = event {
            end = Some(last);
        }
    }
    assert_eq!(end, Some(2));
}
