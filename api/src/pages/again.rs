//! Showing the second factor again, before something that a session left open must not be able to do.

use super::{
    address::Query,
    detour::Detour,
    form::{Form, Refusal, status_of},
    frame::{self, Frame},
    session_cookie,
    visitor::Visitor,
};
use crate::application::ShownFactor;
use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use domain::{Authority, Showing, otp::OtpCode};
use serde::Deserialize;
use url::{Position, Url};

#[derive(Template)]
#[template(path = "again.html")]
struct Page {
    frame: Frame,
    /// Where to go on.
    to: String,
    refusal: Option<Refusal>,
}

/// Where to go on.
#[derive(Deserialize)]
pub struct To {
    #[serde(default)]
    to: String,
}

/// A page of ours, read as browsers read it: some take more for another host than meets the eye.
fn own_page(to: &str) -> String {
    let here = Url::parse("http://here.invalid/").ok();
    let page = here
        .as_ref()
        .and_then(|here| Some((here, here.join(to).ok()?)))
        .filter(|(here, page)| page.origin() == here.origin());
    page.map_or_else(
        || "/".to_owned(),
        |(_, page)| page[Position::BeforePath..].to_owned(),
    )
}

/// The form.
pub async fn show(visitor: Visitor, Query(query): Query<To>) -> Result<Response, Detour> {
    let authority = visitor.authority().await?;
    let page = Page {
        frame: visitor.frame_for(authority.holder()).await?,
        to: own_page(&query.to),
        refusal: None,
    };
    frame::show(status_of(None), &page)
}

/// What is filled in.
#[derive(Deserialize)]
pub struct Fields {
    code: String,
    to: String,
}

/// Takes the code.
pub async fn verify(
    visitor: Visitor,
    Form { fields, context }: Form<Fields>,
) -> Result<Response, Detour> {
    let holder = visitor.holder(Some(context.command_id)).await?;
    let next = holder.next();
    let authority = Authority::of(holder).map_err(|_| Detour::Step(next))?;
    let to = own_page(&fields.to);
    let frame = visitor.frame_for(authority.holder()).await?;
    let attempt = async {
        let shown = ShownFactor::Code(OtpCode::parse(&fields.code)?);
        let showing = Showing::again(authority);
        visitor
            .pawl
            .show_second_factor(&showing, &shown, &context)
            .await
    };
    match attempt.await {
        Ok(grant) => {
            let jar = session_cookie::keep(visitor.jar, &grant.session_token);
            Ok((jar, Redirect::to(&to)).into_response())
        }
        Err(failure) => {
            let refusal = Some(Refusal::of(failure, &visitor)?);
            let page = Page { frame, to, refusal };
            frame::show(status_of(page.refusal.as_ref()), &page)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::own_page;

    #[test]
    fn nobody_is_led_elsewhere() {
        for (to, page) in [
            ("/account", "/account"),
            ("/console/users/1", "/console/users/1"),
            ("", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/\t/evil.example", "/"),
            ("https://evil.example", "/"),
            ("javascript:alert(1)", "/"),
        ] {
            assert_eq!(own_page(to), page);
        }
    }
}
