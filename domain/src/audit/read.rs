//! Looking at the audit trail.

use super::Audit;
use crate::{
    Acting as _, Decide, Decision, Mandate, Permission,
    decider::{emit, nothing_to_do},
};
use chrono::{DateTime, TimeDelta, Utc};
use eventstore_schema::{AuditEvent, AuditRead, OrganizationId};

/// For so long somebody who asks the same again is still looking at what they asked for.
pub const SAME_LOOK: TimeDelta = TimeDelta::minutes(15);

/// Looks at the audit trail of an organization. Decided before anything is shown.
#[derive(Clone, Debug)]
pub struct ReadAudit {
    /// Whose.
    pub organization_id: OrganizationId,
    /// What is asked for.
    pub question: AuditRead,
    /// Now.
    pub at: DateTime<Utc>,
}

impl Decide<ReadAudit> for Audit {
    type By = Mandate;

    fn decide(&self, command: ReadAudit, by: &Mandate) -> Decision<AuditEvent> {
        by.permit(Permission::ReadAudit, command.organization_id)?;
        let still_looking = self.looks.iter().any(|look| {
            look.by == by.actor() && look.question == command.question && look.is_recent(command.at)
        });
        if still_looking {
            nothing_to_do()
        } else {
            emit(command.question)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Decider as _, Rejection, audit::LOOKS, testing::*};
    use eventstore_schema::{Actor, AuditReading, Role};

    fn question(person: Option<u128>) -> AuditRead {
        AuditRead {
            how: AuditReading::Page,
            actor: None,
            person: person.map(user),
            types: None,
            from: None,
            until: None,
            as_of: None,
            event_id: None,
        }
    }

    fn look(question: AuditRead, minutes: i64) -> ReadAudit {
        ReadAudit {
            organization_id: acme(),
            question,
            at: now() + TimeDelta::minutes(minutes),
        }
    }

    fn looked(question: AuditRead) -> AuditEvent {
        question.into()
    }

    #[test]
    fn a_look_is_remembered_once_as_long_as_it_lasts() {
        let auditor = authority(Role::Auditor);
        given([] as [AuditEvent; 0])
            .when::<Audit, _>(look(question(None), 0), &auditor)
            .then([looked(question(None))]);
        let again = |asked, minutes| {
            given([looked(question(None))]).when::<Audit, _>(look(asked, minutes), &auditor)
        };
        again(question(None), 14).then_nothing();
        again(question(None), 15).then([looked(question(None))]);
        // The clock of before was wrong.
        again(question(None), -15).then([looked(question(None))]);
        again(question(Some(2)), 1).then([looked(question(Some(2)))]);
        let live = AuditRead {
            how: AuditReading::Live,
            ..question(None)
        };
        again(live.clone(), 1).then([looked(live)]);
    }

    #[test]
    fn each_reader_is_remembered() {
        let mut another = recorded(0, looked(question(None)));
        another.metadata.actor = Actor::User(user(2));
        let mut audit = Audit::default();
        audit.evolve(&another);
        let decided = audit.decide(look(question(None), 1), &authority(Role::Auditor));
        assert_eq!(decided.unwrap().events, [looked(question(None))]);
    }

    #[test]
    fn only_so_many_looks_are_kept() {
        let asked = (0..=LOOKS as u128).map(|person| looked(question(Some(person))));
        let audit: Audit = state(asked);
        assert_eq!(audit.looks.len(), LOOKS);
        let mut later = recorded(0, looked(question(None)));
        later.metadata.recorded_at += SAME_LOOK;
        let mut audit = audit;
        audit.evolve(&later);
        assert_eq!(audit.looks.len(), 1);
    }

    #[test]
    fn only_reviewers_look() {
        for role in [Role::UserManager, Role::Analyst, Role::Member] {
            given([] as [AuditEvent; 0])
                .when::<Audit, _>(look(question(None), 0), &authority(role))
                .then_rejected(&Rejection::Forbidden);
        }
        given([] as [AuditEvent; 0])
            .when::<Audit, _>(look(question(None), 0), &authority_elsewhere(Role::Auditor))
            .then_rejected(&Rejection::NotFound);
    }
}
