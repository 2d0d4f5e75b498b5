//! Passwords: the way back to a forgotten one, and changing one.

use super::{
    answer::Answer,
    body::Command,
    extract::Authorized,
    problem::{Problem, ProblemBody},
    sign_in::{Secret, SessionStep},
};
use crate::application::{LinkToken, Pawl};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{
    Rejection,
    value::{EmailAddress, NewPassword},
};
use secrecy::ExposeSecret;
use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// Whose password is forgotten.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForgottenPassword {
    email: String,
}

/// The new password, with the token of a link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmReset {
    /// The token in the link.
    token: Secret,
    /// 8 to 256 characters; no password that many people use, not your address, your name or your
    /// organization's.
    password: Secret,
}

/// The present password and the new one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    current: Secret,
    /// 8 to 256 characters; no password that many people use, not your address, your name or your
    /// organization's.
    new: Secret,
}

pub(super) fn new_password(secret: &Secret) -> Result<NewPassword, Rejection> {
    NewPassword::parse(Zeroizing::new(secret.0.expose_secret().to_owned()))
}

/// Ask for a link to choose a new password
///
/// Somebody who can sign in with this address gets a mail with a one-time link, which works for an
/// hour; a newer link kills the older. A mailbox gets one such mail in a minute and five in an hour
/// at most. The answer is the same whatever happens, and a repeat is another request, whatever
/// `Idempotency-Key` it comes with.
#[utoipa::path(
    post, path = "/v1/password-reset", tag = "Passwords", request_body = ForgottenPassword,
    responses(
        (status = 202, description = "Whether there is a mail, only the mailbox tells."),
        (status = 422, body = ProblemBody, description = "`invalid-field`"),
        (status = 429, body = ProblemBody, description = "`too-many-attempts`", headers(("Retry-After" = String, description = "When to try again"))),
        (status = 503, body = ProblemBody, description = "`busy`"),
    ),
)]
pub async fn request_reset(
    State(pawl): State<Pawl>,
    Command { body, context }: Command<ForgottenPassword>,
) -> Result<StatusCode, Problem> {
    let email = EmailAddress::parse(&body.email)?;
    pawl.request_password_reset(&email, &context).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Choose a new password
///
/// With the token of the link. All other sessions of the person are over. Whoever has an
/// authenticator shows it next.
#[utoipa::path(
    post, path = "/v1/password-reset/confirm", tag = "Passwords", request_body = ConfirmReset,
    responses(
        (status = 200, body = SessionStep),
        (status = 404, body = ProblemBody, description = "`password-reset-invalid`"),
        (status = 410, body = ProblemBody, description = "`password-reset-expired`"),
        (status = 422, body = ProblemBody, description = "`invalid-field`"),
        (status = 429, body = ProblemBody, description = "`too-many-attempts`", headers(("Retry-After" = String, description = "When to try again"))),
        (status = 503, body = ProblemBody, description = "`busy`"),
    ),
)]
pub async fn confirm_reset(
    State(pawl): State<Pawl>,
    Command { body, context }: Command<ConfirmReset>,
) -> Result<Answer<SessionStep>, Problem> {
    let link =
        LinkToken::parse(body.token.0.expose_secret()).ok_or(Rejection::PasswordResetInvalid)?;
    let password = new_password(&body.password)?;
    let grant = pawl.reset_password(&link, password, &context).await?;
    Ok(SessionStep::answer(&grant))
}

/// Change my password
///
/// This session goes on; all others of the person are over. A wrong current password counts like
/// one at the sign-in.
#[utoipa::path(
    put, path = "/v1/me/password", tag = "Passwords", request_body = Change,
    security(("session" = [])),
    responses(
        (status = 204, description = "The password is changed."),
        (status = 401, body = ProblemBody, description = "`password-wrong`, `unauthenticated`"),
        (status = 403, body = ProblemBody, description = "`second-factor-required`"),
        (status = 422, body = ProblemBody, description = "`invalid-field`"),
        (status = 429, body = ProblemBody, description = "`too-many-attempts`", headers(("Retry-After" = String, description = "When to try again"))),
        (status = 503, body = ProblemBody, description = "`busy`"),
    ),
)]
pub async fn change(
    State(pawl): State<Pawl>,
    Authorized(authority): Authorized,
    Command { body, context }: Command<Change>,
) -> Result<Response, Problem> {
    let new = new_password(&body.new)?;
    let current = Zeroizing::new(body.current.0.expose_secret().as_bytes().to_vec());
    let changed = pawl
        .change_password(current, new, &authority, &context)
        .await?;
    let position = [("pawl-position", changed.position.to_string())];
    Ok((StatusCode::NO_CONTENT, position).into_response())
}
