//! The link before the set-up of an authenticator: the page that asks for the mail, and the token on
//! its way from the address of the link to the session that follows it. It stands in a cookie
//! meanwhile, so that it is gone from the address before any page is loaded, and survives signing in.

use super::{
    detour::Detour,
    form::{Form, Refusal, status_of},
    frame::{self, Frame},
    session_cookie,
    sign_in::Nothing,
    visitor::Visitor,
};
use crate::application::{Failure, LackingLink, RequestContext};
use askama::Template;
use axum::{
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::CookieJar;
use chrono::{DateTime, Utc};
use domain::{Enrolment, Rejection};
use secrecy::SecretString;

/// Like the session's. It ends with the browser; the token in it dies before, mostly.
const COOKIE: &str = "__Host-pawl-set-up-link";

#[derive(Template)]
#[template(path = "set_up_link.html")]
struct Page {
    frame: Frame,
    /// The address, as much of it as its owner needs to know it again.
    address: String,
    /// Until when the link works that was mailed last.
    mailed_until: Option<DateTime<Utc>>,
    refusal: Option<Refusal>,
}

/// Takes the token out of the address, and leads on to the page without it.
pub fn keep(jar: CookieJar, token: &str) -> Response {
    let cookie = session_cookie::of_this_host(COOKIE, token.to_owned());
    // No page is shown here, and the next one has another address: nothing of this one is passed on.
    let no_referrer = [(header::REFERRER_POLICY, "no-referrer")];
    (jar.add(cookie), no_referrer, Redirect::to("/authenticator")).into_response()
}

/// Follows the link that this browser was opened with, if the session lacks one. The page that asks
/// for the mail, where it lacks one still.
pub async fn before(
    visitor: &mut Visitor,
    enrolment: &Enrolment,
) -> Result<Option<Response>, Detour> {
    let lacking = visitor.pawl.lacking_set_up_link(enrolment).await?;
    let token = take_token(visitor);
    let Some(lacking) = lacking else {
        return Ok(None);
    };
    let Some(token) = token else {
        return page(visitor, enrolment, lacking, None).await.map(Some);
    };
    let followed = visitor
        .pawl
        .follow_otp_set_up_link(enrolment, &token, &RequestContext::fresh())
        .await;
    match followed {
        Ok(()) => Ok(None),
        Err(dead @ Failure::Rejected(Rejection::OtpSetUpLinkRequired)) => {
            let response = page(visitor, enrolment, lacking, Some(dead)).await?;
            Ok(Some((visitor.jar.clone(), response).into_response()))
        }
        Err(failure) => Err(failure.into()),
    }
}

/// The token that the browser was opened with. It is tried once.
fn take_token(visitor: &mut Visitor) -> Option<SecretString> {
    let token = SecretString::from(visitor.jar.get(COOKIE)?.value());
    let used = session_cookie::of_this_host(COOKIE, String::new());
    visitor.jar = std::mem::take(&mut visitor.jar).remove(used);
    Some(token)
}

async fn page(
    visitor: &Visitor,
    enrolment: &Enrolment,
    lacking: LackingLink,
    refused: Option<Failure>,
) -> Result<Response, Detour> {
    let mut frame = visitor.frame_for(enrolment.holder()).await?;
    // Whoever is signed in with a password alone may not be whose address it is.
    let address = frame.who.as_mut().map(|who| {
        who.email = masked(&who.email);
        who.email.clone()
    });
    let page = Page {
        frame,
        address: address.unwrap_or_default(),
        mailed_until: lacking.mailed_until,
        refusal: refused.map(|dead| Refusal::of(dead, visitor)).transpose()?,
    };
    frame::show(status_of(page.refusal.as_ref()), &page)
}

/// The first character and the domain.
fn masked(address: &str) -> String {
    let (name, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let first = name.chars().next().unwrap_or_default();
    format!("{first}***@{domain}")
}

/// Asks for the mail.
pub async fn send(
    visitor: Visitor,
    Form { context, .. }: Form<Nothing>,
) -> Result<Response, Detour> {
    let enrolment = visitor.enrolment(None).await?;
    let asked = visitor
        .pawl
        .request_otp_set_up_link(&enrolment, &context)
        .await;
    match asked {
        // In the meantime the link was followed in this session, or nobody asks for one.
        Ok(_) | Err(Failure::Rejected(Rejection::OtpSetUpLinkNotNeeded)) => {
            Ok(Redirect::to("/authenticator").into_response())
        }
        Err(failure) => Err(failure.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_known_again_and_not_told() {
        assert_eq!(masked("grace@example.org"), "g***@example.org");
        assert_eq!(masked("ö@example.org"), "ö***@example.org");
    }
}
