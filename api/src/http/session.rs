//! The session itself: who I am, and signing out.

use super::{
    answer::Answer,
    body::{Bare, Command},
    extract::{Authorized, Holder},
    problem::{Problem, ProblemBody},
    sign_in::{SecondFactor, SessionStep},
};
use crate::application::Pawl;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use domain::{NextStep, Showing};
use eventstore_schema::{Factor, Role};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Who I am and what this session may do.
#[derive(Serialize, ToSchema)]
pub struct WhoAmI {
    session_id: Uuid,
    user_id: Uuid,
    organization_id: Uuid,
    organization: String,
    #[schema(value_type = String, example = "member")]
    role: Role,
    /// The factors that were shown: `password`, `otp`, `recovery_code`.
    #[schema(value_type = Vec<String>, example = json!(["password", "otp"]))]
    factors: Vec<Factor>,
    /// When the second factor was shown last; null where it was not.
    second_factor_at: Option<DateTime<Utc>>,
    /// `done`, `otp` or `otp_setup`.
    #[schema(value_type = String, example = "done")]
    next: NextStep,
    expires_at: DateTime<Utc>,
}

/// Who am I?
///
/// Open to a session that still lacks a factor.
#[utoipa::path(
    get, path = "/v1/session", tag = "Session", security(("session" = [])),
    responses(
        (status = 200, body = WhoAmI),
        (status = 401, body = ProblemBody, description = "`unauthenticated`"),
    ),
)]
pub async fn who_am_i(
    State(pawl): State<Pawl>,
    Holder(holder): Holder,
) -> Result<Answer<WhoAmI>, Problem> {
    let organization = pawl.organization(holder.organization()).await?;
    Ok(Answer::ok(WhoAmI {
        session_id: holder.session().0,
        user_id: holder.user().0,
        organization_id: holder.organization().0,
        organization: organization.name().unwrap_or_default().to_owned(),
        role: holder.role(),
        factors: holder.factors().to_vec(),
        second_factor_at: holder.second_factor_at(),
        next: holder.next(),
        expires_at: holder.expires_at(),
    }))
}

/// Show the second factor again
///
/// Some calls ask for one that was shown in the last five minutes (`fresh-second-factor-required`).
#[utoipa::path(
    post, path = "/v1/session/otp", tag = "Session", request_body = SecondFactor,
    security(("session" = [])),
    responses(
        (status = 200, body = SessionStep),
        (status = 401, body = ProblemBody, description = "`otp-code-wrong`, `otp-code-reused`, `otp-code-expired`, `recovery-code-wrong`, `unauthenticated`"),
        (status = 403, body = ProblemBody, description = "`second-factor-required`"),
        (status = 409, body = ProblemBody, description = "`otp-device-missing`"),
        (status = 422, body = ProblemBody, description = "`otp-code-malformed`, `recovery-code-malformed`, `invalid-body`"),
        (status = 429, body = ProblemBody, description = "`too-many-attempts`", headers(("Retry-After" = String, description = "When to try again"))),
    ),
)]
pub async fn show_again(
    State(pawl): State<Pawl>,
    Authorized(authority): Authorized,
    Command { body, context }: Command<SecondFactor>,
) -> Result<Answer<SessionStep>, Problem> {
    let shown = body.shown()?;
    let showing = Showing::again(authority);
    let grant = pawl.show_second_factor(&showing, &shown, &context).await?;
    Ok(SessionStep::answer(&grant))
}

/// Sign out
#[utoipa::path(
    delete, path = "/v1/session", tag = "Session", security(("session" = [])),
    responses(
        (status = 204, description = "The session is over."),
        (status = 401, body = ProblemBody, description = "`unauthenticated`"),
    ),
)]
pub async fn sign_out(
    State(pawl): State<Pawl>,
    Holder(holder): Holder,
    Bare(context): Bare,
) -> Result<Response, Problem> {
    let committed = pawl.sign_out(&holder, &context).await?;
    let position = [("pawl-position", committed.position.to_string())];
    Ok((StatusCode::NO_CONTENT, position).into_response())
}
