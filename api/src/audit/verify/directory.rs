//! A data directory, or a log in KurrentDB, beside its audit log; also while a server writes to both.

use super::{Found, Trust, checkpoint_in, doubt_of, keys_or, text_of, unclear};
use crate::{
    progress,
    settings::Settings,
    storage::{self, StartError},
};
use audit_log::verify::{Doubt, LogVerifier, Revisions, Wrong};
use eventstore::{Direction, EventStore, StoreError, embedded::EmbeddedStore};
use eventstore_schema::{Position, RecordedEvent};
use std::sync::Arc;
use tokio::task::JoinHandle;

/// Events read from the log at a time.
const PAGE: usize = 500;

pub(super) async fn verify(settings: &Settings, trust: Trust) -> Result<Found, Doubt> {
    let tiles = settings.audit_log();
    // The checkpoint comes first: what is appended from here on is newer than it.
    let signed = checkpoint_in(&tiles)?;
    let beside = tiles.keys_file();
    let name = beside.display().to_string();
    let keys = keys_or(trust.keys, &name, text_of(&beside).as_deref())?;
    let mut verifier = LogVerifier::new(&tiles, &signed, &trust.since, &keys)?;

    let (store, checked) = open(settings).await?;
    let mut pages = Pages::of(store);
    let mut revisions = Revisions::of_everybody();
    let (mut newer, mut foreign) = (0, 0);
    let bar = progress::bar(verifier.size(), "{pos}/{len} records, {per_sec}");
    while let Some(page) = pages.next().await.map_err(doubt_of)? {
        for event in &page {
            if !event.stream.is_ours() {
                foreign += 1;
                continue;
            }
            if verifier.seen() < verifier.size() {
                verifier.record(event)?;
            } else {
                newer += 1;
            }
            let follows = revisions.follows(event);
            follows.map_err(|what| Wrong::what(what).about(event))?;
        }
        bar.set_position(verifier.seen());
    }
    bar.finish_and_clear();
    let sound = verifier.finish()?;
    checked.await.map_err(unclear)?.map_err(doubt_of)?;
    Ok(Found {
        sound,
        newer,
        foreign,
    })
}

/// Opens the log to read. Whether its file is sound in itself is looked at meanwhile: what a page
/// reads may be right while what is found by the name of a stream is not.
async fn open(
    settings: &Settings,
) -> Result<(Arc<dyn EventStore>, JoinHandle<Result<(), StoreError>>), Doubt> {
    if settings.store.is_some() {
        let cannot = |error: StartError| unclear(error);
        let store = storage::open_to_read(settings).await.map_err(cannot)?;
        return Ok((store, tokio::spawn(async { Ok(()) })));
    }
    let store = EmbeddedStore::open_read_only(&settings.data).map_err(doubt_of)?;
    let checked = {
        let store = store.clone();
        tokio::spawn(async move { store.check().await })
    };
    Ok((Arc::new(store), checked))
}

/// The pages of a log, the next one always on its way.
struct Pages {
    store: Arc<dyn EventStore>,
    next: JoinHandle<Result<Vec<RecordedEvent>, StoreError>>,
}

impl Pages {
    fn of(store: Arc<dyn EventStore>) -> Self {
        let next = Self::read(&store, Position::START);
        Self { store, next }
    }

    fn read(
        store: &Arc<dyn EventStore>,
        after: Position,
    ) -> JoinHandle<Result<Vec<RecordedEvent>, StoreError>> {
        let store = store.clone();
        tokio::spawn(async move { store.read_all(after, Direction::Forwards, PAGE).await })
    }

    async fn next(&mut self) -> Result<Option<Vec<RecordedEvent>>, StoreError> {
        let page = (&mut self.next).await;
        let page = page.map_err(|error| StoreError::Unavailable(error.to_string()))??;
        let Some(last) = page.last() else {
            return Ok(None);
        };
        self.next = Self::read(&self.store, last.position);
        Ok(Some(page))
    }
}
