//! Bounds what one network address can guess, whoever it guesses at: at sign-in, at codes, at the
//! tokens of links. What it spends are wrong attempts, so that a whole office behind one address
//! works on. Accounts have throttles of their own, in the log; other requests pass by this one.

mod attempts;
mod client_address;

pub use client_address::TrustedProxy;

use super::problem::{self, Problem};
use crate::{application::Pawl, pages::same_origin::is_of_another_site};
use attempts::{Attempt, Attempts};
use axum::{
    extract::{ConnectInfo, MatchedPath, Request, State},
    http::{Method, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use client_address::{client_of, passed_on_by_a_stranger, subscriber};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Once},
};

/// When a call costs an attempt.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Costs {
    /// When what was shown was wrong.
    Wrong,
    /// Always: its answer does not tell.
    Always,
}

/// Every call that takes a secret, or makes Pawl write a mail, without a right of its own. Not the one
/// for access tokens: the secrets of machines have 256 bits, and one that goes on with an old secret
/// would keep the people at its address out.
const GUARDED: &[(Method, &str, Costs)] = &[
    (Method::POST, "/v1/setup", Costs::Wrong),
    (Method::POST, "/v1/sign-in", Costs::Wrong),
    (Method::POST, "/v1/sign-in/otp", Costs::Wrong),
    (Method::POST, "/v1/session/otp", Costs::Wrong),
    (Method::POST, "/v1/password-reset", Costs::Always),
    (Method::POST, "/v1/password-reset/confirm", Costs::Wrong),
    (Method::PUT, "/v1/me/password", Costs::Wrong),
    (
        Method::POST,
        "/v1/me/otp-devices/{id}/confirm",
        Costs::Wrong,
    ),
    (Method::POST, "/v1/invitations/accept", Costs::Wrong),
    (Method::POST, "/setup", Costs::Wrong),
    (Method::POST, "/sign-in", Costs::Wrong),
    (Method::POST, "/sign-in/code", Costs::Wrong),
    (Method::POST, "/sign-in/recovery-code", Costs::Wrong),
    (Method::POST, "/sign-in/again", Costs::Wrong),
    (Method::POST, "/forgotten-password", Costs::Always),
    (Method::POST, "/password-reset", Costs::Wrong),
    (Method::POST, "/invitation", Costs::Wrong),
    (Method::POST, "/authenticator", Costs::Wrong),
    (Method::POST, "/account/password", Costs::Wrong),
];

/// The throttle of one node.
pub struct Throttle {
    pawl: Pawl,
    attempts: Attempts,
    proxies: Vec<TrustedProxy>,
}

impl Throttle {
    /// A throttle that believes these proxies.
    pub fn new(pawl: Pawl, proxies: &[TrustedProxy]) -> Self {
        Self {
            pawl,
            attempts: Attempts::new(),
            proxies: proxies.into(),
        }
    }

    fn take(&self, request: &Request) -> Result<Attempt, Problem> {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        // Where nobody says who is there, all are one.
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
        let (headers, proxies) = (request.headers(), &self.proxies);
        if passed_on_by_a_stranger(peer, headers, proxies) {
            warn_once(peer);
        }
        let client = subscriber(client_of(peer, headers, proxies));
        let now = self.pawl.now();
        self.attempts
            .take(client, now)
            .map_err(|retry_at| too_many(retry_at, now))
    }
}

fn warn_once(peer: IpAddr) {
    static WARNED: Once = Once::new();
    WARNED.call_once(|| {
        tracing::warn!(
            %peer,
            "requests name their client (X-Forwarded-For) by way of an address that is not among \
             the trusted-proxies: if that is your proxy, all its clients count as one"
        );
    });
}

fn too_many(retry_at: DateTime<Utc>, now: DateTime<Utc>) -> Problem {
    let detail =
        format!("Too many wrong attempts from your network address. Try again after {retry_at}.");
    Problem::new(problem::TOO_MANY_ATTEMPTS, detail).retry_at(retry_at, now)
}

/// Refuses an attempt of a client that has none left, before anything is looked at.
pub async fn throttle(
    State(throttle): State<Arc<Throttle>>,
    request: Request,
    next: Next,
) -> Response {
    let Some(costs) = costs_of(&request) else {
        return next.run(request).await;
    };
    // Another site's page is not looked at, and costs nothing: or it could spend the attempts of
    // everybody who looks at it.
    if is_of_another_site(request.headers()) {
        let detail = "Another site's page sent this. Send it from here.";
        return Problem::new(problem::CROSS_SITE, detail).into_response();
    }
    let attempt = match throttle.take(&request) {
        Ok(attempt) => attempt,
        Err(problem) => return problem.into_response(),
    };
    let response = next.run(request).await;
    if costs == Costs::Wrong && !was_wrong(&response) {
        attempt.give_back();
    }
    response
}

fn costs_of(request: &Request) -> Option<Costs> {
    let route = request.extensions().get::<MatchedPath>()?.as_str();
    GUARDED
        .iter()
        .find(|(method, guarded, _)| *guarded == route && method == request.method())
        .map(|(.., costs)| *costs)
}

/// Whether the answer says that what was shown is not right.
fn was_wrong(response: &Response) -> bool {
    let wrong = [
        StatusCode::BAD_REQUEST,
        StatusCode::UNAUTHORIZED,
        StatusCode::FORBIDDEN,
        StatusCode::NOT_FOUND,
    ];
    wrong.contains(&response.status())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_description_says_which_calls_are_throttled() {
        let document = serde_json::to_value(crate::http::openapi()).unwrap();
        let mut described = BTreeSet::new();
        for (path, calls) in document["paths"].as_object().unwrap() {
            for (method, call) in calls.as_object().unwrap() {
                let answer = &call["responses"]["429"];
                if answer.is_object() {
                    described.insert((method.to_uppercase(), path.clone()));
                    assert!(answer["headers"]["Retry-After"].is_object(), "{path}");
                }
            }
        }
        let calls = GUARDED
            .iter()
            .filter(|(_, path, _)| path.starts_with("/v1/"));
        let guarded = calls.map(|(method, path, _)| (method.to_string(), (*path).to_owned()));
        assert_eq!(described, guarded.collect());
    }
}
