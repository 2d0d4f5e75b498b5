//! Further organizations, for whoever operates the installation.

use super::{
    answer::Answer,
    body::{Bare, Command},
    extract::Authorized,
    invitations::{InvitationView, Invite, new_invitation},
    path::OrganizationPath,
    problem::{Problem, ProblemBody},
};
use crate::application::{NewOrganization, Pawl};
use axum::extract::State;
use domain::value::OrganizationName;
use eventstore_schema::Role;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A further organization and who is to administer it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// The name of the organization.
    organization: String,
    /// Where the administrator's invitation goes.
    email: String,
    /// What the administrator is called.
    name: String,
}

/// A further organization.
#[derive(Serialize, ToSchema)]
pub struct Registered {
    organization_id: Uuid,
    /// The invitation of its first administrator.
    invitation_id: Uuid,
}

/// Register an organization
///
/// Its first administrator is invited by mail. Only an administrator of the first organization may
/// do this, and sees nothing of the new one.
#[utoipa::path(
    post, path = "/v1/organizations", tag = "Organizations", request_body = Register,
    security(("session" = [])),
    responses(
        (status = 201, body = Registered),
        (status = 401, body = ProblemBody, description = "`unauthenticated`"),
        (status = 403, body = ProblemBody, description = "`forbidden`, `second-factor-required`"),
        (status = 409, body = ProblemBody, description = "`address-taken`"),
        (status = 422, body = ProblemBody, description = "`invalid-field`"),
    ),
)]
pub async fn register(
    State(pawl): State<Pawl>,
    Authorized(authority): Authorized,
    Command { body, context }: Command<Register>,
) -> Result<Answer<Registered>, Problem> {
    let name = OrganizationName::parse(&body.organization)?;
    let invite = Invite {
        email: body.email,
        name: body.name,
        role: Role::Admin,
    };
    let new = NewOrganization {
        name,
        administrator: new_invitation(&invite)?,
    };
    let (id, invitation) = pawl
        .register_organization(&new, authority, &context)
        .await?;
    Ok(Answer::created(Registered {
        organization_id: id.0,
        invitation_id: invitation.user_id.0,
    })
    .at(invitation.position))
}

/// Send the invitation of an organization's first administrator again
///
/// With a new link; the old one is dead. Only an administrator of the first organization may do this,
/// and only until the organization has an administrator of its own.
#[utoipa::path(
    post, path = "/v1/organizations/{org}/first-administrator/resend", tag = "Organizations",
    params(("org" = Uuid, Path, description = "The organization")),
    security(("session" = [])),
    responses(
        (status = 200, body = InvitationView),
        (status = 401, body = ProblemBody, description = "`unauthenticated`"),
        (status = 403, body = ProblemBody, description = "`second-factor-required`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
        (status = 503, body = ProblemBody, description = "`read-model-behind`, `read-model-stopped`"),
    ),
)]
pub async fn resend_first_invitation(
    State(pawl): State<Pawl>,
    Authorized(authority): Authorized,
    OrganizationPath(organization): OrganizationPath,
    Bare(context): Bare,
) -> Result<Answer<InvitationView>, Problem> {
    let sent = pawl
        .resend_first_invitation(organization, authority, &context)
        .await?;
    Ok(Answer::ok(InvitationView::of(&sent))
        .at(sent.position)
        .version(sent.revision))
}
