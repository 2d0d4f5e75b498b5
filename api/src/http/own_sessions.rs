//! The sessions of whoever asks: where am I signed in, and how do I end that?

use super::{
    answer::Answer,
    body::Bare,
    extract::{Authorized, CaughtUp},
    page::Page,
    problem::{Problem, ProblemBody},
};
use crate::application::{Failure, Pawl};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use domain::Rejection;
use eventstore_schema::{Factor, SessionId, UserId};
use projections::sessions::{self, Session, Sessions};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Sessions that are listed at most. They live for hours only, so there are rarely more than a few.
const LISTED: u32 = 500;

/// A session of one's own.
#[derive(Serialize, ToSchema)]
pub struct OwnSession {
    session_id: Uuid,
    started_at: DateTime<Utc>,
    /// When something last happened to it. Its use is noted a few times an hour, not at each request.
    last_event_at: DateTime<Utc>,
    /// When it had every factor that was required then; null where it never came so far.
    signed_in_at: Option<DateTime<Utc>>,
    /// The factors that were shown: `password`, `otp`.
    #[schema(value_type = Vec<String>, example = json!(["password", "otp"]))]
    factors: Vec<Factor>,
    /// Whether it is the one that asks.
    current: bool,
    /// It is over then, if it is not used again.
    idle_until: DateTime<Utc>,
    /// It is over then, whatever happens before.
    expires_at: DateTime<Utc>,
}

/// List my sessions
///
/// Those that have neither ended nor expired nor rested for too long, newest first, all on one page: the newest 500.
#[utoipa::path(
    get, path = "/v1/me/sessions", tag = "Session", security(("session" = [])),
    responses(
        (status = 200, body = Page<OwnSession>),
        (status = 401, body = ProblemBody, description = "`unauthenticated`"),
        (status = 403, body = ProblemBody, description = "`second-factor-required`"),
        (status = 503, body = ProblemBody, description = "`read-model-behind`, `read-model-stopped`"),
    ),
)]
pub async fn list(
    State(pawl): State<Pawl>,
    _caught_up: CaughtUp,
    Authorized(authority): Authorized,
) -> Result<Answer<Page<OwnSession>>, Problem> {
    let (user, current) = (authority.holder().user(), authority.holder().session());
    Ok(Answer::ok(Page {
        items: open_sessions(&pawl, user, Some(current)).await?,
        next: None,
    }))
}

/// The newest of a person's sessions that have neither ended nor expired.
pub(super) async fn open_sessions(
    pawl: &Pawl,
    user: UserId,
    current: Option<SessionId>,
) -> Result<Vec<OwnSession>, Failure> {
    let at = (pawl.now(), pawl.limits().sessions.idle);
    let open = pawl
        .query(&Sessions, move |readers| {
            sessions::open_of(readers, user, at, LISTED)
        })
        .await?;
    let view = |session: Session| OwnSession {
        session_id: session.session_id.0,
        started_at: session.started_at,
        last_event_at: session.last_event_at,
        signed_in_at: session.signed_in_at,
        factors: session.factors,
        idle_until: (session.last_event_at + at.1).min(session.expires_at),
        current: Some(session.session_id) == current,
        expires_at: session.expires_at,
    };
    Ok(open.into_iter().map(view).collect())
}

/// End one of my sessions
///
/// From the next request on it opens nothing. Ending the one that asks is signing out.
#[utoipa::path(
    delete, path = "/v1/me/sessions/{id}", tag = "Session", security(("session" = [])),
    params(("id" = Uuid, Path, description = "The session")),
    responses(
        (status = 204, description = "The session is over."),
        (status = 401, body = ProblemBody, description = "`unauthenticated`"),
        (status = 403, body = ProblemBody, description = "`second-factor-required`"),
        (status = 404, body = ProblemBody, description = "`not-found`: it is over, or somebody else's"),
    ),
)]
pub async fn end(
    State(pawl): State<Pawl>,
    Authorized(authority): Authorized,
    Path(id): Path<String>,
    Bare(context): Bare,
) -> Result<Response, Problem> {
    let id = id.parse().map(SessionId).map_err(|_| Rejection::NotFound)?;
    let committed = pawl.end_own_session(id, &authority, &context).await?;
    let position = [("pawl-position", committed.position.to_string())];
    Ok((StatusCode::NO_CONTENT, position).into_response())
}
