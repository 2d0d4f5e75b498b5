//! What handlers ask for: who calls, with which right, and which command. A handler that acts for a
//! person takes an [`Authorized`], one that machines may call a [`Mandated`]; there is no other way
//! to get an `Authority` or a `Mandate`.

use super::problem::{self, Problem};
use crate::application::{Bearer, List, Pawl, RequestContext};
use axum::{
    body::{Body, Bytes},
    extract::{FromRef, FromRequest, FromRequestParts, Request},
    http::{HeaderMap, header, request::Parts},
    middleware::Next,
    response::Response,
};
use domain::{Authority, Enrolment, Mandate, Rejection, SessionHolder};
use eventstore_schema::{CommandId, Position};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// Bytes of a request's body that are read at most. A logo in base64 fits, with something to spare.
pub const BODY_LIMIT: usize = 72 * 1024;
/// Bytes of a list or a file.
const FILE_LIMIT: usize = 1024 * 1024;
/// Characters of an idempotency key at most.
const KEY_LIMIT: usize = 255;

/// The id of the request, given by the outermost layer.
#[derive(Clone, Copy, Debug)]
pub struct RequestId(pub Uuid);

pub(super) fn bearer(headers: &HeaderMap) -> Option<Bearer> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| Bearer::parse(token.trim()))
        .flatten()
}

/// Whoever holds a live session, whatever it lacks.
pub struct Holder(pub SessionHolder);

impl<S> FromRequestParts<S> for Holder
where
    Pawl: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let pawl = Pawl::from_ref(state);
        let token = bearer(&parts.headers).ok_or(Rejection::Unauthenticated)?;
        let command = repeatable_command(&pawl, parts)?;
        Ok(Self(pawl.holder(&token, command).await?))
    }
}

/// A person whose session meets the policy.
pub struct Authorized(pub Authority);

impl<S> FromRequestParts<S> for Authorized
where
    Pawl: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Holder(holder) = Holder::from_request_parts(parts, state).await?;
        Ok(Self(Authority::of(holder)?))
    }
}

/// A person whose session meets the policy, or a machine.
pub struct Mandated(pub Mandate);

impl<S> FromRequestParts<S> for Mandated
where
    Pawl: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let pawl = Pawl::from_ref(state);
        let token = bearer(&parts.headers).ok_or(Rejection::Unauthenticated)?;
        let command = repeatable_command(&pawl, parts)?;
        Ok(Self(pawl.mandate(&token, command).await?))
    }
}

/// A person who may set up an authenticator.
pub struct Enrolling(pub Enrolment);

impl<S> FromRequestParts<S> for Enrolling
where
    Pawl: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Holder(holder) = Holder::from_request_parts(parts, state).await?;
        Ok(Self(Enrolment::of(holder)?))
    }
}

/// A query that waits until the read models hold what the client has seen (`Pawl-Min-Position`);
/// without the header, everything that the log held when the request came.
///
/// It goes before [`Authorized`] or [`Mandated`] among a handler's arguments, so that the right to
/// read is asked for after the wait; that somebody is there at all, it asks before.
pub struct CaughtUp;

impl<S> FromRequestParts<S> for CaughtUp
where
    Pawl: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let pawl = Pawl::from_ref(state);
        let token = bearer(&parts.headers).ok_or(Rejection::Unauthenticated)?;
        let command = repeatable_command(&pawl, parts)?;
        pawl.organization_of(&token, command).await?;
        match parts.headers.get("pawl-min-position") {
            Some(value) => {
                let position = value.to_str().ok().and_then(|text| text.parse().ok());
                let position = position
                    .map(Position)
                    .ok_or_else(|| invalid("Pawl-Min-Position is a whole number."))?;
                pawl.wait_for(position).await?;
            }
            None => {
                pawl.catch_up().await?;
            }
        }
        Ok(Self)
    }
}

/// The version that the client decided on (`If-Match`, RFC 9110 section 13.1.1).
pub struct IfMatch(pub Option<u64>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else {
            return Ok(Self(None));
        };
        let text = value.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(Self(None));
        }
        text.strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'))
            .and_then(|text| text.parse().ok())
            .map(|revision| Self(Some(revision)))
            .ok_or_else(|| invalid("If-Match takes an ETag as it was given, such as \"3\"."))
    }
}

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
    let limit = match media_type(&parts.headers).as_str() {
        "text/csv" | "multipart/form-data" => FILE_LIMIT,
        _ => BODY_LIMIT,
    };
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

fn context(pawl: &Pawl, parts: &Parts, bytes: &[u8]) -> Result<RequestContext, Problem> {
    let command = repeatable_command(pawl, parts)?;
    Ok(request_context(pawl, parts, bytes, command))
}

/// What identifies a command, and the request that brought it. What can be repeated is known by its
/// content.
pub fn request_context(
    pawl: &Pawl,
    parts: &Parts,
    bytes: &[u8],
    command: Option<CommandId>,
) -> RequestContext {
    let correlation_id = parts
        .extensions
        .get::<RequestId>()
        .map_or_else(Uuid::now_v7, |id| id.0);
    RequestContext {
        command_id: command.unwrap_or_else(|| CommandId(Uuid::now_v7())),
        command_digest: command.map(|_| pawl.command_digest(bytes)),
        correlation_id,
        browser: None,
    }
}

/// The command of a request with an `Idempotency-Key`: the same for each repeat of it.
fn repeatable_command(pawl: &Pawl, parts: &Parts) -> Result<Option<CommandId>, Problem> {
    let Some(key) = parts.headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = key
        .to_str()
        .ok()
        .filter(|key| (1..=KEY_LIMIT).contains(&key.len()));
    let key = key.ok_or_else(|| {
        invalid("Idempotency-Key takes 1 to 255 characters of plain ASCII; a UUID does well.")
    })?;
    let caller = parts
        .headers
        .get(header::AUTHORIZATION)
        .map_or(&[][..], |value| value.as_bytes());
    Ok(Some(keyed_command(pawl, parts, caller, key.as_bytes())))
}

/// The command that this caller means by a key: it belongs to one caller and one resource; another's
/// is another command.
pub fn keyed_command(pawl: &Pawl, parts: &Parts, caller: &[u8], key: &[u8]) -> CommandId {
    let (method, path) = (
        parts.method.as_str().as_bytes(),
        parts.uri.path().as_bytes(),
    );
    let scope = [caller, method, path, key].join(&b'\n');
    let digest = pawl.command_digest(&scope);
    CommandId(Uuid::new_v5(&Uuid::NAMESPACE_OID, digest.as_bytes()))
}

/// A parameter or header that cannot be read.
#[must_use]
pub fn invalid(detail: &str) -> Problem {
    Problem::new(problem::INVALID_PARAMETER, detail)
}
