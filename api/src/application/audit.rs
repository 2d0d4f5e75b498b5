//! Looking at the audit trail, and taking it away. That somebody does is recorded before they are shown
//! anything: whoever looks finds themselves in what they see.
//!
//! A page is cut where its entries were found. On the way from the log to whoever asked, one may be left
//! out that only looked like those asked for; where the next page begins stays the same.

use super::{Bearer, Committed, Failure, Pawl, RequestContext, execute::Target};
use domain::{
    Mandate, Permission,
    audit::{Audit, ExportAudit, ReadAudit},
};
use eventstore_schema::{
    AuditFormat, AuditRead, AuditReading, EventId, OrganizationId, Position, StreamName,
};
use projections::{
    Page,
    audit_trail::{AuditEntry, AuditTrail, Filter, Found, entries, latest, page},
};

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

    /// The entries of an organization behind the position `after`, oldest first. `limit` are looked for.
    pub async fn audit_page(
        &self,
        organization_id: OrganizationId,
        filter: &Filter,
        after: Position,
        limit: u32,
    ) -> Result<Page<AuditEntry, Position>, Failure> {
        let asked = filter.clone();
        let found = move |readers: &_| page(readers, organization_id, &asked, after, limit);
        let found = self.query(&AuditTrail, found).await?;
        self.audit_entries(organization_id, filter, found).await
    }

    /// Those before the position `before`, the newest first.
    pub async fn audit_latest(
        &self,
        organization_id: OrganizationId,
        filter: &Filter,
        before: Position,
        limit: u32,
    ) -> Result<Page<AuditEntry, Position>, Failure> {
        let asked = filter.clone();
        let found =
            move |readers: &_| latest(readers, organization_id, &asked, Some(before), limit);
        let found = self.query(&AuditTrail, found).await?;
        self.audit_entries(organization_id, filter, found).await
    }

    async fn audit_entries(
        &self,
        organization_id: OrganizationId,
        filter: &Filter,
        found: Page<Found, Position>,
    ) -> Result<Page<AuditEntry, Position>, Failure> {
        let items = entries(&**self.store(), organization_id, filter, found.items);
        Ok(Page {
            items: items.await?,
            next: found.next,
        })
    }
}
