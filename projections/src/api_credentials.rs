//! The credentials of machines, as administrators see them. What they open, the log alone decides.

use crate::{
    DatabaseError, Page, Projection, ProjectionError, Readers, Rows, Table,
    analytics::{credential_use, day_of},
    projection::NamedView,
    rows::values,
    sql::{
        Row, SqlError, params,
        value::{Json, Micros, Text, actor_columns, actor_from},
    },
};
use chrono::{DateTime, Utc};
use eventstore_schema::{
    Actor, ApiCredentialEvent, ApiCredentialId, Event, OrganizationId, Recorded, ScopeName,
    StreamName,
};
use serde::Serialize;

/// The read model behind `/api-credentials`.
pub struct ApiCredentials;

const CREDENTIALS: Table = Table {
    name: "api_credentials",
    columns: "api_credential_id TEXT NOT NULL,
                  organization_id TEXT NOT NULL,
                  name TEXT NOT NULL,
                  scopes TEXT NOT NULL,
                  created_at BIGINT NOT NULL,
                  created_by_kind TEXT NOT NULL,
                  created_by_id TEXT,
                  expires_at BIGINT NOT NULL,
                  rotated_at BIGINT,
                  old_secret_until BIGINT,
                  last_used_at BIGINT,
                  revoked_at BIGINT",
    key: &["api_credential_id"],
    indexes: &["(organization_id, api_credential_id)"],
};

/// What machines did on a day: asked for access tokens, and caused other events.
const DAYS: Table = Table {
    name: "api_credential_days",
    columns: "organization_id TEXT NOT NULL,
                  day TEXT NOT NULL,
                  api_credential_id TEXT NOT NULL,
                  tokens BIGINT NOT NULL,
                  events BIGINT NOT NULL",
    key: &["organization_id", "day", "api_credential_id"],
    indexes: &[],
};

impl Projection for ApiCredentials {
    fn name(&self) -> &'static str {
        "api_credentials"
    }

    fn version(&self) -> u32 {
        2
    }

    fn tables(&self) -> &'static [Table] {
        &[CREDENTIALS, DAYS]
    }

    fn views(&self) -> &'static [NamedView] {
        const { &[credential_use::DATASET.as_view("analytics_credential_use")] }
    }

    fn project(&self, rows: &mut Rows<'_>, event: &Recorded<Event>) -> Result<(), ProjectionError> {
        if let Actor::ApiCredential(machine) = event.metadata.actor {
            note_use(rows, event, machine)?;
        }
        let Event::ApiCredential(what) = &event.data else {
            return Ok(());
        };
        let key = params![Text(credential_of(&event.stream)?)];
        let at = Micros(event.metadata.recorded_at);
        let values = match what {
            ApiCredentialEvent::ApiCredentialCreated(created) => {
                let (by_kind, by_id) = actor_columns(event.metadata.actor);
                return rows.insert(
                    &CREDENTIALS,
                    key,
                    values! {
                        organization_id = Text(created.organization_id),
                        name = created.name,
                        scopes = Json(&created.scopes),
                        created_at = at,
                        created_by_kind = by_kind,
                        created_by_id = by_id,
                        expires_at = Micros(created.expires_at),
                    },
                );
            }
            ApiCredentialEvent::ApiCredentialSecretRotated(rotated) => values! {
                rotated_at = at,
                old_secret_until = Micros(rotated.old_secret_until),
            },
            ApiCredentialEvent::ApiCredentialRevoked(_) => values! { revoked_at = at },
            ApiCredentialEvent::AccessTokenIssued(_) => values! { last_used_at = at },
        };
        rows.update(&CREDENTIALS, key, values)
    }
}

/// Counts an event that a machine caused.
fn note_use(
    rows: &mut Rows<'_>,
    event: &Recorded<Event>,
    machine: ApiCredentialId,
) -> Result<(), ProjectionError> {
    // What belongs to no organization is not looked at by anybody.
    let Some(organization) = event.metadata.organization_id else {
        return Ok(());
    };
    let is_token = matches!(
        event.data,
        Event::ApiCredential(ApiCredentialEvent::AccessTokenIssued(_))
    );
    rows.add(
        &DAYS,
        params![
            Text(organization),
            day_of(event.metadata.recorded_at),
            Text(machine)
        ],
        values! { tokens = is_token, events = !is_token },
    )
}

fn credential_of(stream: &StreamName) -> Result<ApiCredentialId, ProjectionError> {
    stream
        .as_str()
        .strip_prefix("api_credential-")
        .and_then(|id| id.parse().ok())
        .ok_or_else(|| ProjectionError::Stream(stream.clone()))
}

/// A credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiCredential {
    /// Which one.
    pub api_credential_id: ApiCredentialId,
    /// Where it opens something.
    pub organization_id: OrganizationId,
    /// What it is called.
    pub name: String,
    /// What it may ask for.
    pub scopes: Vec<ScopeName>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Who made it.
    pub created_by: Actor,
    /// It opens nothing from then on.
    pub expires_at: DateTime<Utc>,
    /// When it was last given another secret.
    pub rotated_at: Option<DateTime<Utc>>,
    /// Until when the secret of before was or is good.
    pub old_secret_until: Option<DateTime<Utc>>,
    /// When a machine last asked for an access token with it.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// What a credential is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It opens what its scopes say.
    Live,
    /// Nothing: its time is over.
    Expired,
    /// Nothing: it was revoked.
    Revoked,
}

impl ApiCredential {
    /// What it is good for at this time. No event tells that it expired, the clock does.
    #[must_use]
    pub fn standing_at(&self, now: DateTime<Utc>) -> Standing {
        if self.revoked_at.is_some() {
            Standing::Revoked
        } else if self.expires_at <= now {
            Standing::Expired
        } else {
            Standing::Live
        }
    }
}

/// One credential.
pub fn by_id(
    readers: &Readers,
    id: ApiCredentialId,
) -> Result<Option<ApiCredential>, DatabaseError> {
    readers.read(|view| {
        let found = view.first(
            "SELECT * FROM api_credentials WHERE api_credential_id = ?1",
            params![Text(id)],
            credential_from,
        )?;
        Ok(found)
    })
}

/// The credentials of an organization after this one, by their ids.
pub fn page(
    readers: &Readers,
    organization_id: OrganizationId,
    after: Option<ApiCredentialId>,
    limit: u32,
) -> Result<Page<ApiCredential, ApiCredentialId>, DatabaseError> {
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    readers.read(|view| {
        let rows = view.all(
            "SELECT * FROM api_credentials
                 WHERE organization_id = ?1 AND api_credential_id > ?2
                 ORDER BY api_credential_id LIMIT ?3",
            params![Text(organization_id), after, i64::from(limit) + 1],
            credential_from,
        )?;
        Ok(Page::cut(rows, limit, |row: &ApiCredential| {
            row.api_credential_id
        }))
    })
}

fn credential_from(row: &Row<'_>) -> Result<ApiCredential, SqlError> {
    let time = |column| -> Result<DateTime<Utc>, SqlError> { Ok(row.get::<Micros>(column)?.0) };
    let perhaps = |column| -> Result<Option<DateTime<Utc>>, SqlError> {
        Ok(row.get::<Option<Micros>>(column)?.map(|at| at.0))
    };
    Ok(ApiCredential {
        api_credential_id: row.get::<Text<_>>("api_credential_id")?.0,
        organization_id: row.get::<Text<_>>("organization_id")?.0,
        name: row.get("name")?,
        scopes: row.get::<Json<_>>("scopes")?.0,
        created_at: time("created_at")?,
        created_by: actor_from(row, "created_by_kind", "created_by_id")?,
        expires_at: time("expires_at")?,
        rotated_at: perhaps("rotated_at")?,
        old_secret_until: perhaps("old_secret_until")?,
        last_used_at: perhaps("last_used_at")?,
        revoked_at: perhaps("revoked_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{History, at, readers_of};

    #[test]
    fn a_credential_is_shown_with_what_became_of_it() {
        let mut history = History::default();
        let [acme, other] = ["Acme", "Other"].map(|name| history.organization(name));
        let admin = history.registered(acme);
        let stranger = history.registered(other);
        let first = history.credential_created(admin);
        let elsewhere = history.credential_created(stranger);
        let second = history.credential_created(admin);
        history.token_issued(admin, first);
        history.secret_rotated(admin, first);
        history.credential_revoked(admin, second);
        let (_directory, readers) = readers_of(&history);

        let shown = by_id(&readers, first).unwrap().unwrap();
        let expected = ApiCredential {
            api_credential_id: first,
            organization_id: acme,
            name: "Backup".into(),
            scopes: vec![ScopeName("users:read".into())],
            created_at: at(4),
            created_by: Actor::User(admin.0),
            expires_at: at(9_000),
            rotated_at: Some(at(8)),
            old_secret_until: Some(at(4_000)),
            last_used_at: Some(at(7)),
            revoked_at: None,
        };
        assert_eq!(shown, expected);
        let standing = |second| shown.standing_at(at(second));
        assert_eq!(standing(8_999), Standing::Live);
        assert_eq!(standing(9_000), Standing::Expired);
        let revoked = by_id(&readers, second).unwrap().unwrap();
        assert_eq!(revoked.revoked_at, Some(at(9)));
        assert_eq!(revoked.last_used_at, None);
        assert_eq!(revoked.standing_at(at(0)), Standing::Revoked);

        let ids = |after, limit| {
            let page = page(&readers, acme, after, limit).unwrap();
            let ids = page.items.iter().map(|row| row.api_credential_id);
            (ids.collect::<Vec<_>>(), page.next)
        };
        assert_eq!(ids(None, 1), (vec![first], Some(first)));
        assert_eq!(ids(Some(first), 9), (vec![second], None));
        assert_ne!(elsewhere, second);
    }
}
