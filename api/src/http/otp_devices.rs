//! A person's own authenticators: setting them up, and what becomes of them.

use super::{
    answer::Answer,
    body::{Bare, Command, OptionalBody},
    extract::{Authorized, CaughtUp, Enrolling},
    page::Page,
    problem::{Problem, ProblemBody},
    recovery_codes::shown,
    sign_in::{Secret, SessionStep},
    users::DeviceView,
};
use crate::application::{Failure, Pawl};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{Rejection, otp::OtpCode, value::DeviceName};
use eventstore_schema::DeviceId;
use projections::users::{self, Users};
use qrcode::{QrCode, render::svg};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// An authenticator that waits to be confirmed. The secret is shown this once.
#[derive(Serialize, ToSchema)]
pub struct OtpSetUp {
    device_id: Uuid,
    /// Base32, for typing into an app.
    secret: String,
    /// What the QR code says.
    otpauth_uri: String,
    /// The QR code, as an SVG image.
    qr_svg: String,
}

/// The token of the mailed link, where the set-up needs one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkShown {
    #[serde(default)]
    token: Option<Secret>,
}

/// The code that the authenticator shows, and what it is to be called.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    #[schema(example = "123456")]
    code: String,
    #[schema(example = "My phone")]
    name: String,
}

/// The session after the set-up, and how to get in without the authenticator.
#[derive(Serialize, ToSchema)]
pub struct Confirmed {
    #[serde(flatten)]
    step: SessionStep,
    /// Recovery codes, where this is the first authenticator. They are shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["7k3vq-0m9xz", "c2h8t-61wne"]))]
    recovery_codes: Option<Vec<String>>,
}

/// Begin the set-up of an authenticator
///
/// Confirm it within 10 minutes. Beginning again replaces a set-up that was not confirmed. Who has an
/// authenticator needs a second factor shown in the last five minutes (`POST /v1/session/otp`). Who has
/// none needs the token of a link that is mailed to them (`POST /v1/me/otp-setup-link`) after a reset,
/// and where the organization asks for it; not in a session that began by an invitation's link or that
/// of a forgotten password. The session that has shown the token once need not show it again.
#[utoipa::path(
    post, path = "/v1/me/otp-devices", tag = "Authenticators", security(("session" = [])),
    request_body = Option<LinkShown>,
    responses(
        (status = 201, body = OtpSetUp),
        (status = 401, body = ProblemBody, description = "`unauthenticated`"),
        (status = 404, body = ProblemBody, description = "`otp-set-up-not-found`, to a repeat when another has taken its place"),
        (status = 409, body = ProblemBody, description = "`otp-device-limit`"),
        (status = 403, body = ProblemBody, description = "`second-factor-required`: who has an authenticator shows it first; `fresh-second-factor-required`; `otp-setup-link-required`"),
    ),
)]
pub async fn register(
    State(pawl): State<Pawl>,
    Enrolling(enrolment): Enrolling,
    OptionalBody { body, context }: OptionalBody<LinkShown>,
) -> Result<Answer<OtpSetUp>, Problem> {
    if let Some(token) = body.and_then(|shown: LinkShown| shown.token) {
        pawl.follow_otp_set_up_link(&enrolment, &token.0, &context)
            .await?;
    }
    let registered = pawl.register_otp_device(&enrolment, &context).await?;
    let qr = QrCode::new(&registered.otpauth_uri)
        .map_err(|error| Failure::Internal(error.to_string()))?;
    Ok(Answer::created(OtpSetUp {
        device_id: registered.device_id.0,
        secret: registered.secret.to_base32(),
        qr_svg: qr
            .render::<svg::Color<'_>>()
            .min_dimensions(240, 240)
            .build(),
        otpauth_uri: registered.otpauth_uri,
    })
    .at(registered.position))
}

/// Ask for the link without which you cannot set up an authenticator
///
/// A one-time link goes to your address and works for an hour; a newer one kills the older. A mailbox
/// gets one such mail in a minute and five in an hour at most, and the answer is the same then. A
/// repeat is another request, whatever `Idempotency-Key` it comes with.
#[utoipa::path(
    post, path = "/v1/me/otp-setup-link", tag = "Authenticators", security(("session" = [])),
    responses(
        (status = 202, description = "The mail is on its way."),
        (status = 401, body = ProblemBody, description = "`unauthenticated`"),
        (status = 403, body = ProblemBody, description = "`second-factor-required`: who has an authenticator shows it; `otp-setup-link-required`: the operator has handed over a link, and none is mailed"),
        (status = 409, body = ProblemBody, description = "`otp-setup-link-not-needed`"),
    ),
)]
pub async fn request_link(
    State(pawl): State<Pawl>,
    Enrolling(enrolment): Enrolling,
    Bare(context): Bare,
) -> Result<Response, Problem> {
    let position = pawl.request_otp_set_up_link(&enrolment, &context).await?;
    let position = [("pawl-position", position.to_string())];
    Ok((StatusCode::ACCEPTED, position).into_response())
}

/// Confirm the set-up with a code
///
/// The first authenticator brings ten recovery codes. Each takes the place of a code, once.
#[utoipa::path(
    post, path = "/v1/me/otp-devices/{id}/confirm", tag = "Authenticators",
    params(("id" = Uuid, Path, description = "The authenticator")),
    request_body = Confirmation, security(("session" = [])),
    responses(
        (status = 200, body = Confirmed),
        (status = 401, body = ProblemBody, description = "`otp-code-wrong`, `otp-code-expired`, `unauthenticated`"),
        (status = 403, body = ProblemBody, description = "`otp-setup-link-required`: it is asked for since the set-up began"),
        (status = 404, body = ProblemBody, description = "`otp-set-up-not-found`"),
        (status = 410, body = ProblemBody, description = "`otp-set-up-expired`"),
        (status = 422, body = ProblemBody, description = "`otp-code-malformed`, `invalid-field`"),
        (status = 429, body = ProblemBody, description = "`too-many-attempts`", headers(("Retry-After" = String, description = "When to try again"))),
    ),
)]
pub async fn confirm(
    State(pawl): State<Pawl>,
    Enrolling(enrolment): Enrolling,
    Path(id): Path<String>,
    Command { body, context }: Command<Confirmation>,
) -> Result<Answer<Confirmed>, Problem> {
    let id = id
        .parse()
        .map(DeviceId)
        .map_err(|_| Rejection::OtpSetUpNotFound)?;
    let code = OtpCode::parse(&body.code)?;
    let name = DeviceName::parse(&body.name)?;
    let confirmed = pawl
        .confirm_otp_device(&enrolment, id, &code, &name, &context)
        .await?;
    Ok(Answer::ok(Confirmed {
        step: SessionStep::of(&confirmed.grant),
        recovery_codes: confirmed.recovery_codes.as_deref().map(shown),
    })
    .at(confirmed.grant.position))
}

/// List my authenticators
///
/// Those that are confirmed, the oldest first.
#[utoipa::path(
    get, path = "/v1/me/otp-devices", tag = "Authenticators", security(("session" = [])),
    responses(
        (status = 200, body = Page<DeviceView>),
        (status = 401, body = ProblemBody, description = "`unauthenticated`"),
        (status = 403, body = ProblemBody, description = "`second-factor-required`"),
        (status = 503, body = ProblemBody, description = "`read-model-behind`, `read-model-stopped`"),
    ),
)]
pub async fn list(
    State(pawl): State<Pawl>,
    _caught_up: CaughtUp,
    Authorized(authority): Authorized,
) -> Result<Answer<Page<DeviceView>>, Problem> {
    let id = authority.holder().user();
    let me = pawl
        .query(&Users, move |readers| users::by_id(readers, id))
        .await?;
    let devices = me.iter().flat_map(|me| &me.devices);
    let items = devices.map(|device| DeviceView::of(&pawl, device));
    Ok(Answer::ok(Page {
        items: items.collect::<Result<_, _>>()?,
        next: None,
    }))
}

/// What the authenticator is to be called.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewName {
    #[schema(example = "My old phone")]
    name: String,
}

/// An authenticator and its name.
#[derive(Serialize, ToSchema)]
pub struct Renamed {
    device_id: Uuid,
    name: String,
}

/// Rename an authenticator
#[utoipa::path(
    patch, path = "/v1/me/otp-devices/{id}", tag = "Authenticators",
    params(("id" = Uuid, Path, description = "The authenticator")),
    request_body = NewName, security(("session" = [])),
    responses(
        (status = 200, body = Renamed),
        (status = 401, body = ProblemBody, description = "`unauthenticated`"),
        (status = 403, body = ProblemBody, description = "`second-factor-required`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
        (status = 422, body = ProblemBody, description = "`invalid-field`"),
    ),
)]
pub async fn rename(
    State(pawl): State<Pawl>,
    Authorized(authority): Authorized,
    Path(id): Path<String>,
    Command { body, context }: Command<NewName>,
) -> Result<Answer<Renamed>, Problem> {
    let id = device(&id)?;
    let name = DeviceName::parse(&body.name)?;
    let renamed = pawl
        .rename_otp_device(id, &name, &authority, &context)
        .await?;
    Ok(Answer::ok(Renamed {
        device_id: id.0,
        name: name.as_str().to_owned(),
    })
    .at(renamed.position))
}

/// Remove an authenticator
///
/// With the last one, the recovery codes are dead too. Where two-factor authentication is enforced
/// the last one cannot be removed: set up another first. It needs your second factor, shown in the
/// last five minutes (`POST /v1/session/otp`).
#[utoipa::path(
    delete, path = "/v1/me/otp-devices/{id}", tag = "Authenticators",
    params(("id" = Uuid, Path, description = "The authenticator")), security(("session" = [])),
    responses(
        (status = 204, description = "Its codes open nothing any more."),
        (status = 401, body = ProblemBody, description = "`unauthenticated`"),
        (status = 403, body = ProblemBody, description = "`second-factor-required`, `fresh-second-factor-required`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
        (status = 409, body = ProblemBody, description = "`last-otp-device`"),
    ),
)]
pub async fn remove(
    State(pawl): State<Pawl>,
    Authorized(authority): Authorized,
    Path(id): Path<String>,
    Bare(context): Bare,
) -> Result<Response, Problem> {
    let removed = pawl
        .remove_otp_device(device(&id)?, &authority, &context)
        .await?;
    let position = [("pawl-position", removed.position.to_string())];
    Ok((StatusCode::NO_CONTENT, position).into_response())
}

/// What is no id names no authenticator.
fn device(id: &str) -> Result<DeviceId, Rejection> {
    id.parse().map_err(|_| Rejection::NotFound)
}
