//! Invitations: who was asked into an organization, by whom, and what became of it.

use crate::{
    DatabaseError, Page, Projection, ProjectionError, Readers, Rows, Table,
    analytics::{day_of, invitations, second_of},
    projection::{NamedView, user_of},
    rows::values,
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

const INVITATIONS: Table = Table {
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
    indexes: &[
        "(organization_id, invitation_id)",
        "(organization_id, invitation_id) WHERE status = 'pending'",
    ],
};

impl Projection for Invitations {
    fn name(&self) -> &'static str {
        "invitations"
    }

    fn version(&self) -> u32 {
        2
    }

    fn tables(&self) -> &'static [Table] {
        &[INVITATIONS]
    }

    fn views(&self) -> &'static [NamedView] {
        const { &[invitations::DATASET.as_view("analytics_invitations")] }
    }

    fn project(&self, rows: &mut Rows<'_>, event: &Recorded<Event>) -> Result<(), ProjectionError> {
        let Event::User(what) = &event.data else {
            return Ok(());
        };
        let key = params![Text(user_of(&event.stream)?)];
        let at = event.metadata.recorded_at;
        let revision = Whole(event.revision);
        match what {
            UserEvent::UserInvited(invited) => {
                let (by_kind, by_id) = actor_columns(event.metadata.actor);
                rows.insert(
                    &INVITATIONS,
                    key,
                    values! {
                        organization_id = Text(invited.organization_id),
                        email = Json(&invited.email),
                        name = Json(&invited.name),
                        role = Word(invited.role),
                        status = Word(Status::Pending),
                        invited_at = Micros(at),
                        invited_on = day_of(at),
                        sent_at = Micros(at),
                        expires_at = Micros(invited.expires_at),
                        expires = second_of(invited.expires_at),
                        invited_by_kind = by_kind,
                        invited_by_id = by_id,
                        revision = revision,
                    },
                )
            }
            UserEvent::InvitationResent(resent) => rows.update(
                &INVITATIONS,
                key,
                values! {
                    sent_at = Micros(at),
                    expires_at = Micros(resent.expires_at),
                    expires = second_of(resent.expires_at),
                    revision = revision,
                },
            ),
            UserEvent::InvitationAccepted(_) => {
                let invited_at = |row: &Row<'_>| row.get::<Micros>("invited_at");
                let invited_at = rows.find(&INVITATIONS, key, invited_at)?;
                let Micros(invited_at) = invited_at.ok_or(SqlError::NothingChanged)?;
                let seconds_to_accept = (at - invited_at).num_seconds().max(0);
                rows.update(
                    &INVITATIONS,
                    key,
                    values! {
                        status = Word(Status::Accepted),
                        revision = revision,
                        seconds_to_accept = seconds_to_accept,
                    },
                )
            }
            UserEvent::InvitationRevoked(_) => {
                let revoked = values! { status = Word(Status::Revoked), revision = revision };
                rows.update(&INVITATIONS, key, revoked)
            }
            UserEvent::UserErased(_) => {
                let status = |row: &Row<'_>| row.get::<Word<Status>>("status");
                match rows.find(&INVITATIONS, key, status)? {
                    Some(Word(Status::Pending)) => {
                        let erased = values! { status = Word(Status::Erased), revision = revision };
                        rows.update(&INVITATIONS, key, erased)
                    }
                    _ => Ok(()),
                }
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
