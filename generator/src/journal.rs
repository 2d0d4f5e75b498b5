//! The only way into a history: a command, decided by `domain` on the state of its stream. It keeps
//! time and place, and never makes an event of its own.

use crate::{Boxes, GenerateError, Plan, dice::Dice};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{Acting, Decide, Decider, Rejection};
use eventstore::ExpectedRevision;
use eventstore_schema::{
    CommandId, Event, EventId, KeyName, Metadata, NewEvent, OrganizationId, Position, Recorded,
    Sealed, StreamName,
};
use std::collections::VecDeque;

/// Events of one decision, to be appended behind the revision that it was made on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// The stream.
    pub stream: StreamName,
    /// What it holds before.
    pub expected: ExpectedRevision,
    /// Where in the log the last of them stands, if nobody else writes.
    pub position: Position,
    /// The events, at least one.
    pub events: Vec<NewEvent>,
}

/// Why a course of events ends early.
pub(crate) enum Stop {
    /// The domain refused. What it wants remembered is in the history.
    Refused(Rejection),
    /// The history cannot go on.
    Broken(GenerateError),
}

impl From<Rejection> for Stop {
    fn from(rejection: Rejection) -> Self {
        Self::Refused(rejection)
    }
}

impl<E: Into<GenerateError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

pub(crate) type Step<T = ()> = Result<T, Stop>;

/// The state of a stream and the revision of its last event.
#[derive(Default)]
pub(crate) struct Loaded<D> {
    pub(crate) state: D,
    revision: Option<u64>,
}

/// Where a command goes.
pub(crate) struct Target {
    pub(crate) stream: StreamName,
    pub(crate) organization: Option<OrganizationId>,
}

impl Target {
    pub(crate) fn new(stream: StreamName, organization: impl Into<Option<OrganizationId>>) -> Self {
        let organization = organization.into();
        Self {
            stream,
            organization,
        }
    }
}

/// The history as it is written.
pub(crate) struct Journal {
    pub(crate) dice: Dice,
    pub(crate) boxes: Boxes,
    clock: DateTime<Utc>,
    /// How far behind the clock of the node is that decides.
    lag: TimeDelta,
    /// How long it is from one event to the next, on average.
    pace: TimeDelta,
    request: CommandId,
    position: Position,
    appends: VecDeque<Append>,
}

impl Journal {
    pub(crate) fn begin(plan: &Plan, boxes: Boxes) -> Self {
        let (mut dice, at) = (Dice::of(plan.seed()), plan.time_after(0));
        let request = CommandId(dice.id_at(at));
        Self {
            dice,
            boxes,
            clock: at,
            lag: TimeDelta::zero(),
            pace: plan.pace(),
            request,
            position: Position::START,
            appends: VecDeque::new(),
        }
    }

    /// How many events there are.
    pub(crate) fn events(&self) -> u64 {
        self.position.0
    }

    /// The next that has not been taken.
    pub(crate) fn take(&mut self) -> Option<Append> {
        self.appends.pop_front()
    }

    /// Lets it be at least this late, on a node whose clock is right.
    pub(crate) fn go_on_at(&mut self, time: DateTime<Utc>) {
        self.clock = self.clock.max(time);
        self.lag = TimeDelta::zero();
    }

    /// Goes on on a node whose clock is behind.
    pub(crate) fn on_a_late_node(&mut self, lag: TimeDelta) {
        self.lag = lag;
    }

    /// Somebody sends another request, so many seconds after the one before; sooner where so much
    /// happens that the others would come too late.
    pub(crate) fn request_after(&mut self, seconds: i64) {
        // Requests come in the middle of seconds, too.
        let within = TimeDelta::microseconds(self.dice.number(1_000_000));
        self.clock += (TimeDelta::seconds(seconds) + within).min(self.pace);
        self.request = CommandId(self.dice.id_at(self.clock));
    }

    /// Somebody waits, whatever happens meanwhile.
    pub(crate) fn wait(&mut self, seconds: i64) {
        self.clock += TimeDelta::seconds(seconds);
    }

    /// Now, as the node that decides has it.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock - self.lag
    }

    /// Seals a value. Its key must have been prepared.
    pub(crate) fn seal(&mut self, key: KeyName, field: &str, content: &[u8]) -> Step<Sealed> {
        Ok(self.boxes.seal(&mut self.dice, key, field, content)?)
    }

    /// Lets the domain decide about a command, and takes in what comes of it.
    pub(crate) fn execute<D, C>(
        &mut self,
        loaded: &mut Loaded<D>,
        target: &Target,
        by: &D::By,
        command: C,
    ) -> Step
    where
        D: Decide<C, By: Acting>,
    {
        let outcome = loaded.state.decide(command, by)?;
        if !outcome.events.is_empty() {
            self.record(loaded, target, by, outcome.events)?;
        }
        outcome
            .refusal
            .map_or(Ok(()), |refusal| Err(refusal.into()))
    }

    fn record<D: Decider>(
        &mut self,
        loaded: &mut Loaded<D>,
        target: &Target,
        by: &impl Acting,
        decided: Vec<D::Event>,
    ) -> Result<(), GenerateError> {
        let expected = loaded
            .revision
            .map_or(ExpectedRevision::NoStream, ExpectedRevision::Exact);
        let mut events = Vec::with_capacity(decided.len());
        for data in decided {
            let event: Event = data.clone().into();
            let (event_type, version) = event.event_type();
            let metadata = Metadata {
                version,
                recorded_at: self.now(),
                actor: by.actor(),
                command_id: self.request,
                command_digest: None,
                organization_id: target.organization,
                correlation_id: self.request.0,
                causation_id: self.request.0,
            };
            let id = EventId(self.dice.id_at(self.now()));
            events.push(NewEvent {
                id,
                event_type: event_type.to_owned(),
                metadata: metadata.encode()?,
                data: event.encode()?,
            });
            let revision = loaded.revision.map_or(0, |last| last + 1);
            self.position = Position(self.position.0 + 1);
            loaded.state.evolve(&Recorded {
                position: self.position,
                stream: target.stream.clone(),
                revision,
                id,
                metadata,
                data,
            });
            loaded.revision = Some(revision);
        }
        self.appends.push_back(Append {
            stream: target.stream.clone(),
            expected,
            position: self.position,
            events,
        });
        Ok(())
    }
}
