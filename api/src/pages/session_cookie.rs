//! The cookie that holds the session's token. It is new after each step of signing in, because the
//! token is.

use crate::application::SessionToken;
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use secrecy::{ExposeSecret, SecretString};

/// `__Host-`: for this host alone, over TLS or on this machine (RFC 6265bis section 4.1.3.2).
const NAME: &str = "__Host-pawl-session";

/// The token in the browser's cookie.
#[must_use]
pub fn token(jar: &CookieJar) -> Option<SessionToken> {
    jar.get(NAME)
        .and_then(|cookie| SessionToken::parse(cookie.value()))
}

/// The jar with this token in the cookie. It lasts until the browser is closed; the session itself
/// may end before.
pub fn keep(jar: CookieJar, token: &SecretString) -> CookieJar {
    jar.add(cookie(token.expose_secret().to_owned()))
}

/// The jar without the cookie.
pub fn forget(jar: CookieJar) -> CookieJar {
    jar.remove(cookie(String::new()))
}

fn cookie(value: String) -> Cookie<'static> {
    of_this_host(NAME, value)
}

/// A cookie that no script sees and no other host gets. Its name begins with `__Host-`.
pub fn of_this_host(name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build((name, value))
        .path("/")
        .secure(true)
        .http_only(true)
        // A link in a mail finds the session; a form on another site does not.
        .same_site(SameSite::Lax)
        .build()
}
