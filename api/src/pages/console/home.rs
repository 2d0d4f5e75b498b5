//! Where the console begins: how far the organization has come.

use super::{
    super::{
        detour::Detour,
        frame::{self, Frame},
        visitor::Reader,
    },
    security,
};
use askama::Template;
use axum::{http::StatusCode, response::Response};
use projections::organization_security::Security;

#[derive(Template)]
#[template(path = "console/home.html")]
struct Page {
    frame: Frame,
    security: Security,
    /// Of a hundred people, so many have an authenticator.
    percent: u64,
}

/// The figures.
pub async fn show(Reader(reader): Reader) -> Result<Response, Detour> {
    let security = security::read(&reader).await?;
    let percent = security.people_with_device * 100 / security.people_active.max(1);
    let page = Page {
        frame: reader.frame().await?.at("/console"),
        security,
        percent,
    };
    frame::show(StatusCode::OK, &page)
}
