//! The server: which services answer, within which limits, and how it ends.

use crate::{
    Gate,
    cluster::{Alone, Features, keep_authority},
    connection::Prompt,
    proto::{
        gossip::gossip_server::GossipServer,
        server_features::server_features_server::ServerFeaturesServer,
        streams::streams_server::StreamsServer,
    },
    streams::{APPEND_LIMIT, LogStreams},
};
use axum::{middleware, response::Response};
use eventstore::EventStore;
use futures::TryStreamExt as _;
use std::{sync::Arc, time::Duration};
use tokio::{net::TcpListener, time};
use tokio_util::sync::CancellationToken;
use tonic::{
    Status,
    service::Routes,
    transport::{Server, server::TcpIncoming},
};
use uuid::Uuid;

/// Bytes of a message beside the events in it.
const ROOM_FOR_ENVELOPES: usize = 1024 * 1024;
/// How often a silent connection is asked whether it still stands.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// How long it has for its answer.
const KEEP_ALIVE_ANSWER: Duration = Duration::from_secs(20);
/// Calls that one connection may have open.
const CALLS: u32 = 1024;
/// How long callers have to hang up once the server stops.
const FAREWELL: Duration = Duration::from_secs(5);

/// A server that could not begin, or that ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The listener cannot be used.
    #[error("KurrentDB clients cannot be listened to: {0}")]
    Listener(#[from] std::io::Error),
    /// The server broke off.
    #[error("the server for KurrentDB clients broke off: {0}")]
    BrokenOff(Box<dyn std::error::Error + Send + Sync>),
}

/// Serves the log to KurrentDB clients over HTTP/2 without TLS, until `stop` is cancelled: then it
/// ends all subscriptions, finishes the appends it has taken in, and returns. A caller who does not
/// hang up is left behind after some seconds.
pub async fn serve(
    listener: TcpListener,
    store: Arc<dyn EventStore>,
    gate: Arc<dyn Gate>,
    stop: CancellationToken,
) -> Result<(), ServeError> {
    let alone = Alone {
        instance: Uuid::now_v7(),
        listens_at: listener.local_addr()?,
    };
    let streams = LogStreams {
        store,
        gate,
        stop: stop.clone(),
    };
    let streams =
        StreamsServer::new(streams).max_decoding_message_size(APPEND_LIMIT + ROOM_FOR_ENVELOPES);
    let routes = Routes::new(streams)
        .add_service(ServerFeaturesServer::new(Features))
        .add_service(GossipServer::new(alone))
        .into_axum_router()
        .fallback(unknown)
        .layer(middleware::from_fn(keep_authority));
    let serving = Server::builder()
        .http2_keepalive_interval(Some(KEEP_ALIVE))
        .http2_keepalive_timeout(Some(KEEP_ALIVE_ANSWER))
        .max_concurrent_streams(Some(CALLS))
        .add_routes(Routes::from(routes))
        .serve_with_incoming_shutdown(
            TcpIncoming::from(listener)
                .with_nodelay(Some(true))
                .map_ok(Prompt),
            stop.clone().cancelled_owned(),
        );
    let late = async {
        stop.cancelled().await;
        time::sleep(FAREWELL).await;
    };
    tokio::select! {
        served = serving => served.map_err(|error| ServeError::BrokenOff(error.into())),
        () = late => Ok(()),
    }
}

/// The answer to every call that is not one of the protocol's which are served here.
async fn unknown() -> Response {
    Status::unimplemented("this log can be read, followed and appended to; it has no such call")
        .into_http()
}
