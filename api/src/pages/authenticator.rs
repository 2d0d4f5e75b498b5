//! Mobile Authenticator Setup: scan, type the code, name the device, submit.

use super::{
    account::device_name,
    address::Query,
    detour::Detour,
    first_link::Link,
    form::{Form, Refusal, status_of},
    frame::{self, Frame},
    recovery_codes, session_cookie, set_up_link,
    visitor::Visitor,
};
use crate::application::{ConfirmedDevice, Failure, RegisteredDevice, RequestContext};
use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use domain::{Enrolment, NextStep, Rejection, otp::OtpCode};
use eventstore_schema::DeviceId;
use qrcode::{QrCode, render::svg};
use serde::Deserialize;
use uuid::Uuid;

/// Pixels of the QR code's side.
const QR_SIDE: u32 = 232;

#[derive(Template)]
#[template(path = "authenticator.html")]
struct Page {
    frame: Frame,
    /// Whether the person cannot go on without.
    required: bool,
    device: Uuid,
    qr: String,
    uri: String,
    /// The secret in groups of four.
    key: String,
    name: String,
    refusal: Option<Refusal>,
}

/// What is filled in.
#[derive(Deserialize)]
pub struct Fields {
    device: Uuid,
    code: String,
    name: String,
}

/// The form, with a set-up that this session has begun. Where a mailed link comes before it, the page
/// that asks for that one.
pub async fn show(mut visitor: Visitor, Query(link): Query<Link>) -> Result<Response, Detour> {
    if !link.token.is_empty() {
        return Ok(set_up_link::keep(visitor.jar, &link.token));
    }
    let enrolment = visitor.enrolment(None).await?;
    if let Some(first) = set_up_link::before(&mut visitor, &enrolment).await? {
        return Ok(first);
    }
    let jar = visitor.jar.clone();
    match page(&visitor, &enrolment, String::new(), None).await {
        Err(Detour::ShowAgain(_)) => Err(Detour::ShowAgain("/authenticator".to_owned())),
        page => Ok((jar, page?).into_response()),
    }
}

async fn page(
    visitor: &Visitor,
    enrolment: &Enrolment,
    name: String,
    refused: Option<Failure>,
) -> Result<Response, Detour> {
    let refusal = refused
        .map(|failure| Refusal::of(failure, visitor))
        .transpose()?;
    let set_up = visitor
        .pawl
        .set_up_in_session(enrolment, &RequestContext::fresh())
        .await
        .map_err(link_first)?;
    let page = Page {
        frame: visitor.frame_for(enrolment.holder()).await?.at("/account"),
        required: enrolment.holder().next() == NextStep::OtpSetUp,
        device: set_up.device_id.0,
        qr: qr(&set_up)?,
        key: in_groups(&set_up.secret.to_base32()),
        uri: set_up.otpauth_uri,
        name,
        refusal,
    };
    frame::show(status_of(page.refusal.as_ref()), &page)
}

fn qr(set_up: &RegisteredDevice) -> Result<String, Failure> {
    let code =
        QrCode::new(&set_up.otpauth_uri).map_err(|error| Failure::Internal(error.to_string()))?;
    let mut drawing = code.render::<svg::Color<'_>>();
    let drawing = drawing.min_dimensions(QR_SIDE, QR_SIDE).build();
    // Within a page it is no document of its own.
    let start = drawing.find("<svg").unwrap_or(0);
    Ok(drawing[start..].to_owned())
}

fn in_groups(key: &str) -> String {
    let characters: Vec<_> = key.chars().collect();
    let groups = characters.chunks(4).map(String::from_iter);
    groups.collect::<Vec<_>>().join(" ")
}

/// Confirms the set-up.
pub async fn confirm(
    visitor: Visitor,
    Form { fields, context }: Form<Fields>,
) -> Result<Response, Detour> {
    let enrolment = visitor.enrolment(Some(context.command_id)).await?;
    let attempt = async {
        let code = OtpCode::parse(&fields.code)?;
        let name = device_name(&fields.name)?;
        visitor
            .pawl
            .confirm_otp_device(&enrolment, DeviceId(fields.device), &code, &name, &context)
            .await
    };
    match attempt.await {
        Ok(ConfirmedDevice {
            grant,
            recovery_codes: Some(codes),
        }) => {
            let jar = session_cookie::keep(visitor.jar.clone(), &grant.session_token);
            let frame = visitor.frame_for(enrolment.holder()).await?;
            Ok((jar, recovery_codes::page(frame, &codes)?).into_response())
        }
        Ok(confirmed) => {
            let jar = session_cookie::keep(visitor.jar, &confirmed.grant.session_token);
            Ok((jar, Redirect::to("/account?done=device-added")).into_response())
        }
        Err(failure @ Failure::Rejected(Rejection::OtpSetUpLinkRequired)) => {
            Err(link_first(failure))
        }
        Err(failure) => page(&visitor, &enrolment, fields.name, Some(failure)).await,
    }
}

/// Somebody asks for a link since the page was shown: it says so.
fn link_first(failure: Failure) -> Detour {
    match failure {
        Failure::Rejected(Rejection::OtpSetUpLinkRequired) => Detour::Step(NextStep::OtpSetUp),
        failure => failure.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_shown_in_groups_of_four() {
        assert_eq!(in_groups("ABCDEFGHIJ"), "ABCD EFGH IJ");
    }
}
