//! Who has changed: for whoever keeps something about people in memory, to know whom to look at again.

use super::Status;
use crate::{
    DatabaseError, ProjectionError, Readers, Rows, Table,
    projection::{organization_of, user_of},
    rows::values,
    sql::{
        Row, SqlError, params,
        value::{Json, Text, Whole, Word},
    },
};
use eventstore_schema::{Event, OrganizationId, Personal, Position, Recorded, UserEvent, UserId};

pub(super) const TABLE: Table = Table {
    name: "user_changes",
    columns: "user_id TEXT NOT NULL,
                  organization_id TEXT NOT NULL,
                  position BIGINT NOT NULL",
    key: &["user_id"],
    indexes: &["(organization_id, position)"],
};

/// Remembers that something about the person may have changed. All events count, save the frequent
/// ones that leave name, address and standing alone.
pub(super) fn note(
    rows: &mut Rows<'_>,
    event: &Recorded<Event>,
    what: &UserEvent,
) -> Result<(), ProjectionError> {
    if matches!(
        what,
        UserEvent::OtpDeviceRegistered(_)
            | UserEvent::OtpDeviceConfirmed(_)
            | UserEvent::OtpVerified(_)
            | UserEvent::OtpRejected(_)
            | UserEvent::OtpSetUpLinkRequested(_)
            | UserEvent::OtpSetUpLinkFollowed(_)
            | UserEvent::UserExported(_)
    ) {
        return Ok(());
    }
    rows.put(
        &TABLE,
        params![Text(user_of(&event.stream)?)],
        values! { organization_id = Text(organization_of(event)?) },
        values! { position = Whole(event.position.0) },
    )
}

/// Somebody about whom something may have changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Who.
    pub user_id: UserId,
    /// The last event that may have changed something.
    pub position: Position,
    /// What they are called now, where they still belong to the organization.
    pub names: Option<Names>,
}

/// What a person is found by. Both are sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// Their e-mail address.
    pub email: Personal,
    /// Their name.
    pub name: Personal,
}

/// The people of an organization about whom something may have changed after this position, in the
/// order of the last change; from the start on, all of them.
pub fn changed_since(
    readers: &Readers,
    organization_id: OrganizationId,
    after: Position,
    limit: u32,
) -> Result<Vec<Changed>, DatabaseError> {
    readers.read(|view| {
        let changed = view.all(
            "SELECT user_changes.user_id, user_changes.position, status, email, name
                 FROM user_changes LEFT JOIN users ON users.user_id = user_changes.user_id
                 WHERE user_changes.organization_id = ?1 AND user_changes.position > ?2
                 ORDER BY user_changes.position LIMIT ?3",
            params![Text(organization_id), Whole(after.0), limit],
            changed_from,
        )?;
        Ok(changed)
    })
}

fn changed_from(row: &Row<'_>) -> Result<Changed, SqlError> {
    let status = row.get::<Option<Word<Status>>>("status")?;
    let names = match status.map(|Word(status)| status) {
        Some(Status::Invited | Status::Active | Status::Disabled) => Some(Names {
            email: row.get::<Json<_>>("email")?.0,
            name: row.get::<Json<_>>("name")?.0,
        }),
        Some(Status::Revoked | Status::Erased) | None => None,
    };
    Ok(Changed {
        user_id: row.get::<Text<_>>("user_id")?.0,
        position: Position(row.get::<Whole>("position")?.0),
        names,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{History, readers_of};

    #[test]
    fn who_has_changed_is_told_in_order_and_who_has_left_without_names() {
        let mut history = History::default();
        let acme = history.organization("Acme");
        let other = history.organization("Other");
        let [first, second] = [acme, acme].map(|id| history.registered(id));
        history.registered(other);
        let invited = history.invited(acme, eventstore_schema::Actor::Operator);
        let all = history.head();
        let changed = |history: &History, after, limit| -> Vec<_> {
            let (_directory, readers) = readers_of(history);
            let changed = changed_since(&readers, acme, after, limit).unwrap();
            let told = changed.into_iter();
            told.map(|person| (person.user_id, person.names)).collect()
        };
        let named = |person: crate::testing::Person| {
            let (email, name) = (person.personal("email"), person.personal("name"));
            (person.0, Some(Names { email, name }))
        };
        assert_eq!(
            changed(&history, Position::START, 9),
            [first, second, invited].map(named)
        );
        assert_eq!(changed(&history, Position::START, 1), [named(first)]);

        // What leaves name, address and standing alone is not worth a look.
        let device = history.device_confirmed(first);
        history.code_accepted(first, device);
        history.code_rejected(first);
        assert_eq!(changed(&history, all, 9), []);
        history.revoked(invited);
        assert_eq!(changed(&history, all, 9), [(invited.0, None)]);
        assert_eq!(changed(&history, history.head(), 9), []);
    }
}
