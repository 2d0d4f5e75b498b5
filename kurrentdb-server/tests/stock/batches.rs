//! Batches: many appends in one call, each with its own answer.

use crate::server::{Server, batch, events, soon, stream};
use futures::future::join_all;
use kurrentdb::{
    Error, ReadStreamOptions,
    StreamState::{Any, NoStream, StreamExists, StreamRevision},
};

#[tokio::test]
async fn appends_of_one_call_reach_the_log_in_their_order() {
    const COUNT: u64 = 600;
    let server = Server::start().await;
    let client = server.client();
    let batch = batch(&client).await;
    // All are under way at once, and each expects what the one before it brings about.
    let appends = (0..COUNT).map(|number| {
        let expected = number.checked_sub(1).map_or(NoStream, StreamRevision);
        batch.append_to_stream("s-1", expected, events("Done", 1))
    });
    for (number, answer) in soon(join_all(appends)).await.into_iter().enumerate() {
        let written = answer.unwrap();
        let number = number as u64;
        assert_eq!(written.stream_name(), "s-1");
        assert_eq!(written.current_revision(), Some(number));
        assert_eq!(written.current_position().unwrap().commit, number + 1);
        let expected = number.checked_sub(1).map_or(NoStream, StreamRevision);
        assert_eq!(written.stream_state(), Some(expected));
    }
    let found = stream(&client, "s-1", ReadStreamOptions::default());
    assert_eq!(found.await.unwrap().len() as u64, COUNT);
}

#[tokio::test]
async fn a_refused_append_says_why() {
    let server = Server::start().await;
    let client = server.client();
    server.append("s-1", "Done", 2).await;
    let large = || {
        let mut events = events("Done", 1);
        let data = "x".repeat(eventstore::embedded::EVENT_LIMIT + 1);
        events.push(kurrentdb::EventData::binary("Done", data.into()));
        events
    };
    for (stream, expected, new, words) in [
        ("s-1", NoStream, events("Done", 1), "at Some(1)"),
        ("s-1", StreamRevision(0), events("Done", 1), "at Some(1)"),
        ("s-2", StreamExists, events("Done", 1), "at None"),
        ("$$s-1", Any, events("Done", 1), "no stream metadata"),
        ("s-1", Any, events("$own", 1), "begin with $"),
        ("s-1", Any, Vec::new(), "at least one event"),
        ("s-1", Any, large(), "larger than"),
    ] {
        // The client gives a whole batch up after one refusal.
        let batch = batch(&client).await;
        let answer = soon(batch.append_to_stream(stream, expected, new)).await;
        match answer {
            Err(Error::Grpc { message, .. }) => assert!(message.contains(words), "{message}"),
            other => panic!("{other:?}"),
        }
    }
    let found = stream(&client, "s-1", ReadStreamOptions::default());
    assert_eq!(found.await.unwrap().len(), 2);
}
