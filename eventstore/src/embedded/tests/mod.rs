//! What holds for this log alone; what holds for every log is in the contract suite in `tests/`.

use super::*;
use eventstore_schema::{Actor, CommandId, EventId, Metadata};
use std::{fs, path::PathBuf};
use tempfile::TempDir;
use uuid::Uuid;

mod damage;
mod sharing;
mod writing;

fn stream(name: &str) -> StreamName {
    StreamName::named(name)
}

fn event(data: impl Into<String>) -> NewEvent {
    let command = Uuid::now_v7();
    NewEvent {
        id: EventId(Uuid::now_v7()),
        event_type: "Noted".into(),
        metadata: Metadata {
            version: 1,
            recorded_at: chrono::Utc::now(),
            actor: Actor::Operator,
            command_id: CommandId(command),
            command_digest: None,
            organization_id: None,
            correlation_id: command,
            causation_id: command,
        }
        .encode()
        .unwrap(),
        data: data.into(),
    }
}

fn open(directory: &Path) -> Result<EmbeddedStore, StoreError> {
    EmbeddedStore::open(&DataDir::lock(directory)?)
}

/// The log's file, or the one beside it whose name goes on with this.
fn log_file(directory: &Path, suffix: &str) -> PathBuf {
    directory.join(format!("{LOG_FILE}{suffix}"))
}

/// A way to the file that the store knows nothing of.
fn sql(directory: &Path) -> Connection {
    Connection::open(log_file(directory, "")).unwrap()
}

/// The positions of all events that a store shows.
async fn positions(store: &EmbeddedStore) -> Vec<u64> {
    let events = store
        .read_all(Position::START, Direction::Forwards, usize::MAX)
        .await
        .unwrap();
    events.iter().map(|event| event.position.0).collect()
}
