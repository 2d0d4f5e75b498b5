//! The audit trail: the replayed events of an organization, page by page or live.

use super::{
    answer::Answer,
    extract::{CaughtUp, Mandated, bearer, invalid},
    page::{self, Page},
    path::OrganizationPath,
    problem::{Problem, ProblemBody},
};
use crate::application::{Bearer, Failure, Pawl};
use axum::{
    extract::{FromRequestParts, State},
    http::{HeaderMap, header, request::Parts},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use chrono::{DateTime, Utc};
use domain::Permission;
use eventstore_schema::{Actor, OrganizationId, Position};
use futures::{
    StreamExt as _,
    stream::{self, Stream},
};
use projections::audit_trail::{self, AuditEntry, AuditTrail};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Entries that a live follower is sent at once.
const LIVE_PAGE: u32 = 100;
/// How long a live follower waits before it looks whether it may still follow.
const LIVE_PATIENCE: Duration = Duration::from_secs(15);

/// One event.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditItem {
    /// Its place in the log.
    position: u64,
    event_id: Uuid,
    /// The name of the event.
    #[serde(rename = "type")]
    #[schema(example = "TwoFactorEnforced")]
    event_type: String,
    recorded_at: DateTime<Utc>,
    #[schema(value_type = ActorView)]
    actor: Actor,
    /// Whom or what it is about.
    #[schema(example = "organization-0190163d-8694-739b-aea5-966c26f8ad91")]
    subject: String,
    /// Its content. Personal data is opened, secrets are not.
    #[schema(value_type = Object)]
    data: Value,
}

/// Who caused an event.
#[derive(Serialize, ToSchema)]
pub struct ActorView {
    /// `user`, `api_credential`, `operator` or `anonymous`.
    kind: String,
    /// Which user or API credential.
    id: Option<Uuid>,
}

/// Which part of the audit trail.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// Where to go on: the `next` of the page before, or any position.
    cursor: Option<String>,
    /// Entries on a page: 1 to 500, 100 unless said.
    limit: Option<u32>,
    /// Only what was recorded by then.
    as_of: Option<DateTime<Utc>>,
}

impl<S: Send + Sync> FromRequestParts<S> for AuditQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        page::query(parts, state).await
    }
}

/// Read the audit trail
///
/// Oldest first. With `Accept: text/event-stream` it follows live, from `Last-Event-ID` or `cursor`
/// on; each message has its position as id.
#[utoipa::path(
    get, path = "/v1/organizations/{org}/audit", tag = "Audit",
    params(("org" = Uuid, Path, description = "The organization"), AuditQuery),
    security(("session" = []), ("oauth2" = ["audit:read"])),
    responses(
        (status = 200, body = Page<AuditItem>),
        (status = 400, body = ProblemBody, description = "`invalid-parameter`"),
        (status = 403, body = ProblemBody, description = "`forbidden`, `second-factor-required`, `insufficient-scope`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
        (status = 503, body = ProblemBody, description = "`read-model-behind`, `read-model-stopped`"),
    ),
)]
pub async fn list(
    State(pawl): State<Pawl>,
    _caught_up: CaughtUp,
    Mandated(authority): Mandated,
    OrganizationPath(organization): OrganizationPath,
    query: AuditQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    authority.permit(Permission::ReadAudit, organization)?;
    let after = page::position(query.cursor.as_deref())?.unwrap_or(0);
    if accepts_event_stream(&headers) {
        let after = last_event_id(&headers)?.unwrap_or(after);
        return match bearer(&headers) {
            Some(token) => {
                let live = Live {
                    pawl,
                    token,
                    organization,
                    after: Position(after),
                };
                Ok(Sse::new(live.follow())
                    .keep_alive(KeepAlive::default())
                    .into_response())
            }
            None => Err(domain::Rejection::Unauthenticated.into()),
        };
    }
    let (after, as_of, limit) = (Position(after), query.as_of, page::limit(query.limit));
    let page = pawl
        .query(&AuditTrail, move |readers| {
            audit_trail::page(readers, organization, after, as_of, limit)
        })
        .await?;
    let items = page
        .items
        .into_iter()
        .map(|entry| opened_item(&pawl, entry))
        .collect::<Result<_, _>>()?;
    let next = page.next.map(|position| position.to_string());
    Ok(Answer::ok(Page::<AuditItem> { items, next }).into_response())
}

fn opened_item(pawl: &Pawl, entry: AuditEntry) -> Result<AuditItem, Failure> {
    let data = pawl.open_content(&entry.data)?;
    Ok(item(entry, data))
}

pub(super) fn item(entry: AuditEntry, data: Value) -> AuditItem {
    AuditItem {
        position: entry.position.0,
        event_id: entry.event_id.0,
        event_type: entry.event_type,
        recorded_at: entry.recorded_at,
        actor: entry.actor,
        subject: entry.subject.to_string(),
        data,
    }
}

fn accepts_event_stream(headers: &HeaderMap) -> bool {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/event-stream"))
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get("last-event-id") else {
        return Ok(None);
    };
    page::position(value.to_str().ok())
        .map_err(|_| invalid("Last-Event-ID is the id of an event that was sent."))
}

/// A reader who follows. The right to do so is asked for again before each page.
struct Live {
    pawl: Pawl,
    token: Bearer,
    organization: OrganizationId,
    after: Position,
}

impl Live {
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
            .query(&AuditTrail, move |readers| {
                audit_trail::page(readers, organization, after, None, LIVE_PAGE)
            })
            .await?;
        let mut events = Vec::with_capacity(page.items.len());
        for entry in page.items {
            if entry.position > head {
                return Ok(events);
            }
            self.after = entry.position;
            let item = opened_item(&self.pawl, entry)?;
            let (id, name) = (item.position.to_string(), item.event_type.clone());
            events.push(Event::default().id(id).event(name).json_data(item));
        }
        if page.next.is_none() {
            // Others' events came by; up to here everything has been looked through.
            self.after = self.after.max(head);
        }
        Ok(events)
    }
}
