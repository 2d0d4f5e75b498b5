//! The policy of an organization. It can be enforced, and that is all.

use super::{
    answer::Answer,
    body::Command,
    extract::{IfMatch, Mandated},
    path::OrganizationPath,
    problem::{Problem, ProblemBody},
};
use crate::application::{Pawl, TwoFactorStatus};
use axum::extract::State;
use chrono::{DateTime, Utc};
use eventstore_schema::Actor;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Whether two-factor authentication is enforced.
#[derive(Serialize, ToSchema)]
pub struct TwoFactor {
    /// Once true, always true.
    enforced: bool,
    enforced_at: Option<DateTime<Utc>>,
    #[schema(value_type = Option<super::audit::ActorView>)]
    enforced_by: Option<Actor>,
    /// The event in the audit trail.
    event_id: Option<Uuid>,
    /// Whether whoever has no authenticator needs a mailed link before they set up their first. Once
    /// true, always true.
    set_up_link: bool,
}

impl TwoFactor {
    fn answer(status: TwoFactorStatus) -> Answer<Self> {
        let enforcement = status.enforcement;
        Answer::ok(Self {
            enforced: enforcement.is_some(),
            enforced_at: enforcement.as_ref().map(|enforcement| enforcement.at),
            enforced_by: enforcement.as_ref().map(|enforcement| enforcement.by),
            event_id: enforcement.map(|enforcement| enforcement.event_id.0),
            set_up_link: status.set_up_link,
        })
        .at(status.position)
        .version(status.revision)
    }
}

/// The confirmation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Enforce {
    /// Must be `Enforce 2FA`.
    #[serde(default)]
    #[schema(example = "Enforce 2FA")]
    confirm: String,
    /// Whether to ask for a mailed link before a first set-up too, for good. It can be added later by
    /// enforcing again, and not be taken back.
    #[serde(default)]
    set_up_link: bool,
}

/// Is two-factor authentication enforced?
#[utoipa::path(
    get, path = "/v1/organizations/{org}/two-factor", tag = "Two-factor authentication",
    params(("org" = Uuid, Path, description = "The organization")), security(("session" = []), ("oauth2" = ["two-factor:read"])),
    responses(
        (status = 200, body = TwoFactor),
        (status = 401, body = ProblemBody, description = "`unauthenticated`"),
        (status = 403, body = ProblemBody, description = "`second-factor-required`, `insufficient-scope`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
    ),
)]
pub async fn status(
    State(pawl): State<Pawl>,
    Mandated(authority): Mandated,
    OrganizationPath(organization): OrganizationPath,
) -> Result<Answer<TwoFactor>, Problem> {
    Ok(TwoFactor::answer(
        pawl.two_factor(organization, &authority).await?,
    ))
}

/// Enforce two-factor authentication, for good
///
/// There is no way back. Everyone in the organization needs a second factor from the next request
/// on. Enforcing again changes nothing, but that `set_up_link` may be added.
#[utoipa::path(
    post, path = "/v1/organizations/{org}/two-factor/enforce", tag = "Two-factor authentication",
    params(("org" = Uuid, Path, description = "The organization")),
    request_body = Enforce, security(("session" = []), ("oauth2" = ["two-factor:enforce"])),
    responses(
        (status = 200, body = TwoFactor),
        (status = 401, body = ProblemBody, description = "`unauthenticated`"),
        (status = 403, body = ProblemBody, description = "`forbidden`, `second-factor-required`, `insufficient-scope`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
        (status = 405, body = ProblemBody, description = "`method-not-allowed`: there is no `DELETE`, `PUT` or `PATCH`"),
        (status = 412, body = ProblemBody, description = "`stale-version`"),
        (status = 422, body = ProblemBody, description = "`confirmation-missing`"),
    ),
)]
pub async fn enforce(
    State(pawl): State<Pawl>,
    Mandated(authority): Mandated,
    OrganizationPath(organization): OrganizationPath,
    IfMatch(if_match): IfMatch,
    Command { body, context }: Command<Enforce>,
) -> Result<Answer<TwoFactor>, Problem> {
    let status = pawl
        .enforce_two_factor(
            organization,
            (&body.confirm, body.set_up_link),
            if_match,
            &authority,
            &context,
        )
        .await?;
    Ok(TwoFactor::answer(status))
}
