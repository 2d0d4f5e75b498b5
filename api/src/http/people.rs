//! Managing people: their role, and whether they can sign in.

use super::{
    answer::Answer,
    body::{Bare, Command},
    extract::{IfMatch, Mandated},
    path::PersonPath,
    problem::{Problem, ProblemBody},
};
use crate::application::{Committed, Pawl, Somebody};
use axum::extract::State;
use domain::{Rejection, user::User};
use eventstore_schema::{Role, UserId};
use projections::users::Status;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// The role that somebody is to have.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRole {
    /// `admin`, `user_manager`, `auditor`, `analyst` or `member`.
    #[schema(value_type = String, example = "auditor")]
    role: Role,
}

/// A person after a change of them.
#[derive(Serialize, ToSchema)]
pub struct Managed {
    user_id: Uuid,
    #[schema(value_type = String, example = "member")]
    role: Role,
    /// `active` or `disabled`.
    #[schema(value_type = String, example = "active")]
    status: Status,
}

impl Managed {
    fn answer(user: UserId, committed: &Committed<User>) -> Result<Answer<Self>, Problem> {
        let state = &committed.state.state;
        let profile = state.profile().ok_or(Rejection::NotFound)?;
        let view = Self {
            user_id: user.0,
            role: profile.role,
            status: if state.is_disabled() {
                Status::Disabled
            } else {
                Status::Active
            },
        };
        Ok(Answer::ok(view)
            .at(committed.position)
            .version(committed.state.revision.unwrap_or(0)))
    }
}

/// Give a person another role
///
/// All their sessions are over. Nobody gives more than they have, or changes their own role. The last
/// active administrator stays.
#[utoipa::path(
    patch, path = "/v1/organizations/{org}/users/{id}", tag = "People",
    params(
        ("org" = Uuid, Path, description = "The organization"),
        ("id" = Uuid, Path, description = "The person"),
    ),
    request_body = NewRole, security(("session" = []), ("oauth2" = ["users:manage"])),
    responses(
        (status = 200, body = Managed),
        (status = 403, body = ProblemBody, description = "`forbidden`, `second-factor-required`, `insufficient-scope`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
        (status = 409, body = ProblemBody, description = "`last-administrator`, `not-yourself`, `invitation-pending`"),
        (status = 412, body = ProblemBody, description = "`stale-version`"),
        (status = 422, body = ProblemBody, description = "`invalid-body`, `idempotency-key-reused`"),
    ),
)]
pub async fn change_role(
    State(pawl): State<Pawl>,
    Mandated(authority): Mandated,
    PersonPath(organization, user): PersonPath,
    IfMatch(if_match): IfMatch,
    Command { body, context }: Command<NewRole>,
) -> Result<Answer<Managed>, Problem> {
    let somebody = Somebody {
        organization,
        user,
        if_match,
    };
    let committed = pawl
        .change_role(somebody, body.role, &authority, &context)
        .await?;
    Managed::answer(user, &committed)
}

/// Keep a person from signing in
///
/// All their sessions are over, and an open link to choose a new password is dead. The last active
/// administrator stays.
#[utoipa::path(
    post, path = "/v1/organizations/{org}/users/{id}/disable", tag = "People",
    params(
        ("org" = Uuid, Path, description = "The organization"),
        ("id" = Uuid, Path, description = "The person"),
    ),
    security(("session" = []), ("oauth2" = ["users:manage"])),
    responses(
        (status = 200, body = Managed),
        (status = 403, body = ProblemBody, description = "`forbidden`, `second-factor-required`, `insufficient-scope`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
        (status = 409, body = ProblemBody, description = "`last-administrator`, `not-yourself`, `invitation-pending`"),
        (status = 412, body = ProblemBody, description = "`stale-version`"),
    ),
)]
pub async fn disable(
    State(pawl): State<Pawl>,
    Mandated(authority): Mandated,
    PersonPath(organization, user): PersonPath,
    IfMatch(if_match): IfMatch,
    Bare(context): Bare,
) -> Result<Answer<Managed>, Problem> {
    let somebody = Somebody {
        organization,
        user,
        if_match,
    };
    let committed = pawl.disable_user(somebody, &authority, &context).await?;
    Managed::answer(user, &committed)
}

/// Let a person sign in again
///
/// With the password and the authenticators that they had.
#[utoipa::path(
    post, path = "/v1/organizations/{org}/users/{id}/enable", tag = "People",
    params(
        ("org" = Uuid, Path, description = "The organization"),
        ("id" = Uuid, Path, description = "The person"),
    ),
    security(("session" = []), ("oauth2" = ["users:manage"])),
    responses(
        (status = 200, body = Managed),
        (status = 403, body = ProblemBody, description = "`forbidden`, `second-factor-required`, `insufficient-scope`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
        (status = 409, body = ProblemBody, description = "`invitation-pending`"),
        (status = 412, body = ProblemBody, description = "`stale-version`"),
    ),
)]
pub async fn enable(
    State(pawl): State<Pawl>,
    Mandated(authority): Mandated,
    PersonPath(organization, user): PersonPath,
    IfMatch(if_match): IfMatch,
    Bare(context): Bare,
) -> Result<Answer<Managed>, Problem> {
    let somebody = Somebody {
        organization,
        user,
        if_match,
    };
    let committed = pawl.enable_user(somebody, &authority, &context).await?;
    Managed::answer(user, &committed)
}
