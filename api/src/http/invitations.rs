//! Invitations. An invitation has the id of the person it invites.

use super::{
    answer::Answer,
    body::{Bare, Command},
    extract::{CaughtUp, IfMatch, Mandated},
    page::{ListQuery, Page},
    passwords::new_password,
    path::{OrganizationPath, PersonPath},
    problem::{Problem, ProblemBody},
    sign_in::{Secret, SessionStep},
};
use crate::application::{LinkToken, NewInvitation, Pawl};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use domain::{
    Permission, Rejection,
    value::{EmailAddress, PersonName},
};
use eventstore_schema::Role;
use projections::invitations::{self, Invitations, Which};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Who is to be invited.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Invite {
    pub(super) email: String,
    pub(super) name: String,
    /// `admin`, `user_manager`, `auditor`, `analyst` or `member`.
    #[schema(value_type = String, example = "member")]
    pub(super) role: Role,
}

/// An invitation.
#[derive(Serialize, ToSchema)]
pub struct InvitationView {
    invitation_id: Uuid,
    user_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "member")]
    role: Option<Role>,
    /// The link is dead from then on.
    expires_at: Option<DateTime<Utc>>,
}

impl InvitationView {
    pub(super) fn of(invitation: &crate::application::Invitation) -> Self {
        Self {
            invitation_id: invitation.user_id.0,
            user_id: invitation.user_id.0,
            email: None,
            name: None,
            role: None,
            expires_at: invitation.expires_at,
        }
    }
}

/// Invite somebody
///
/// They get a mail with a one-time link, which works for 7 days unless the operator
/// chose otherwise.
#[utoipa::path(
    post, path = "/v1/organizations/{org}/invitations", tag = "Invitations",
    params(("org" = Uuid, Path, description = "The organization")),
    request_body = Invite, security(("session" = []), ("oauth2" = ["users:invite"])),
    responses(
        (status = 201, body = InvitationView),
        (status = 401, body = ProblemBody, description = "`unauthenticated`"),
        (status = 403, body = ProblemBody, description = "`forbidden`, `second-factor-required`, `insufficient-scope`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
        (status = 409, body = ProblemBody, description = "`address-taken`"),
        (status = 422, body = ProblemBody, description = "`invalid-field`, `invalid-body`, `idempotency-key-reused`"),
    ),
)]
pub async fn invite(
    State(pawl): State<Pawl>,
    Mandated(authority): Mandated,
    OrganizationPath(organization): OrganizationPath,
    Command { body, context }: Command<Invite>,
) -> Result<Answer<InvitationView>, Problem> {
    let new = new_invitation(&body)?;
    let invitation = pawl
        .invite(organization, &new, &authority, &context)
        .await?;
    let view = InvitationView {
        email: Some(new.email.as_str().to_owned()),
        name: Some(new.name.as_str().to_owned()),
        role: Some(new.role),
        ..InvitationView::of(&invitation)
    };
    Ok(Answer::created(view)
        .at(invitation.position)
        .version(invitation.revision))
}

pub(super) fn new_invitation(body: &Invite) -> Result<NewInvitation, Rejection> {
    Ok(NewInvitation {
        email: EmailAddress::parse(&body.email)?,
        name: PersonName::parse(&body.name)?,
        role: body.role,
    })
}

/// List the pending invitations
#[utoipa::path(
    get, path = "/v1/organizations/{org}/invitations", tag = "Invitations",
    params(("org" = Uuid, Path, description = "The organization"), ListQuery),
    security(("session" = []), ("oauth2" = ["users:read"])),
    responses(
        (status = 200, body = Page<InvitationView>),
        (status = 403, body = ProblemBody, description = "`forbidden`, `second-factor-required`, `insufficient-scope`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
        (status = 503, body = ProblemBody, description = "`read-model-behind`, `read-model-stopped`"),
    ),
)]
pub async fn list(
    State(pawl): State<Pawl>,
    _caught_up: CaughtUp,
    Mandated(authority): Mandated,
    OrganizationPath(organization): OrganizationPath,
    query: ListQuery,
) -> Result<Answer<Page<InvitationView>>, Problem> {
    authority.permit(Permission::ReadUsers, organization)?;
    let (after, limit) = (query.cursor()?, query.limit());
    let page = pawl
        .query(&Invitations, move |readers| {
            invitations::page(readers, organization, Which::Pending, after, limit)
        })
        .await?;
    let mut items = Vec::with_capacity(page.items.len());
    for row in page.items {
        items.push(InvitationView {
            invitation_id: row.invitation_id.0,
            user_id: row.invitation_id.0,
            email: Some(pawl.open_personal("email", &row.email.0)?.or_placeholder()),
            name: Some(pawl.open_personal("name", &row.name.0)?.or_placeholder()),
            role: Some(row.role),
            expires_at: Some(row.expires_at),
        });
    }
    Ok(Answer::ok(Page {
        items,
        next: page.next.map(|id| id.to_string()),
    }))
}

/// Send an invitation again
///
/// With a new link; the old one is dead.
#[utoipa::path(
    post, path = "/v1/organizations/{org}/invitations/{id}/resend", tag = "Invitations",
    params(
        ("org" = Uuid, Path, description = "The organization"),
        ("id" = Uuid, Path, description = "The invitation"),
    ),
    security(("session" = []), ("oauth2" = ["users:invite"])),
    responses(
        (status = 200, body = InvitationView),
        (status = 403, body = ProblemBody, description = "`forbidden`, `second-factor-required`, `insufficient-scope`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
        (status = 409, body = ProblemBody, description = "`invitation-used`"),
        (status = 412, body = ProblemBody, description = "`stale-version`"),
    ),
)]
pub async fn resend(
    State(pawl): State<Pawl>,
    Mandated(authority): Mandated,
    PersonPath(organization, id): PersonPath,
    IfMatch(if_match): IfMatch,
    Bare(context): Bare,
) -> Result<Answer<InvitationView>, Problem> {
    let sent = pawl
        .resend_invitation(organization, id, if_match, &authority, &context)
        .await?;
    Ok(Answer::ok(InvitationView::of(&sent))
        .at(sent.position)
        .version(sent.revision))
}

/// Take an invitation back
#[utoipa::path(
    delete, path = "/v1/organizations/{org}/invitations/{id}", tag = "Invitations",
    params(
        ("org" = Uuid, Path, description = "The organization"),
        ("id" = Uuid, Path, description = "The invitation"),
    ),
    security(("session" = []), ("oauth2" = ["users:invite"])),
    responses(
        (status = 204, description = "The link is dead."),
        (status = 403, body = ProblemBody, description = "`forbidden`, `second-factor-required`, `insufficient-scope`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
        (status = 409, body = ProblemBody, description = "`invitation-used`"),
        (status = 412, body = ProblemBody, description = "`stale-version`"),
    ),
)]
pub async fn revoke(
    State(pawl): State<Pawl>,
    Mandated(authority): Mandated,
    PersonPath(organization, id): PersonPath,
    IfMatch(if_match): IfMatch,
    Bare(context): Bare,
) -> Result<Response, Problem> {
    let revoked = pawl
        .revoke_invitation(organization, id, if_match, &authority, &context)
        .await?;
    let position = [("pawl-position", revoked.position.to_string())];
    Ok((StatusCode::NO_CONTENT, position).into_response())
}

/// What the invited person says.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Accept {
    /// The token in the link.
    token: Secret,
    /// 8 to 256 characters; no password that many people use, not your address, your name or your
    /// organization's.
    password: Secret,
}

/// Accept an invitation
#[utoipa::path(
    post, path = "/v1/invitations/accept", tag = "Invitations", request_body = Accept,
    responses(
        (status = 200, body = SessionStep),
        (status = 404, body = ProblemBody, description = "`invitation-invalid`"),
        (status = 409, body = ProblemBody, description = "`invitation-used`"),
        (status = 410, body = ProblemBody, description = "`invitation-expired`"),
        (status = 422, body = ProblemBody, description = "`invalid-field`"),
        (status = 429, body = ProblemBody, description = "`too-many-attempts`", headers(("Retry-After" = String, description = "When to try again"))),
    ),
)]
pub async fn accept(
    State(pawl): State<Pawl>,
    Command { body, context }: Command<Accept>,
) -> Result<Answer<SessionStep>, Problem> {
    let link =
        LinkToken::parse(body.token.0.expose_secret()).ok_or(Rejection::InvitationInvalid)?;
    let password = new_password(&body.password)?;
    let grant = pawl.accept_invitation(&link, password, &context).await?;
    Ok(SessionStep::answer(&grant))
}
