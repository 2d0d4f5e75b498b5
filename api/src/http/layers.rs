//! What every request passes through: an id, a log line, a measure, a time limit, and headers that
//! keep browsers careful.

use super::{
    extract::RequestId,
    problem::{self, Problem},
};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{any::Any, time::Duration, time::Instant};
use tracing::Instrument;
use uuid::Uuid;

const REQUEST_ID: &str = "x-request-id";

/// Gives the request an id (or keeps the caller's, if it is a UUID), and logs and measures it by
/// its route. The query string, where one-time tokens stand, is in neither.
pub async fn observe(mut request: Request, next: Next) -> Response {
    let given = request
        .headers()
        .get(REQUEST_ID)
        .and_then(|id| id.to_str().ok());
    let id = given
        .and_then(|id| id.parse().ok())
        .unwrap_or_else(Uuid::now_v7);
    request.extensions_mut().insert(RequestId(id));
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("unmatched", MatchedPath::as_str).to_owned();
    let method = known(request.method());
    let span = tracing::info_span!("request", %id, method, route);
    let began = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;

    let seconds = began.elapsed().as_secs_f64();
    let status = response.status().as_u16();
    span.in_scope(|| tracing::info!(status, seconds, "answered"));
    let labels = [
        ("method", method.to_owned()),
        ("route", route),
        ("status", status.to_string()),
    ];
    metrics::histogram!("pawl_http_request_duration_seconds", &labels).record(seconds);
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::try_from(id.to_string()) {
        headers.insert(REQUEST_ID, id);
    }
    harden(headers);
    response
}

/// The method as a label: one of few.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn harden(headers: &mut axum::http::HeaderMap) {
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
             connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        ),
    ];
    for (name, value) in fixed {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
}

/// The API reference draws its icons from data: addresses and styles itself.
pub async fn let_the_reference_style_itself(mut response: Response) -> Response {
    let policy = HeaderValue::from_static(
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'",
    );
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// Answers in time, if not with success. What was appended stays appended: repeat the call under
/// the same `Idempotency-Key`.
pub async fn time_out(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(
            problem::TIMED_OUT,
            "The request took too long. Repeat it with the same Idempotency-Key.",
        )
        .retry_after(1)
        .into_response(),
    }
}

/// A panic is a bug of ours: logged in full, answered without detail.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the layer calls it with what it caught"
)]
pub fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("unknown");
    tracing::error!(message, "a handler panicked");
    Problem::new(
        problem::INTERNAL,
        "This is not your fault. The operator finds it in the log.",
    )
    .into_response()
}

/// No such path.
pub async fn not_found() -> Problem {
    Problem::new(problem::NOT_FOUND, "There is no such resource.")
}

/// The path exists, but not with this method.
pub async fn method_not_allowed() -> Problem {
    Problem::new(
        problem::METHOD_NOT_ALLOWED,
        "See the Allow header for what can be done here.",
    )
}
