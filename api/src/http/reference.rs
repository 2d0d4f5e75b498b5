//! The API's own description: OpenAPI 3.1, a page that shows it, and a page for each problem type.

use super::problem::{PROBLEM_TYPES, Problem};
use axum::{
    extract::Path,
    response::{Html, IntoResponse, Response},
};
use domain::{Rejection, Scope};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        OpenApi as Document,
        security::{
            ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Scopes, SecurityScheme,
        },
    },
};

/// What the document says about the API as a whole.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Pawl",
        description = "An identity backend in which enforcing two-factor authentication cannot be undone.\n\n\
            **Sessions.** `next` says what a session has to do. Until it is `done`, only the session itself, \
            its end, a code and the set-up of an authenticator are open; all else is `second-factor-required`.\n\n\
            **Machines.** An API credential's id and secret are good for access tokens (`POST /oauth/token`), which \
            are presented like session tokens. A call that takes the scheme `oauth2` names the scope that it needs \
            (`insufficient-scope`); every other one is for people (`person-required`).\n\n\
            **Retries.** Unsafe calls take an `Idempotency-Key`; a repeated call is answered like the first \
            and changes nothing. Where a call exchanges the session token, repeat it with the token that it was \
            made with. What is rejected counts each time, and who has signed out is `unauthenticated`.\n\n\
            **Reading your own writes.** Commands answer with `Pawl-Position`; reads take `Pawl-Min-Position` \
            and wait for it.\n\n\
            **Versions.** Resources have an `ETag`; commands on them take `If-Match`.\n\n\
            **Errors** are `application/problem+json` (RFC 9457). Any call can be answered with \
            `malformed-json`, `unknown-field`, `invalid-body`, `unsupported-media-type`, `body-too-large`, \
            `invalid-parameter`, `idempotency-key-reused`, `method-not-allowed`, `timed-out`, `storage-full`, \
            `storage-unavailable` or `internal`; a form of the pages also with `cross-site`. Each type has a page \
            at its address."
    ),
    tags(
        (name = "Set-up"), (name = "Sign-in"), (name = "Session"), (name = "Passwords"), (name = "Authenticators"),
        (name = "Two-factor authentication"), (name = "Analytics"), (name = "Invitations"), (name = "People"),
        (name = "Audit"), (name = "Organizations"), (name = "API credentials"),
    ),
    paths(super::audit_log::tile),
    modifiers(&Session, &Machines)
)]
pub struct ApiDocument;

struct Session;

impl Modify for Session {
    fn modify(&self, document: &mut Document) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("session", SecurityScheme::Http(scheme));
    }
}

struct Machines;

impl Modify for Machines {
    fn modify(&self, document: &mut Document) {
        let scopes = Scope::ALL.iter();
        let scopes = scopes.map(|scope| (scope.name(), scope.sentence()));
        let flow = ClientCredentials::new("/oauth/token", scopes.collect::<Scopes>());
        let scheme = OAuth2::new([Flow::ClientCredentials(flow)]);
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("oauth2", SecurityScheme::OAuth2(scheme));
    }
}

/// The page of a problem type.
pub async fn problem_page(Path(slug): Path<String>) -> Result<Response, Problem> {
    let kind = PROBLEM_TYPES
        .iter()
        .find(|kind| kind.slug == slug)
        .ok_or(Rejection::NotFound)?;
    let (title, status, slug) = (kind.title, kind.status, kind.slug);
    Ok(Html(format!(
        "<!doctype html><html lang=en><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width\"><title>{title}</title>\
         <link rel=stylesheet href=/assets/style.css><main class=narrow><section class=card>\
         <h1>{title}</h1><p>Problem type <code>{slug}</code>, answered with <code>{status}</code>. \
         The <code>detail</code> of the answer says what to do. \
         <a href=/reference/>API reference</a></section></main>"
    ))
    .into_response())
}
