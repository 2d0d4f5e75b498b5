//! Recovery codes, shown once, to print or to keep in a file.

use super::{
    detour::Detour,
    form::Form,
    frame::{self, Frame},
    sign_in::Nothing,
    visitor::SignedIn,
};
use askama::Template;
use axum::{http::StatusCode, response::Response};
use domain::otp::RecoveryCode;

#[derive(Template)]
#[template(path = "recovery_codes.html")]
struct Page {
    frame: Frame,
    codes: Vec<String>,
    /// The same, one a line.
    file: String,
}

/// The codes.
pub fn page(frame: Frame, codes: &[RecoveryCode]) -> Result<Response, Detour> {
    let codes: Vec<_> = codes.iter().map(|code| code.shown().to_string()).collect();
    let file = codes.join("\n");
    let page = Page {
        frame: frame.at("/account"),
        codes,
        file,
    };
    frame::show(StatusCode::OK, &page)
}

/// Replaces them all.
pub async fn replace(
    signed_in: SignedIn,
    Form { context, .. }: Form<Nothing>,
) -> Result<Response, Detour> {
    let pawl = &signed_in.visitor.pawl;
    let issued = pawl
        .replace_recovery_codes(&signed_in.authority, &context)
        .await?;
    page(signed_in.frame().await?, &issued.codes)
}
