//! The credentials of machines, for the administrators who look after them.

use super::{
    answer::Answer,
    audit::ActorView,
    body::{Bare, Command},
    extract::{Authorized, CaughtUp},
    page::{ListQuery, Page},
    path::{CredentialPath, OrganizationPath},
    problem::{Problem, ProblemBody},
};
use crate::application::{ClientSecret, NewApiCredential, Pawl};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use domain::{
    Permission, Rejection, Scopes,
    api_credential::{Lifetime, Overlap},
    value::CredentialName,
};
use eventstore_schema::{Actor, ScopeName};
use projections::api_credentials::{self, ApiCredential, ApiCredentials, Standing};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What the credential is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCredential {
    /// What it is for. Not the name of a person: it stays in the history for good.
    #[schema(example = "Nightly export")]
    name: String,
    /// What a machine may do with it.
    #[schema(example = json!(["users:read"]))]
    scopes: Vec<String>,
    /// 1 to 365 days; 90 unless said.
    expires_in_days: Option<u32>,
}

/// How the secret is to be replaced.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotate {
    /// How long the old secret stays good: 0 to 168 hours.
    overlap_hours: u32,
}

/// A credential and its secret, which is shown here and never again.
#[derive(Serialize, ToSchema)]
pub struct ClientSecretView {
    client_id: Uuid,
    client_secret: String,
    /// When the credential ends.
    expires_at: Option<DateTime<Utc>>,
}

impl ClientSecretView {
    fn of(shown: &ClientSecret) -> Self {
        Self {
            client_id: shown.id.0,
            client_secret: shown.secret.expose_secret().to_owned(),
            expires_at: shown.expires_at,
        }
    }
}

/// A credential.
#[derive(Serialize, ToSchema)]
pub struct ApiCredentialView {
    client_id: Uuid,
    name: String,
    #[schema(value_type = Vec<String>)]
    scopes: Vec<ScopeName>,
    /// `live`, `expired` or `revoked`.
    #[schema(value_type = String, example = "live")]
    state: Standing,
    created_at: DateTime<Utc>,
    #[schema(value_type = ActorView)]
    created_by: Actor,
    expires_at: DateTime<Utc>,
    /// When it was last given another secret.
    rotated_at: Option<DateTime<Utc>>,
    /// Until when the secret of before was or is good.
    old_secret_until: Option<DateTime<Utc>>,
    /// When a machine last asked for an access token.
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

impl ApiCredentialView {
    fn of(credential: ApiCredential, now: DateTime<Utc>) -> Self {
        Self {
            client_id: credential.api_credential_id.0,
            state: credential.standing_at(now),
            name: credential.name,
            scopes: credential.scopes,
            created_at: credential.created_at,
            created_by: credential.created_by,
            expires_at: credential.expires_at,
            rotated_at: credential.rotated_at,
            old_secret_until: credential.old_secret_until,
            last_used_at: credential.last_used_at,
            revoked_at: credential.revoked_at,
        }
    }
}

/// Create an API credential
///
/// For a machine that is to act in the organization: what its scopes say, and nothing for a person.
/// The secret is shown once. It needs your own second factor, shown in the last five minutes
/// (`POST /v1/session/otp`), enforced or not.
#[utoipa::path(
    post, path = "/v1/organizations/{org}/api-credentials", tag = "API credentials",
    params(("org" = Uuid, Path, description = "The organization")),
    request_body = NewCredential, security(("session" = [])),
    responses(
        (status = 201, body = ClientSecretView),
        (status = 401, body = ProblemBody, description = "`unauthenticated`"),
        (status = 403, body = ProblemBody, description = "`forbidden`, `second-factor-required`, `fresh-second-factor-required`, `person-required`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
        (status = 409, body = ProblemBody, description = "`otp-device-missing`"),
        (status = 422, body = ProblemBody, description = "`invalid-field`, `invalid-body`, `idempotency-key-reused`"),
    ),
)]
pub async fn create(
    State(pawl): State<Pawl>,
    Authorized(authority): Authorized,
    OrganizationPath(organization): OrganizationPath,
    Command { body, context }: Command<NewCredential>,
) -> Result<Answer<ClientSecretView>, Problem> {
    // Who may not do it, or to whom the organization does not exist, is told of no rule.
    authority.permit(Permission::ManageApiCredentials, organization)?;
    let lifetime = body.expires_in_days.map(Lifetime::of_days).transpose()?;
    let new = NewApiCredential {
        name: CredentialName::parse(&body.name)?,
        scopes: Scopes::parse(body.scopes.iter().map(String::as_str))?,
        lifetime: lifetime.unwrap_or_default(),
    };
    let shown = pawl
        .create_api_credential(organization, &new, &authority, &context)
        .await?;
    Ok(Answer::created(ClientSecretView::of(&shown)).at(shown.position))
}

/// List the API credentials
///
/// By their ids, those that are over included.
#[utoipa::path(
    get, path = "/v1/organizations/{org}/api-credentials", tag = "API credentials",
    params(("org" = Uuid, Path, description = "The organization"), ListQuery),
    security(("session" = [])),
    responses(
        (status = 200, body = Page<ApiCredentialView>),
        (status = 403, body = ProblemBody, description = "`forbidden`, `second-factor-required`, `person-required`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
        (status = 503, body = ProblemBody, description = "`read-model-behind`, `read-model-stopped`"),
    ),
)]
pub async fn list(
    State(pawl): State<Pawl>,
    _caught_up: CaughtUp,
    Authorized(authority): Authorized,
    OrganizationPath(organization): OrganizationPath,
    query: ListQuery,
) -> Result<Answer<Page<ApiCredentialView>>, Problem> {
    authority.permit(Permission::ManageApiCredentials, organization)?;
    let (after, limit) = (query.cursor()?, query.limit());
    let page = pawl
        .query(&ApiCredentials, move |readers| {
            api_credentials::page(readers, organization, after, limit)
        })
        .await?;
    let now = pawl.now();
    let items = page.items.into_iter();
    Ok(Answer::ok(Page {
        items: items.map(|each| ApiCredentialView::of(each, now)).collect(),
        next: page.next.map(|id| id.to_string()),
    }))
}

/// See an API credential
#[utoipa::path(
    get, path = "/v1/organizations/{org}/api-credentials/{id}", tag = "API credentials",
    params(
        ("org" = Uuid, Path, description = "The organization"),
        ("id" = Uuid, Path, description = "The credential"),
    ),
    security(("session" = [])),
    responses(
        (status = 200, body = ApiCredentialView),
        (status = 403, body = ProblemBody, description = "`forbidden`, `second-factor-required`, `person-required`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
        (status = 503, body = ProblemBody, description = "`read-model-behind`, `read-model-stopped`"),
    ),
)]
pub async fn one(
    State(pawl): State<Pawl>,
    _caught_up: CaughtUp,
    Authorized(authority): Authorized,
    CredentialPath(organization, id): CredentialPath,
) -> Result<Answer<ApiCredentialView>, Problem> {
    authority.permit(Permission::ManageApiCredentials, organization)?;
    let found = pawl
        .query(&ApiCredentials, move |readers| {
            api_credentials::by_id(readers, id)
        })
        .await?;
    let credential = found
        .filter(|found| found.organization_id == organization)
        .ok_or(Rejection::NotFound)?;
    Ok(Answer::ok(ApiCredentialView::of(credential, pawl.now())))
}

/// Rotate the secret of an API credential
///
/// The new secret is shown once. The old one, and the access tokens that were issued for it, stay good
/// for the overlap; with none they are dead at once. It needs your own second factor, shown in the
/// last five minutes (`POST /v1/session/otp`), enforced or not.
#[utoipa::path(
    post, path = "/v1/organizations/{org}/api-credentials/{id}/rotate", tag = "API credentials",
    params(
        ("org" = Uuid, Path, description = "The organization"),
        ("id" = Uuid, Path, description = "The credential"),
    ),
    request_body = Rotate, security(("session" = [])),
    responses(
        (status = 200, body = ClientSecretView),
        (status = 401, body = ProblemBody, description = "`unauthenticated`"),
        (status = 403, body = ProblemBody, description = "`forbidden`, `second-factor-required`, `fresh-second-factor-required`, `person-required`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
        (status = 409, body = ProblemBody, description = "`otp-device-missing`, `api-credential-over`"),
        (status = 422, body = ProblemBody, description = "`invalid-field`, `invalid-body`, `idempotency-key-reused`"),
    ),
)]
pub async fn rotate(
    State(pawl): State<Pawl>,
    Authorized(authority): Authorized,
    CredentialPath(organization, id): CredentialPath,
    Command { body, context }: Command<Rotate>,
) -> Result<Answer<ClientSecretView>, Problem> {
    authority.permit(Permission::ManageApiCredentials, organization)?;
    let overlap = Overlap::of_hours(body.overlap_hours)?;
    let shown = pawl
        .rotate_api_credential_secret(organization, id, overlap, &authority, &context)
        .await?;
    Ok(Answer::ok(ClientSecretView::of(&shown)).at(shown.position))
}

/// Revoke an API credential
///
/// It and its access tokens open nothing from the next request on. There is no way back.
#[utoipa::path(
    delete, path = "/v1/organizations/{org}/api-credentials/{id}", tag = "API credentials",
    params(
        ("org" = Uuid, Path, description = "The organization"),
        ("id" = Uuid, Path, description = "The credential"),
    ),
    security(("session" = [])),
    responses(
        (status = 204, description = "It opens nothing any more."),
        (status = 401, body = ProblemBody, description = "`unauthenticated`"),
        (status = 403, body = ProblemBody, description = "`forbidden`, `second-factor-required`, `person-required`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
    ),
)]
pub async fn revoke(
    State(pawl): State<Pawl>,
    Authorized(authority): Authorized,
    CredentialPath(organization, id): CredentialPath,
    Bare(context): Bare,
) -> Result<Response, Problem> {
    let revoked = pawl
        .revoke_api_credential(organization, id, &authority, &context)
        .await?;
    let position = [("pawl-position", revoked.position.to_string())];
    Ok((StatusCode::NO_CONTENT, position).into_response())
}
