//! A log that is not in the data directory: an embedded one behind KurrentDB's protocol, which stands
//! for a KurrentDB.

use eventstore::embedded::{DataDir, EmbeddedStore};
use pawl::outside::Development;
use std::{path::Path, sync::Arc};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// A running one.
pub(crate) struct Elsewhere {
    /// What a node connects to.
    pub(crate) connection: String,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl Elsewhere {
    /// The one in this directory.
    pub(crate) async fn within(directory: &Path) -> Self {
        let directory = DataDir::lock(&directory.join("elsewhere")).unwrap();
        let store = Arc::new(EmbeddedStore::open(&directory).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let serve = kurrentdb_server::serve(listener, store, Arc::new(Development), stop.clone());
        Self {
            connection: format!("kurrentdb://{address}?tls=false"),
            stop,
            serving: tokio::spawn(async move { serve.await.unwrap() }),
        }
    }

    /// Stops it, and lets go of its directory.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.serving.await.unwrap();
    }
}

/// Whether the test at hand is to run on a log elsewhere: the target `scenarios_over_the_wire` is
/// `scenarios` once more in this way.
pub(crate) fn over_the_wire() -> bool {
    let test = std::env::current_exe().unwrap();
    let name = test.file_name().unwrap().to_string_lossy();
    name.starts_with("scenarios_over_the_wire")
}
