//! The calls on the log itself. Each asks the gate first.

mod append;
mod batch;
mod convert;
mod deadline;
mod filter;
mod follow;
mod pieces;
mod problem;
mod read;
mod request;

use crate::{
    Gate,
    access::admitted,
    proto::{
        Empty,
        streams::{
            AppendReq, AppendResp, BatchAppendReq, BatchAppendResp, ReadReq, ReadResp,
            streams_server::Streams,
        },
    },
    refusal::{forbidden, stopping},
};
use async_trait::async_trait;
use eventstore::{EventStore, embedded::EVENT_LIMIT};
use futures::stream::{self, BoxStream, StreamExt as _};
use request::{Extent, Reading};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

/// Bytes of all events of one append at most.
pub(crate) const APPEND_LIMIT: usize = 16 * EVENT_LIMIT;
/// Events that are read from the log at once.
const PAGE: usize = 128;
/// Answers that may wait for a slow caller.
const WAITING: usize = 16;

/// Where the answers of a call that has many go.
type Answers<T> = mpsc::Sender<Result<T, Status>>;

/// The log, as the protocol's service.
pub(crate) struct LogStreams {
    pub(crate) store: Arc<dyn EventStore>,
    pub(crate) gate: Arc<dyn Gate>,
    pub(crate) stop: CancellationToken,
}

#[async_trait]
impl Streams for LogStreams {
    type ReadStream = BoxStream<'static, Result<ReadResp, Status>>;
    type BatchAppendStream = BoxStream<'static, Result<BatchAppendResp, Status>>;

    async fn read(&self, request: Request<ReadReq>) -> Result<Response<Self::ReadStream>, Status> {
        let access = admitted(self.gate.as_ref(), request.metadata()).await?;
        let request = Reading::from_request(request.into_inner())?;
        let store = self.store.clone();
        let answers = self.answered(|to| async move {
            let done = match request.extent {
                Extent::Page { direction, count } => {
                    read::read(store.as_ref(), &access, &request, direction, count, &to).await
                }
                Extent::Subscription => {
                    follow::follow(store.as_ref(), &access, &request, &to).await
                }
            };
            if let Err(End::Refused(status)) = done {
                let _ = to.send(Err(status)).await;
            }
        });
        Ok(Response::new(answers))
    }

    async fn append(
        &self,
        request: Request<Streaming<AppendReq>>,
    ) -> Result<Response<AppendResp>, Status> {
        let access = admitted(self.gate.as_ref(), request.metadata()).await?;
        access.require_append()?;
        let answer = append::append(self.store.as_ref(), request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn batch_append(
        &self,
        request: Request<Streaming<BatchAppendReq>>,
    ) -> Result<Response<Self::BatchAppendStream>, Status> {
        let access = admitted(self.gate.as_ref(), request.metadata()).await?;
        access.require_append()?;
        let (to, answers) = mpsc::channel(WAITING);
        let (store, stop) = (self.store.clone(), self.stop.clone());
        // What was taken in is finished even when the caller or the server goes away meanwhile.
        tokio::spawn(batch::append_all(store, request.into_inner(), to, stop));
        Ok(Response::new(received(answers)))
    }

    async fn delete(&self, request: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.never_forget(request).await
    }

    async fn tombstone(&self, request: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.never_forget(request).await
    }
}

/// Why a read or a subscription is over before its time.
enum End {
    /// The caller does not listen any more.
    Left,
    /// The caller is told why.
    Refused(Status),
}

impl From<Status> for End {
    fn from(status: Status) -> Self {
        Self::Refused(status)
    }
}

impl LogStreams {
    async fn never_forget(&self, request: Request<Empty>) -> Result<Response<Empty>, Status> {
        admitted(self.gate.as_ref(), request.metadata()).await?;
        Err(forbidden(
            "this log never forgets: no stream of it can be deleted",
        ))
    }

    /// Lets a task give the answers, until it is done, nobody listens any more, or the server
    /// stops. That is always said: some clients ask for ever after a stream that ends without.
    fn answered<T, F>(
        &self,
        task: impl FnOnce(Answers<T>) -> F,
    ) -> BoxStream<'static, Result<T, Status>>
    where
        T: Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let (to, answers) = mpsc::channel(WAITING);
        let task = task(to.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = task => {}
                () = to.closed() => {}
            }
        });
        let state = Some((answers, self.stop.clone()));
        stream::unfold(state, async |state| {
            let (mut answers, stop) = state?;
            tokio::select! {
                biased;
                () = stop.cancelled() => Some((Err(stopping()), None)),
                answer = answers.recv() => Some((answer?, Some((answers, stop)))),
            }
        })
        .boxed()
    }
}

fn received<T: Send + 'static>(
    answers: mpsc::Receiver<Result<T, Status>>,
) -> BoxStream<'static, Result<T, Status>> {
    stream::unfold(answers, async |mut answers| {
        let answer = answers.recv().await?;
        Some((answer, answers))
    })
    .boxed()
}

/// Sends one answer.
async fn tell<T>(to: &Answers<T>, answer: T) -> Result<(), End> {
    to.send(Ok(answer)).await.map_err(|_| End::Left)
}
