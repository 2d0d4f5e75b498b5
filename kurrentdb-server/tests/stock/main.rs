//! The stock Rust client of KurrentDB against a log of Pawl's. What is asserted here is what that
//! client's documentation promises of KurrentDB itself.

#![expect(
    clippy::expect_used,
    clippy::large_futures,
    clippy::panic,
    clippy::unwrap_used,
    reason = "it is all test"
)]

mod access;
mod appending;
mod batches;
mod cluster;
mod filtering;
mod following;
mod meddling;
mod reading;
mod server;
