//! What handlers ask for: who calls, and with which right. A handler that acts for a
//! person takes an [`Authorized`], one that machines may call a [`Mandated`]; there is no other way
//! to get an `Authority` or a `Mandate`.

use super::problem::{self, Problem};
use crate::application::{Bearer, Pawl, RequestContext};
use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, header, request::Parts},
};
use domain::{Authority, Enrolment, Mandate, Rejection, SessionHolder};
use eventstore_schema::{CommandId, Position};
use std::convert::Infallible;
use uuid::Uuid;

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

/// The token that a request brings, and the command that it may be a repeat of.
fn presented(pawl: &Pawl, parts: &Parts) -> Result<(Bearer, Option<CommandId>), Problem> {
    let token = bearer(&parts.headers).ok_or(Rejection::Unauthenticated)?;
    Ok((token, repeatable_command(pawl, parts)?))
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
        let (token, command) = presented(&pawl, parts)?;
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
        let (token, command) = presented(&pawl, parts)?;
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
        let (token, command) = presented(&pawl, parts)?;
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

/// What identifies a question that is remembered. It is asked anew each time, so that an idempotency
/// key says nothing of it.
pub struct Asked(pub RequestContext);

impl<S> FromRequestParts<S> for Asked
where
    Pawl: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let pawl = Pawl::from_ref(state);
        Ok(Self(request_context(&pawl, parts, &[], None)))
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

pub(super) fn context(pawl: &Pawl, parts: &Parts, bytes: &[u8]) -> Result<RequestContext, Problem> {
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
