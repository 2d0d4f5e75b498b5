//! Somebody who talks to the API, as any HTTP client would.

use reqwest::{Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::Value;

/// A client, with a session or without.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    address: String,
    token: Option<String>,
}

impl Client {
    /// A client of the server at this address (`http://...`), without a session.
    #[must_use]
    pub fn of(address: impl Into<String>) -> Self {
        Self {
            http: reqwest::Client::new(),
            address: address.into(),
            token: None,
        }
    }

    /// The same client with a session.
    #[must_use]
    pub fn with(&self, session_token: &str) -> Self {
        Self {
            token: Some(session_token.to_owned()),
            ..self.clone()
        }
    }

    /// The session of another client, at this client's server: for a server that started anew.
    #[must_use]
    pub fn same_session(&self, other: &Self) -> Self {
        Self {
            token: other.token.clone(),
            ..self.clone()
        }
    }

    /// The address of a path of the server.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// Host and port of the server.
    #[must_use]
    pub fn address(&self) -> &str {
        self.address.trim_start_matches("http://")
    }

    /// The token of the session.
    #[must_use]
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    /// A request, for tests that add headers or bodies of their own.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, self.url(path));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// `GET`
    pub async fn get(&self, path: &str) -> Reply {
        Reply::to(self.request(Method::GET, path)).await
    }

    /// `DELETE`
    pub async fn delete(&self, path: &str) -> Reply {
        Reply::to(self.request(Method::DELETE, path)).await
    }

    /// `POST` without a body.
    pub async fn post_nothing(&self, path: &str) -> Reply {
        Reply::to(self.request(Method::POST, path)).await
    }

    /// `POST` with a body.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        Reply::to(self.request(Method::POST, path).json(&body)).await
    }

    /// `PATCH` with a body.
    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        Reply::to(self.request(Method::PATCH, path).json(&body)).await
    }

    /// The position of the log's last event.
    pub async fn head(&self) -> u64 {
        let ready = self.get("/readyz").await.expect(200);
        ready["head"].as_u64().unwrap()
    }
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub text: String,
}

impl Reply {
    /// Sends the request.
    pub async fn to(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        Self {
            status: response.status(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    /// The body as JSON, null where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// The body, if this is the status.
    #[track_caller]
    #[must_use]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.json()
    }

    /// Asserts that this is the problem.
    #[track_caller]
    pub fn problem(self, status: u16, slug: &str) {
        assert_eq!(self.slug(), slug, "{}", self.text);
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(
            self.headers["content-type"], "application/problem+json",
            "{slug}"
        );
        let body = self.json();
        assert_eq!(body["status"], status, "{slug}");
        assert!(!body["detail"].as_str().unwrap().is_empty(), "{slug}");
    }

    /// The last part of the problem's type, empty where it is no problem.
    #[must_use]
    pub fn slug(&self) -> String {
        let kind = self.json()["type"].as_str().unwrap_or_default().to_owned();
        kind.trim_start_matches("/problems/").to_owned()
    }

    /// A header's text.
    #[track_caller]
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}
