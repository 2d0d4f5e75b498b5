//! What an organization is called and how it looks.

use super::{
    answer::Answer,
    body::Command,
    extract::{IfMatch, Mandated},
    path::OrganizationPath,
    problem::{Problem, ProblemBody},
};
use crate::application::{Appearance, Pawl};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use data_encoding::HEXLOWER;
use domain::{
    Rejection,
    organization::{AccentColor, ChangeAppearance, Logo},
    value::OrganizationName,
};
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

/// An organization as its people see it.
#[derive(Serialize, ToSchema)]
pub struct OrganizationView {
    organization_id: Uuid,
    #[schema(example = "Acme Instruments")]
    name: String,
    /// `#rrggbb`; white text on it can be read. Null where none was chosen.
    #[schema(example = "#0b5c3f")]
    accent_color: Option<String>,
    /// Whether there is a picture at `logo`.
    has_logo: bool,
}

impl OrganizationView {
    fn answer(id: Uuid, appearance: &Appearance) -> Answer<Self> {
        let organization = &appearance.organization;
        Answer::ok(Self {
            organization_id: id,
            name: organization.name().unwrap_or_default().to_owned(),
            accent_color: organization.accent_color().map(|color| color.to_string()),
            has_logo: organization.logo().is_some(),
        })
        .at(appearance.position)
        .version(appearance.revision)
    }
}

/// What is to change. What is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::option_option,
    reason = "left out, null and a value say three things"
)]
pub struct AppearanceChange {
    /// The new name.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false)]
    name: Option<String>,
    /// `#rrggbb`, so dark that white text on it can be read (WCAG 2.2: a contrast of 4.5 to 1).
    /// Null takes it away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "#0b5c3f")]
    accent_color: Option<Option<String>>,
    /// A PNG picture in base64: 48 KiB and 512 by 512 pixels at most. Null takes it away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    logo: Option<Option<String>>,
}

/// A PNG picture.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "it only describes an answer")]
pub struct Png(Vec<u8>);

/// A field that is there, null or not.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(field: D) -> Result<Option<T>, D::Error> {
    T::deserialize(field).map(Some)
}

/// The name; the domain calls the field otherwise.
fn name(text: &str) -> Result<OrganizationName, Rejection> {
    OrganizationName::parse(text).map_err(|refusal| match refusal {
        Rejection::InvalidField { rule, .. } => Rejection::InvalidField {
            field: "name",
            rule,
        },
        other => other,
    })
}

/// See the organization
#[utoipa::path(
    get, path = "/v1/organizations/{org}", tag = "Organizations",
    params(("org" = Uuid, Path, description = "The organization")), security(("session" = []), ("oauth2" = ["organization:read"])),
    responses(
        (status = 200, body = OrganizationView),
        (status = 401, body = ProblemBody, description = "`unauthenticated`"),
        (status = 403, body = ProblemBody, description = "`second-factor-required`, `insufficient-scope`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
    ),
)]
pub async fn see(
    State(pawl): State<Pawl>,
    Mandated(authority): Mandated,
    OrganizationPath(organization): OrganizationPath,
) -> Result<Answer<OrganizationView>, Problem> {
    let appearance = pawl.appearance(organization, &authority).await?;
    Ok(OrganizationView::answer(organization.0, &appearance))
}

/// Change how the organization looks
///
/// Its name, its color and its logo, any of them. Only an administrator may.
#[utoipa::path(
    patch, path = "/v1/organizations/{org}", tag = "Organizations", request_body = AppearanceChange,
    params(("org" = Uuid, Path, description = "The organization")), security(("session" = []), ("oauth2" = ["organization:manage"])),
    responses(
        (status = 200, body = OrganizationView),
        (status = 401, body = ProblemBody, description = "`unauthenticated`"),
        (status = 403, body = ProblemBody, description = "`forbidden`, `second-factor-required`, `insufficient-scope`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
        (status = 412, body = ProblemBody, description = "`stale-version`"),
        (status = 422, body = ProblemBody, description = "`invalid-field`"),
    ),
)]
pub async fn change(
    State(pawl): State<Pawl>,
    Mandated(authority): Mandated,
    OrganizationPath(organization): OrganizationPath,
    IfMatch(if_match): IfMatch,
    Command { body, context }: Command<AppearanceChange>,
) -> Result<Answer<OrganizationView>, Problem> {
    let color = |text: Option<String>| text.as_deref().map(AccentColor::parse).transpose();
    let logo = |text: Option<String>| text.as_deref().map(Logo::parse).transpose();
    let change = ChangeAppearance {
        name: body.name.as_deref().map(name).transpose()?,
        accent_color: body.accent_color.map(color).transpose()?,
        logo: body.logo.map(logo).transpose()?,
    };
    let appearance = pawl
        .change_appearance(organization, &change, if_match, &authority, &context)
        .await?;
    Ok(OrganizationView::answer(organization.0, &appearance))
}

/// See the logo
///
/// Open to everybody: it stands in mails and where people sign in. Keep the `ETag` and send it as
/// `If-None-Match`.
#[utoipa::path(
    get, path = "/v1/organizations/{org}/logo", tag = "Organizations",
    params(("org" = Uuid, Path, description = "The organization")),
    responses(
        (status = 200, content_type = "image/png", body = Png),
        (status = 304, description = "It is the one that you have."),
        (status = 404, body = ProblemBody, description = "`not-found`: there is no such organization, or it has no logo"),
    ),
)]
pub async fn logo(
    State(pawl): State<Pawl>,
    OrganizationPath(organization): OrganizationPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let organization = pawl.organization(organization).await?;
    let logo = organization.logo().ok_or(Rejection::NotFound)?;
    let etag = format!("\"{}\"", HEXLOWER.encode(&Sha256::digest(logo.png())));
    let known = headers.get_all(header::IF_NONE_MATCH).iter();
    let known = known.filter_map(|value| value.to_str().ok());
    let known = known
        .flat_map(|value| value.split(','))
        .any(|tag| tag.trim().trim_start_matches("W/") == etag);
    let caching = [
        (header::ETAG, etag),
        (header::CACHE_CONTROL, "public, no-cache".to_owned()),
    ];
    Ok(if known {
        (StatusCode::NOT_MODIFIED, caching).into_response()
    } else {
        let png = [
            (header::CONTENT_TYPE, "image/png"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        (caching, png, logo.png().to_vec()).into_response()
    })
}
