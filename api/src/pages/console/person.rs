//! One person, and what may be done about them.

use super::{
    super::{
        address::{Path, Query},
        detour::Detour,
        form::{Form, Refusal, status_of},
        frame::{self, Frame},
        sign_in::{Done, Nothing},
        visitor::{Reader, SignedIn},
    },
    invite::roles_given_by,
    users::Person,
};
use crate::application::{Failure, Somebody};
use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use domain::{
    Permission, Rejection,
    permission::{allows, may_give},
};
use eventstore_schema::{Role, UserId};
use projections::users::{self, Status, Users};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "console/person.html")]
struct Page {
    frame: Frame,
    person: Person,
    may: May,
    roles: Vec<Role>,
    refusal: Option<Refusal>,
}

/// What the page offers. Whether it is granted, the command decides.
#[expect(
    clippy::struct_excessive_bools,
    reason = "one for each form of the page"
)]
struct May {
    invite: bool,
    change_role: bool,
    disable: bool,
    enable: bool,
    reset: bool,
    erase: bool,
}

impl May {
    fn of(reader: &SignedIn, person: &Person) -> Self {
        let holder = reader.authority.holder();
        let others = holder.user() != person.id && may_give(holder.role(), person.role);
        let may = |permission| others && allows(holder.role(), permission);
        Self {
            invite: person.status == Status::Invited && may(Permission::InviteUsers),
            change_role: person.status == Status::Active && may(Permission::ChangeRoles),
            disable: person.status == Status::Active && may(Permission::DisableUsers),
            enable: person.status == Status::Disabled && may(Permission::DisableUsers),
            erase: person.status != Status::Erased && may(Permission::EraseUsers),
            reset: !person.devices.is_empty() && may(Permission::ResetOtpDevices),
        }
    }
}

/// The person.
pub async fn show(
    Reader(reader, _): Reader,
    Path(id): Path<UserId>,
    Query(query): Query<Done>,
) -> Result<Response, Detour> {
    page(&reader, id, query.done.as_deref(), None).await
}

async fn page(
    reader: &SignedIn,
    id: UserId,
    done: Option<&str>,
    refusal: Option<Refusal>,
) -> Result<Response, Detour> {
    let (pawl, authority) = (&reader.visitor.pawl, &reader.authority);
    let organization = authority.holder().organization();
    authority.permit(Permission::ReadUsers, organization)?;
    let user = pawl
        .query(&Users, move |readers| users::by_id(readers, id))
        .await?
        .filter(|user| user.organization_id == organization)
        .ok_or(Rejection::NotFound)?;
    let mut person = Person::of(pawl, user)?;
    if person.status == Status::Erased {
        let nobody = reader.visitor.language.say("erased-person").to_string();
        person.email.clone_from(&nobody);
        person.name = nobody;
    }
    let page = Page {
        may: May::of(reader, &person),
        roles: roles_given_by(authority.holder().role()),
        frame: reader.frame().await?.at("/console/users").noticing(done),
        person,
        refusal,
    };
    frame::show(status_of(page.refusal.as_ref()), &page)
}

/// What comes of a form on the page: the page again, saying what was done or why not.
async fn answer(
    signed_in: &SignedIn,
    id: UserId,
    attempt: impl Future<Output = Result<(), Failure>>,
    done: &str,
) -> Result<Response, Detour> {
    match attempt.await {
        Ok(()) => {
            let page = format!("/console/users/{id}?done={done}");
            Ok(Redirect::to(&page).into_response())
        }
        Err(failure) => {
            let refusal = Refusal::of(failure, &signed_in.visitor)?;
            page(signed_in, id, None, Some(refusal)).await
        }
    }
}

pub(super) fn somebody(signed_in: &SignedIn, user: UserId) -> Somebody {
    Somebody {
        organization: signed_in.authority.holder().organization(),
        user,
        if_match: None,
    }
}

/// What is done by a button alone; the last part of the form's address.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Sends an invitation again.
    Resend,
    /// Takes an invitation back.
    Revoke,
    /// Keeps the person from signing in.
    Disable,
    /// Lets the person sign in again.
    Enable,
    /// Resets the person's second factors.
    Reset,
}

/// Does it.
pub async fn act(
    signed_in: SignedIn,
    Path((id, action)): Path<(UserId, Action)>,
    Form { context, .. }: Form<Nothing>,
) -> Result<Response, Detour> {
    let (pawl, by) = (&signed_in.visitor.pawl, &signed_in.authority);
    let somebody = somebody(&signed_in, id);
    let organization = somebody.organization;
    let attempt = async {
        match action {
            Action::Resend => {
                pawl.resend_invitation(organization, id, None, by, &context)
                    .await?;
            }
            Action::Revoke => {
                pawl.revoke_invitation(organization, id, None, by, &context)
                    .await?;
            }
            Action::Disable => {
                pawl.disable_user(somebody, by, &context).await?;
            }
            Action::Enable => {
                pawl.enable_user(somebody, by, &context).await?;
            }
            Action::Reset => {
                pawl.reset_otp_devices(organization, id, None, by, &context)
                    .await?;
            }
        }
        Ok(())
    };
    let done = match action {
        Action::Resend => "resent",
        Action::Revoke => "revoked",
        Action::Disable => "disabled",
        Action::Enable => "enabled",
        Action::Reset => "devices-reset",
    };
    answer(&signed_in, id, attempt, done).await
}

/// A role.
#[derive(Deserialize)]
pub struct NewRole {
    role: Role,
}

/// Gives the person another role.
pub async fn change_role(
    signed_in: SignedIn,
    Path(id): Path<UserId>,
    Form { fields, context }: Form<NewRole>,
) -> Result<Response, Detour> {
    let (pawl, by) = (&signed_in.visitor.pawl, &signed_in.authority);
    let somebody = somebody(&signed_in, id);
    let change = async {
        pawl.change_role(somebody, fields.role, by, &context)
            .await?;
        Ok(())
    };
    answer(&signed_in, id, change, "role-changed").await
}
