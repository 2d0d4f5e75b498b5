//! The history of one organization, replayed: who existed, with which role and factors, under which
//! policy. It folds the events with the states of `domain`, the very code that decides at requests, and
//! keeps beside them only what those leave out and people want to read: names, and when. It reads no
//! clock and does no I/O.
//!
//! It takes memory by the people of the organization: a session is forgotten some time after it is
//! over.

mod credential;
mod person;
mod sessions;

pub use credential::{Credential, Standing};
pub use person::{Authenticator, Invitation, Person};
pub use sessions::{AFTERWARDS, Held};

use super::personal::Names;
use domain::{Decider as _, organization::Organization};
use eventstore_schema::{
    ApiCredentialId, Event, OrganizationId, Recorded, SessionEvent, SessionId, StreamName, UserId,
};
use std::collections::{BTreeMap, HashMap};

/// A record that does not fit into the history.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// The stream is not of the kind that has such events.
    #[error("there is an event {event_type} in {stream}, where none belongs")]
    Stream {
        /// The type of the event.
        event_type: &'static str,
        /// The stream.
        stream: StreamName,
    },
    /// The beginning of the stream is not there.
    #[error("the event {event_type} in {stream} comes before the first one there")]
    NoBeginning {
        /// The type of the event.
        event_type: &'static str,
        /// The stream.
        stream: StreamName,
    },
}

/// What happened in an organization up to some moment.
pub struct History {
    organization: OrganizationId,
    policy: Organization,
    people: BTreeMap<UserId, Person>,
    /// Whose each session is.
    sessions: HashMap<SessionId, UserId>,
    credentials: BTreeMap<ApiCredentialId, Credential>,
}

impl History {
    /// Before the first event of this organization.
    #[must_use]
    pub fn of(organization: OrganizationId) -> Self {
        Self {
            organization,
            policy: Organization::default(),
            people: BTreeMap::new(),
            sessions: HashMap::new(),
            credentials: BTreeMap::new(),
        }
    }

    /// Takes in the next event of the organization.
    pub fn take(&mut self, event: &Recorded<Event>, names: &Names) -> Result<(), Unfit> {
        match &event.data {
            Event::Organization(what) => {
                let ours = event.stream == StreamName::organization(self.organization);
                if !ours {
                    return Err(misplaced(event));
                }
                self.policy.evolve(&part(event, what));
            }
            Event::User(what) => {
                let id: UserId = id_in(event, "user-")?;
                let begins = event.revision == 0;
                let person = match self.people.get_mut(&id) {
                    Some(person) => person,
                    None if begins => self.people.entry(id).or_default(),
                    None => return Err(headless(event)),
                };
                person.take(&part(event, what), names);
            }
            Event::Session(what) => self.take_session(event, what)?,
            Event::ApiCredential(what) => {
                let id: ApiCredentialId = id_in(event, "api_credential-")?;
                let credential = self.credentials.entry(id).or_default();
                credential.take(&part(event, what));
            }
            // What is left changes nobody here: whose an address is, its person's own stream says too.
            _ => {}
        }
        Ok(())
    }

    fn take_session(&mut self, event: &Recorded<Event>, what: &SessionEvent) -> Result<(), Unfit> {
        let id: SessionId = id_in(event, "session-")?;
        if let SessionEvent::SessionStarted(started) = what {
            let person = self.people.get_mut(&started.user_id);
            let person = person.ok_or_else(|| headless(event))?;
            for forgotten in person.begin_session(id, event.metadata.recorded_at) {
                self.sessions.remove(&forgotten);
            }
            self.sessions.insert(id, started.user_id);
        }
        // What is noted of a session that was forgotten changes nothing any more.
        if let Some(owner) = self.sessions.get(&id)
            && let Some(person) = self.people.get_mut(owner)
        {
            person.take_session(id, &part(event, what));
        }
        Ok(())
    }

    /// The organization and its policy.
    #[must_use]
    pub fn policy(&self) -> &Organization {
        &self.policy
    }

    /// Everybody who was ever registered or invited.
    #[must_use]
    pub fn people(&self) -> &BTreeMap<UserId, Person> {
        &self.people
    }

    /// Every API credential that was ever made.
    #[must_use]
    pub fn credentials(&self) -> &BTreeMap<ApiCredentialId, Credential> {
        &self.credentials
    }

    /// The session and its person, while it is remembered.
    #[must_use]
    pub fn session(&self, id: SessionId) -> Option<(&Held, &Person)> {
        let person = self.people.get(self.sessions.get(&id)?)?;
        Some((person.session(id)?, person))
    }

    /// The person of a session, while it is remembered.
    #[must_use]
    pub fn owner(&self, id: SessionId) -> Option<UserId> {
        self.sessions.get(&id).copied()
    }
}

/// The same event as one of its kind.
fn part<E: Clone>(event: &Recorded<Event>, data: &E) -> Recorded<E> {
    Recorded {
        position: event.position,
        stream: event.stream.clone(),
        revision: event.revision,
        id: event.id,
        metadata: event.metadata.clone(),
        data: data.clone(),
    }
}

fn id_in<Id: std::str::FromStr>(event: &Recorded<Event>, category: &str) -> Result<Id, Unfit> {
    let id = event.stream.as_str().strip_prefix(category);
    let id = id.and_then(|id| id.parse().ok());
    id.ok_or_else(|| misplaced(event))
}

fn misplaced(event: &Recorded<Event>) -> Unfit {
    Unfit::Stream {
        event_type: event.data.event_type().0,
        stream: event.stream.clone(),
    }
}

fn headless(event: &Recorded<Event>) -> Unfit {
    Unfit::NoBeginning {
        event_type: event.data.event_type().0,
        stream: event.stream.clone(),
    }
}
