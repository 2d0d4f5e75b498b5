//! What the mail asks: who is to hear of something.

use super::{Failure, Pawl};
use chrono::{DateTime, Utc};
use domain::{address::Address, user::User};
use eventstore::Direction;
use eventstore_schema::{
    Event, OrganizationId, Position, SessionEvent, SessionId, StreamName, UserId,
};
use projections::{
    Page, Standing, sessions,
    users::{self, Status},
};

/// Somebody in an organization in which something happened to everybody.
#[derive(Debug)]
pub struct PersonToTell {
    /// Who it is.
    pub user_id: UserId,
    /// When they were registered or invited.
    pub created_at: DateTime<Utc>,
    /// Whether they can sign in, or will.
    pub can_be_told: bool,
}

impl Pawl {
    /// Whose session this is, and whether it is in a browser, where the person is to hear of their
    /// sign-in at this position: it is not their first, and there was none in the same browser.
    pub async fn new_sign_in(
        &self,
        session: SessionId,
        position: Position,
    ) -> Result<Option<(UserId, bool)>, Failure> {
        let stream = StreamName::session(session);
        let first = self
            .store()
            .read_stream(&stream, 0, Direction::Forwards, 1)
            .await?
            .pop();
        let Some(first) = first else {
            return Ok(None);
        };
        let Event::Session(SessionEvent::SessionStarted(started)) = first.decode()?.data else {
            return Ok(None);
        };
        let (user, browser) = (started.user_id, started.browser);
        let in_browser = browser.is_some();
        if self.projections().standing(&sessions::Sessions) != Standing::Works {
            // Rather once too often than to hold up all other mail.
            return Ok(Some((user, in_browser)));
        }
        self.wait_for(position).await?;
        let before = self
            .query(&sessions::Sessions, move |readers| {
                sessions::before(readers, user, browser, position)
            })
            .await?;
        let new = before.any && !before.same_browser;
        Ok(new.then_some((user, in_browser)))
    }

    /// Whose address was closed by the event at this position, where they are to hear of it.
    pub async fn closed_address(
        &self,
        address: &StreamName,
        position: Position,
    ) -> Result<Option<UserId>, Failure> {
        let address = self.load::<Address>(address).await?;
        if !address.state.was_closed_at(position) {
            return Ok(None);
        }
        let Some(holder) = address.state.holder() else {
            return Ok(None);
        };
        let user = self.load::<User>(&StreamName::user(holder)).await?;
        Ok(user.state.active().map(|_| holder))
    }

    /// Whether the event at this position closed the person's code step.
    pub async fn has_closed_code_step(
        &self,
        user: UserId,
        position: Position,
    ) -> Result<bool, Failure> {
        let user = self.load::<User>(&StreamName::user(user)).await?;
        Ok(user.state.code_step_was_closed_at(position))
    }

    /// A page of the people of an organization, by their ids.
    pub async fn people_to_tell(
        &self,
        organization: OrganizationId,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Page<PersonToTell, UserId>, Failure> {
        let page = self
            .query(&users::Users, move |readers| {
                users::page(readers, organization, after, limit)
            })
            .await?;
        let people = page.items.into_iter().map(|user| PersonToTell {
            user_id: user.user_id,
            created_at: user.created_at,
            can_be_told: matches!(user.status, Status::Active | Status::Invited),
        });
        Ok(Page {
            items: people.collect(),
            next: page.next,
        })
    }
}
