//! Whether anybody acted under a single factor after enforcement, by replay: at each event that a
//! person caused, a session of theirs must have been alive in which a second factor had been shown.
//!
//! It asks what the sessions had shown, and not the policy that let them act: so it would find a
//! mistake in that policy too.

use super::super::{
    history::{AFTERWARDS, History, Person},
    source::Entry,
    words,
};
use chrono::{DateTime, Utc};
use eventstore_schema::{Actor, CommandId, Event, EventId, SessionEvent, UserEvent, UserId};
use serde::Serialize;

/// Something that a person did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Act {
    /// The index of its leaf.
    pub index: u64,
    /// The event.
    pub event_id: EventId,
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: &'static str,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who did it.
    pub user_id: UserId,
}

/// What was looked at since enforcement, and what was found.
#[derive(Debug, Default, Serialize)]
pub struct Check {
    #[serde(skip)]
    since: Option<(DateTime<Utc>, CommandId)>,
    /// Events of people whose session had shown a second factor.
    pub under_two_factors: u64,
    /// Events that a session without its second factor may cause: itself, its end, showing a factor,
    /// and the set-up of a first authenticator.
    pub on_the_way: u64,
    /// Events by API credentials: machines, no people.
    pub by_machines: u64,
    /// Events by the operator, on the server.
    pub by_the_operator: u64,
    /// Events by nobody who was signed in: wrong passwords, links that were mailed.
    pub by_nobody_signed_in: u64,
    /// Events by people of other organizations, whose sessions are not in this history.
    pub by_people_of_others: u64,
    /// Acts under a single factor.
    pub offenders: Vec<Act>,
    /// Acts under a single factor that were recorded within a minute of enforcement: their requests
    /// may have begun before it.
    pub under_way: Vec<Act>,
}

impl Check {
    /// Enforcement began with this event.
    pub fn begin(&mut self, at: DateTime<Utc>, command: CommandId) {
        self.since = Some((at, command));
    }

    /// Looks at an event, in the state before it.
    pub fn look(&mut self, before: &History, entry: &Entry) {
        let Some((since, enforcing)) = self.since else {
            return;
        };
        let event = &entry.event;
        let user_id = match event.metadata.actor {
            Actor::User(id) => id,
            Actor::ApiCredential(_) => return self.by_machines += 1,
            Actor::Operator => return self.by_the_operator += 1,
            Actor::Anonymous => return self.by_nobody_signed_in += 1,
        };
        let Some(person) = before.people().get(&user_id) else {
            return self.by_people_of_others += 1;
        };
        let at = event.metadata.recorded_at;
        let own = words::about(before, &event.data, &event.stream).is_none_or(|id| id == user_id);
        let of_it = event.metadata.command_id == enforcing;
        if of_it || (own && is_on_the_way(&event.data, person, event.metadata.command_id)) {
            return self.on_the_way += 1;
        }
        let mut alive = person.sessions().iter().filter(|held| held.went_on_at(at));
        if alive.any(|held| held.session.second_factor().is_some()) {
            return self.under_two_factors += 1;
        }
        let act = Act {
            index: entry.index,
            event_id: event.id,
            event_type: event.data.event_type().0,
            recorded_at: at,
            user_id,
        };
        if at <= since + AFTERWARDS {
            self.under_way.push(act);
        } else {
            self.offenders.push(act);
        }
    }
}

/// Whether a session that lacks its second factor may cause this. Everything else is an act, what
/// later versions of Pawl add included.
fn is_on_the_way(event: &Event, person: &Person, command: CommandId) -> bool {
    match event {
        Event::Session(what) => matches!(
            what,
            SessionEvent::SessionStarted(_)
                | SessionEvent::SecondFactorAccepted(_)
                | SessionEvent::RecoveryCodeAccepted(_)
                | SessionEvent::SignedIn(_)
                | SessionEvent::SessionUsed(_)
                | SessionEvent::SessionEnded(_)
        ),
        Event::User(what) => match what {
            UserEvent::OtpVerified(_)
            | UserEvent::OtpRejected(_)
            | UserEvent::RecoveryCodeUsed(_)
            | UserEvent::RecoveryCodeRejected(_)
            | UserEvent::PasswordRehashed(_)
            | UserEvent::OtpSetUpLinkRequested(_)
            | UserEvent::OtpSetUpLinkFollowed(_) => true,
            // Whoever has an authenticator shows it before they set up another.
            UserEvent::OtpDeviceRegistered(_) | UserEvent::OtpDeviceConfirmed(_) => {
                !person.user.has_otp_device()
            }
            UserEvent::RecoveryCodesIssued(_) => person.set_up_by(command),
            _ => false,
        },
        _ => false,
    }
}
