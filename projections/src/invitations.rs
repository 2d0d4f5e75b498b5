//! Invitations: who was asked into an organization, by whom, and what became of it.

use crate::{
    DatabaseError, Index, Page, Projection, ProjectionError, Readers, Rows, Table,
    analytics::{day_of, invitations, second_of},
    projection::{NamedView, user_of},
    sql::{
        Row, SqlError, params,
        value::{Json, Micros, Text, Whole, Word, actor_columns, actor_from},
    },
};
use chrono::{DateTime, Utc};
use eventstore_schema::{
    Actor, Event, OrganizationId, Personal, Recorded, Role, UserEvent, UserId,
};
use serde::{Deserialize, Serialize};

/// The read model behind `/invitations`.
pub struct Invitations;

const TABLES: &[Table] = &[Table {
    name: "invitations",
    columns: "invitation_id TEXT NOT NULL,
                  organization_id TEXT NOT NULL,
                  email TEXT NOT NULL,
                  name TEXT NOT NULL,
                  role TEXT NOT NULL,
                  status TEXT NOT NULL,
                  invited_at BIGINT NOT NULL,
                  invited_on TEXT NOT NULL,
                  sent_at BIGINT NOT NULL,
                  expires_at BIGINT NOT NULL,
                  expires TEXT NOT NULL,
                  invited_by_kind TEXT NOT NULL,
                  invited_by_id TEXT,
                  revision BIGINT NOT NULL,
                  seconds_to_accept BIGINT",
    key: &["invitation_id"],
    in_order: false,
    indexes: &[
        Index {
            on: "(organization_id, invitation_id)",
            projecting: false,
        },
        Index {
            on: "(organization_id, invitation_id) WHERE status = 'pending'",
            projecting: false,
        },
    ],
}];

impl Projection for Invitations {
    fn name(&self) -> &'static str {
        "invitations"
    }

    fn version(&self) -> u32 {
        2
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    fn views(&self) -> &'static [NamedView] {
        const { &[invitations::DATASET.as_view("analytics_invitations")] }
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
        let invitation = Text(user_of(&event.stream)?);
        let at = Micros(event.metadata.recorded_at);
        let revision = Whole(event.revision);
        match what {
            UserEvent::UserInvited(invited) => {
                let (by_kind, by_id) = actor_columns(event.metadata.actor);
                rows.execute(
                    "INSERT INTO invitations (invitation_id, organization_id, email, name, role,
                         status, invited_at, invited_on, sent_at, expires_at, expires,
                         invited_by_kind, invited_by_id, revision)
                     VALUES (?1, ?2, ?3, ?4, ?5, 'pending', ?6, ?11, ?6, ?7, ?12, ?8, ?9, ?10)",
                    params![
                        invitation,
                        Text(invited.organization_id),
                        Json(&invited.email),
                        Json(&invited.name),
                        Word(invited.role),
                        at,
                        Micros(invited.expires_at),
                        by_kind,
                        by_id,
                        revision,
                        day_of(event.metadata.recorded_at),
                        second_of(invited.expires_at)
                    ],
                )?;
                Ok(())
            }
            UserEvent::InvitationResent(resent) => rows.change(
                "UPDATE invitations SET sent_at = ?2, expires_at = ?3, revision = ?4, expires = ?5
                 WHERE invitation_id = ?1",
                params![
                    invitation,
                    at,
                    Micros(resent.expires_at),
                    revision,
                    second_of(resent.expires_at)
                ],
            ),
            UserEvent::InvitationAccepted(_) => rows.change(
                "UPDATE invitations SET status = 'accepted', revision = ?2, seconds_to_accept =
                     CASE WHEN ?3 > invited_at THEN (?3 - invited_at) / 1000000 ELSE 0 END
                 WHERE invitation_id = ?1",
                params![invitation, revision, at],
            ),
            UserEvent::InvitationRevoked(_) => rows.change(
                "UPDATE invitations SET status = 'revoked', revision = ?2
                 WHERE invitation_id = ?1",
                params![invitation, revision],
            ),
            UserEvent::UserErased(_) => {
                rows.execute(
                    "UPDATE invitations SET status = 'erased', revision = ?2
                     WHERE invitation_id = ?1 AND status = 'pending'",
                    params![invitation, revision],
                )?;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// What became of an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nothing yet. It may have expired: no event tells of that, the clock does.
    Pending,
    /// The person chose a password.
    Accepted,
    /// It was taken back.
    Revoked,
    /// The person was erased before they answered.
    Erased,
}

/// An invitation. E-mail address and name are sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Which one; the invited person has the same id.
    pub invitation_id: UserId,
    /// Where they are to belong.
    pub organization_id: OrganizationId,
    /// Where it was sent.
    pub email: Personal,
    /// The name of the person invited.
    pub name: Personal,
    /// What they are to be.
    pub role: Role,
    /// What became of it.
    pub status: Status,
    /// When it was last sent.
    pub sent_at: DateTime<Utc>,
    /// When its newest link dies.
    pub expires_at: DateTime<Utc>,
    /// Who invited.
    pub invited_by: Actor,
    /// The revision of the last event about the invitation, in the person's stream. While it is
    /// pending that is the stream's last event.
    pub revision: u64,
}

/// Which invitations a list has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that are neither accepted nor revoked.
    Pending,
    /// All that ever were.
    All,
}

/// The invitation with this id.
pub fn by_id(readers: &Readers, id: UserId) -> Result<Option<Invitation>, DatabaseError> {
    readers.read(|view| {
        Ok(view.first(
            "SELECT * FROM invitations WHERE invitation_id = ?1",
            params![Text(id)],
            invitation_from,
        )?)
    })
}

/// The invitations of an organization by their ids, from after `after` on.
pub fn page(
    readers: &Readers,
    organization_id: OrganizationId,
    which: Which,
    after: Option<UserId>,
    limit: u32,
) -> Result<Page<Invitation, UserId>, DatabaseError> {
    let sql = match which {
        Which::Pending => {
            "SELECT * FROM invitations
             WHERE organization_id = ?1 AND invitation_id > ?2 AND status = 'pending'
             ORDER BY invitation_id LIMIT ?3"
        }
        Which::All => {
            "SELECT * FROM invitations
             WHERE organization_id = ?1 AND invitation_id > ?2
             ORDER BY invitation_id LIMIT ?3"
        }
    };
    readers.read(|view| {
        let rows = view.all(
            sql,
            params![
                Text(organization_id),
                after.map_or_else(String::new, |id| id.to_string()),
                i64::from(limit) + 1
            ],
            invitation_from,
        )?;
        Ok(Page::cut(rows, limit, |invitation: &Invitation| {
            invitation.invitation_id
        }))
    })
}

fn invitation_from(row: &Row<'_>) -> Result<Invitation, SqlError> {
    Ok(Invitation {
        invitation_id: row.get::<Text<_>>("invitation_id")?.0,
        organization_id: row.get::<Text<_>>("organization_id")?.0,
        email: row.get::<Json<_>>("email")?.0,
        name: row.get::<Json<_>>("name")?.0,
        role: row.get::<Word<_>>("role")?.0,
        status: row.get::<Word<_>>("status")?.0,
        sent_at: row.get::<Micros>("sent_at")?.0,
        expires_at: row.get::<Micros>("expires_at")?.0,
        invited_by: actor_from(row, "invited_by_kind", "invited_by_id")?,
        revision: row.get::<Whole>("revision")?.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{History, at, readers_of};

    #[test]
    fn an_invitation_tells_what_became_of_it() {
        let mut history = History::default();
        let acme = history.organization("Acme");
        let admin = history.registered(acme);
        let people = [(); 3].map(|()| history.invited(acme, Actor::User(admin.0)));
        history.resent(people[0]);
        history.accepted(people[1]);
        history.code_rejected(people[1]);
        history.revoked(people[2]);
        let (_directory, readers) = readers_of(&history);

        let pending = Invitation {
            invitation_id: people[0].0,
            organization_id: acme,
            email: people[0].personal("email"),
            name: people[0].personal("name"),
            role: Role::UserManager,
            status: Status::Pending,
            sent_at: at(5),
            expires_at: at(2_000),
            invited_by: Actor::User(admin.0),
            revision: 1,
        };
        assert_eq!(by_id(&readers, people[0].0).unwrap(), Some(pending.clone()));
        let page = |which, after, limit| page(&readers, acme, which, after, limit).unwrap();
        assert_eq!(
            page(Which::Pending, None, 10),
            Page {
                items: vec![pending],
                next: None
            }
        );

        let first = page(Which::All, None, 2);
        assert_eq!(first.next, Some(people[1].0));
        assert_eq!(first.items[1].status, Status::Accepted);
        assert_eq!(first.items[1].revision, 1);
        let second = page(Which::All, first.next, 2);
        assert_eq!(second.next, None);
        assert_eq!(second.items[0].status, Status::Revoked);
    }

    #[test]
    fn somebody_registered_without_invitation_has_none() {
        let mut history = History::default();
        let acme = history.organization("Acme");
        let admin = history.registered(acme);
        let (_directory, readers) = readers_of(&history);
        assert_eq!(by_id(&readers, admin.0).unwrap(), None);
    }
}
