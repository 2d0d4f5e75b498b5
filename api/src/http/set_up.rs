//! The first organization and its administrator.

use super::{
    answer::Answer,
    body::Command,
    passwords::new_password,
    problem::{Problem, ProblemBody},
    sign_in::Secret,
};
use crate::application::{FirstAdministrator, Pawl};
use axum::extract::State;
use domain::{
    NextStep,
    value::{EmailAddress, OrganizationName, PersonName},
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What the first administrator says.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetUp {
    /// The token of the first start's link.
    token: Secret,
    /// The name of the organization.
    organization: String,
    /// Where mail goes, and what they sign in with.
    email: String,
    /// What they are called.
    name: String,
    /// 8 to 256 characters; no password that many people use, not your address, your name or your
    /// organization's.
    password: Secret,
}

/// The first organization.
#[derive(Serialize, ToSchema)]
pub struct SetUpDone {
    organization_id: Uuid,
    user_id: Uuid,
    /// The session of the administrator, for `Authorization: Bearer`.
    session_token: String,
    #[schema(value_type = String, example = "done")]
    next: NextStep,
}

/// Set the installation up
///
/// Works once, with the token of the link that the first start prints.
#[utoipa::path(
    post, path = "/v1/setup", tag = "Set-up", request_body = SetUp,
    responses(
        (status = 201, body = SetUpDone),
        (status = 403, body = ProblemBody, description = "`set-up-token-invalid`"),
        (status = 409, body = ProblemBody, description = "`already-set-up`"),
        (status = 422, body = ProblemBody, description = "`invalid-field`, `invalid-body`, `idempotency-key-reused`"),
        (status = 429, body = ProblemBody, description = "`too-many-attempts`", headers(("Retry-After" = String, description = "When to try again"))),
    ),
)]
pub async fn set_up(
    State(pawl): State<Pawl>,
    Command { body, context }: Command<SetUp>,
) -> Result<Answer<SetUpDone>, Problem> {
    let link = pawl.check_set_up_link(&body.token.0)?;
    let first = FirstAdministrator {
        organization: OrganizationName::parse(&body.organization)?,
        email: EmailAddress::parse(&body.email)?,
        name: PersonName::parse(&body.name)?,
        password: new_password(&body.password)?,
    };
    let (organization_id, user_id, grant) = pawl.set_up(&link, first, &context).await?;
    Ok(Answer::created(SetUpDone {
        organization_id: organization_id.0,
        user_id: user_id.0,
        session_token: grant.session_token.expose_secret().to_owned(),
        next: grant.next,
    })
    .at(grant.position))
}
