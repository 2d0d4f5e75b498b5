//! The connection: the crate's client, made anew where it cannot help itself, and the discipline
//! that every request ends in time.

use super::{address::Address, fault::Fault};
use crate::StoreError;
use kurrentdb::Client;
use std::{sync::Arc, time::Duration};
use tokio::{
    runtime::{Builder, Runtime},
    sync::Mutex,
    time::{Instant, sleep, timeout_at},
};

/// A client with a thread of its own. The crate's client never ends: its task waits for ever for
/// requests that only itself could still send, and ends with this runtime.
pub(super) struct Node {
    pub(super) client: Client,
    runtime: Option<Runtime>,
}

impl Node {
    fn new(address: &Address) -> Result<Self, String> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("kurrentdb")
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        let client =
            Client::with_runtime_handle(runtime.handle().clone(), address.settings.clone());
        Ok(Self {
            client: client.map_err(|error| error.to_string())?,
            runtime: Some(runtime),
        })
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The way to the server.
pub(super) struct Connection {
    pub(super) address: Arc<Address>,
    /// How long a call takes at most, with all its repeats.
    pub(super) deadline: Duration,
    current: Mutex<Option<Arc<Node>>>,
}

impl Connection {
    pub(super) fn new(address: Address, deadline: Duration) -> Self {
        Self {
            address: Arc::new(address),
            deadline,
            current: Mutex::default(),
        }
    }

    /// When a call that begins now has to have ended.
    pub(super) fn until(&self) -> Instant {
        Instant::now() + self.deadline
    }

    /// How long to wait for one sign of life from the server: so long that a call can be repeated
    /// before its deadline.
    pub(super) fn patience(&self) -> Duration {
        self.deadline / 3
    }

    /// The client. It connects with its first request.
    pub(super) async fn node(&self) -> Result<Arc<Node>, Fault> {
        let mut current = self.current.lock().await;
        if let Some(node) = &*current {
            return Ok(node.clone());
        }
        let address = self.address.clone();
        // It reads certificates from files, and panics over some that it cannot read.
        let made = tokio::task::spawn_blocking(move || Node::new(&address)).await;
        let made = made.unwrap_or_else(|_| Err("a file has no certificate in it".into()));
        let node = made.map_err(|error| {
            StoreError::Unavailable(format!(
                "the certificates and keys that the connection string names cannot be used: {error}"
            ))
        })?;
        Ok(current.insert(Arc::new(node)).clone())
    }

    /// Takes a client out of use after a failure that may be its own: one that could not connect
    /// never tries again, and one of a cluster stays with the node that it has chosen.
    pub(super) async fn recover(&self, failed: &Arc<Node>, fault: &Fault) {
        if !matches!(fault, Fault::Passing(_)) {
            return;
        }
        let mut current = self.current.lock().await;
        if current
            .as_ref()
            .is_some_and(|node| Arc::ptr_eq(node, failed))
        {
            *current = None;
        }
    }

    /// Waits for a sign of life.
    pub(super) async fn step<T, E: Into<Fault>>(
        &self,
        until: Instant,
        step: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Fault> {
        let patience = self.patience();
        match timeout_at(until.min(Instant::now() + patience), step).await {
            Ok(outcome) => outcome.map_err(Into::into),
            Err(_) => Err(Fault::Passing("there was no answer in time".into())),
        }
    }

    /// Makes a request, again and again while its failures may pass, until the call's end.
    pub(super) async fn ask<T, F>(
        &self,
        until: Instant,
        request: impl Fn(Arc<Node>) -> F,
    ) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, Fault>>,
    {
        let mut backoff = Backoff::default();
        loop {
            let node = self.step(until, self.node()).await?;
            match request(node.clone()).await {
                Err(fault @ (Fault::Passing(_) | Fault::Elsewhere)) => {
                    self.recover(&node, &fault).await;
                    if !backoff.pause(until).await {
                        return Err(fault);
                    }
                }
                answer => return answer,
            }
        }
    }
}

/// The pauses between repeats.
pub(super) struct Backoff {
    next: Duration,
    longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self::up_to(Duration::from_secs(1))
    }
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(50);

    pub(super) fn up_to(longest: Duration) -> Self {
        Self {
            next: Self::FIRST,
            longest,
        }
    }

    /// After success, the next failure is a first one again.
    pub(super) fn reset(&mut self) {
        self.next = Self::FIRST;
    }

    /// Waits, unless there would be no time left afterwards.
    pub(super) async fn pause(&mut self, until: Instant) -> bool {
        if Instant::now() + self.next >= until {
            return false;
        }
        self.wait().await;
        true
    }

    /// Waits.
    pub(super) async fn wait(&mut self) {
        sleep(self.next).await;
        self.next = (self.next * 2).min(self.longest);
    }
}
