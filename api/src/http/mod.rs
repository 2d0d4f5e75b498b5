//! The HTTP surface: one file a resource. Handlers parse, call the application and answer; no rule
//! lives here.

mod adoption;
pub mod analytics;
mod answer;
mod api_credentials;
mod appearance;
pub mod audit;
mod audit_log;
pub mod body;
mod common_answers;
mod erasures;
pub mod exports;
pub mod extract;
pub mod health;
mod invitation_list;
mod invitations;
mod layers;
mod oauth;
mod organizations;
mod otp_devices;
mod own_sessions;
mod page;
mod passwords;
mod path;
mod people;
pub mod problem;
mod recovery_codes;
mod reference;
mod session;
mod set_up;
pub mod sign_in;
mod throttle;
mod two_factor;
mod users;

pub use reference::ApiDocument;
pub use throttle::TrustedProxy;

use crate::{application::Pawl, pages};
use axum::{Extension, Router, middleware, routing::get};
use metrics_exporter_prometheus::PrometheusHandle;
use std::{sync::Arc, time::Duration};
use throttle::Throttle;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};
use utoipa_swagger_ui::SwaggerUi;

/// The API with its description.
fn api() -> OpenApiRouter<Pawl> {
    OpenApiRouter::with_openapi(ApiDocument::openapi())
        .routes(routes!(set_up::set_up))
        .routes(routes!(sign_in::sign_in))
        .routes(routes!(sign_in::verify_otp))
        .routes(routes!(passwords::request_reset))
        .routes(routes!(passwords::confirm_reset))
        .routes(routes!(passwords::change))
        .routes(routes!(session::who_am_i, session::sign_out))
        .routes(routes!(own_sessions::list))
        .routes(routes!(own_sessions::end))
        .routes(routes!(session::show_again))
        .routes(routes!(otp_devices::register, otp_devices::list))
        .routes(routes!(otp_devices::rename, otp_devices::remove))
        .routes(routes!(otp_devices::confirm))
        .routes(routes!(otp_devices::request_link))
        .routes(routes!(recovery_codes::left, recovery_codes::replace))
        .routes(routes!(organizations::register))
        .routes(routes!(organizations::resend_first_invitation))
        .routes(routes!(appearance::see, appearance::change))
        .routes(routes!(appearance::logo))
        .routes(routes!(two_factor::status))
        .routes(routes!(two_factor::enforce))
        .routes(routes!(adoption::curve))
        .routes(routes!(analytics::list))
        .routes(routes!(analytics::rows))
        .routes(routes!(invitations::invite, invitations::list))
        .routes(routes!(invitation_list::invite))
        .routes(routes!(invitations::resend))
        .routes(routes!(invitations::revoke))
        .routes(routes!(invitations::accept))
        .routes(routes!(users::list))
        .routes(routes!(users::one, people::change_role, erasures::erase))
        .routes(routes!(people::disable))
        .routes(routes!(people::enable))
        .routes(routes!(users::reset_otp))
        .routes(routes!(exports::somebody))
        .routes(routes!(exports::oneself))
        .routes(routes!(audit::list))
        .routes(routes!(audit::proof::key))
        .routes(routes!(audit::proof::prove))
        .routes(routes!(audit::export::export))
        .routes(routes!(audit_log::checkpoint))
        .routes(routes!(audit_log::keys))
        .routes(routes!(api_credentials::create, api_credentials::list))
        .routes(routes!(api_credentials::one, api_credentials::revoke))
        .routes(routes!(api_credentials::rotate))
        .routes(routes!(oauth::issue))
        .routes(routes!(oauth::metadata))
}

/// The routes, and what is said of them.
fn described(api: OpenApiRouter<Pawl>) -> (Router<Pawl>, utoipa::openapi::OpenApi) {
    let (routes, mut document) = api.split_for_parts();
    common_answers::enter(&mut document);
    (routes, document)
}

/// The OpenAPI document.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    described(api()).1
}

/// Everything that is served. It needs to know where connections come from (`ConnectInfo`).
pub fn router(
    pawl: Pawl,
    metrics: PrometheusHandle,
    request_timeout: Duration,
    trusted_proxies: &[TrustedProxy],
) -> Router {
    let throttle = Arc::new(Throttle::new(pawl.clone(), trusted_proxies));
    let (api, document) = described(api());
    let about = Router::new()
        .route("/problems/{slug}", get(reference::problem_page))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .route("/audit/log/tile/{*path}", get(audit_log::tile))
        .layer(Extension(metrics));
    let reference = Router::<Pawl>::new()
        .merge(SwaggerUi::new("/reference").url("/openapi.json", document))
        .layer(middleware::map_response(
            layers::let_the_reference_style_itself,
        ));
    api.merge(about)
        .merge(reference)
        .merge(pages::router())
        .fallback(layers::not_found)
        .method_not_allowed_fallback(layers::method_not_allowed)
        .with_state(pawl)
        .layer(middleware::from_fn(body::take_in))
        .layer(middleware::from_fn_with_state(
            request_timeout,
            layers::time_out,
        ))
        .layer(middleware::from_fn_with_state(throttle, throttle::throttle))
        .layer(CatchPanicLayer::custom(layers::panicked))
        .layer(middleware::from_fn(pages::dress))
        .layer(middleware::from_fn(layers::observe))
}
