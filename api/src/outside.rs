//! KurrentDB's own clients at the door: who may read the log with them, and what they see of it.
//!
//! A stock client shows a name and a password. The password is the token of a session, so that
//! whoever reads has shown every factor that the policy asks for (invariant I2), or the access token
//! of a machine that may read the audit trail; the name is not looked at.

use crate::application::{Bearer, Failure, Pawl, RequestContext, question};
use async_trait::async_trait;
use domain::Permission;
use eventstore_schema::{AuditReading, OrganizationId, RecordedEvent};
use kurrentdb_server::{Access, Credentials, Gate, Refused, View};
use projections::audit_trail::Filter;
use secrecy::ExposeSecret as _;
use std::sync::Arc;

/// Lets reviewers read the history of their organization, as the audit trail shows it.
pub struct Reviewers(pub Pawl);

#[async_trait]
impl Gate for Reviewers {
    async fn admit(&self, credentials: Option<Credentials>) -> Result<Access, Refused> {
        let credentials = credentials.ok_or(Refused::Unauthenticated)?;
        let token =
            Bearer::parse(credentials.password.expose_secret()).ok_or(Refused::Unauthenticated)?;
        let organization = self.0.organization_of(&token, None).await;
        let organization = organization.map_err(|_| Refused::Unauthenticated)?;
        let review = Review {
            pawl: self.0.clone(),
            token,
            organization,
        };
        match review.begin().await {
            Ok(()) => Ok(Access::Reader(Arc::new(review))),
            Err(_) => Err(Refused::Forbidden),
        }
    }
}

/// What a reviewer sees.
struct Review {
    pawl: Pawl,
    token: Bearer,
    organization: OrganizationId,
}

impl Review {
    /// Looking is recorded before anything is shown.
    async fn begin(&self) -> Result<(), Failure> {
        let mandate = self.pawl.mandate_of_watcher(&self.token).await?;
        let question = question(AuditReading::KurrentDb, &Filter::default());
        let request = RequestContext::fresh();
        self.pawl
            .remember_look(self.organization, &question, &mandate, &request)
            .await?;
        Ok(())
    }

    async fn permitted(&self) -> Result<(), Failure> {
        let mandate = self.pawl.mandate_of_watcher(&self.token).await?;
        Ok(mandate.permit(Permission::ReadAudit, self.organization)?)
    }
}

#[async_trait]
impl View for Review {
    /// The events of the organization, with personal data opened. What cannot be opened for some
    /// other reason than that it is forgotten stays as it is stored.
    fn show(&self, event: RecordedEvent) -> Option<RecordedEvent> {
        let metadata = event.read_metadata().ok()?;
        if metadata.organization_id != Some(self.organization) {
            return None;
        }
        let data = match self.pawl.open_content(&event.data) {
            Ok(content) => content.to_string(),
            Err(error) => {
                tracing::error!(%error, event_id = %event.id, "an event cannot be opened");
                event.data
            }
        };
        Some(RecordedEvent { data, ..event })
    }

    async fn holds(&self) -> bool {
        self.permitted().await.is_ok()
    }
}

/// Lets anybody read and append everything.
pub struct Development;

#[async_trait]
impl Gate for Development {
    async fn admit(&self, _credentials: Option<Credentials>) -> Result<Access, Refused> {
        Ok(Access::Everything { may_append: true })
    }
}
