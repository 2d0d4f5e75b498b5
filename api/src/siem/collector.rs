//! A collector of events over HTTP: a request with up to a hundred of them, one a line, which it
//! acknowledges with any answer of success. Redirects are not followed, so the token goes nowhere else.

use super::{Message, SiemError, SiemSettings, trust};
use reqwest::{Client, header::CONTENT_TYPE, redirect};
use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;
use url::Url;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a request may take.
const REQUEST: Duration = Duration::from_secs(30);

/// A collector.
pub struct Collector {
    client: Client,
    url: Url,
    token: Option<SecretString>,
}

impl Collector {
    pub(super) fn new(settings: &SiemSettings) -> Result<Self, String> {
        let mut client = Client::builder()
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT)
            .timeout(REQUEST)
            .user_agent(concat!("pawl/", env!("CARGO_PKG_VERSION")));
        if settings.url.scheme() == "https" {
            let config = trust::of(settings)?;
            client = client.tls_backend_preconfigured((*config).clone());
        } else {
            // In clear to this machine, and so never by way of another one.
            client = client.no_proxy();
        }
        Ok(Self {
            client: client
                .build()
                .map_err(|error| format!("siem-url: {error}"))?,
            url: settings.url.clone(),
            token: settings.token.clone(),
        })
    }

    pub(super) async fn send(&self, messages: &[Message]) -> Result<(), SiemError> {
        let lines = messages.iter().map(|message| format!("{}\n", message.json));
        let mut request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/x-ndjson")
            .body(lines.collect::<String>());
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose_secret());
        }
        match request.send().await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(SiemError::Answered(answer.status().as_u16())),
            Err(error) if error.is_timeout() => Err(SiemError::Silent),
            Err(error) => Err(SiemError::Request(in_full(&error.without_url()))),
        }
    }
}

/// The error with what caused it, which alone says what is wrong with a certificate.
fn in_full(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", in_full(source)),
        None => error.to_string(),
    }
}
