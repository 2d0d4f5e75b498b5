//! The people of an organization.

use super::{
    answer::Answer,
    body::Bare,
    extract::{Authorized, CaughtUp, IfMatch, Mandated, invalid},
    page::{self, Page},
    path::{OrganizationPath, PersonPath},
    problem::{Problem, ProblemBody},
};
use crate::application::{Failure, Pawl};
use axum::{
    extract::{FromRequestParts, State},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use domain::{Permission, Rejection, value::SearchText};
use eventstore_schema::Role;
use projections::users::{self, Device, Status, User, Users};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A person.
#[derive(Serialize, ToSchema)]
pub struct UserView {
    user_id: Uuid,
    email: String,
    name: String,
    #[schema(value_type = String, example = "member")]
    role: Role,
    /// `invited`, `active`, `disabled`, `revoked` or `erased`. Of who is erased, name and address are
    /// `erased person`.
    #[schema(value_type = String, example = "active")]
    status: Status,
    created_at: DateTime<Utc>,
    accepted_at: Option<DateTime<Utc>>,
    otp_devices: Vec<DeviceView>,
}

/// An authenticator.
#[derive(Serialize, ToSchema)]
pub struct DeviceView {
    device_id: Uuid,
    name: String,
    confirmed_at: DateTime<Utc>,
    /// When a code of it was last accepted, that of the confirmation included.
    last_used_at: DateTime<Utc>,
}

impl DeviceView {
    pub(super) fn of(pawl: &Pawl, device: &Device) -> Result<Self, Failure> {
        let name = pawl.open_personal("device_name", &device.name.0)?;
        Ok(Self {
            device_id: device.device_id.0,
            name: name.or_placeholder(),
            confirmed_at: device.confirmed_at,
            last_used_at: device.last_used_at,
        })
    }
}

pub(super) fn view(pawl: &Pawl, user: &User) -> Result<UserView, Failure> {
    let devices = user.devices.iter();
    Ok(UserView {
        user_id: user.user_id.0,
        email: pawl.open_personal("email", &user.email.0)?.or_placeholder(),
        name: pawl.open_personal("name", &user.name.0)?.or_placeholder(),
        role: user.role,
        status: user.status,
        created_at: user.created_at,
        accepted_at: user.accepted_at,
        otp_devices: devices
            .map(|device| DeviceView::of(pawl, device))
            .collect::<Result<_, _>>()?,
    })
}

/// Which people.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PeopleQuery {
    /// Where to go on: the `next` of the page before.
    cursor: Option<String>,
    /// Items on a page: 1 to 500, 100 unless said.
    limit: Option<u32>,
    /// Only those in whose name or e-mail address this stands, in upper or lower case: 1 to 100
    /// characters.
    search: Option<String>,
}

impl PeopleQuery {
    fn search(&self) -> Result<Option<SearchText>, Problem> {
        let text = self.search.as_deref().map(SearchText::parse).transpose();
        text.map_err(|_| invalid("search: between 1 and 100 characters, on one line."))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PeopleQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        page::query(parts, state).await
    }
}

/// List the people, or find some of them
///
/// By their ids, in both cases.
#[utoipa::path(
    get, path = "/v1/organizations/{org}/users", tag = "People",
    params(("org" = Uuid, Path, description = "The organization"), PeopleQuery),
    security(("session" = []), ("oauth2" = ["users:read"])),
    responses(
        (status = 200, body = Page<UserView>),
        (status = 400, body = ProblemBody, description = "`invalid-parameter`"),
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
    query: PeopleQuery,
) -> Result<Answer<Page<UserView>>, Problem> {
    authority.permit(Permission::ReadUsers, organization)?;
    let after = page::cursor(query.cursor.as_deref())?;
    let limit = page::limit(query.limit);
    let page = match query.search()? {
        Some(text) => pawl.search_users(organization, &text, after, limit).await?,
        None => {
            pawl.query(&Users, move |readers| {
                users::page(readers, organization, after, limit)
            })
            .await?
        }
    };
    let items = page
        .items
        .iter()
        .map(|user| view(&pawl, user))
        .collect::<Result<_, _>>()?;
    Ok(Answer::ok(Page {
        items,
        next: page.next.map(|id| id.to_string()),
    }))
}

/// See a person
#[utoipa::path(
    get, path = "/v1/organizations/{org}/users/{id}", tag = "People",
    params(
        ("org" = Uuid, Path, description = "The organization"),
        ("id" = Uuid, Path, description = "The person"),
    ),
    security(("session" = []), ("oauth2" = ["users:read"])),
    responses(
        (status = 200, body = UserView),
        (status = 403, body = ProblemBody, description = "`forbidden`, `second-factor-required`, `insufficient-scope`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
    ),
)]
pub async fn one(
    State(pawl): State<Pawl>,
    _caught_up: CaughtUp,
    Mandated(authority): Mandated,
    PersonPath(organization, id): PersonPath,
) -> Result<Answer<UserView>, Problem> {
    authority.permit(Permission::ReadUsers, organization)?;
    let user = pawl
        .query(&Users, move |readers| users::by_id(readers, id))
        .await?;
    let user = user
        .filter(|user| user.organization_id == organization)
        .ok_or(Rejection::NotFound)?;
    let revision = user.revision;
    Ok(Answer::ok(view(&pawl, &user)?).version(revision))
}

/// Reset the second factors of a person
///
/// For somebody who has lost phone and recovery codes. Their authenticators and recovery codes open
/// nothing any more and their sessions are over; after the password they have to set up an
/// authenticator, enforced or not. It needs your own second factor, shown in the last five minutes
/// (`POST /v1/session/otp`), if you have one or need one.
#[utoipa::path(
    post, path = "/v1/organizations/{org}/users/{id}/reset-otp", tag = "People",
    params(
        ("org" = Uuid, Path, description = "The organization"),
        ("id" = Uuid, Path, description = "The person"),
    ),
    security(("session" = [])),
    responses(
        (status = 204, description = "Nothing of before counts any more."),
        (status = 401, body = ProblemBody, description = "`unauthenticated`"),
        (status = 403, body = ProblemBody, description = "`forbidden`, `second-factor-required`, `fresh-second-factor-required`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
        (status = 409, body = ProblemBody, description = "`not-on-yourself`"),
        (status = 412, body = ProblemBody, description = "`stale-version`"),
    ),
)]
pub async fn reset_otp(
    State(pawl): State<Pawl>,
    Authorized(authority): Authorized,
    PersonPath(organization, id): PersonPath,
    IfMatch(if_match): IfMatch,
    Bare(context): Bare,
) -> Result<Response, Problem> {
    let reset = pawl
        .reset_otp_devices(organization, id, if_match, &authority, &context)
        .await?;
    let position = [("pawl-position", reset.position.to_string())];
    Ok((StatusCode::NO_CONTENT, position).into_response())
}
