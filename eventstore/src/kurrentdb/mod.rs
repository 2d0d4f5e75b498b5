//! The log on a KurrentDB server, or a cluster of them, which other programs may use as well: only
//! streams whose names begin as Pawl's do are read and written.
//!
//! It adds what the port promises and the server does not: a repeated append is recognised whatever
//! it expects, every call ends, and a subscription goes on after a cut.

mod address;
mod append;
mod ended;
mod fault;
mod known;
mod node;
mod protect;
mod read;
mod subscribe;
#[cfg(test)]
mod tests;

use crate::{
    AppendError, Appended, Direction, EventStore, ExpectedRevision, StoreError, Subscription,
};
use address::Address;
use async_trait::async_trait;
use eventstore_schema::{NewEvent, Position, RecordedEvent, StreamName};
use fault::Fault;
use known::Known;
use kurrentdb::{Credentials, SubscriptionFilter};
use node::{Connection, Node};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Bytes of an event's content and metadata at most: the same as in the embedded log, so that one
/// can be copied to the other. A server may be set to accept less, also of one append together.
pub const EVENT_LIMIT: usize = crate::embedded::EVENT_LIMIT;

/// Events of others that the server passes over before it says how far it has come.
const WINDOW: u32 = 2000;

/// What Pawl needs to know of a server beside its address.
#[derive(Clone, Debug)]
pub struct Options {
    /// How the names of the streams begin that belong to Pawl.
    pub prefixes: Vec<String>,
    /// How long a call takes at most, with all its repeats.
    pub deadline: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            prefixes: StreamName::CATEGORIES.map(str::to_owned).into(),
            deadline: Duration::from_secs(10),
        }
    }
}

/// The log on a server.
#[derive(Clone)]
pub struct KurrentDbStore(Arc<Log>);

/// What the calls share.
struct Log {
    connection: Connection,
    prefixes: Vec<String>,
    filter: SubscriptionFilter,
    known: Known,
    /// The highest position that an append was answered.
    acknowledged: AtomicU64,
}

impl KurrentDbStore {
    /// Connects to the server that the connection string names: `kurrentdb://`,
    /// `kurrentdb+discover://` or `esdb://`, with user and password percent-encoded and the
    /// parameters of the official clients (`tls`, `tlsVerifyCert`, `tlsCaFile`, `userCertFile`,
    /// `userKeyFile`, ...).
    ///
    /// It waits up to the deadline for the server to answer. What it says of a failure has no
    /// secrets in it.
    pub async fn connect(connection_string: &str, options: Options) -> Result<Self, StoreError> {
        let address = Address::parse(connection_string)?;
        let filter = SubscriptionFilter::on_stream_name().max(WINDOW);
        let filter = options
            .prefixes
            .iter()
            .fold(filter, SubscriptionFilter::add_prefix);
        let log = Log {
            connection: Connection::new(address, options.deadline),
            prefixes: options.prefixes,
            filter,
            known: Known::new(),
            acknowledged: AtomicU64::new(0),
        };
        // Boxed, or whoever calls this carries several kilobytes of futures on its stack.
        Box::pin(log.greet()).await?;
        Box::pin(log.protect()).await;
        Ok(Self(Arc::new(log)))
    }
}

impl Log {
    /// Waits until the server shows where the log ends.
    async fn greet(&self) -> Result<(), StoreError> {
        let (address, deadline) = (&self.connection.address, self.connection.deadline);
        let until = self.connection.until();
        let early = until - deadline * 4 / 5;
        let Err(fault) = self.end(early).await else {
            return Ok(());
        };
        let Fault::Passing(reason) = fault else {
            return Err(fault.into());
        };
        let reason = address.diagnose(&reason).await;
        tracing::warn!(%reason, "KurrentDB does not answer yet");
        match self.end(until - deadline / 5).await {
            Ok(_) => Ok(()),
            Err(Fault::Passing(reason)) => {
                let reason = address.diagnose(&reason).await;
                Err(StoreError::Unavailable(reason))
            }
            Err(fault) => Err(fault.into()),
        }
    }

    /// The position of the last event of Pawl's, as the server shows it.
    async fn end(&self, until: tokio::time::Instant) -> Result<Position, Fault> {
        let end = Position(u64::MAX);
        let last = self.read_all(until, end, Direction::Backwards, 1).await?;
        Ok(last.first().map_or(Position::START, |last| last.position))
    }

    fn acknowledge(&self, position: Position) {
        self.acknowledged.fetch_max(position.0, Ordering::AcqRel);
    }

    /// A stream that no read would show must not be written to.
    fn check_ours(&self, stream: &StreamName) -> Result<(), StoreError> {
        let ours = |prefix: &String| stream.as_str().starts_with(prefix);
        if self.prefixes.iter().any(ours) {
            return Ok(());
        }
        Err(StoreError::Foreign(format!(
            "{stream} is none of the streams that belong to Pawl on this server"
        )))
    }

    /// Names the user, and asks for the node that leads: any other may not have seen yet what was
    /// just appended.
    fn with_credentials<O: CallOptions>(&self, options: O) -> O {
        options.on_behalf_of(self.connection.address.credentials.as_ref())
    }
}

/// The options of the crate's calls that say as whom and whom to ask.
trait CallOptions: Sized {
    /// As this user, the node that leads.
    fn on_behalf_of(self, user: Option<&Credentials>) -> Self;
}

macro_rules! call_options {
    ($($options:ty),+) => {$(
        impl CallOptions for $options {
            fn on_behalf_of(self, user: Option<&Credentials>) -> Self {
                let options = self.requires_leader(true);
                match user {
                    Some(user) => options.authenticated(user.clone()),
                    None => options,
                }
            }
        }
    )+};
}

call_options!(
    kurrentdb::AppendToStreamOptions,
    kurrentdb::ReadAllOptions,
    kurrentdb::ReadStreamOptions,
    kurrentdb::SubscribeToAllOptions
);

/// The servers' names only: the connection string has secrets in it.
impl fmt::Debug for KurrentDbStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KurrentDbStore({})", self.0.connection.address)
    }
}

#[async_trait]
impl EventStore for KurrentDbStore {
    async fn append(
        &self,
        stream: &StreamName,
        expected: ExpectedRevision,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.0.append(stream, expected, events).await
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        from: u64,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let until = self.0.connection.until();
        let read = self.0.read_stream(until, stream, from, direction, limit);
        Ok(read.await?)
    }

    async fn read_all(
        &self,
        from: Position,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let until = self.0.connection.until();
        Ok(self.0.read_all(until, from, direction, limit).await?)
    }

    async fn read_at(&self, positions: &[Position]) -> Result<Vec<RecordedEvent>, StoreError> {
        let until = self.0.connection.until();
        Ok(self.0.read_at(until, positions).await?)
    }

    async fn head(&self) -> Result<Position, StoreError> {
        let end = self.0.end(self.0.connection.until()).await?;
        let acknowledged = self.0.acknowledged.load(Ordering::Acquire);
        Ok(end.max(Position(acknowledged)))
    }

    fn subscribe(&self, after: Position) -> Subscription {
        subscribe::subscribe(self.0.clone(), after)
    }
}
