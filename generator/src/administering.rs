//! What administrators do to other people, and to their organization for good.

use crate::{
    joining::{appoint, invite_again, release_address, revoke},
    journal::{Journal, Step, Target},
    person::{Person, Place},
};
use domain::{
    Acting as _, Authority, Mandate, Permission,
    audit::ReadAudit,
    organization::{CONFIRMATION, DismissAdministrator, EnforceTwoFactor},
    user::{ChangeRole, DisableUser, EnableUser, EraseUser, ResetOtpDevices},
};
use eventstore_schema::{AuditRead, AuditReading, Position, Role, StreamName};

/// The irreversible step.
pub(crate) fn enforce(journal: &mut Journal, by: &Mandate, place: &mut Place) -> Step {
    journal.request_after(60);
    let command = EnforceTwoFactor {
        confirmation: CONFIRMATION.to_owned(),
        set_up_link: false,
    };
    let target = place.target();
    journal.execute(&mut place.organization, &target, by, command)
}

/// Something that an administrator does to somebody else, whatever that one's standing calls for.
pub(crate) fn manage(
    journal: &mut Journal,
    by: &Authority,
    person: &mut Person,
    place: &mut Place,
) -> Step {
    if person.user.state.invitation_expires_at().is_some() {
        return if journal.dice.per_mille(600) {
            invite_again(journal, by, person, place)
        } else {
            revoke(journal, by, person, place)
        };
    }
    journal.request_after(15);
    if person.user.state.is_disabled() {
        return enable(journal, by, person, place);
    }
    match journal.dice.below(10) {
        0..3 => disable(journal, by, person, place),
        3..7 => change_role(journal, by, person, place),
        7..9 => reset(journal, by, person, place),
        _ => erase(journal, by, person, place),
    }
}

fn enable(journal: &mut Journal, by: &Authority, person: &mut Person, place: &mut Place) -> Step {
    let command = EnableUser {
        organization_id: place.id,
        user_id: person.id,
    };
    let target = person.target(place.id);
    journal.execute(&mut person.user, &target, &**by, command)?;
    appoint(journal, person, place, by.actor())
}

fn disable(journal: &mut Journal, by: &Authority, person: &mut Person, place: &mut Place) -> Step {
    let command = |dismissed_at| DisableUser {
        organization_id: place.id,
        user_id: person.id,
        dismissed_at,
    };
    command(None).permit(&person.user.state, by)?;
    let command = DisableUser {
        organization_id: place.id,
        user_id: person.id,
        dismissed_at: dismiss(journal, by, person, place)?,
    };
    let target = person.target(place.id);
    journal.execute(&mut person.user, &target, &**by, command)
}

fn change_role(
    journal: &mut Journal,
    by: &Authority,
    person: &mut Person,
    place: &mut Place,
) -> Step {
    let role = match journal.dice.below(20) {
        0 => Role::Admin,
        1..5 => Role::UserManager,
        5..8 => Role::Auditor,
        8..11 => Role::Analyst,
        _ => Role::Member,
    };
    let mut command = ChangeRole {
        organization_id: place.id,
        user_id: person.id,
        role,
        dismissed_at: None,
    };
    command.permit(&person.user.state, by)?;
    command.dismissed_at = if role == Role::Admin {
        place.organization.state.dismissed_at(person.id)
    } else {
        dismiss(journal, by, person, place)?
    };
    let target = person.target(place.id);
    journal.execute(&mut person.user, &target, &**by, command)?;
    appoint(journal, person, place, by.actor())
}

/// Strikes an administrator from the roster, and nobody else; where the roster last did so.
fn dismiss(
    journal: &mut Journal,
    by: &Authority,
    person: &Person,
    place: &mut Place,
) -> Step<Option<Position>> {
    if person.user.state.administrator_since().is_some() {
        let command = DismissAdministrator {
            user_id: person.id,
            user: &person.user.state,
        };
        let target = place.target();
        journal.execute(&mut place.organization, &target, &**by, command)?;
    }
    Ok(place.organization.state.dismissed_at(person.id))
}

fn reset(journal: &mut Journal, by: &Authority, person: &mut Person, place: &Place) -> Step {
    let command = ResetOtpDevices {
        organization_id: place.id,
        user_id: person.id,
        at: journal.now(),
    };
    let target = person.target(place.id);
    journal.execute(&mut person.user, &target, by, command)
}

/// The keys of who is erased, the server destroys when it comes to the event.
fn erase(journal: &mut Journal, by: &Authority, person: &mut Person, place: &mut Place) -> Step {
    let mut command = EraseUser {
        organization_id: place.id,
        user_id: person.id,
        confirmation: Some(person.address_id.clone()),
        dismissed_at: None,
        at: journal.now(),
    };
    command.permit(&person.user.state, by)?;
    command.dismissed_at = dismiss(journal, by, person, place)?;
    let target = person.target(place.id);
    journal.execute(&mut person.user, &target, by, command)?;
    release_address(journal, person, place.id, by.actor())
}

/// Somebody looks at the audit trail.
pub(crate) fn read_audit(journal: &mut Journal, by: &Mandate, place: &mut Place) -> Step {
    journal.request_after(20);
    by.permit(Permission::ReadAudit, place.id)?;
    let types = journal
        .dice
        .per_mille(300)
        .then(|| vec!["TwoFactorEnforced".to_owned()]);
    let question = AuditRead {
        how: AuditReading::Page,
        actor: None,
        person: None,
        types,
        from: None,
        until: None,
        as_of: None,
        event_id: None,
    };
    let command = ReadAudit {
        organization_id: place.id,
        question,
        at: journal.now(),
    };
    let target = Target::new(StreamName::audit(place.id), place.id);
    journal.execute(&mut place.audit, &target, by, command)
}
