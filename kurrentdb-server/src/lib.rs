//! A log of Pawl's behind KurrentDB's own gRPC protocol: any stock client of it
//! can read and follow it and, where the [`Gate`] allows it, append to it.
//!
//! Nothing here deletes, truncates or changes what the log holds, and the calls that would are
//! refused. What a reader is shown, a [`View`] decides; no event reaches a reader around it.

#![expect(
    clippy::result_large_err,
    reason = "a gRPC status is what every call ends in; boxed, it would only be unboxed again"
)]

mod access;
mod cluster;
mod connection;
mod proto;
mod refusal;
mod server;
mod streams;

pub use access::{Access, Credentials, Gate, Refused, View};
pub use server::{ServeError, serve};
