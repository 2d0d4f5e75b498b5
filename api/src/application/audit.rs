//! Looking at the audit trail, and taking it away. That somebody does is recorded before they are shown
//! anything: whoever looks finds themselves in what they see.

use super::{Bearer, Committed, Failure, Pawl, RequestContext, execute::Target};
use domain::{
    Mandate, Permission,
    audit::{Audit, ExportAudit, ReadAudit},
};
use eventstore_schema::{
    AuditFormat, AuditRead, AuditReading, EventId, OrganizationId, Position, StreamName,
};
use projections::audit_trail::Filter;

/// What is remembered of a look at a part of the audit trail.
#[must_use]
pub fn question(how: AuditReading, filter: &Filter) -> AuditRead {
    let mut types = filter.types.clone();
    if let Some(types) = &mut types {
        types.sort_unstable();
    }
    AuditRead {
        how,
        actor: filter.actor,
        person: filter.person,
        types,
        from: filter.from,
        until: filter.until,
        as_of: filter.as_of,
        event_id: None,
    }
}

/// What is remembered of a look at the proof of one entry.
#[must_use]
pub fn question_of_proof(event_id: EventId) -> AuditRead {
    AuditRead {
        event_id: Some(event_id),
        ..question(AuditReading::Proof, &Filter::default())
    }
}

impl Pawl {
    /// Records that somebody looks at the audit trail, unless they are looking at the same already.
    pub async fn remember_look(
        &self,
        organization_id: OrganizationId,
        question: &AuditRead,
        by: &Mandate,
        request: &RequestContext,
    ) -> Result<Position, Failure> {
        let look = |_: &Audit| {
            Ok(ReadAudit {
                organization_id,
                question: question.clone(),
                at: self.now(),
            })
        };
        let target = Target::new(StreamName::audit(organization_id), organization_id);
        let committed: Committed<Audit> = self.execute(&target, by, &request.once(), look).await?;
        Ok(committed.position)
    }

    /// The same, and waits until the read models have it, for whoever is shown them. The right is
    /// asked for again after the wait. Answers up to where the look is.
    pub async fn begin_look(
        &self,
        organization_id: OrganizationId,
        question: &AuditRead,
        token: &Bearer,
        request: &RequestContext,
    ) -> Result<Position, Failure> {
        let by = self.mandate_of_watcher(token).await?;
        let position = self
            .remember_look(organization_id, question, &by, request)
            .await?;
        self.wait_for(position).await?;
        let by = self.mandate_of_watcher(token).await?;
        by.permit(Permission::ReadAudit, organization_id)?;
        Ok(position)
    }

    /// Records that somebody takes the whole audit trail away.
    pub async fn remember_export(
        &self,
        organization_id: OrganizationId,
        format: AuditFormat,
        by: &Mandate,
        request: &RequestContext,
    ) -> Result<(), Failure> {
        let export = |_: &Audit| {
            Ok(ExportAudit {
                organization_id,
                format,
                at: self.now(),
            })
        };
        let target = Target::new(StreamName::audit(organization_id), organization_id);
        let _: Committed<Audit> = self.execute(&target, by, &request.once(), export).await?;
        Ok(())
    }
}
