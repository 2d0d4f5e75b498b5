//! The cookie by which a browser is known again: whoever signs in from one that their account has not
//! seen is told so by mail. It opens nothing.

use crate::application::BrowserToken;
use axum::{
    extract::Request,
    http::HeaderMap,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};

const NAME: &str = "__Host-pawl-browser";

/// What the browser keeps.
#[must_use]
pub fn token(headers: &HeaderMap) -> Option<BrowserToken> {
    let jar = CookieJar::from_headers(headers);
    jar.get(NAME)
        .and_then(|cookie| BrowserToken::parse(cookie.value()))
}

/// Gives it to a browser that has none.
pub async fn give(request: Request, next: Next) -> Response {
    let known = token(request.headers()).is_some();
    let response = next.run(request).await;
    if known {
        return response;
    }
    match BrowserToken::random() {
        Ok(token) => {
            let jar = CookieJar::new().add(cookie(token.as_text().to_owned()));
            (jar, response).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a browser gets no cookie");
            response
        }
    }
}

fn cookie(value: String) -> Cookie<'static> {
    Cookie::build((NAME, value))
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        // Browsers keep it for 400 days at most (RFC 6265bis section 5.5).
        .permanent()
        .build()
}
