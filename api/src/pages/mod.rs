//! The pages that people meet, made on the server. They call the same use cases as the API and never
//! the store; they need no script, and hold none.

mod account;
mod address;
mod again;
mod assets;
mod authenticator;
mod brand;
mod browser_cookie;
mod charts;
mod console;
mod detour;
mod figures;
mod first_link;
mod forgotten_password;
mod form;
mod frame;
mod invitation;
mod problem;
mod recovery_codes;
pub mod same_origin;
mod session_cookie;
mod set_up_link;
mod sign_in;
mod upload;
mod visitor;

pub use problem::dress;

use crate::{application::Pawl, event_words, words};
use axum::{
    Router,
    http::{HeaderValue, header},
    middleware,
    response::Response,
    routing::{get, post},
};

/// All pages.
pub fn router() -> Router<Pawl> {
    // Their addresses hold a one-time token, which no other page is to learn.
    let links = Router::new()
        .route("/setup", get(first_link::show).post(first_link::set_up))
        .route(
            "/invitation",
            get(invitation::show).post(invitation::accept),
        )
        .route(
            "/password-reset",
            get(forgotten_password::show).post(forgotten_password::reset),
        )
        .layer(middleware::map_response(without_referrer));
    Router::new()
        .route("/", get(sign_in::home))
        .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route(
            "/sign-in/code",
            get(sign_in::show_code).post(sign_in::verify),
        )
        .route(
            "/sign-in/recovery-code",
            get(sign_in::show_recovery_code).post(sign_in::recover),
        )
        .route("/sign-in/again", get(again::show).post(again::verify))
        .route("/sign-out", post(sign_in::sign_out))
        .route(
            "/forgotten-password",
            get(forgotten_password::ask).post(forgotten_password::send),
        )
        .route(
            "/authenticator",
            get(authenticator::show).post(authenticator::confirm),
        )
        .route("/authenticator/link", post(set_up_link::send))
        .route("/account", get(account::show))
        .route(
            "/account/password",
            get(account::show_password).post(account::change_password),
        )
        .route("/account/export", post(account::export))
        .route("/account/recovery-codes", post(recovery_codes::replace))
        .route(
            "/account/authenticators/{id}/rename",
            post(account::rename_device),
        )
        .route(
            "/account/authenticators/{id}/remove",
            post(account::remove_device),
        )
        .route("/account/sessions/{id}/end", post(account::end_session))
        .merge(console::router())
        .merge(links)
        .layer(middleware::from_fn(same_origin::require))
        .layer(middleware::from_fn(browser_cookie::give))
        .layer(middleware::map_response(refer_to_ourselves))
        .route("/assets/{name}", get(assets::asset))
        .route("/organizations/{id}/color.css", get(brand::color))
}

async fn without_referrer(mut response: Response) -> Response {
    let policy = HeaderValue::from_static("no-referrer");
    response
        .headers_mut()
        .insert(header::REFERRER_POLICY, policy);
    response
}

/// Browsers that do not say `Sec-Fetch-Site` say `Origin`, unless they are told to send no referrer.
async fn refer_to_ourselves(mut response: Response) -> Response {
    response
        .headers_mut()
        .entry(header::REFERRER_POLICY)
        .or_insert(HeaderValue::from_static("same-origin"));
    response
}
