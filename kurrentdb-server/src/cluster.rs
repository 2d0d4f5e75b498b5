//! What clients ask before anything else: what this server can do, and who belongs to its cluster.
//! Both are answered to anybody and tell nothing about the log.

use crate::proto::{
    Empty, Uuid,
    gossip::{ClusterInfo, EndPoint, MemberInfo, gossip_server::Gossip, member_info::VNodeState},
    server_features::{SupportedMethod, SupportedMethods, server_features_server::ServerFeatures},
    uuid::Value,
};
use async_trait::async_trait;
use axum::{extract::Request as HttpRequest, http::uri::Authority, middleware::Next};
use std::{
    net::SocketAddr,
    time::{Duration, SystemTime},
};
use tonic::{Request, Response, Status};
use uuid::Uuid as Id;

/// The version of KurrentDB whose protocol this is: some clients make much depend on it.
const VERSION: &str = "25.0.0";

const METHODS: [(&str, &str); 5] = [
    ("event_store.client.streams.streams", "read"),
    ("event_store.client.streams.streams", "append"),
    ("event_store.client.streams.streams", "batchappend"),
    ("event_store.client.gossip.gossip", "read"),
    (
        "event_store.client.server_features.serverfeatures",
        "getsupportedmethods",
    ),
];

/// Says what can be called.
pub(crate) struct Features;

#[async_trait]
impl ServerFeatures for Features {
    async fn get_supported_methods(
        &self,
        _: Request<Empty>,
    ) -> Result<Response<SupportedMethods>, Status> {
        let methods = METHODS.map(|(service, method)| SupportedMethod {
            method_name: method.to_owned(),
            service_name: service.to_owned(),
            features: Vec::new(),
        });
        Ok(Response::new(SupportedMethods {
            methods: methods.into(),
            event_store_server_version: VERSION.to_owned(),
        }))
    }
}

/// A cluster of one.
pub(crate) struct Alone {
    /// Stands for this run of the server.
    pub(crate) instance: Id,
    /// Where it listens, for callers that do not say how they reached it.
    pub(crate) listens_at: SocketAddr,
}

#[async_trait]
impl Gossip for Alone {
    async fn read(&self, request: Request<Empty>) -> Result<Response<ClusterInfo>, Status> {
        // The caller goes on with the address that is answered here, so it must be one that
        // reaches this server from where the caller is: the one that it has just used.
        let asked_for = request.extensions().get::<AskedFor>();
        let (address, port) = match asked_for {
            Some(AskedFor(authority)) => (
                authority.host().trim_matches(['[', ']']).to_owned(),
                authority.port_u16(),
            ),
            None => (self.listens_at.ip().to_string(), None),
        };
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let ticks = now.unwrap_or(Duration::ZERO).as_nanos() / 100;
        let member = MemberInfo {
            instance_id: Some(Uuid {
                value: Some(Value::String(self.instance.to_string())),
            }),
            time_stamp: i64::try_from(ticks).unwrap_or(i64::MAX),
            state: VNodeState::Leader.into(),
            is_alive: true,
            http_end_point: Some(EndPoint {
                address,
                port: port.unwrap_or_else(|| self.listens_at.port()).into(),
            }),
        };
        Ok(Response::new(ClusterInfo {
            members: vec![member],
        }))
    }
}

/// The address under which the caller reached the server.
#[derive(Clone)]
struct AskedFor(Authority);

/// Keeps that address with the request; gRPC hands on the headers only.
pub(crate) async fn keep_authority(
    mut request: HttpRequest,
    next: Next,
) -> axum::response::Response {
    if let Some(authority) = request.uri().authority().cloned() {
        request.extensions_mut().insert(AskedFor(authority));
    }
    next.run(request).await
}
