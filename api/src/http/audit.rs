//! The audit trail: the replayed events of an organization, page by page or live. What proves it is in
//! `proof.rs`, taking all of it away in `export.rs`.

pub mod export;
mod live;
mod parameters;
pub mod proof;

use super::{
    answer::Answer,
    extract::{Asked, CaughtUp, Mandated, bearer},
    page::Page,
    path::OrganizationPath,
    problem::{Problem, ProblemBody},
};
use crate::application::{Failure, Pawl, question};
use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use domain::{Permission, Rejection};
use eventstore_schema::{Actor, AuditReading, Position};
use live::Live;
use parameters::AuditQuery;
pub use parameters::actor;
use projections::audit_trail::AuditEntry;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// One event.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditItem {
    /// Its place in the log.
    position: u64,
    /// The index of its leaf in the audit log.
    leaf_index: u64,
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

/// Read the audit trail
///
/// Oldest first. With `Accept: text/event-stream` it follows live, from `Last-Event-ID` or `cursor`
/// on; each message has its position as id. An entry has to meet everything that is asked for.
///
/// That somebody looks is an entry itself (`AuditRead`), which the first answer has already: one for
/// each question of a reader in 15 minutes, however many pages of it they turn.
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
    Mandated(mandate): Mandated,
    OrganizationPath(organization): OrganizationPath,
    query: AuditQuery,
    Asked(request): Asked,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    mandate.permit(Permission::ReadAudit, organization)?;
    let token = bearer(&headers).ok_or(Rejection::Unauthenticated)?;
    let filter = query.filter()?;
    let after = Position(query.after()?.unwrap_or(0));
    if live::is_asked_for(&headers) {
        let after = live::last_event_id(&headers)?.unwrap_or(after);
        let question = question(AuditReading::Live, &filter);
        pawl.begin_look(organization, &question, &token, &request)
            .await?;
        let live = Live {
            pawl,
            token,
            organization,
            filter,
            after,
        };
        return Ok(live.answer());
    }
    let question = question(AuditReading::Page, &filter);
    pawl.begin_look(organization, &question, &token, &request)
        .await?;
    let limit = query.limit();
    let page = pawl.audit_page(organization, &filter, after, limit).await?;
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
        leaf_index: entry.leaf_index,
        event_id: entry.event_id.0,
        event_type: entry.event_type,
        recorded_at: entry.recorded_at,
        actor: entry.actor,
        subject: entry.subject.to_string(),
        data,
    }
}
