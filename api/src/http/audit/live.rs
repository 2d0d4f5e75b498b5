//! Following an audit trail, by server-sent events. The look has been recorded before it begins.

use super::opened_item;
use crate::{
    application::{Bearer, Failure, Pawl},
    http::{extract::invalid, page, problem::Problem},
};
use axum::{
    http::{HeaderMap, header},
    response::{
        IntoResponse as _, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use domain::Permission;
use eventstore_schema::{OrganizationId, Position};
use futures::{
    StreamExt as _,
    stream::{self, Stream},
};
use projections::audit_trail::Filter;
use std::time::Duration;

/// Entries that a follower is sent at once.
const LIVE_PAGE: u32 = 100;
/// How long a follower waits before it looks whether it may still follow.
const LIVE_PATIENCE: Duration = Duration::from_secs(15);

/// Whether somebody wants to follow.
pub(super) fn is_asked_for(headers: &HeaderMap) -> bool {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/event-stream"))
}

/// The last event that somebody who comes back was sent.
pub(super) fn last_event_id(headers: &HeaderMap) -> Result<Option<Position>, Problem> {
    let Some(value) = headers.get("last-event-id") else {
        return Ok(None);
    };
    page::position(value.to_str().ok())
        .map(|position| position.map(Position))
        .map_err(|_| invalid("Last-Event-ID is the id of an event that was sent."))
}

/// A reader who follows. The right to do so is asked for again before each page.
pub(super) struct Live {
    pub(super) pawl: Pawl,
    pub(super) token: Bearer,
    pub(super) organization: OrganizationId,
    pub(super) filter: Filter,
    pub(super) after: Position,
}

impl Live {
    pub(super) fn answer(self) -> Response {
        let events = Sse::new(self.follow());
        events.keep_alive(KeepAlive::default()).into_response()
    }

    fn follow(self) -> impl Stream<Item = Result<Event, axum::Error>> {
        let stopping = self.pawl.stopping();
        let pages = stream::unfold(self, |mut live| async move {
            let events = live.next_page().await.inspect_err(|error| {
                tracing::debug!(%error, "a follower of the audit trail was sent away");
            });
            events.ok().map(|events| (stream::iter(events), live))
        });
        pages.take_until(Box::pin(stopping)).flatten()
    }

    async fn next_page(&mut self) -> Result<Vec<Result<Event, axum::Error>>, Failure> {
        let (after, organization) = (self.after, self.organization);
        // In vain is fine: it is time to ask for the right again.
        let _ = self
            .pawl
            .projections()
            .wait_for(Position(after.0 + 1), LIVE_PATIENCE)
            .await;
        let head = self.pawl.catch_up().await?;
        // What the right is asked for is what there was before it was asked: nothing later is sent.
        let mandate = self.pawl.mandate_of_watcher(&self.token).await?;
        mandate.permit(Permission::ReadAudit, organization)?;
        let page = self
            .pawl
            .audit_page(organization, &self.filter, after, LIVE_PAGE);
        let page = page.await?;
        // Others' events came by; up to the next page everything has been looked through.
        self.after = page.next.map_or(head, |next| next.min(head)).max(after);
        let mut events = Vec::with_capacity(page.items.len());
        for entry in page.items {
            if entry.position > head {
                return Ok(events);
            }
            let item = opened_item(&self.pawl, entry)?;
            let (id, name) = (item.position.to_string(), item.event_type.clone());
            events.push(Event::default().id(id).event(name).json_data(item));
        }
        Ok(events)
    }
}
