//! What was done to authenticators and to the ways back in: resets, by administrators and by the
//! operator, authenticators that were removed, recovery codes that were made anew.

use super::super::{history::History, source::Entry, words};
use chrono::{DateTime, Utc};
use eventstore_schema::{Actor, Event, EventId, UserEvent, UserId};
use serde::Serialize;

/// One of them.
#[derive(Debug, Serialize)]
pub struct Action {
    /// The index of its leaf.
    pub index: u64,
    /// The event.
    pub event_id: EventId,
    /// When.
    pub at: DateTime<Utc>,
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: &'static str,
    /// What was done, in words.
    pub what: String,
    /// By whom.
    pub by: Actor,
    /// What they are called.
    pub by_name: String,
    /// To whom.
    pub user_id: UserId,
    /// What they are called.
    pub user_name: String,
}

impl Action {
    /// Fills in what people are called at the end of the history.
    pub fn name(&mut self, history: &History) {
        self.by_name = words::actor(history, self.by);
        self.user_name = words::person(history, self.user_id);
    }
}

/// The action that an event is, in the state before it; `None` where it is none.
pub fn action(before: &History, entry: &Entry) -> Option<Action> {
    let event = &entry.event;
    let Event::User(what) = &event.data else {
        return None;
    };
    let user_id = event.stream.as_str().strip_prefix("user-")?.parse().ok()?;
    let by = event.metadata.actor;
    let is_one = match what {
        UserEvent::OtpDevicesReset(_) | UserEvent::OtpDeviceRemoved(_) => true,
        UserEvent::RecoveryCodesIssued(_) => {
            let person = before.people().get(&user_id)?;
            !person.set_up_by(event.metadata.command_id)
        }
        // On the server, with nobody's session: break-glass.
        _ => by == Actor::Operator && event.revision > 0,
    };
    is_one.then(|| Action {
        index: entry.index,
        event_id: event.id,
        at: event.metadata.recorded_at,
        event_type: event.data.event_type().0,
        what: words::change(&event.data, &entry.names),
        by,
        by_name: String::new(),
        user_id,
        user_name: String::new(),
    })
}
