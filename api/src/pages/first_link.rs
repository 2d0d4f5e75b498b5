//! What the link of the first start leads to: the first organization and its administrator.

use super::{
    address::Query,
    detour::{Detour, page_of},
    form::{Form, Refusal, status_of},
    frame::{self, Frame},
    session_cookie,
    visitor::Visitor,
};
use crate::{
    application::{Failure, FirstAdministrator, SessionGrant},
    http::sign_in::Secret,
};
use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use domain::value::{EmailAddress, NewPassword, OrganizationName, PersonName};
use secrecy::ExposeSecret;
use serde::Deserialize;
use zeroize::Zeroizing;

/// The token in a link.
#[derive(Deserialize)]
pub struct Link {
    /// It works once.
    #[serde(default)]
    pub token: String,
}

#[derive(Template)]
#[template(path = "first_link.html")]
struct Page {
    frame: Frame,
    token: String,
    organization: String,
    name: String,
    email: String,
    refusal: Option<Refusal>,
}

/// What is filled in.
#[derive(Deserialize)]
pub struct Fields {
    token: Secret,
    organization: String,
    name: String,
    email: String,
    password: Secret,
}

/// The form.
pub async fn show(visitor: Visitor, Query(link): Query<Link>) -> Result<Response, Detour> {
    let page = Page {
        frame: visitor.frame(),
        token: link.token,
        organization: String::new(),
        name: String::new(),
        email: String::new(),
        refusal: None,
    };
    frame::show(status_of(None), &page)
}

/// Sets the installation up and signs the administrator in.
pub async fn set_up(
    visitor: Visitor,
    Form { fields, context }: Form<Fields>,
) -> Result<Response, Detour> {
    let pawl = visitor.pawl.clone();
    let attempt = async {
        let link = pawl.check_set_up_link(&fields.token.0)?;
        let first = FirstAdministrator {
            organization: OrganizationName::parse(&fields.organization)?,
            email: EmailAddress::parse(&fields.email)?,
            name: PersonName::parse(&fields.name)?,
            password: password(&fields.password)?,
        };
        let (_, _, grant) = pawl.set_up(&link, first, &context).await?;
        Ok::<_, Failure>(grant)
    };
    match attempt.await {
        Ok(grant) => Ok(go_on(visitor, &grant)),
        Err(failure) => {
            let refusal = Refusal::of(failure, &visitor)?;
            let page = Page {
                frame: visitor.frame(),
                token: fields.token.0.expose_secret().to_owned(),
                organization: fields.organization,
                name: fields.name,
                email: fields.email,
                refusal: Some(refusal),
            };
            frame::show(status_of(page.refusal.as_ref()), &page)
        }
    }
}

/// A new password as typed.
pub fn password(typed: &Secret) -> Result<NewPassword, domain::Rejection> {
    NewPassword::parse(Zeroizing::new(typed.0.expose_secret().to_owned()))
}

/// Keeps the new token and shows what the session has to do next.
pub fn go_on(visitor: Visitor, grant: &SessionGrant) -> Response {
    let jar = session_cookie::keep(visitor.jar, &grant.session_token);
    (jar, Redirect::to(page_of(grant.next))).into_response()
}
