//! People: who belongs to an organization, in which role, and with which authenticators.

use crate::{
    DatabaseError, Page, Projection, ProjectionError, Readers, Rows, Table,
    projection::user_of,
    readers::View,
    rows::values,
    sql::{
        Row, SqlError, params,
        value::{Json, Micros, Text, Whole, Word},
    },
};
use chrono::{DateTime, Utc};
use eventstore_schema::{
    DeviceId, Event, OrganizationId, Personal, Recorded, Role, UserEvent, UserId,
};
use serde::{Deserialize, Serialize};

mod changes;

pub use changes::{Changed, Names, changed_since};

/// The read model behind `/users`.
pub struct Users;

const USERS: Table = Table {
    name: "users",
    columns: "user_id TEXT NOT NULL,
                  organization_id TEXT NOT NULL,
                  role TEXT NOT NULL,
                  status TEXT NOT NULL,
                  email TEXT NOT NULL,
                  name TEXT NOT NULL,
                  created_at BIGINT NOT NULL,
                  accepted_at BIGINT,
                  revision BIGINT NOT NULL",
    key: &["user_id"],
    indexes: &["(organization_id, user_id) WHERE status NOT IN ('revoked', 'erased')"],
};

const DEVICES: Table = Table {
    name: "user_devices",
    columns: "user_id TEXT NOT NULL,
                  device_id TEXT NOT NULL,
                  name TEXT NOT NULL,
                  confirmed_at BIGINT NOT NULL,
                  last_used_at BIGINT NOT NULL",
    key: &["user_id", "device_id"],
    indexes: &[],
};

const ONE: &str = "SELECT * FROM users WHERE user_id = ?1";

impl Projection for Users {
    fn name(&self) -> &'static str {
        "users"
    }

    fn version(&self) -> u32 {
        3
    }

    fn tables(&self) -> &'static [Table] {
        &[USERS, DEVICES, changes::TABLE]
    }

    fn project(&self, rows: &mut Rows<'_>, event: &Recorded<Event>) -> Result<(), ProjectionError> {
        let Event::User(what) = &event.data else {
            return Ok(());
        };
        let user = Text(user_of(&event.stream)?);
        let at = Micros(event.metadata.recorded_at);
        changes::note(rows, event, what)?;
        // Every event changes the revision, and most of them nothing else about the person.
        let revision = values! { revision = Whole(event.revision) };
        match what {
            UserEvent::UserRegistered(person) => {
                let what = (person.organization_id, person.role, Status::Active);
                insert(rows, &user, what, (&person.email, &person.name), &at)?;
            }
            UserEvent::UserInvited(person) => {
                let what = (person.organization_id, person.role, Status::Invited);
                insert(rows, &user, what, (&person.email, &person.name), &at)?;
            }
            UserEvent::InvitationAccepted(_) => {
                let accepted = values! { status = Word(Status::Active), accepted_at = at };
                rows.update(&USERS, params![user], accepted)?;
            }
            UserEvent::InvitationRevoked(_) => stand(rows, &user, Status::Revoked)?,
            UserEvent::UserDisabled(_) => stand(rows, &user, Status::Disabled)?,
            UserEvent::UserEnabled(_) => stand(rows, &user, Status::Active)?,
            UserEvent::RoleChanged(changed) => {
                rows.update(&USERS, params![user], values! { role = Word(changed.role) })?;
            }
            UserEvent::OtpDeviceConfirmed(device) => rows.insert(
                &DEVICES,
                params![user, Text(device.device_id)],
                values! {
                    name = Json(&device.device_name),
                    confirmed_at = at,
                    last_used_at = at,
                },
            )?,
            UserEvent::OtpDeviceRenamed(device) => {
                let renamed = values! { name = Json(&device.device_name) };
                rows.update(&DEVICES, params![user, Text(device.device_id)], renamed)?;
            }
            UserEvent::OtpDeviceRemoved(device) => {
                rows.delete(&DEVICES, params![user, Text(device.device_id)])?;
            }
            UserEvent::OtpVerified(code) => {
                let accepted = values! { last_used_at = at };
                rows.update(&DEVICES, params![user, Text(code.device_id)], accepted)?;
            }
            UserEvent::OtpDevicesReset(_) => lose_devices(rows, &user)?,
            // Leaves of the person that there was one.
            UserEvent::UserErased(_) => {
                lose_devices(rows, &user)?;
                stand(rows, &user, Status::Erased)?;
            }
            UserEvent::InvitationResent(_)
            | UserEvent::PasswordResetRequested(_)
            | UserEvent::PasswordReset(_)
            | UserEvent::PasswordChanged(_)
            | UserEvent::PasswordRehashed(_)
            | UserEvent::OtpDeviceRegistered(_)
            | UserEvent::OtpRejected(_)
            | UserEvent::RecoveryCodesIssued(_)
            | UserEvent::RecoveryCodeUsed(_)
            | UserEvent::RecoveryCodeRejected(_)
            | UserEvent::OtpSetUpLinkRequested(_)
            | UserEvent::OtpSetUpLinkFollowed(_)
            | UserEvent::UserExported(_) => {}
        }
        rows.update(&USERS, params![user], revision)
    }
}

/// Somebody who was not there before.
fn insert(
    rows: &mut Rows<'_>,
    user: &Text<UserId>,
    (organization, role, status): (OrganizationId, Role, Status),
    (email, name): (&Personal, &Personal),
    at: &Micros,
) -> Result<(), ProjectionError> {
    rows.insert(
        &USERS,
        params![user],
        values! {
            organization_id = Text(organization),
            role = Word(role),
            status = Word(status),
            email = Json(email),
            name = Json(name),
            created_at = at,
        },
    )
}

/// Says whether the person can sign in from now on.
fn stand(rows: &mut Rows<'_>, user: &Text<UserId>, status: Status) -> Result<(), ProjectionError> {
    rows.update(&USERS, params![user], values! { status = Word(status) })
}

fn lose_devices(rows: &mut Rows<'_>, user: &Text<UserId>) -> Result<(), ProjectionError> {
    rows.execute("DELETE FROM user_devices WHERE user_id = ?1", params![user])
}

/// Whether a person can sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not yet: the invitation is open.
    Invited,
    /// Yes.
    Active,
    /// Not now: they were disabled.
    Disabled,
    /// Never: the invitation was taken back.
    Revoked,
    /// Never again, and nobody can read who it was.
    Erased,
}

/// A person. E-mail address and name are sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Who it is.
    pub user_id: UserId,
    /// Where they belong.
    pub organization_id: OrganizationId,
    /// What they are there.
    pub role: Role,
    /// Whether they can sign in.
    pub status: Status,
    /// Their e-mail address.
    pub email: Personal,
    /// Their name.
    pub name: Personal,
    /// When they were registered or invited.
    pub created_at: DateTime<Utc>,
    /// When they accepted their invitation, if they had one.
    pub accepted_at: Option<DateTime<Utc>>,
    /// The revision of their stream's last event.
    pub revision: u64,
    /// Their confirmed authenticators, the oldest first.
    pub devices: Vec<Device>,
}

/// A confirmed authenticator. Its name is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Which one.
    pub device_id: DeviceId,
    /// What its owner calls it.
    pub name: Personal,
    /// When its set-up was confirmed.
    pub confirmed_at: DateTime<Utc>,
    /// When a code of it was last accepted, that of the confirmation included.
    pub last_used_at: DateTime<Utc>,
}

/// The person with this id, also one whose invitation was taken back, or who was erased.
pub fn by_id(readers: &Readers, user_id: UserId) -> Result<Option<User>, DatabaseError> {
    readers.read(|view| {
        let user = view.first(ONE, params![Text(user_id)], user_from)?;
        Ok(with_devices(view, user)?.pop())
    })
}

/// The people of an organization by their ids, from after `after` on, without those whose
/// invitation was taken back, and those who were erased.
pub fn page(
    readers: &Readers,
    organization_id: OrganizationId,
    after: Option<UserId>,
    limit: u32,
) -> Result<Page<User, UserId>, DatabaseError> {
    readers.read(|view| {
        let users = view.all(
            "SELECT * FROM users
                 WHERE organization_id = ?1 AND status NOT IN ('revoked', 'erased') AND user_id > ?2
                 ORDER BY user_id LIMIT ?3",
            params![
                Text(organization_id),
                after.map_or_else(String::new, |id| id.to_string()),
                i64::from(limit) + 1
            ],
            user_from,
        )?;
        let users = Page::cut(users, limit, |user: &User| user.user_id);
        Ok(Page {
            items: with_devices(view, users.items)?,
            next: users.next,
        })
    })
}

/// The people with these ids, without those who are not there.
pub fn by_ids(readers: &Readers, ids: &[UserId]) -> Result<Vec<User>, DatabaseError> {
    readers.read(|view| {
        let mut users = Vec::with_capacity(ids.len());
        for id in ids {
            users.extend(view.first(ONE, params![Text(*id)], user_from)?);
        }
        Ok(with_devices(view, users)?)
    })
}

/// Their authenticators are still to come.
fn user_from(row: &Row<'_>) -> Result<User, SqlError> {
    Ok(User {
        user_id: row.get::<Text<_>>("user_id")?.0,
        organization_id: row.get::<Text<_>>("organization_id")?.0,
        role: row.get::<Word<_>>("role")?.0,
        status: row.get::<Word<_>>("status")?.0,
        email: row.get::<Json<_>>("email")?.0,
        name: row.get::<Json<_>>("name")?.0,
        created_at: row.get::<Micros>("created_at")?.0,
        accepted_at: row.get::<Option<Micros>>("accepted_at")?.map(|at| at.0),
        revision: row.get::<Whole>("revision")?.0,
        devices: Vec::new(),
    })
}

/// These people, with their authenticators.
fn with_devices(
    view: &mut View<'_>,
    users: impl IntoIterator<Item = User>,
) -> Result<Vec<User>, SqlError> {
    let mut complete = Vec::new();
    for user in users {
        let devices = view.all(
            "SELECT * FROM user_devices WHERE user_id = ?1 ORDER BY confirmed_at, device_id",
            params![Text(user.user_id)],
            device_from,
        )?;
        complete.push(User { devices, ..user });
    }
    Ok(complete)
}

fn device_from(row: &Row<'_>) -> Result<Device, SqlError> {
    Ok(Device {
        device_id: row.get::<Text<_>>("device_id")?.0,
        name: row.get::<Json<_>>("name")?.0,
        confirmed_at: row.get::<Micros>("confirmed_at")?.0,
        last_used_at: row.get::<Micros>("last_used_at")?.0,
    })
}

#[cfg(test)]
mod tests;
