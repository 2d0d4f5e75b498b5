//! What the link of an invitation leads to.

use super::{
    address::Query,
    brand::Brand,
    detour::Detour,
    first_link::{Link, go_on, password},
    form::{Form, Refusal, status_of},
    frame::{self, Frame},
    visitor::Visitor,
};
use crate::{
    application::{Failure, InvitedPerson, LinkToken},
    http::sign_in::Secret,
};
use askama::Template;
use axum::response::Response;
use domain::Rejection;
use secrecy::ExposeSecret;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "invitation.html")]
struct Page {
    frame: Frame,
    token: String,
    /// Who is invited, where the link is alive.
    invited: Option<InvitedPerson>,
    refusal: Option<Refusal>,
}

/// What is filled in.
#[derive(Deserialize)]
pub struct Fields {
    token: Secret,
    password: Secret,
}

/// The form, or why the link is dead.
pub async fn show(visitor: Visitor, Query(link): Query<Link>) -> Result<Response, Detour> {
    page(&visitor, &link.token, None).await
}

async fn page(
    visitor: &Visitor,
    token: &str,
    refused: Option<Failure>,
) -> Result<Response, Detour> {
    let tell = |failure| Refusal::of(failure, visitor);
    let mut refusal = refused.map(tell).transpose()?;
    let link = LinkToken::parse(token).ok_or(Failure::from(Rejection::InvitationInvalid));
    let found = match link {
        Ok(link) => visitor.pawl.invited(&link).await,
        Err(failure) => Err(failure),
    };
    let invited = match found {
        Ok(invited) => Some(invited),
        Err(dead) => {
            refusal = Some(tell(dead)?);
            None
        }
    };
    let brand = invited
        .as_ref()
        .map(|invited| Brand::of(invited.organization_id, &invited.organization));
    let page = Page {
        frame: visitor.frame().for_people_of(brand.unwrap_or_default()),
        token: token.to_owned(),
        invited,
        refusal,
    };
    frame::show(status_of(page.refusal.as_ref()), &page)
}

/// Accepts the invitation and signs the person in.
pub async fn accept(
    visitor: Visitor,
    Form { fields, context }: Form<Fields>,
) -> Result<Response, Detour> {
    let token = fields.token.0.expose_secret();
    let attempt = async {
        let link = LinkToken::parse(token).ok_or(Rejection::InvitationInvalid)?;
        let password = password(&fields.password)?;
        visitor
            .pawl
            .accept_invitation(&link, password, &context)
            .await
    };
    match attempt.await {
        Ok(grant) => Ok(go_on(visitor, &grant)),
        Err(failure) => page(&visitor, token, Some(failure)).await,
    }
}
