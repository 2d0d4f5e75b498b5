//! What the tests share: a server to talk to, somebody who talks to it, a phone and a mailbox.
//!
//! The phone is Debian's `oathtool`, so that Pawl's one-time passwords are held against a second
//! implementation. Time is set by hand where a test needs minutes or days to pass.

#![expect(
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "it is all test"
)]

mod browser;
mod certificates;
mod client;
mod elsewhere;
mod mailbox;
mod people;
mod phone;
mod postgres;
mod process;
mod proxy;
mod server;
mod tiles;
pub mod traces;
mod witness;

pub use browser::{Browser, Kind};
pub use certificates::certificates;
pub use client::{Client, Reply};
pub use mailbox::Mailbox;
pub use people::{PASSWORD, Person, recovery_codes};
pub use phone::Phone;
pub use postgres::PostgresServer;
pub use process::Process;
pub use proxy::Proxy;
pub use server::{Acme, SETUP_TOKEN, TestServer, Way};
pub use tiles::ServedLog;
pub use witness::Witness;

use std::time::Duration;

/// How long a test waits for what must happen. Only a broken test waits that long.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Waits until the condition holds.
pub async fn eventually<T>(what: &str, mut condition: impl AsyncFnMut() -> Option<T>) -> T {
    let met = async {
        loop {
            if let Some(value) = condition().await {
                return value;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(DEADLINE, met)
        .await
        .unwrap_or_else(|_| panic!("{what}: not within {DEADLINE:?}"))
}
