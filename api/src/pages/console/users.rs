//! Administration, users: who is there, and finding them.

use super::super::{
    address::Query,
    detour::Detour,
    frame::{self, Frame},
    visitor::Reader,
};
use crate::application::{Failure, Pawl};
use askama::Template;
use axum::{http::StatusCode, response::Response};
use chrono::{DateTime, Utc};
use domain::{Permission, permission::allows, value::SearchText};
use eventstore_schema::{Role, UserId};
use projections::users::{self, Status, User, Users};
use serde::Deserialize;

/// People on a page.
const LIMIT: u32 = 50;

/// A person as the console shows them.
pub(super) struct Person {
    pub id: UserId,
    pub name: String,
    pub email: String,
    pub role: Role,
    pub status: Status,
    pub created_at: DateTime<Utc>,
    pub devices: Vec<Device>,
}

/// An authenticator as the console shows it.
pub(super) struct Device {
    pub name: String,
    pub last_used_at: DateTime<Utc>,
}

impl Person {
    pub(super) fn of(pawl: &Pawl, user: User) -> Result<Self, Failure> {
        let mut devices = Vec::with_capacity(user.devices.len());
        for device in user.devices {
            let name = pawl.open_personal("device_name", &device.name.0)?;
            devices.push(Device {
                name: name.or_placeholder(),
                last_used_at: device.last_used_at,
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
}

#[derive(Template)]
#[template(path = "console/users.html")]
struct Page {
    frame: Frame,
    people: Vec<Person>,
    search: String,
    next: Option<UserId>,
    may_invite: bool,
}

/// What is asked of the list. An empty search finds everybody.
#[derive(Deserialize)]
pub struct ListQuery {
    cursor: Option<UserId>,
    #[serde(default)]
    search: String,
    done: Option<String>,
}

/// The people.
pub async fn list(
    Reader(reader, _): Reader,
    Query(query): Query<ListQuery>,
) -> Result<Response, Detour> {
    let (pawl, authority) = (&reader.visitor.pawl, &reader.authority);
    let organization = authority.holder().organization();
    authority.permit(Permission::ReadUsers, organization)?;
    let after = query.cursor;
    let page = match SearchText::parse(&query.search) {
        Ok(text) => {
            let found = pawl.search_users(organization, &text, after, LIMIT).await?;
            // The first search of an organization takes a while; the right is asked for behind it.
            let now = reader.visitor.authority().await?;
            now.permit(Permission::ReadUsers, organization)?;
            found
        }
        Err(_) => {
            pawl.query(&Users, move |readers| {
                users::page(readers, organization, after, LIMIT)
            })
            .await?
        }
    };
    let people = page.items.into_iter().map(|user| Person::of(pawl, user));
    let page = Page {
        people: people.collect::<Result<_, _>>()?,
        search: query.search,
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
