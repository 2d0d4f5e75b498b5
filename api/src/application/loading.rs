//! The states of streams, kept in memory by revision. Before a kept state is used, the log is asked
//! for what has come since, so it is never stale (invariant I3).

use super::{Failure, Pawl};
use domain::{
    Decider, Rejection, address::Address, api_credential::ApiCredential, audit::Audit,
    installation::Installation, organization::Organization, session::Session, user::User,
};
use eventstore::Direction;
use eventstore_schema::{CommandId, Event, Position, Recorded, StreamName};
use moka::sync::Cache;
use std::{collections::VecDeque, sync::Arc};

const PAGE: usize = 512;
/// States kept of each kind.
const KEPT: u64 = 50_000;
/// Commands of a stream that are remembered to recognise a retry.
const COMMANDS: usize = 256;

/// A state and where its stream stood.
#[derive(Clone, Debug)]
pub struct Loaded<D> {
    /// The state.
    pub state: D,
    /// The revision of the last event, `None` where there is no stream.
    pub revision: Option<u64>,
    /// The position of the last event.
    pub position: Position,
    commands: VecDeque<PastCommand>,
}

/// A command that has been carried out on the stream.
#[derive(Clone, Debug)]
pub(super) struct PastCommand {
    id: CommandId,
    pub(super) digest: Option<String>,
    pub(super) position: Position,
    pub(super) refusal: Option<Rejection>,
}

impl<D: Decider> Default for Loaded<D> {
    fn default() -> Self {
        Self {
            state: D::default(),
            revision: None,
            position: Position::START,
            commands: VecDeque::new(),
        }
    }
}

impl<D: Decider> Loaded<D> {
    pub(super) fn past_command(&self, id: CommandId) -> Option<&PastCommand> {
        self.commands.iter().rev().find(|past| past.id == id)
    }

    pub(super) fn take_in(&mut self, event: &Recorded<D::Event>) {
        self.state.evolve(event);
        self.revision = Some(event.revision);
        self.position = event.position;
        self.remember(event);
    }

    fn remember(&mut self, event: &Recorded<D::Event>) {
        // Only what carries a digest can be repeated by a client.
        let Some(digest) = &event.metadata.command_digest else {
            return;
        };
        if self.commands.len() == COMMANDS {
            self.commands.pop_front();
        }
        self.commands.push_back(PastCommand {
            id: event.metadata.command_id,
            digest: Some(digest.clone()),
            position: event.position,
            refusal: D::refusal(&event.data),
        });
    }
}

/// A decider whose states are kept.
pub trait Kept: Decider + Clone + Send + Sync + 'static {
    /// Where.
    fn kept(states: &States) -> &Cache<StreamName, Arc<Loaded<Self>>>;
}

macro_rules! states {
    ($($field:ident: $decider:ty),+ $(,)?) => {
        /// The kept states of all kinds.
        pub struct States {
            $($field: Cache<StreamName, Arc<Loaded<$decider>>>),+
        }

        impl Default for States {
            fn default() -> Self {
                Self { $($field: Cache::new(KEPT)),+ }
            }
        }

        $(impl Kept for $decider {
            fn kept(states: &States) -> &Cache<StreamName, Arc<Loaded<Self>>> {
                &states.$field
            }
        })+
    };
}

states! {
    addresses: Address,
    api_credentials: ApiCredential,
    audits: Audit,
    installations: Installation,
    organizations: Organization,
    sessions: Session,
    users: User,
}

impl Pawl {
    /// The state of a stream as it is in the log now.
    pub(super) async fn load<D: Kept>(
        &self,
        stream: &StreamName,
    ) -> Result<Arc<Loaded<D>>, Failure> {
        let kept = D::kept(&self.0.states);
        let mut loaded = kept.get(stream).unwrap_or_default();
        let mut changed = false;
        loop {
            let from = loaded.revision.map_or(0, |revision| revision + 1);
            let page = self
                .store()
                .read_stream(stream, from, Direction::Forwards, PAGE)
                .await?;
            let last = page.len() < PAGE;
            if !page.is_empty() {
                changed = true;
                let state = Arc::make_mut(&mut loaded);
                for event in page {
                    state.take_in(&typed::<D>(event.decode()?)?);
                }
            }
            if last {
                break;
            }
        }
        if changed {
            kept.insert(stream.clone(), loaded.clone());
        }
        Ok(loaded)
    }

    /// Keeps a state that was brought up to date by hand.
    pub(super) fn keep<D: Kept>(&self, stream: &StreamName, loaded: Arc<Loaded<D>>) {
        D::kept(&self.0.states).insert(stream.clone(), loaded);
    }
}

fn typed<D: Decider>(event: Recorded<Event>) -> Result<Recorded<D::Event>, Failure> {
    let Recorded {
        position,
        stream,
        revision,
        id,
        metadata,
        data,
    } = event;
    match D::Event::try_from(data) {
        Ok(data) => Ok(Recorded {
            position,
            stream,
            revision,
            id,
            metadata,
            data,
        }),
        Err(other) => Err(Failure::Internal(format!(
            "{stream} holds an event {} that does not belong there, at position {position}",
            other.event_type().0
        ))),
    }
}
