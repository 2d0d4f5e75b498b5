//! Who may do what.

use crate::server::{Server, append, batch, events, log, put, soon, stream};
use kurrentdb::{
    Client, DeleteStreamOptions, Error, ReadAllOptions, ReadStreamOptions, StreamState,
    SubscribeToAllOptions, SubscribeToStreamOptions, SubscriptionEvent, TombstoneStreamOptions,
};

async fn may_not_append(client: &Client) {
    let answer = append(client, "ours-1", StreamState::Any, events("Done", 1)).await;
    assert!(matches!(answer, Err(Error::AccessDenied)), "{answer:?}");
    let batch = batch(client).await;
    let answer = batch.append_to_stream("ours-1", StreamState::Any, events("Done", 1));
    let answer = soon(answer).await;
    assert!(answer.is_err(), "{answer:?}");
}

async fn may_not_read(client: &Client) {
    let stream = stream(client, "ours-1", ReadStreamOptions::default()).await;
    let all = log(client, ReadAllOptions::default()).await;
    for answer in [stream, all] {
        assert!(matches!(answer, Err(Error::AccessDenied)), "{answer:?}");
    }
    let mut all = client
        .subscribe_to_all(&SubscribeToAllOptions::default())
        .await;
    let options = SubscribeToStreamOptions::default();
    let mut stream = client.subscribe_to_stream("ours-1", &options).await;
    for subscription in [&mut all, &mut stream] {
        let answer = soon(subscription.next()).await;
        assert!(matches!(answer, Err(Error::AccessDenied)), "{answer:?}");
    }
}

#[tokio::test]
async fn whoever_is_not_let_in_gets_nothing() {
    let server = Server::start().await;
    server.append("ours-1", "Done", 3).await;
    for credentials in ["", "admin:wrong@", "nobody:changeit@"] {
        let client = server.client_of(credentials);
        may_not_read(&client).await;
        may_not_append(&client).await;
    }
    let found = log(&server.client(), ReadAllOptions::default()).await;
    assert_eq!(found.unwrap().len(), 3);
}

#[tokio::test]
async fn reading_is_not_appending() {
    let server = Server::start().await;
    server.append("ours-1", "Done", 3).await;
    for credentials in ["node:changeit@", "reader:changeit@"] {
        let client = server.client_of(credentials);
        may_not_append(&client).await;
        let found = log(&client, ReadAllOptions::default()).await;
        assert_eq!(found.unwrap().len(), 3);
    }
}

#[tokio::test]
async fn nobody_deletes() {
    let server = Server::start().await;
    server.append("ours-1", "Done", 3).await;
    for credentials in ["", "reader:changeit@", "node:changeit@", "admin:changeit@"] {
        let client = server.client_of(credentials);
        let options = DeleteStreamOptions::default();
        let deleted = soon(client.delete_stream("ours-1", &options)).await;
        let options = TombstoneStreamOptions::default();
        let buried = soon(client.tombstone_stream("ours-1", &options)).await;
        assert!(matches!(deleted, Err(Error::AccessDenied)), "{deleted:?}");
        assert!(matches!(buried, Err(Error::AccessDenied)), "{buried:?}");
    }
    let client = server.client();
    let found = stream(&client, "ours-1", ReadStreamOptions::default()).await;
    assert_eq!(found.unwrap().len(), 3);
}

#[tokio::test]
async fn a_reader_sees_what_its_view_shows_and_nothing_else() {
    let server = Server::start().await;
    for _ in 0..3 {
        server.append("theirs-1", "Done", 150).await;
        server.append("ours-1", "Done", 2).await;
    }
    let client = server.client_of("reader:changeit@");
    let only_ours = |found: &[kurrentdb::RecordedEvent]| {
        let mut found = found.iter();
        found.all(|event| {
            let data = String::from_utf8_lossy(&event.data).into_owned();
            event.stream_id() == "ours-1" && data.contains("opened")
        })
    };
    for options in [
        ReadAllOptions::default(),
        ReadAllOptions::default()
            .backwards()
            .position(kurrentdb::StreamPosition::End),
    ] {
        for (count, expected) in [(usize::MAX, 6), (4, 4)] {
            let found = log(&client, options.clone().max_count(count))
                .await
                .unwrap();
            assert_eq!(found.len(), expected);
            assert!(only_ours(&found));
        }
    }
    let found = stream(&client, "ours-1", ReadStreamOptions::default()).await;
    assert!(only_ours(&found.unwrap()));
    for name in ["theirs-1", "nowhere"] {
        let found = stream(&client, name, ReadStreamOptions::default()).await;
        assert!(matches!(found, Err(Error::ResourceNotFound)), "{found:?}");
    }

    let mut all = client
        .subscribe_to_all(&SubscribeToAllOptions::default())
        .await;
    let options = SubscribeToStreamOptions::default();
    let mut hidden = client.subscribe_to_stream("theirs-1", &options).await;
    let hidden = soon(async {
        loop {
            let event = hidden.next_subscription_event().await.unwrap();
            if let SubscriptionEvent::CaughtUp(caught_up) = event {
                break caught_up;
            }
            assert!(matches!(event, SubscriptionEvent::Confirmed(_)));
        }
    });
    assert_eq!(hidden.await.unwrap().stream_revision, None);
    put(&server.client(), "theirs-1", "Done", 5).await;
    put(&server.client(), "ours-1", "Done", 1).await;
    let mut seen = Vec::new();
    while seen.len() < 7 {
        let event = soon(all.next()).await.unwrap();
        seen.push(event.event.unwrap());
    }
    assert!(only_ours(&seen));
}

#[tokio::test]
async fn a_reader_who_may_no_longer_read_is_cut_off() {
    let server = Server::start().await;
    server.append("ours-1", "Done", 1).await;
    let client = server.client_of("reader:changeit@");
    let mut all = client
        .subscribe_to_all(&SubscribeToAllOptions::default())
        .await;
    let options = SubscribeToStreamOptions::default();
    let mut stream = client.subscribe_to_stream("ours-1", &options).await;
    for subscription in [&mut all, &mut stream] {
        while !matches!(
            soon(subscription.next_subscription_event()).await.unwrap(),
            SubscriptionEvent::CaughtUp(_)
        ) {}
    }
    server.reader.withdraw();
    server.append("ours-1", "Done", 1).await;
    for subscription in [&mut all, &mut stream] {
        let answer = soon(subscription.next()).await;
        assert!(matches!(answer, Err(Error::AccessDenied)), "{answer:?}");
    }
    let found = log(&client, ReadAllOptions::default()).await;
    assert!(matches!(found, Err(Error::AccessDenied)), "{found:?}");
}
