//! Answers: a body, with the position that the client can wait for and the version it can insist on.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use eventstore_schema::Position;
use serde::Serialize;

/// An answer to a command or query.
pub struct Answer<T> {
    status: StatusCode,
    body: T,
    position: Option<Position>,
    revision: Option<u64>,
}

impl<T> Answer<T> {
    /// `200 OK`.
    pub fn ok(body: T) -> Self {
        Self {
            status: StatusCode::OK,
            body,
            position: None,
            revision: None,
        }
    }

    /// `201 Created`.
    pub fn created(body: T) -> Self {
        Self {
            status: StatusCode::CREATED,
            ..Self::ok(body)
        }
    }

    /// Says where the log stands after the command (`Pawl-Position`).
    pub fn at(mut self, position: Position) -> Self {
        self.position = Some(position);
        self
    }

    /// Says which version of the resource this is (`ETag`).
    pub fn version(mut self, revision: u64) -> Self {
        self.revision = Some(revision);
        self
    }
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(position) = self.position {
            headers.insert("pawl-position", position.0.into());
        }
        if let Some(etag) = self
            .revision
            .and_then(|revision| HeaderValue::try_from(format!("\"{revision}\"")).ok())
        {
            headers.insert(header::ETAG, etag);
        }
        response
    }
}
