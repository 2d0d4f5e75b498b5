//! The session itself: who I am, and signing out.

use super::{
    answer::Answer,
    extract::{Bare, Holder},
    problem::{Problem, ProblemBody},
};
use crate::application::Pawl;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use domain::NextStep;
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
        next: holder.next(),
        expires_at: holder.expires_at(),
    }))
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
