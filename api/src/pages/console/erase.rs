//! Deleting a person for good: what it means, everything about them to keep before, and the typed
//! address that confirms it.

use super::{
    super::{
        address::Path,
        detour::Detour,
        form::{Form, Refusal, status_of},
        frame::{self, Frame},
        session_cookie,
        sign_in::Nothing,
        visitor::{Reader, SignedIn},
    },
    person::somebody,
    users::Person,
};
use crate::http::exports;
use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use domain::{Permission, Rejection};
use eventstore_schema::UserId;
use projections::users::{self, Status, Users};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "console/erase.html")]
struct Page {
    frame: Frame,
    person: Person,
    refusal: Option<Refusal>,
}

/// The question.
pub async fn ask(Reader(reader, _): Reader, Path(id): Path<UserId>) -> Result<Response, Detour> {
    page(&reader, id, None).await
}

async fn page(reader: &SignedIn, id: UserId, refusal: Option<Refusal>) -> Result<Response, Detour> {
    let (pawl, authority) = (&reader.visitor.pawl, &reader.authority);
    let organization = authority.holder().organization();
    authority.permit(Permission::EraseUsers, organization)?;
    let user = pawl
        .query(&Users, move |readers| users::by_id(readers, id))
        .await?
        .filter(|user| user.organization_id == organization)
        .ok_or(Rejection::NotFound)?;
    if user.status == Status::Erased {
        return Ok(Redirect::to(&format!("/console/users/{id}")).into_response());
    }
    let page = Page {
        frame: reader.frame().await?.at("/console/users"),
        person: Person::of(pawl, user)?,
        refusal,
    };
    frame::show(status_of(page.refusal.as_ref()), &page)
}

/// The answer.
#[derive(Deserialize)]
pub struct Answer {
    #[serde(default)]
    confirm: String,
}

/// Deletes them, for good.
pub async fn erase(
    signed_in: SignedIn,
    Path(id): Path<UserId>,
    Form { fields, context }: Form<Answer>,
) -> Result<Response, Detour> {
    let (pawl, by) = (&signed_in.visitor.pawl, &signed_in.authority);
    let somebody = somebody(&signed_in, id);
    match pawl
        .erase_user(somebody, &fields.confirm, by, &context)
        .await
    {
        Ok(_) => Ok(Redirect::to("/console/users?done=erased").into_response()),
        Err(failure) => {
            let refusal = Refusal::of(failure, &signed_in.visitor)?;
            page(&signed_in, id, Some(refusal)).await
        }
    }
}

/// Everything about the person, as a file.
pub async fn export(
    signed_in: SignedIn,
    Path(id): Path<UserId>,
    Form { context, .. }: Form<Nothing>,
) -> Result<Response, Detour> {
    let (pawl, by) = (&signed_in.visitor.pawl, &signed_in.authority);
    let organization = by.holder().organization();
    let token = session_cookie::token(&signed_in.visitor.jar).ok_or(Detour::SignIn)?;
    match pawl.export_user(organization, id, by, &context).await {
        Ok(exported) => {
            Ok(exports::document(pawl, (organization, id), token, exported.position).await?)
        }
        Err(failure) => {
            let refusal = Refusal::of(failure, &signed_in.visitor)?;
            page(&signed_in, id, Some(refusal)).await
        }
    }
}
