//! How a machine comes by an access token: the client credentials grant (RFC 6749 section 4.4), and
//! the document that says so to clients (RFC 8414). Both speak in those documents' words, errors
//! included.

use super::{answer::Answer, extract::request_context, problem::Problem, sign_in::Secret};
use crate::application::{Failure, Pawl};
use axum::{
    Json,
    extract::{Form, FromRequest as _, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use data_encoding::BASE64;
use domain::{Rejection, Scope, Scopes};
use eventstore_schema::ApiCredentialId;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a client asks for. What else it sends is not looked at (RFC 6749 section 3.2).
#[derive(Deserialize, ToSchema)]
pub struct TokenRequest {
    /// `client_credentials`
    #[schema(example = "client_credentials")]
    grant_type: Option<String>,
    /// Scopes with a space between; all of the credential unless said.
    scope: Option<String>,
    /// The credential, unless it is sent by HTTP Basic authentication.
    client_id: Option<String>,
    /// Its secret, unless it is sent by HTTP Basic authentication.
    #[schema(value_type = Option<String>)]
    client_secret: Option<Secret>,
}

/// An access token.
#[derive(Serialize, ToSchema)]
pub struct TokenAnswer {
    access_token: String,
    /// `Bearer`
    token_type: &'static str,
    /// In how many seconds the token is over: an hour at most.
    expires_in: i64,
    /// What it opens.
    scope: String,
}

/// An error as RFC 6749 section 5.2 has it.
#[derive(Debug, Serialize, ToSchema)]
pub struct OAuthError {
    /// `invalid_request`, `invalid_client`, `invalid_scope` or `unsupported_grant_type`
    #[schema(example = "invalid_client")]
    error: &'static str,
    error_description: &'static str,
}

/// Why there is no token.
pub enum Refused {
    /// In the words of OAuth.
    By(OAuthError),
    /// It is not the client's fault.
    Problem(Problem),
}

fn refused(error: &'static str, error_description: &'static str) -> Refused {
    Refused::By(OAuthError {
        error,
        error_description,
    })
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let error = match self {
            Self::Problem(problem) => return problem.into_response(),
            Self::By(error) => error,
        };
        let is_client = error.error == "invalid_client";
        let status = if is_client {
            StatusCode::UNAUTHORIZED
        } else {
            StatusCode::BAD_REQUEST
        };
        let mut response = (status, Json(error)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if is_client {
            let challenge = HeaderValue::from_static("Basic realm=\"pawl\"");
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Rejected(Rejection::Unauthenticated) => unknown_client(),
            Failure::Rejected(Rejection::ScopeMissing { .. }) => unknown_scope(),
            failure => Self::Problem(failure.into()),
        }
    }
}

/// The same whether there is such a credential or not.
fn unknown_client() -> Refused {
    refused("invalid_client", "The client id or the secret is wrong.")
}

fn unknown_scope() -> Refused {
    refused("invalid_scope", "The credential does not have this scope.")
}

/// Get an access token
///
/// For an API credential's id and secret, by HTTP Basic authentication or in the body. The token is
/// presented as `Authorization: Bearer`, like that of a session, and lives for an hour at most. Of
/// one credential the newest 50 are good.
#[utoipa::path(
    post, path = "/oauth/token", tag = "API credentials",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, body = TokenAnswer),
        (status = 400, body = OAuthError, description = "`invalid_request`, `invalid_scope`, `unsupported_grant_type`"),
        (status = 401, body = OAuthError, description = "`invalid_client`"),
    ),
)]
pub async fn issue(
    State(pawl): State<Pawl>,
    request: Request,
) -> Result<Answer<TokenAnswer>, Refused> {
    let (parts, body) = request.into_parts();
    // No command is repeated here: a client that hears nothing asks for another token.
    let context = request_context(&pawl, &parts, &[], None);
    let headers = parts.headers.clone();
    let form = Form::<TokenRequest>::from_request(Request::from_parts(parts, body), &()).await;
    let Form(asked) = form.map_err(|_| {
        refused(
            "invalid_request",
            "Send a form (application/x-www-form-urlencoded), each parameter once.",
        )
    })?;
    let (id, secret) = client(&headers, &asked)?;
    match asked.grant_type.as_deref() {
        Some("client_credentials") => {}
        Some(_) => {
            return Err(refused(
                "unsupported_grant_type",
                "The grant type is client_credentials.",
            ));
        }
        None => return Err(refused("invalid_request", "grant_type is missing.")),
    }
    let scopes = asked.scope.as_deref().map(str::split_ascii_whitespace);
    let scopes = scopes.map(Scopes::parse).transpose();
    let scopes = scopes.map_err(|_| unknown_scope())?;
    let issued = pawl
        .issue_access_token(id, &secret, scopes.as_ref(), &context)
        .await?;
    let names: Vec<_> = issued.scopes.into_iter().map(|scope| scope.0).collect();
    Ok(Answer::ok(TokenAnswer {
        access_token: issued.token.expose_secret().to_owned(),
        token_type: "Bearer",
        expires_in: issued.lifetime,
        scope: names.join(" "),
    }))
}

/// Who asks (RFC 6749 section 2.3.1). Ids and secrets of ours are written alike in both ways: they
/// have no character that a form would escape.
fn client(
    headers: &HeaderMap,
    asked: &TokenRequest,
) -> Result<(ApiCredentialId, SecretString), Refused> {
    let (id, secret) = match (headers.get(header::AUTHORIZATION), &asked.client_secret) {
        (Some(_), Some(_)) => {
            return Err(refused(
                "invalid_request",
                "Send the secret in one way only.",
            ));
        }
        (Some(value), None) => basic(value).ok_or_else(unknown_client)?,
        (None, Some(Secret(secret))) => {
            let id = asked.client_id.clone().ok_or_else(unknown_client)?;
            (id, secret.clone())
        }
        (None, None) => return Err(unknown_client()),
    };
    let id = id.parse().map_err(|_| unknown_client())?;
    Ok((id, secret))
}

fn basic(value: &HeaderValue) -> Option<(String, SecretString)> {
    let (scheme, credentials) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = BASE64.decode(credentials.trim().as_bytes()).ok()?;
    let pair = SecretString::from(String::from_utf8(pair).ok()?);
    let (id, secret) = pair.expose_secret().split_once(':')?;
    Some((id.to_owned(), SecretString::from(secret)))
}

/// What a client needs to know to ask for tokens.
#[derive(Serialize, ToSchema)]
pub struct Metadata {
    issuer: String,
    token_endpoint: String,
    token_endpoint_auth_methods_supported: [&'static str; 2],
    grant_types_supported: [&'static str; 1],
    /// None: nothing is asked of a browser.
    response_types_supported: [&'static str; 0],
    scopes_supported: Vec<&'static str>,
    service_documentation: String,
}

/// How to get an access token, for clients
///
/// RFC 8414.
#[utoipa::path(
    get, path = "/.well-known/oauth-authorization-server", tag = "API credentials",
    responses((status = 200, body = Metadata)),
)]
pub async fn metadata(State(pawl): State<Pawl>) -> Json<Metadata> {
    let issuer = pawl.public_url().to_owned();
    Json(Metadata {
        token_endpoint: pawl.token_endpoint(),
        token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
        grant_types_supported: ["client_credentials"],
        response_types_supported: [],
        scopes_supported: Scope::ALL.iter().map(|scope| scope.name()).collect(),
        service_documentation: format!("{issuer}/reference/"),
        issuer,
    })
}
