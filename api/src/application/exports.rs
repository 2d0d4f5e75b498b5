//! Everything about one person, for them or for an administrator. That it was given is recorded
//! before it is; the document itself is made by whoever answers.

use super::{Committed, Failure, Pawl, RequestContext, execute::Target};
use domain::{
    Authority,
    user::{ExportOneself, ExportUser, User},
};
use eventstore_schema::{OrganizationId, Position, StreamName, UserId};
use projections::{
    Page,
    audit_trail::{AuditEntry, Filter},
};

impl Pawl {
    /// Records that an administrator is given everything about a person, and waits until the read
    /// models have that too.
    pub async fn export_user(
        &self,
        organization_id: OrganizationId,
        user_id: UserId,
        by: &Authority,
        request: &RequestContext,
    ) -> Result<Committed<User>, Failure> {
        let stream = StreamName::user(user_id);
        let command = || ExportUser {
            organization_id,
            at: self.now(),
        };
        command().permit(&self.load::<User>(&stream).await?.state, by)?;
        let target = Target::new(stream, organization_id);
        let export = |_: &User| Ok(command());
        let exported = self.execute(&target, by, request, export).await?;
        self.wait_for(exported.position).await?;
        Ok(exported)
    }

    /// The same, for the person themselves.
    pub async fn export_oneself(
        &self,
        by: &Authority,
        request: &RequestContext,
    ) -> Result<Committed<User>, Failure> {
        let holder = by.holder();
        let stream = StreamName::user(holder.user());
        let command = || ExportOneself { at: self.now() };
        command().permit(&self.load::<User>(&stream).await?.state, by)?;
        let target = Target::new(stream, holder.organization());
        let export = |_: &User| Ok(command());
        let exported = self.execute(&target, by, request, export).await?;
        self.wait_for(exported.position).await?;
        Ok(exported)
    }

    /// Some events that a person caused, or that are about them, from after this position on.
    pub async fn events_of(
        &self,
        organization: OrganizationId,
        user: UserId,
        after: Position,
        limit: u32,
    ) -> Result<Page<AuditEntry, Position>, Failure> {
        let filter = Filter {
            person: Some(user),
            ..Filter::default()
        };
        self.audit_page(organization, &filter, after, limit).await
    }
}
