//! Appends: each expectation holds or is answered with the client's own error, and what was
//! appended comes back as it was.

use crate::server::{Server, append, events, log, put, sentence, soon, stream, when};
use eventstore::embedded::EVENT_LIMIT;
use eventstore_schema::{Actor, CommandId, Metadata};
use kurrentdb::{
    CurrentRevision, Error, EventData, ReadAllOptions, ReadStreamOptions, StreamMetadataBuilder,
    StreamState::{self, Any, NoStream, StreamExists, StreamRevision},
};
use uuid::Uuid;

#[tokio::test]
async fn an_append_holds_to_what_it_expects() {
    let server = Server::start().await;
    let client = server.client();
    let mut length = 0;
    let steps: [(StreamState, bool); 12] = [
        (StreamExists, false),
        (StreamRevision(0), false),
        (NoStream, true),
        (NoStream, false),
        (StreamRevision(1), false),
        (StreamRevision(0), true),
        (StreamRevision(0), false),
        (StreamExists, true),
        (Any, true),
        (StreamRevision(u64::MAX), false),
        (StreamRevision(3), true),
        (NoStream, false),
    ];
    for (expected, fits) in steps {
        let answer = append(&client, "s-1", expected, events("Done", 1)).await;
        if fits {
            length += 1;
            let written = answer.unwrap();
            assert_eq!(written.next_expected_version, length - 1);
            assert_eq!(written.position.commit, length);
            assert_eq!(written.position.prepare, length);
            continue;
        }
        let Err(Error::WrongExpectedVersion {
            expected: believed,
            current,
        }) = answer
        else {
            panic!("{expected:?}: {answer:?}");
        };
        let actual = length.checked_sub(1);
        assert_eq!(believed, expected);
        assert_eq!(
            current,
            actual.map_or(CurrentRevision::NoStream, CurrentRevision::Current)
        );
    }
    let found = stream(&client, "s-1", ReadStreamOptions::default());
    assert_eq!(found.await.unwrap().len() as u64, length);
}

#[tokio::test]
async fn events_come_back_byte_for_byte() {
    let server = Server::start().await;
    let client = server.client();
    let envelope = Metadata {
        version: 1,
        recorded_at: "2026-02-28T23:59:58.1234567Z".parse().unwrap(),
        actor: Actor::Operator,
        command_id: CommandId(Uuid::nil()),
        command_digest: None,
        organization_id: None,
        correlation_id: Uuid::nil(),
        causation_id: Uuid::nil(),
    };
    let recorded_at = envelope.recorded_at;
    let envelope = envelope.encode().unwrap();
    let contents = [
        ("{}", envelope, true),
        (
            " {\"z\":1,\n \"a\":[1.0,1e2]} ",
            "{ \"by\" : \"é\" }".into(),
            true,
        ),
        ("no JSON, but text: é 🦀", String::new(), false),
        ("", "not JSON".into(), false),
    ];
    let new = contents.clone().map(|(data, metadata, _)| {
        EventData::binary("Tätigkeit geschah", data.into())
            .metadata(metadata.into())
            .id(Uuid::new_v4())
    });
    let ids = new.clone().map(|event| format!("{event:?}"));
    let answer = append(&client, "ströme-1", NoStream, new.to_vec());
    answer.await.unwrap();

    let found = stream(&client, "ströme-1", ReadStreamOptions::default());
    let found = found.await.unwrap();
    assert_eq!(found.len(), contents.len());
    for (number, (event, (data, metadata, is_json))) in found.iter().zip(contents).enumerate() {
        assert_eq!(event.data, data);
        assert_eq!(event.custom_metadata, metadata);
        assert_eq!(event.event_type, "Tätigkeit geschah");
        assert_eq!(event.stream_id(), "ströme-1");
        assert_eq!(event.revision, number as u64);
        assert_eq!(event.position.commit, number as u64 + 1);
        assert_eq!(event.is_json, is_json, "{data}");
        assert!(ids[number].contains(&event.id.to_string()));
        let since_1970 = event.metadata["created"].parse::<i64>().unwrap();
        let expected = if number == 0 {
            recorded_at.timestamp_micros() * 10 + 7
        } else {
            0
        };
        assert_eq!(since_1970, expected);
    }
}

#[tokio::test]
async fn an_append_that_is_repeated_answers_as_the_first_time() {
    let server = Server::start().await;
    let client = server.client();
    let new = events("Done", 3);
    let first = append(&client, "s-1", NoStream, new.clone()).await;
    put(&client, "s-1", "Done", 1).await;
    for expected in [NoStream, Any, StreamExists, StreamRevision(9)] {
        let again = append(&client, "s-1", expected, new.clone());
        let (first, again) = (first.as_ref().unwrap(), again.await.unwrap());
        assert_eq!(again.next_expected_version, first.next_expected_version);
        assert_eq!(again.position, first.position);
    }
    let elsewhere = append(&client, "s-2", Any, new).await;
    assert!(matches!(elsewhere, Err(Error::ResourceAlreadyExists)));
}

#[tokio::test]
async fn what_this_log_does_not_keep_is_refused_with_a_sentence() {
    let server = Server::start().await;
    let client = server.client();
    let options = when(Any);
    let binary = || EventData::binary("Done", vec![0xff, 0xfe].into()).id(Uuid::new_v4());
    let text = || EventData::binary("Done", "{}".into()).id(Uuid::new_v4());
    for (stream, event, words) in [
        ("s-1", binary(), "data is not UTF-8"),
        (
            "s-1",
            text().metadata(vec![0xc0].into()),
            "metadata is not UTF-8",
        ),
        (
            "s-1",
            EventData::binary("$metadata", "{}".into()),
            "begin with $",
        ),
        ("s-1", EventData::binary("", "{}".into()), "needs a type"),
        ("$all", text(), "begin with $"),
        ("$$s-1", text(), "no stream metadata"),
        ("", text(), "needs a name"),
    ] {
        let event = event.id(Uuid::new_v4());
        let new = vec![text(), event];
        let answer = append(&client, stream, Any, new).await;
        let said = sentence(answer);
        assert!(said.contains(words), "{said}");
    }
    let nothing = append(&client, "s-1", Any, Vec::new()).await;
    assert!(sentence(nothing).contains("at least one event"));
    let metadata = StreamMetadataBuilder::new().max_count(1).build();
    let set = soon(client.set_stream_metadata("s-1", &options, &metadata)).await;
    assert!(sentence(set).contains("no stream metadata"));

    let found = log(&client, ReadAllOptions::default()).await;
    assert_eq!(found.unwrap().len(), 0);
}

#[tokio::test]
async fn large_events_pass_and_larger_ones_do_not() {
    let server = Server::start().await;
    let client = server.client();
    let text = |length: usize| "x".repeat(length);
    let event = |length| EventData::binary("Done", text(length).into()).id(Uuid::new_v4());
    let largest = EVENT_LIMIT - 1024;
    let new = vec![event(largest); 1];
    append(&client, "s-1", Any, new).await.unwrap();
    // Together more than one message of the protocol may hold.
    let new = (0..15).map(|_| event(largest)).collect::<Vec<_>>();
    append(&client, "s-1", Any, new).await.unwrap();

    let new = vec![event(10), event(EVENT_LIMIT + 1)];
    let said = sentence(append(&client, "s-1", Any, new).await);
    assert!(said.contains(&EVENT_LIMIT.to_string()), "{said}");
    let new = (0..17).map(|_| event(largest)).collect::<Vec<_>>();
    let said = sentence(append(&client, "s-1", Any, new).await);
    assert!(said.contains("is not accepted"), "{said}");

    let found = stream(&client, "s-1", ReadStreamOptions::default());
    let found = found.await.unwrap();
    assert_eq!(found.len(), 16);
    assert!(found.iter().all(|event| event.data.len() == largest));
}

#[tokio::test]
async fn of_two_clients_that_expect_the_same_one_wins() {
    let server = Server::start().await;
    let clients = [server.client(), server.client()];
    for round in 0..10_u64 {
        let expected = round.checked_sub(1).map_or(NoStream, StreamRevision);
        let [one, other] = &clients;
        let (one, other) = tokio::join!(
            append(one, "s-1", expected, events("Done", 1)),
            append(other, "s-1", expected, events("Done", 1)),
        );
        let (won, lost) = if one.is_ok() {
            (one, other)
        } else {
            (other, one)
        };
        assert_eq!(won.unwrap().next_expected_version, round);
        let Err(Error::WrongExpectedVersion { current, .. }) = lost else {
            panic!("{lost:?}");
        };
        assert_eq!(current, CurrentRevision::Current(round));
    }
}
