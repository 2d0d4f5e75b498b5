//! How a decision is made: state from events, events from a command.

use crate::Rejection;
use eventstore_schema::{Event, Recorded};

/// The state of one kind of stream.
pub trait Decider: Default {
    /// What can happen to it.
    type Event: Clone + Into<Event> + TryFrom<Event, Error = Event>;

    /// Takes in what has happened. Never fails: the past is not up for discussion.
    fn evolve(&mut self, event: &Recorded<Self::Event>);

    /// The refusal that was answered when this event was recorded: what a retry of the same
    /// command hears again.
    fn refusal(_event: &Self::Event) -> Option<Rejection> {
        None
    }
}

/// The answer to one command.
pub trait Decide<Command>: Decider {
    /// The right that the command needs. Whoever cannot show it cannot even ask.
    type By;

    /// Decides, from the state and the command alone.
    fn decide(&self, command: Command, by: &Self::By) -> Decision<Self::Event>;
}

/// What a decision comes to.
pub type Decision<Event> = Result<Outcome<Event>, Rejection>;

/// Events to append, and perhaps a refusal to answer once they are durable: a wrong code is
/// refused, but remembered.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome<Event> {
    /// What happened.
    pub events: Vec<Event>,
    /// The answer to the caller, where it is a refusal.
    pub refusal: Option<Rejection>,
}

// The helpers below return a whole `Decision`, so that `decide` ends in one of them.

#[expect(clippy::unnecessary_wraps)]
pub(crate) fn emit<Event, E: Into<Event>>(event: E) -> Decision<Event> {
    Ok(Outcome {
        events: vec![event.into()],
        refusal: None,
    })
}

#[expect(clippy::unnecessary_wraps)]
pub(crate) fn emit_all<Event>(events: Vec<Event>) -> Decision<Event> {
    Ok(Outcome {
        events,
        refusal: None,
    })
}

#[expect(clippy::unnecessary_wraps)]
pub(crate) fn nothing_to_do<Event>() -> Decision<Event> {
    Ok(Outcome {
        events: Vec::new(),
        refusal: None,
    })
}

#[expect(clippy::unnecessary_wraps)]
pub(crate) fn record_and_refuse<Event, E: Into<Event>>(
    event: E,
    refusal: Rejection,
) -> Decision<Event> {
    Ok(Outcome {
        events: vec![event.into()],
        refusal: Some(refusal),
    })
}
