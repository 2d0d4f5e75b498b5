//! The logs that are held to the contract.

use crate::log::{Adapter, event};
use eventstore::{
    EventStore, ExpectedRevision,
    embedded::{DataDir, EVENT_LIMIT, EmbeddedStore},
};
use eventstore_schema::StreamName;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::task::JoinHandle;

/// The default log, in a directory of its own.
pub(crate) struct Embedded {
    store: EmbeddedStore,
    _directory: TempDir,
}

impl Adapter for Embedded {
    const EVENT_LIMIT: usize = EVENT_LIMIT;
    const KNOWS_ALL_IDS: bool = true;

    async fn open() -> Option<Self> {
        let directory = TempDir::new().unwrap();
        let lock = DataDir::lock(directory.path()).unwrap();
        let store = EmbeddedStore::open(&lock).unwrap();
        Some(Self {
            store,
            _directory: directory,
        })
    }

    fn store(&self) -> Arc<dyn EventStore> {
        Arc::new(self.store.clone())
    }
}

/// The same with a past, and with somebody who goes on writing to it. It keeps the suite honest:
/// a log over the network is shared, and no promise may need one to itself.
pub(crate) struct Shared {
    log: Embedded,
    somebody: JoinHandle<()>,
}

impl Adapter for Shared {
    const EVENT_LIMIT: usize = Embedded::EVENT_LIMIT;
    const KNOWS_ALL_IDS: bool = Embedded::KNOWS_ALL_IDS;

    async fn open() -> Option<Self> {
        let log = Embedded::open().await?;
        let store = log.store();
        let write = async move |stream: &StreamName| {
            let events = (0..3).map(|_| event(r#"{"of":"somebody else"}"#)).collect();
            store.append(stream, ExpectedRevision::Any, events).await
        };
        let name = |number| StreamName::named(format!("somebody-{number}"));
        for number in 0..50 {
            write(&name(number % 7)).await.unwrap();
        }
        let somebody = tokio::spawn(async move {
            for number in 0.. {
                if write(&name(number % 7)).await.is_err() {
                    break;
                }
            }
        });
        Some(Self { log, somebody })
    }

    fn store(&self) -> Arc<dyn EventStore> {
        self.log.store()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.somebody.abort();
    }
}
