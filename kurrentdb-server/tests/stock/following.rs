//! Subscriptions: every event once and in order, whether it was there before or comes later.

use crate::server::{Server, put, soon};
use kurrentdb::{
    Position, RecordedEvent, StreamPosition, SubscribeToAllOptions, SubscribeToStreamOptions,
    Subscription, SubscriptionEvent,
};

/// The next events, and after which of them the subscription said that it had caught up.
async fn take(subscription: &mut Subscription, count: usize) -> (Vec<RecordedEvent>, Vec<usize>) {
    let (mut events, mut caught_up) = (Vec::new(), Vec::new());
    while events.len() < count {
        match soon(subscription.next_subscription_event()).await.unwrap() {
            SubscriptionEvent::EventAppeared(event) => {
                events.push(event.event.unwrap());
            }
            SubscriptionEvent::CaughtUp(_) => caught_up.push(events.len()),
            _ => {}
        }
    }
    (events, caught_up)
}

/// Reads on until the subscription says that it has caught up.
async fn caught_up(subscription: &mut Subscription) -> kurrentdb::CaughtUp {
    loop {
        let event = soon(subscription.next_subscription_event()).await.unwrap();
        if let SubscriptionEvent::CaughtUp(caught_up) = event {
            return caught_up.unwrap();
        }
    }
}

#[tokio::test]
async fn a_stream_is_followed_after_a_revision() {
    let server = Server::start().await;
    let client = server.client();
    server.append("s-1", "Done", 200).await;
    server.append("s-2", "Done", 200).await;
    for (position, first) in [
        (StreamPosition::Start, 0),
        (StreamPosition::Position(0), 1),
        (StreamPosition::Position(150), 151),
        (StreamPosition::Position(199), 200),
        (StreamPosition::End, 200),
    ] {
        let options = SubscribeToStreamOptions::default().start_from(position);
        let mut subscription = client.subscribe_to_stream("s-1", &options).await;
        let confirmed = soon(subscription.next_subscription_event()).await.unwrap();
        assert!(matches!(confirmed, SubscriptionEvent::Confirmed(_)));
        let (events, _) = take(&mut subscription, 200 - first).await;
        let revisions = events.iter().map(|event| event.revision);
        assert!(revisions.eq(first as u64..200), "{position:?}");
        let caught_up = caught_up(&mut subscription).await;
        let last = events.last().map(|event| event.revision);
        assert_eq!(caught_up.stream_revision, last);
    }
    let options = SubscribeToStreamOptions::default().start_from(StreamPosition::End);
    let mut live = client.subscribe_to_stream("s-1", &options).await;
    caught_up(&mut live).await;
    put(&client, "s-2", "Done", 3).await;
    put(&client, "s-1", "Done", 2).await;
    let (events, _) = take(&mut live, 2).await;
    let found = events.iter().map(|e| (e.stream_id(), e.revision));
    assert!(found.eq([("s-1", 200), ("s-1", 201)]));
}

#[tokio::test]
async fn a_stream_can_be_followed_before_it_is_there() {
    let server = Server::start().await;
    let client = server.client();
    server.append("s-1", "Done", 5).await;
    let mut followers = Vec::new();
    for (position, first) in [
        (StreamPosition::Start, 0),
        (StreamPosition::Position(7), 8),
        (StreamPosition::End, 0),
    ] {
        let options = SubscribeToStreamOptions::default().start_from(position);
        let mut subscription = client.subscribe_to_stream("later-1", &options).await;
        assert_eq!(caught_up(&mut subscription).await.stream_revision, None);
        followers.push((subscription, first));
    }
    put(&client, "later-1", "Done", 200).await;
    for (subscription, first) in &mut followers {
        let (events, _) = take(subscription, 200 - *first).await;
        let revisions = events.iter().map(|event| event.revision);
        assert!(revisions.eq(*first as u64..200));
    }
}

#[tokio::test]
async fn the_log_is_followed_after_a_position() {
    let server = Server::start().await;
    let client = server.client();
    server.append("s-1", "Done", 150).await;
    server.append("s-2", "Done", 150).await;
    let at = |at| {
        StreamPosition::Position(Position {
            commit: at,
            prepare: at,
        })
    };
    let mut live = Vec::new();
    for (position, first) in [
        (StreamPosition::Start, 1),
        (at(0), 1),
        (at(1), 2),
        (at(128), 129),
        (at(300), 301),
        (StreamPosition::End, 301),
    ] {
        let options = SubscribeToAllOptions::default().position(position);
        let mut subscription = client.subscribe_to_all(&options).await;
        let (events, _) = take(&mut subscription, 301 - first).await;
        let positions = events.iter().map(|event| event.position.commit);
        assert!(positions.eq(first as u64..301), "{position:?}");
        let caught_up = caught_up(&mut subscription).await;
        assert_eq!(caught_up.position.unwrap().commit, 300);
        live.push(subscription);
    }
    put(&server.client(), "s-1", "Done", 2).await;
    for subscription in &mut live {
        let (events, again) = take(subscription, 2).await;
        let positions = events.iter().map(|event| event.position.commit);
        assert!(positions.eq([301, 302]));
        assert!(again.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn catching_up_meets_live_without_a_gap_or_a_repeat() {
    const APPENDS: usize = 120;
    let server = Server::start().await;
    let client = server.client();
    server.append("s-0", "Done", 400).await;
    let writers = (0..3).map(|writer| {
        let client = server.client();
        tokio::spawn(async move {
            for number in 0..APPENDS {
                let stream = format!("s-{}", (writer + number) % 3);
                put(&client, stream.as_str(), "Done", 2).await;
            }
        })
    });
    let writers = writers.collect::<Vec<_>>();
    let total = 400 + 3 * APPENDS * 2;
    let of_stream = 400 + APPENDS * 2;
    let mut followers = Vec::new();
    // Each begins at another moment of the writing.
    for _ in 0..5 {
        let client = client.clone();
        let everything = tokio::spawn(async move {
            let options = SubscribeToAllOptions::default().position(StreamPosition::Start);
            let mut subscription = client.subscribe_to_all(&options).await;
            let (events, caught_up) = take(&mut subscription, total).await;
            let positions = events.iter().map(|event| event.position.commit);
            assert!(positions.eq(1..=total as u64));
            assert!(caught_up.len() <= 1);
        });
        let client = server.client();
        followers.push(everything);
        let stream = tokio::spawn(async move {
            let options = SubscribeToStreamOptions::default().start_from(StreamPosition::Start);
            let mut subscription = client.subscribe_to_stream("s-0", &options).await;
            let (events, caught_up) = take(&mut subscription, of_stream).await;
            let revisions = events.iter().map(|event| event.revision);
            assert!(revisions.eq(0..of_stream as u64));
            assert!(caught_up.len() <= 1);
        });
        followers.push(stream);
    }
    for task in writers.into_iter().chain(followers) {
        soon(task).await.unwrap();
    }
}

#[tokio::test]
async fn subscriptions_end_when_the_server_stops() {
    let server = Server::start().await;
    let client = server.client();
    server.append("s-1", "Done", 1).await;
    let mut all = client
        .subscribe_to_all(&SubscribeToAllOptions::default())
        .await;
    let options = SubscribeToStreamOptions::default();
    let mut stream = client.subscribe_to_stream("s-1", &options).await;
    caught_up(&mut all).await;
    caught_up(&mut stream).await;
    server.stop();
    for subscription in [&mut all, &mut stream] {
        let error = soon(subscription.next()).await.unwrap_err();
        assert!(error.to_string().contains("stopping"), "{error}");
    }
    server.stopped().await;
}
