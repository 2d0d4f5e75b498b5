//! A history, written into a log in the order in which it was decided.

use crate::{Append, GenerateError, History};
use eventstore::{AppendError, Appended, EventStore};
use eventstore_schema::Position;
use futures::FutureExt as _;
use std::{collections::VecDeque, pin::Pin};
use tokio::{
    sync::mpsc,
    task::{spawn_blocking, unconstrained},
};

/// The name of the keys' file, where `pawl` looks for it.
pub const KEYRING_FILE: &str = "keyring.db";
/// The name of the master key's file, where `pawl` looks for it.
pub const MASTER_KEY_FILE: &str = "master.key";
/// Appends that are handed over at a time.
const CHUNK: usize = 256;
/// Appends that wait for the log together, and so share its commits.
const WAITING: usize = 2_048;

/// Writes the whole history; how many events it has. `progress` is told how many there are. The log
/// must be empty.
pub async fn write(
    store: &dyn EventStore,
    history: History,
    mut progress: impl FnMut(u64),
) -> Result<u64, GenerateError> {
    let (chunks, mut coming) = mpsc::channel(8);
    // On a core of its own, and where it may block.
    let deciding = spawn_blocking(move || decide(history, &chunks));
    let mut waiting = VecDeque::with_capacity(WAITING);
    let mut events = 0;
    while let Some(chunk) = coming.recv().await {
        for append in chunk {
            if waiting.len() == WAITING
                && let Some(first) = waiting.pop_front()
            {
                events = settle(first).await?;
            }
            waiting.push_back(begin(store, append));
        }
        progress(events);
    }
    for append in waiting {
        events = settle(append).await?;
    }
    deciding.await??;
    progress(events);
    Ok(events)
}

fn decide(history: History, chunks: &mpsc::Sender<Vec<Append>>) -> Result<(), GenerateError> {
    let mut chunk = Vec::with_capacity(CHUNK);
    for append in history {
        chunk.push(append?);
        if chunk.len() == CHUNK {
            let full = std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK));
            if chunks.blocking_send(full).is_err() {
                // The log has failed, and says why.
                return Ok(());
            }
        }
    }
    let _ = chunks.blocking_send(chunk);
    Ok(())
}

/// An append under way, and where it should come to stand.
struct Waiting<'a> {
    position: Position,
    appending: Appending<'a>,
}

enum Appending<'a> {
    Done(Result<Appended, AppendError>),
    UnderWay(Pin<Box<dyn Future<Output = Result<Appended, AppendError>> + Send + 'a>>),
}

/// Hands an append to the log before the next one is: the first look at it does. Without a limit on
/// how much is done at a time, which would put it off and the order in question.
fn begin(store: &dyn EventStore, append: Append) -> Waiting<'_> {
    let Append {
        stream,
        expected,
        position,
        events,
    } = append;
    let appending = async move { store.append(&stream, expected, events).await };
    let mut appending = Box::pin(unconstrained(appending));
    let appending = match appending.as_mut().now_or_never() {
        Some(done) => Appending::Done(done),
        None => Appending::UnderWay(appending),
    };
    Waiting {
        position,
        appending,
    }
}

/// Waits for it; how many events the log holds then.
async fn settle(waiting: Waiting<'_>) -> Result<u64, GenerateError> {
    let appended = match waiting.appending {
        Appending::Done(done) => done?,
        Appending::UnderWay(appending) => appending.await?,
    };
    if appended.position != waiting.position {
        return Err(GenerateError::Misplaced {
            found: appended.position,
            expected: waiting.position,
        });
    }
    Ok(appended.position.0)
}
