//! People: who belongs to an organization, in which role, and with which authenticators.

use crate::{
    DatabaseError, Page, Projection, ProjectionError, Readers, Rows, Table,
    projection::user_of,
    value::{Json, Micros, Text, Whole, Word},
};
use chrono::{DateTime, Utc};
use eventstore_schema::{
    DeviceId, Event, OrganizationId, Personal, Recorded, Role, UserEvent, UserId,
};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

/// The read model behind `/users`.
pub struct Users;

const TABLES: &[Table] = &[
    Table {
        name: "users",
        create: "CREATE TABLE users (
                     user_id TEXT PRIMARY KEY,
                     organization_id TEXT NOT NULL,
                     role TEXT NOT NULL,
                     status TEXT NOT NULL,
                     email TEXT NOT NULL,
                     name TEXT NOT NULL,
                     created_at BIGINT NOT NULL,
                     accepted_at BIGINT,
                     revision BIGINT NOT NULL
                 ) WITHOUT ROWID;
                 CREATE INDEX users_by_organization ON users (organization_id, user_id)
                 WHERE status <> 'revoked'",
    },
    Table {
        name: "user_devices",
        create: "CREATE TABLE user_devices (
                     user_id TEXT NOT NULL,
                     device_id TEXT NOT NULL,
                     name TEXT NOT NULL,
                     confirmed_at BIGINT NOT NULL,
                     last_used_at BIGINT,
                     PRIMARY KEY (user_id, device_id)
                 ) WITHOUT ROWID",
    },
];

impl Projection for Users {
    fn name(&self) -> &'static str {
        "users"
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    fn project(
        &self,
        rows: &mut Rows<'_>,
        event: &Recorded<Event>,
        _content: &str,
    ) -> Result<(), ProjectionError> {
        let Event::User(what) = &event.data else {
            return Ok(());
        };
        let user = Text(user_of(&event.stream)?);
        let at = Micros(event.metadata.recorded_at);
        let revision = Whole(event.revision);
        match what {
            UserEvent::UserRegistered(person) => {
                rows.execute(
                    "INSERT INTO users (user_id, organization_id, role, status, email, name, created_at, revision)
                     VALUES (?1, ?2, ?3, 'active', ?4, ?5, ?6, ?7)",
                    params![
                        user, Text(person.organization_id), Word(person.role),
                        Json(&person.email), Json(&person.name), at, revision
                    ],
                )?;
                Ok(())
            }
            UserEvent::UserInvited(person) => {
                rows.execute(
                    "INSERT INTO users (user_id, organization_id, role, status, email, name, created_at, revision)
                     VALUES (?1, ?2, ?3, 'invited', ?4, ?5, ?6, ?7)",
                    params![
                        user, Text(person.organization_id), Word(person.role),
                        Json(&person.email), Json(&person.name), at, revision
                    ],
                )?;
                Ok(())
            }
            UserEvent::InvitationAccepted(_) => rows.change(
                "UPDATE users SET status = 'active', accepted_at = ?2, revision = ?3 WHERE user_id = ?1",
                params![user, at, revision],
            ),
            UserEvent::InvitationRevoked(_) => rows.change(
                "UPDATE users SET status = 'revoked', revision = ?2 WHERE user_id = ?1",
                params![user, revision],
            ),
            UserEvent::OtpDeviceConfirmed(device) => {
                rows.execute(
                    "INSERT INTO user_devices (user_id, device_id, name, confirmed_at)
                     VALUES (?1, ?2, ?3, ?4)",
                    params![user, Text(device.device_id), Json(&device.device_name), at],
                )?;
                seen(rows, &user, &revision)
            }
            UserEvent::OtpVerified(code) => {
                rows.change(
                    "UPDATE user_devices SET last_used_at = ?3 WHERE user_id = ?1 AND device_id = ?2",
                    params![user, Text(code.device_id), at],
                )?;
                seen(rows, &user, &revision)
            }
            UserEvent::InvitationResent(_)
            | UserEvent::OtpDeviceRegistered(_)
            | UserEvent::OtpRejected(_) => seen(rows, &user, &revision),
        }
    }
}

/// Remembers an event that changes nothing else about the person.
fn seen(
    rows: &mut Rows<'_>,
    user: &Text<UserId>,
    revision: &Whole,
) -> Result<(), ProjectionError> {
    rows.change(
        "UPDATE users SET revision = ?2 WHERE user_id = ?1",
        params![user, revision],
    )
}

/// Whether a person can sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not yet: the invitation is open.
    Invited,
    /// Yes.
    Active,
    /// Never: the invitation was taken back.
    Revoked,
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
    /// Their confirmed authenticators.
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
    /// When a code of it was last accepted after that.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// The person with this id, also one whose invitation was taken back.
pub fn by_id(readers: &Readers, user_id: UserId) -> Result<Option<User>, DatabaseError> {
    readers.read(|view| {
        let user = view
            .prepare_cached("SELECT * FROM users WHERE user_id = ?1")?
            .query_row([Text(user_id)], user_from)
            .optional()?;
        Ok(user.map(|user| with_devices(view, user)).transpose()?)
    })
}

/// The people of an organization by their ids, from after `after` on, without those whose
/// invitation was taken back.
pub fn page(
    readers: &Readers,
    organization_id: OrganizationId,
    after: Option<UserId>,
    limit: u32,
) -> Result<Page<User, UserId>, DatabaseError> {
    readers.read(|view| {
        let users: Vec<User> = view
            .prepare_cached(
                "SELECT * FROM users
                 WHERE organization_id = ?1 AND status <> 'revoked' AND user_id > ?2
                 ORDER BY user_id LIMIT ?3",
            )?
            .query_map(
                params![
                    Text(organization_id),
                    after.map_or_else(String::new, |id| id.to_string()),
                    u64::from(limit) as i64 + 1
                ],
                user_from,
            )?
            .collect::<Result<_, _>>()?;
        let mut page = Page::cut(users, limit, |user| user.user_id);
        for user in &mut page.items {
            user.devices = devices_of(view, user.user_id)?;
        }
        Ok(page)
    })
}
