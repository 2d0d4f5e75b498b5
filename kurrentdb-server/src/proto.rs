//! The protocol's messages and services, made from `proto/` by `build.rs`. The modules are nested
//! as the packages are, since the generated code refers to them so.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::enum_variant_names,
    clippy::pedantic,
    reason = "generated code; what it holds is explained in proto/"
)]

pub(crate) mod event_store {
    pub(crate) mod client {
        tonic::include_proto!("event_store.client");

        pub(crate) mod gossip {
            tonic::include_proto!("event_store.client.gossip");
        }
        pub(crate) mod server_features {
            tonic::include_proto!("event_store.client.server_features");
        }
        pub(crate) mod streams {
            tonic::include_proto!("event_store.client.streams");
        }
    }
}

pub(crate) mod google {
    pub(crate) mod rpc {
        tonic::include_proto!("google.rpc");
    }
}

pub(crate) use event_store::client::*;
