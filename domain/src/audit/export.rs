//! Taking the audit trail away: all of it at once, so a person shows their second factor for it.

use super::Audit;
use crate::{Decide, Decision, Mandate, Permission, decider::emit};
use chrono::{DateTime, Utc};
use eventstore_schema::{AuditEvent, AuditExported, AuditFormat, OrganizationId};

/// Takes the whole audit trail of an organization away. Remembered each time.
#[derive(Clone, Debug)]
pub struct ExportAudit {
    /// Whose.
    pub organization_id: OrganizationId,
    /// In which form.
    pub format: AuditFormat,
    /// Now.
    pub at: DateTime<Utc>,
}

impl Decide<ExportAudit> for Audit {
    type By = Mandate;

    fn decide(&self, command: ExportAudit, by: &Mandate) -> Decision<AuditEvent> {
        by.permit(Permission::ReadAudit, command.organization_id)?;
        by.require_fresh_second_factor_of_people(command.at)?;
        emit(AuditExported {
            format: command.format,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Authority, Rejection, testing::*};
    use chrono::TimeDelta;
    use eventstore_schema::Role;

    fn export(minutes: i64) -> ExportAudit {
        ExportAudit {
            organization_id: acme(),
            format: AuditFormat::Csv,
            at: now() + TimeDelta::minutes(minutes),
        }
    }

    fn exported() -> AuditEvent {
        let format = AuditFormat::Csv;
        AuditExported { format }.into()
    }

    #[test]
    fn each_export_is_remembered() {
        for role in [Role::Admin, Role::Auditor] {
            given([exported()])
                .when::<Audit, _>(export(0), &authority(role))
                .then([exported()]);
        }
        for role in [Role::UserManager, Role::Analyst, Role::Member] {
            given([] as [AuditEvent; 0])
                .when::<Audit, _>(export(0), &authority(role))
                .then_rejected(&Rejection::Forbidden);
        }
        given([] as [AuditEvent; 0])
            .when::<Audit, _>(export(0), &authority_elsewhere(Role::Auditor))
            .then_rejected(&Rejection::NotFound);
    }

    #[test]
    fn who_has_a_second_factor_has_shown_it_just_now() {
        let holder = holder(Role::Auditor, acme(), device_set_up(1), false, true);
        let by = Authority::of(holder).unwrap();
        given([] as [AuditEvent; 0])
            .when::<Audit, _>(export(5), &by)
            .then([exported()]);
        given([] as [AuditEvent; 0])
            .when::<Audit, _>(export(6), &by)
            .then_rejected(&Rejection::FreshSecondFactorRequired);
    }
}
