//! Inviting somebody.

use super::super::{
    detour::Detour,
    form::{Form, Refusal, status_of},
    frame::{self, Frame},
    visitor::SignedIn,
};
use crate::application::NewInvitation;
use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use domain::{
    Permission,
    permission::{ROLES, may_give},
    value::{EmailAddress, PersonName},
};
use eventstore_schema::Role;
use serde::Deserialize;

/// The roles that somebody with this role may give.
pub(super) fn roles_given_by(giver: Role) -> Vec<Role> {
    let mut roles = ROLES.to_vec();
    roles.retain(|role| may_give(giver, *role));
    roles
}

#[derive(Template)]
#[template(path = "console/invite.html")]
struct Page {
    frame: Frame,
    name: String,
    email: String,
    role: Role,
    roles: Vec<Role>,
    /// How long the link works.
    days: u64,
    refusal: Option<Refusal>,
}

/// What is filled in.
#[derive(Deserialize)]
pub struct Fields {
    email: String,
    name: String,
    role: Role,
}

/// The form.
pub async fn show(signed_in: SignedIn) -> Result<Response, Detour> {
    let organization = signed_in.authority.holder().organization();
    signed_in
        .authority
        .permit(Permission::InviteUsers, organization)?;
    let empty = Fields {
        email: String::new(),
        name: String::new(),
        role: Role::Member,
    };
    page(&signed_in, empty, None).await
}

async fn page(
    signed_in: &SignedIn,
    filled_in: Fields,
    refusal: Option<Refusal>,
) -> Result<Response, Detour> {
    let days = signed_in.visitor.pawl.limits().invitation.num_days();
    let page = Page {
        frame: signed_in.frame().await?.at("/console/users"),
        name: filled_in.name,
        email: filled_in.email,
        role: filled_in.role,
        roles: roles_given_by(signed_in.authority.holder().role()),
        days: days.unsigned_abs(),
        refusal,
    };
    frame::show(status_of(page.refusal.as_ref()), &page)
}

/// Sends the invitation.
pub async fn invite(
    signed_in: SignedIn,
    Form { fields, context }: Form<Fields>,
) -> Result<Response, Detour> {
    let (visitor, authority) = (&signed_in.visitor, &signed_in.authority);
    let attempt = async {
        let new = NewInvitation {
            email: EmailAddress::parse(&fields.email)?,
            name: PersonName::parse(&fields.name)?,
            role: fields.role,
        };
        let organization = authority.holder().organization();
        visitor
            .pawl
            .invite(organization, &new, authority, &context)
            .await
    };
    match attempt.await {
        Ok(_) => Ok(Redirect::to("/console/users?done=invited").into_response()),
        Err(failure) => {
            let refusal = Refusal::of(failure, visitor)?;
            page(&signed_in, fields, Some(refusal)).await
        }
    }
}
