//! One command on one stream: load, decide, append; again if another writer came first.

use super::{
    Failure, Pawl, RequestContext,
    loading::{Kept, Loaded},
};
use domain::{Acting, Decide};
use eventstore::{AppendError, ExpectedRevision};
use eventstore_schema::{
    Actor, Event, EventId, Metadata, NewEvent, OrganizationId, Position, Recorded, StreamName,
};
use std::sync::Arc;
use uuid::Uuid;

/// How often a command gives way to another writer before it gives up.
const ATTEMPTS: usize = 100;

/// A command that has been carried out: what the stream holds now is durable.
#[derive(Debug)]
pub struct Committed<D> {
    /// The state after it.
    pub state: Arc<Loaded<D>>,
    /// The position of its last event, or of the stream's where it changed nothing.
    pub position: Position,
}

/// Where a command goes.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) stream: StreamName,
    /// The organization whose history the events belong to.
    pub(super) organization: Option<OrganizationId>,
    /// The revision that the client decided on.
    pub(super) if_match: Option<u64>,
}

impl Target {
    pub(super) fn new(stream: StreamName, organization: impl Into<Option<OrganizationId>>) -> Self {
        Self {
            stream,
            organization: organization.into(),
            if_match: None,
        }
    }

    pub(super) fn if_match(mut self, revision: Option<u64>) -> Self {
        self.if_match = revision;
        self
    }
}

impl Pawl {
    /// Carries out a command. `command` makes it anew for each attempt, from the state that it is
    /// to be decided on.
    pub(super) async fn execute<D, C>(
        &self,
        target: &Target,
        by: &D::By,
        request: &RequestContext,
        mut command: impl FnMut(&D) -> Result<C, Failure>,
    ) -> Result<Committed<D>, Failure>
    where
        D: Kept + Decide<C, By: Acting>,
    {
        for _ in 0..ATTEMPTS {
            let loaded = self.load::<D>(&target.stream).await?;
            if let Some(done) = repeated(&loaded, request) {
                return done.map(|position| Committed {
                    state: loaded,
                    position,
                });
            }
            let outcome = loaded.state.decide(command(&loaded.state)?, by)?;
            // After the decision: who has no right to the resource learns nothing of its version.
            if let Some(expected) = target.if_match
                && loaded.revision != Some(expected)
            {
                return Err(Failure::StaleVersion {
                    actual: loaded.revision.unwrap_or(0),
                });
            }
            let refusal = outcome.refusal;
            let committed = if outcome.events.is_empty() {
                Committed {
                    position: loaded.position,
                    state: loaded,
                }
            } else {
                match self
                    .append(target, loaded, outcome.events, by.actor(), request)
                    .await?
                {
                    Some(committed) => committed,
                    None => continue,
                }
            };
            return match refusal {
                Some(refusal) => Err(refusal.into()),
                None => Ok(committed),
            };
        }
        Err(Failure::Contention)
    }

    /// Appends the events after the state that they were decided on; `None` if another writer
    /// came first.
    async fn append<D: Kept>(
        &self,
        target: &Target,
        mut loaded: Arc<Loaded<D>>,
        events: Vec<D::Event>,
        actor: Actor,
        request: &RequestContext,
    ) -> Result<Option<Committed<D>>, Failure> {
        let mut new = Vec::with_capacity(events.len());
        let mut recorded = Vec::with_capacity(events.len());
        let mut names = Vec::with_capacity(events.len());
        for (revision, data) in (loaded.revision.map_or(0, |last| last + 1)..).zip(events) {
            let event: Event = data.clone().into();
            let (event_type, version) = event.event_type();
            let id = EventId(Uuid::now_v7());
            let metadata = self.metadata(version, actor, target.organization, request);
            new.push(NewEvent {
                id,
                event_type: event_type.to_owned(),
                metadata: metadata.encode().map_err(Failure::internal)?,
                data: event.encode().map_err(Failure::internal)?,
            });
            let (stream, position) = (target.stream.clone(), loaded.position);
            recorded.push(Recorded {
                position,
                stream,
                revision,
                id,
                metadata,
                data,
            });
            names.push(event_type);
        }
        let expected = loaded
            .revision
            .map_or(ExpectedRevision::NoStream, ExpectedRevision::Exact);
        let appended = match self.store().append(&target.stream, expected, new).await {
            Ok(appended) => appended,
            Err(AppendError::Conflict { .. }) => return Ok(None),
            Err(AppendError::Store(error)) => return Err(error.into()),
        };
        let state = Arc::make_mut(&mut loaded);
        for (event, name) in recorded.iter_mut().zip(names) {
            event.position = appended.position;
            let (stream, revision) = (&event.stream, event.revision);
            tracing::info!(event = name, %stream, revision, "recorded");
            state.take_in(event);
        }
        self.keep(&target.stream, loaded.clone());
        Ok(Some(Committed {
            state: loaded,
            position: appended.position,
        }))
    }

    fn metadata(
        &self,
        version: u32,
        actor: Actor,
        organization_id: Option<OrganizationId>,
        request: &RequestContext,
    ) -> Metadata {
        Metadata {
            version,
            recorded_at: self.now(),
            actor,
            command_id: request.command_id,
            command_digest: request.command_digest.clone(),
            organization_id,
            correlation_id: request.correlation_id,
            causation_id: request.command_id.0,
        }
    }
}

/// Whether this command has been carried out before, and what came of it.
fn repeated<D: Kept>(
    loaded: &Loaded<D>,
    request: &RequestContext,
) -> Option<Result<Position, Failure>> {
    let past = loaded.past_command(request.command_id)?;
    Some(if past.digest != request.command_digest {
        Err(Failure::IdempotencyKeyReused)
    } else if let Some(refusal) = &past.refusal {
        Err(refusal.clone().into())
    } else {
        Ok(past.position)
    })
}
