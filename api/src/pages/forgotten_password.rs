//! A forgotten password: asking for the mail, and what its link leads to.

use super::{
    address::Query,
    detour::Detour,
    first_link::{Link, go_on, password},
    form::{Form, Refusal, status_of},
    frame::{self, Frame},
    visitor::Visitor,
};
use crate::{application::LinkToken, http::sign_in::Secret};
use askama::Template;
use axum::response::Response;
use domain::{Rejection, value::EmailAddress};
use secrecy::ExposeSecret;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "forgotten_password.html")]
struct AskPage {
    frame: Frame,
    email: String,
    /// Whether the mail is on its way, if there is anybody to write to.
    sent: bool,
    refusal: Option<Refusal>,
}

/// What is filled in.
#[derive(Deserialize)]
pub struct Address {
    email: String,
}

/// The form for the address.
pub async fn ask(visitor: Visitor) -> Result<Response, Detour> {
    let page = AskPage {
        frame: visitor.frame(),
        email: String::new(),
        sent: false,
        refusal: None,
    };
    frame::show(status_of(None), &page)
}

/// Asks for the mail. The page says the same whoever is there.
pub async fn send(
    visitor: Visitor,
    Form { fields, context }: Form<Address>,
) -> Result<Response, Detour> {
    let attempt = async {
        let email = EmailAddress::parse(&fields.email)?;
        visitor.pawl.request_password_reset(&email, &context).await
    };
    let refusal = match attempt.await {
        Ok(()) => None,
        Err(failure) => Some(Refusal::of(failure, &visitor)?),
    };
    let page = AskPage {
        frame: visitor.frame(),
        email: fields.email,
        sent: refusal.is_none(),
        refusal,
    };
    frame::show(status_of(page.refusal.as_ref()), &page)
}

#[derive(Template)]
#[template(path = "password_reset.html")]
struct ResetPage {
    frame: Frame,
    token: String,
    refusal: Option<Refusal>,
}

/// What is filled in.
#[derive(Deserialize)]
pub struct Fields {
    token: Secret,
    password: Secret,
}

/// The form for the new password.
pub async fn show(visitor: Visitor, Query(link): Query<Link>) -> Result<Response, Detour> {
    let page = ResetPage {
        frame: visitor.frame(),
        token: link.token,
        refusal: None,
    };
    frame::show(status_of(None), &page)
}

/// Takes the new password. Whoever has an authenticator shows it next.
pub async fn reset(
    visitor: Visitor,
    Form { fields, context }: Form<Fields>,
) -> Result<Response, Detour> {
    let token = fields.token.0.expose_secret();
    let attempt = async {
        let link = LinkToken::parse(token).ok_or(Rejection::PasswordResetInvalid)?;
        let password = password(&fields.password)?;
        visitor.pawl.reset_password(&link, password, &context).await
    };
    match attempt.await {
        Ok(grant) => Ok(go_on(visitor, &grant)),
        Err(failure) => {
            let page = ResetPage {
                frame: visitor.frame(),
                token: token.to_owned(),
                refusal: Some(Refusal::of(failure, &visitor)?),
            };
            frame::show(status_of(page.refusal.as_ref()), &page)
        }
    }
}
