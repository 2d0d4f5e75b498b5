//! Filters: by stream and by type, by prefixes and by regular expressions.

use crate::server::{Server, log, sentence, soon};
use kurrentdb::{
    Client, Error, Position, ReadAllOptions, StreamPosition, SubscribeToAllOptions,
    SubscriptionEvent, SubscriptionFilter,
};

/// Streams `user-1`, `user-2` and `order-1` with events of three types each, 60 events in all.
async fn filled() -> (Server, Client) {
    let server = Server::start().await;
    for _ in 0..4 {
        for stream in ["user-1", "user-2", "order-1"] {
            server.append(stream, "UserInvited", 2).await;
            server.append(stream, "UserErased", 1).await;
            server.append(stream, "Shipped", 2).await;
        }
    }
    let client = server.client();
    (server, client)
}

fn on_streams() -> SubscriptionFilter {
    SubscriptionFilter::on_stream_name()
}

fn on_types() -> SubscriptionFilter {
    SubscriptionFilter::on_event_type()
}

#[tokio::test]
async fn filters_leave_out_the_rest() {
    let (_server, client) = filled().await;
    for (filter, matching) in [
        (on_streams().add_prefix("user-"), 40),
        (on_streams().add_prefix("user-1").add_prefix("order"), 40),
        (on_streams().regex("-1$"), 40),
        (on_types().add_prefix("User"), 36),
        (on_types().add_prefix("Shipped").add_prefix("UserE"), 36),
        (on_types().add_prefix("Nothing"), 0),
        (on_types().regex("^(UserErased|Shipped)$"), 36),
        (on_types().regex("vite"), 24),
        (on_types().regex(r"^(?!(\$.+$|User.+$))"), 24),
        (on_types().exclude_system_events(), 60),
    ] {
        for (options, reversed) in [
            (ReadAllOptions::default().forwards(), false),
            (
                ReadAllOptions::default()
                    .backwards()
                    .position(StreamPosition::End),
                true,
            ),
        ] {
            let everything = options.clone().max_count(usize::MAX).filter(filter.clone());
            let found = log(&client, everything).await.unwrap();
            assert_eq!(found.len(), matching, "{filter:?}");
            let in_order = |one: &_, next: &_| (one < next) != reversed;
            let positions = found.iter().map(|event| event.position.commit);
            assert!(positions.is_sorted_by(in_order));
            // The count is of those that pass.
            let some = options.max_count(5).filter(filter.clone());
            let some = log(&client, some).await.unwrap();
            assert_eq!(some.len(), matching.min(5));
        }
    }
}

#[tokio::test]
async fn an_expression_that_cannot_be_used_is_refused() {
    let (server, client) = filled().await;
    for regex in ["(", &"a".repeat(5000)] {
        let options = ReadAllOptions::default().filter(on_types().regex(regex));
        let said = sentence(log(&client, options).await);
        assert!(said.contains("regular expression"), "{said}");
    }
    server.append(&"a".repeat(200), "Done", 1).await;
    let endless = on_streams().regex(r"^(?:(a+)(?!c))+b");
    let options = ReadAllOptions::default().filter(endless);
    let said = sentence(log(&client, options).await);
    assert!(said.contains("too slow"), "{said}");
}

#[tokio::test]
async fn a_filtered_subscription_says_how_far_it_has_looked() {
    let (server, client) = filled().await;
    let filter = on_types().regex("^UserErased$").max(10);
    let options = SubscribeToAllOptions::default().filter(filter);
    let mut subscription = client.subscribe_to_all(&options).await;
    let (mut erased, mut checkpoints) = (0, Vec::new());
    let mut next = async || soon(subscription.next_subscription_event()).await.unwrap();
    assert!(matches!(next().await, SubscriptionEvent::Confirmed(id) if !id.is_empty()));
    loop {
        match next().await {
            SubscriptionEvent::EventAppeared(_) => erased += 1,
            SubscriptionEvent::Checkpoint(at) => checkpoints.push(at.commit),
            SubscriptionEvent::CaughtUp(caught_up) => {
                assert_eq!(caught_up.unwrap().position.unwrap().commit, 60);
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(erased, 12);
    assert_eq!(checkpoints, [10, 20, 30, 40, 50, 60]);

    // Live, too: nothing passes, and still the subscriber learns where it could go on.
    server.append("order-1", "Shipped", 25).await;
    for at in [70, 80] {
        let SubscriptionEvent::Checkpoint(checkpoint) = next().await else {
            panic!("no checkpoint at {at}");
        };
        assert_eq!((checkpoint.commit, checkpoint.prepare), (at, at));
    }
    let from = StreamPosition::Position(Position {
        commit: 80,
        prepare: 80,
    });
    server.append("user-3", "UserErased", 1).await;
    let mut resumed = client.subscribe_to_all(&options.position(from)).await;
    let event = soon(resumed.next()).await.unwrap();
    assert_eq!(event.get_original_event().position.commit, 86);
}

#[tokio::test]
async fn checkpoints_need_events_between_them() {
    let (_server, client) = filled().await;
    let filter = on_types().add_prefix("User").max(0);
    let options = SubscribeToAllOptions::default().filter(filter);
    let mut subscription = client.subscribe_to_all(&options).await;
    let answer = soon(subscription.next_subscription_event()).await;
    assert!(matches!(answer, Err(Error::Grpc { .. })), "{answer:?}");
}
