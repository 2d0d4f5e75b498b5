//! The right of whoever runs a command on the server itself.

use super::Acting;
use eventstore_schema::Actor;

/// The operator, on the server: a command line that has opened the log and the keyring with the master
/// key. Nothing that comes over the network may make one; whoever holds those files needs no right.
#[derive(Clone, Copy, Debug)]
pub struct OnTheServer(());

impl OnTheServer {
    /// For command lines only.
    #[must_use]
    pub fn with_the_files_open() -> Self {
        Self(())
    }
}

impl Acting for OnTheServer {
    fn actor(&self) -> Actor {
        Actor::Operator
    }
}
