//! The bodies of requests, taken in within their limits and strictly read, and the commands in them.

use super::{
    extract::context,
    problem::{self, Problem},
};
use crate::application::{List, Pawl, RequestContext};
use axum::{
    body::{Body, Bytes},
    extract::{FromRef, FromRequest, MatchedPath, Request},
    http::{HeaderMap, header},
    middleware::Next,
    response::Response,
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

/// Bytes of a request's body that are read at most. A logo in base64 fits, with something to spare.
pub const BODY_LIMIT: usize = 72 * 1024;
/// Bytes of a list or a file.
const FILE_LIMIT: usize = 1024 * 1024;
/// What takes one.
const FILES: [&str; 3] = [
    "/v1/organizations/{org}/invitations/list",
    "/console/users/invite-list",
    "/console/organization/logo",
];

/// A command: its body, strictly read, and what identifies it.
pub struct Command<T> {
    /// The body.
    pub body: T,
    /// What identifies the command.
    pub context: RequestContext,
}

impl<S, T> FromRequest<S> for Command<T>
where
    Pawl: FromRef<S>,
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read(body).await?;
        let context = context(&Pawl::from_ref(state), &parts, &bytes)?;
        Ok(Self {
            body: parse(&parts.headers, &bytes)?,
            context,
        })
    }
}

/// A command that has no body.
pub struct Bare(pub RequestContext);

impl<S> FromRequest<S> for Bare
where
    Pawl: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read(body).await?;
        context(&Pawl::from_ref(state), &parts, &bytes).map(Self)
    }
}

/// A command that may have a body.
pub struct OptionalBody<T> {
    /// The body, if there is one.
    pub body: Option<T>,
    /// What identifies the command.
    pub context: RequestContext,
}

impl<S, T> FromRequest<S> for OptionalBody<T>
where
    Pawl: FromRef<S>,
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read(body).await?;
        let context = context(&Pawl::from_ref(state), &parts, &bytes)?;
        let body = match &*bytes {
            [] => None,
            _ => Some(parse(&parts.headers, &bytes)?),
        };
        Ok(Self { body, context })
    }
}

/// A command whose body is a list (`text/csv`, RFC 4180).
pub struct CsvCommand {
    /// The list.
    pub list: List,
    /// What identifies the command.
    pub context: RequestContext,
}

impl<S> FromRequest<S> for CsvCommand
where
    Pawl: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        if media_type(&parts.headers) != "text/csv" {
            return Err(Problem::new(
                problem::UNSUPPORTED_MEDIA_TYPE,
                "Send the list as CSV, with Content-Type: text/csv.",
            ));
        }
        let bytes = read_up_to(FILE_LIMIT, body).await?;
        Ok(Self {
            context: context(&Pawl::from_ref(state), &parts, &bytes)?,
            list: List::read(&bytes)?,
        })
    }
}

/// The type of the body, without parameters, in lower case.
fn media_type(headers: &HeaderMap) -> String {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let value = value.unwrap_or_default().split(';').next();
    value.unwrap_or_default().trim().to_ascii_lowercase()
}

/// The whole body of a command.
pub async fn read(body: Body) -> Result<Bytes, Problem> {
    read_up_to(BODY_LIMIT, body).await
}

async fn read_up_to(limit: usize, body: Body) -> Result<Bytes, Problem> {
    let limited = Limited::new(body, limit);
    match limited.collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Problem::new(
            problem::BODY_TOO_LARGE,
            format!("A body has {limit} bytes at most."),
        )),
        Err(_) => Err(Problem::new(problem::MALFORMED_JSON, "The body broke off.")),
    }
}

/// Takes in the body before anything is decided about the request: between the check of a right and
/// its use there is no waiting for a slow client.
pub async fn take_in(request: Request, next: Next) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let route = parts.extensions.get::<MatchedPath>();
    let takes_a_file = route.is_some_and(|route| FILES.contains(&route.as_str()));
    let limit = if takes_a_file { FILE_LIMIT } else { BODY_LIMIT };
    let body = read_up_to(limit, body).await?;
    Ok(next.run(Request::from_parts(parts, body.into())).await)
}

fn parse<T: DeserializeOwned>(headers: &HeaderMap, bytes: &[u8]) -> Result<T, Problem> {
    if media_type(headers) != "application/json" {
        return Err(Problem::new(
            problem::UNSUPPORTED_MEDIA_TYPE,
            "Send the body as JSON, with Content-Type: application/json.",
        ));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let (path, inner) = (error.path().to_string(), error.inner());
        let place = if path == "." { "The body" } else { &path };
        // The parser's words name fields and types, never the values that were sent.
        let detail = describe(inner);
        if !inner.is_data() {
            Problem::new(problem::MALFORMED_JSON, detail)
        } else if inner.to_string().starts_with("unknown field") {
            Problem::new(
                problem::UNKNOWN_FIELD,
                format!("{path}: this field is not known."),
            )
        } else {
            Problem::new(problem::INVALID_BODY, format!("{place}: {detail}"))
        }
    })?;
    json.end().map_err(|_| {
        Problem::new(
            problem::MALFORMED_JSON,
            "There is something behind the JSON value.",
        )
    })?;
    Ok(parsed)
}

/// What is wrong with the body, without any value from it: a password may stand in the wrong place.
fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if text.starts_with("missing field") {
        let field = text.split('`').nth(1).unwrap_or_default();
        return format!("the field \"{field}\" is missing.");
    }
    if error.is_data() {
        return "this value does not have the right type or is none of those allowed.".to_owned();
    }
    format!(
        "not JSON, at line {} column {}.",
        error.line(),
        error.column()
    )
}
