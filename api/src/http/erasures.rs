//! Erasing people, for good.

use super::{
    body::Command,
    extract::{Authorized, IfMatch},
    path::PersonPath,
    problem::{Problem, ProblemBody},
};
use crate::application::{Pawl, Somebody};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::ToSchema;

/// The confirmation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Erase {
    /// The e-mail address of the person.
    #[schema(example = "ada@example.org")]
    #[serde(default)]
    confirm: String,
}

/// Erase a person, for good
///
/// There is no way back. Their name, their e-mail address and the names of their authenticators are
/// unreadable everywhere from the answer on, in copies of the log too; their sessions are over, their
/// links and their mail gone, and the address is free for somebody new. What happened stays in the
/// audit trail, with `erased person` in the place of the name. Whatever their standing, somebody can
/// be erased; nobody erases themselves, and the last active administrator stays. Erasing again
/// changes nothing. It needs your own second factor, shown in the last five minutes
/// (`POST /v1/session/otp`), if you have one or need one.
#[utoipa::path(
    delete, path = "/v1/organizations/{org}/users/{id}", tag = "People",
    params(
        ("org" = Uuid, Path, description = "The organization"),
        ("id" = Uuid, Path, description = "The person"),
    ),
    request_body = Erase, security(("session" = [])),
    responses(
        (status = 204, description = "Nobody can read who it was any more."),
        (status = 401, body = ProblemBody, description = "`unauthenticated`"),
        (status = 403, body = ProblemBody, description = "`forbidden`, `second-factor-required`, `fresh-second-factor-required`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
        (status = 409, body = ProblemBody, description = "`last-administrator`, `not-on-yourself`"),
        (status = 412, body = ProblemBody, description = "`stale-version`"),
        (status = 422, body = ProblemBody, description = "`erasure-unconfirmed`, `invalid-body`, `idempotency-key-reused`"),
    ),
)]
pub async fn erase(
    State(pawl): State<Pawl>,
    Authorized(authority): Authorized,
    PersonPath(organization, user): PersonPath,
    IfMatch(if_match): IfMatch,
    Command { body, context }: Command<Erase>,
) -> Result<Response, Problem> {
    let somebody = Somebody {
        organization,
        user,
        if_match,
    };
    let erased = pawl
        .erase_user(somebody, &body.confirm, &authority, &context)
        .await?;
    let position = [("pawl-position", erased.position.to_string())];
    Ok((StatusCode::NO_CONTENT, position).into_response())
}
