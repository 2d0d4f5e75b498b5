//! Administration, users: who is there, and inviting others.

use super::super::{
    detour::Detour,
    form::{Form, Refusal, status_of},
    frame::{self, Frame},
    sign_in::Nothing,
    visitor::{Reader, SignedIn},
};
use crate::application::{Failure, NewInvitation, Pawl};
use askama::Template;
use axum::{
    extract::{Path, Query},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use chrono::{DateTime, Utc};
use domain::{
    Permission, Rejection,
    permission::{allows, may_give},
    value::{EmailAddress, PersonName},
};
use eventstore_schema::{Role, UserId};
use projections::users::{self, Status, User, Users};
use serde::Deserialize;

/// People on a page.
const LIMIT: u32 = 50;
/// Every role, the widest first.
const ROLES: [Role; 5] = [
    Role::Admin,
    Role::UserManager,
    Role::Auditor,
    Role::Analyst,
    Role::Member,
];

/// A person as the pages show them.
struct Person {
    id: UserId,
    name: String,
    email: String,
    role: Role,
    status: Status,
    created_at: DateTime<Utc>,
    devices: Vec<Device>,
}

struct Device {
    name: String,
    last_used_at: DateTime<Utc>,
}

impl Person {
    fn of(pawl: &Pawl, user: User) -> Result<Self, Failure> {
        let mut devices = Vec::with_capacity(user.devices.len());
        for device in user.devices {
            let name = pawl.open_personal("device_name", &device.name.0)?;
            devices.push(Device {
                name: name.or_placeholder(),
                last_used_at: device.last_used_at.unwrap_or(device.confirmed_at),
            });
        }
        Ok(Self {
            id: user.user_id,
            name: pawl.open_personal("name", &user.name.0)?.or_placeholder(),
            email: pawl.open_personal("email", &user.email.0)?.or_placeholder(),
            role: user.role,
            status: user.status,
            created_at: user.created_at,
            devices,
        })
    }

    fn is_invited(&self) -> bool {
        self.status == Status::Invited
    }
}

#[derive(Template)]
#[template(path = "console/users.html")]
struct ListPage {
    frame: Frame,
    people: Vec<Person>,
    next: Option<UserId>,
    may_invite: bool,
}

/// What is asked of the list.
#[derive(Deserialize)]
pub struct ListQuery {
    cursor: Option<UserId>,
    done: Option<String>,
}

/// The people.
pub async fn list(
    Reader(reader): Reader,
    Query(query): Query<ListQuery>,
) -> Result<Response, Detour> {
    let (pawl, authority) = (&reader.visitor.pawl, &reader.authority);
    let organization = authority.holder().organization();
    authority.permit(Permission::ReadUsers, organization)?;
    let after = query.cursor;
    let page = pawl
        .query(&Users, move |readers| {
            users::page(readers, organization, after, LIMIT)
        })
        .await?;
    let people = page.items.into_iter().map(|user| Person::of(pawl, user));
    let page = ListPage {
        people: people.collect::<Result<_, _>>()?,
        next: page.next,
        may_invite: allows(authority.holder().role(), Permission::InviteUsers),
        frame: reader
            .frame()
            .await?
            .at("/console/users")
            .noticing(query.done.as_deref()),
    };
    frame::show(StatusCode::OK, &page)
}

#[derive(Template)]
#[template(path = "console/user.html")]
struct PersonPage {
    frame: Frame,
    person: Person,
    may_invite: bool,
}

/// A person.
pub async fn one(Reader(reader): Reader, Path(id): Path<UserId>) -> Result<Response, Detour> {
    let (pawl, authority) = (&reader.visitor.pawl, &reader.authority);
    let organization = authority.holder().organization();
    authority.permit(Permission::ReadUsers, organization)?;
    let user = pawl
        .query(&Users, move |readers| users::by_id(readers, id))
        .await?
        .filter(|user| user.organization_id == organization)
        .ok_or(Rejection::NotFound)?;
    let page = PersonPage {
        person: Person::of(pawl, user)?,
        may_invite: allows(authority.holder().role(), Permission::InviteUsers),
        frame: reader.frame().await?.at("/console/users"),
    };
    frame::show(StatusCode::OK, &page)
}

#[derive(Template)]
#[template(path = "console/invite.html")]
struct InvitePage {
    frame: Frame,
    name: String,
    email: String,
    role: Role,
    /// The roles that the person may give.
    roles: Vec<Role>,
    refusal: Option<Refusal>,
}

/// What is filled in.
#[derive(Deserialize)]
pub struct Invited {
    email: String,
    name: String,
    role: Role,
}

/// The form that invites.
pub async fn invitation(signed_in: SignedIn) -> Result<Response, Detour> {
    let organization = signed_in.authority.holder().organization();
    signed_in
        .authority
        .permit(Permission::InviteUsers, organization)?;
    let empty = Invited {
        email: String::new(),
        name: String::new(),
        role: Role::Member,
    };
    invite_page(&signed_in, empty, None).await
}

async fn invite_page(
    signed_in: &SignedIn,
    filled_in: Invited,
    refusal: Option<Refusal>,
) -> Result<Response, Detour> {
    let giver = signed_in.authority.holder().role();
    let page = InvitePage {
        frame: signed_in.frame().await?.at("/console/users"),
        name: filled_in.name,
        email: filled_in.email,
        role: filled_in.role,
        roles: ROLES
            .into_iter()
            .filter(|role| may_give(giver, *role))
            .collect(),
        refusal,
    };
    frame::show(status_of(page.refusal.as_ref()), &page)
}

/// Invites somebody.
pub async fn invite(
    signed_in: SignedIn,
    Form { fields, context }: Form<Invited>,
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
            let refusal = Refusal::of(failure, visitor.language, visitor.pawl.now())?;
            invite_page(&signed_in, fields, Some(refusal)).await
        }
    }
}

/// Sends an invitation again.
pub async fn resend(
    signed_in: SignedIn,
    Path(id): Path<UserId>,
    Form { context, .. }: Form<Nothing>,
) -> Result<Redirect, Detour> {
    let authority = &signed_in.authority;
    let organization = authority.holder().organization();
    let pawl = &signed_in.visitor.pawl;
    pawl.resend_invitation(organization, id, None, authority, &context)
        .await?;
    Ok(Redirect::to("/console/users?done=resent"))
}

/// Takes an invitation back.
pub async fn revoke(
    signed_in: SignedIn,
    Path(id): Path<UserId>,
    Form { context, .. }: Form<Nothing>,
) -> Result<Redirect, Detour> {
    let authority = &signed_in.authority;
    let organization = authority.holder().organization();
    let pawl = &signed_in.visitor.pawl;
    pawl.revoke_invitation(organization, id, None, authority, &context)
        .await?;
    Ok(Redirect::to("/console/users?done=revoked"))
}
