//! What clients ask before they begin.

use crate::server::{Server, connect, put, soon, stream};
use kurrentdb::{Error, ListPersistentSubscriptionsOptions, ReadStreamOptions};

#[tokio::test]
async fn the_server_says_what_it_can_do() {
    let server = Server::start().await;
    let info = soon(server.client_of("").server_info()).await.unwrap();
    assert!(info.version() >= 25);
}

#[tokio::test]
async fn a_client_told_to_discover_the_cluster_finds_this_server() {
    let server = Server::start().await;
    let port = server.address.port();
    let client = connect(&format!(
        "kurrentdb://admin:changeit@127.0.0.1:{port},localhost:{port}\
         ?tls=false&nodePreference=leader"
    ));
    put(&client, "s-1", "Done", 2).await;
    let found = stream(&client, "s-1", ReadStreamOptions::default());
    assert_eq!(found.await.unwrap().len(), 2);
}

#[tokio::test]
async fn other_calls_are_not_there() {
    let server = Server::start().await;
    let client = server.client();
    let options = kurrentdb::SubscribeToPersistentSubscriptionOptions::default();
    let answer = client.subscribe_to_persistent_subscription("s-1", "group", &options);
    let answer = soon(answer).await.map(|_| ());
    assert!(
        matches!(answer, Err(Error::UnsupportedFeature)),
        "{answer:?}"
    );
    let options = ListPersistentSubscriptionsOptions::default();
    let answer = soon(client.list_all_persistent_subscriptions(&options)).await;
    assert!(answer.is_err());
}
