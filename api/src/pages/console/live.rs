//! Parts of pages that follow what happens. Each message is a piece of the page, made by the template
//! that made the page; a page without scripts shows the same when it is loaded again.

use super::super::{detour::Detour, visitor::SignedIn};
use axum::response::sse::{Event, KeepAlive, Sse};
use eventstore_schema::Position;
use futures::{
    StreamExt as _,
    stream::{self, Stream},
};
use std::{convert::Infallible, time::Duration};

/// How long a follower waits before it looks whether it may still follow.
const PATIENCE: Duration = Duration::from_secs(15);

/// What follows: asked at the beginning, and again whenever something has happened.
pub trait Follow: Send + 'static {
    /// The piece of the page that is sent next, if it has changed, and up to where it has been
    /// looked. The read models hold everything up to `head`, and the right was asked for after that:
    /// nothing later is sent.
    fn next(
        &mut self,
        reader: &Follower,
        head: Position,
    ) -> impl Future<Output = Result<(Option<String>, Position), Detour>> + Send;
}

/// Somebody who follows: a session, and the right that it has at the moment.
pub struct Follower {
    /// The session.
    pub signed_in: SignedIn,
}

/// Sends pieces of the page as they change, as long as the session may see them.
pub fn follow(
    signed_in: SignedIn,
    what: impl Follow,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let stopping = signed_in.visitor.pawl.stopping();
    let follower = Follower { signed_in };
    let first = (follower, what, None);
    let pieces = stream::unfold(first, |(mut follower, mut what, seen)| async move {
        let (piece, seen) = follower.step(&mut what, seen).await.ok()?;
        let message = piece.map(|piece| Event::default().id(seen.0.to_string()).data(piece));
        Some((message, (follower, what, Some(seen))))
    });
    let messages = pieces
        .filter_map(|message| async { message.map(Ok) })
        .take_until(Box::pin(stopping));
    Sse::new(messages).keep_alive(KeepAlive::default())
}

impl Follower {
    async fn step(
        &mut self,
        what: &mut impl Follow,
        seen: Option<Position>,
    ) -> Result<(Option<String>, Position), Detour> {
        let pawl = self.signed_in.visitor.pawl.clone();
        if let Some(Position(seen)) = seen {
            // In vain is fine: it is time to ask for the right again.
            let _ = pawl
                .projections()
                .wait_for(Position(seen + 1), PATIENCE)
                .await;
        }
        let head = pawl.catch_up().await?;
        self.signed_in.authority = self.signed_in.visitor.watcher().await?;
        what.next(self, head).await
    }
}
