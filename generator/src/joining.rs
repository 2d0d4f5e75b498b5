//! How an installation, its organizations and their people come to be.

use crate::{
    journal::{Journal, Loaded, Step, Target},
    person::{Person, Place, Visit, email_of},
    setting_up::set_up_device,
    signing_in::start,
};
use domain::{
    Acting, Anyone, Mandate, Operating, SetUpLink,
    address::{ClaimAddress, ReleaseAddress},
    installation::{ClaimSetUp, Installation},
    organization::{AppointAdministrator, RegisterOrganization},
    user::{
        AcceptInvitation, INVITATION_LIFETIME, InviteFirstAdministrator, InviteUser,
        RegisterAdministrator, ResendInvitation, RevokeInvitation,
    },
    value::OrganizationName,
};
use eventstore_schema::{Actor, OrganizationId, Role, StreamName};

/// The first start: an organization and its administrator, by whoever holds the link.
pub(crate) fn set_up(
    journal: &mut Journal,
    installation: &mut Loaded<Installation>,
    person: &mut Person,
    place: &mut Place,
) -> Step<Visit> {
    let token = journal.dice.token();
    let by = SetUpLink::check(&token, &token)?;
    let claim = ClaimSetUp {
        organization_id: place.id,
        user_id: person.id,
    };
    let target = Target::new(StreamName::installation(), None);
    journal.execute(installation, &target, &by, claim)?;
    register(journal, place, &by.actor())?;
    claim_address(journal, person, place.id, by.actor())?;
    let command = RegisterAdministrator {
        organization_id: place.id,
        email: person.personal(journal, "email", &email_of(person.number))?,
        address_id: person.address_id.clone(),
        name: person.personal(journal, "name", &person.name())?,
        password: person.next_password(journal)?,
    };
    let target = person.target(place.id);
    journal.execute(&mut person.user, &target, &by, command)?;
    appoint(journal, person, place, by.actor())?;
    let proof = person.user.state.show_password(person.id, true)?;
    let mut visit = start(journal, person, place, 0, &proof)?;
    set_up_device(journal, person, place, &mut visit)?;
    Ok(visit)
}

fn register(journal: &mut Journal, place: &mut Place, by: &Actor) -> Step {
    let name = OrganizationName::parse(&format!("Organization {}", place.id))?;
    let (target, command) = (place.target(), RegisterOrganization { name });
    journal.execute(&mut place.organization, &target, by, command)
}

fn claim_address(
    journal: &mut Journal,
    person: &mut Person,
    organization: OrganizationId,
    by: Actor,
) -> Step {
    let (target, user_id) = (person.address_target(organization), person.id);
    journal.execute(&mut person.address, &target, &by, ClaimAddress { user_id })
}

/// The address of somebody who has gone is free again.
pub(crate) fn release_address(
    journal: &mut Journal,
    person: &mut Person,
    organization: OrganizationId,
    by: Actor,
) -> Step {
    let (target, user_id) = (person.address_target(organization), person.id);
    let command = ReleaseAddress { user_id };
    journal.execute(&mut person.address, &target, &by, command)
}

/// Enters somebody in the roster of administrators, if they are one.
pub(crate) fn appoint(
    journal: &mut Journal,
    person: &Person,
    place: &mut Place,
    by: Actor,
) -> Step {
    let command = AppointAdministrator {
        user_id: person.id,
        user: &person.user.state,
    };
    let target = place.target();
    journal.execute(&mut place.organization, &target, &by, command)
}

/// A further organization, and the invitation of its first administrator.
pub(crate) fn found(
    journal: &mut Journal,
    by: &Operating,
    person: &mut Person,
    place: &mut Place,
) -> Step {
    journal.request_after(10);
    claim_address(journal, person, place.id, by.actor())?;
    register(journal, place, &by.actor())?;
    let command = InviteFirstAdministrator(invitation(journal, person, place.id, Role::Admin)?);
    let target = person.target(place.id);
    journal.execute(&mut person.user, &target, by, command)
}

/// An invitation into an organization.
pub(crate) fn invite(
    journal: &mut Journal,
    by: &Mandate,
    person: &mut Person,
    place: &Place,
) -> Step {
    journal.request_after(1);
    let role = match journal.dice.below(100) {
        0 => Role::Admin,
        1 | 2 => Role::UserManager,
        3 => Role::Auditor,
        4 => Role::Analyst,
        _ => Role::Member,
    };
    InviteUser::permit(by, role, place.id)?;
    claim_address(journal, person, place.id, by.actor())?;
    let command = invitation(journal, person, place.id, role)?;
    let target = person.target(place.id);
    journal.execute(&mut person.user, &target, by, command)
}

fn invitation(
    journal: &mut Journal,
    person: &Person,
    organization_id: OrganizationId,
    role: Role,
) -> Step<InviteUser> {
    Ok(InviteUser {
        organization_id,
        email: person.personal(journal, "email", &email_of(person.number))?,
        address_id: person.address_id.clone(),
        name: person.personal(journal, "name", &person.name())?,
        role,
        token_digest: person.link.clone(),
        at: journal.now(),
        lifetime: INVITATION_LIFETIME,
    })
}

/// An invitation once more, with another link.
pub(crate) fn invite_again(
    journal: &mut Journal,
    by: &Mandate,
    person: &mut Person,
    place: &Place,
) -> Step {
    journal.request_after(5);
    let link = journal.dice.token();
    let command = ResendInvitation {
        organization_id: place.id,
        token_digest: link.clone(),
        at: journal.now(),
        lifetime: INVITATION_LIFETIME,
    };
    let target = person.target(place.id);
    journal.execute(&mut person.user, &target, by, command)?;
    person.link = link;
    Ok(())
}

/// An invitation is taken back.
pub(crate) fn revoke(
    journal: &mut Journal,
    by: &Mandate,
    person: &mut Person,
    place: &Place,
) -> Step {
    journal.request_after(5);
    let organization_id = place.id;
    let (target, command) = (
        person.target(place.id),
        RevokeInvitation { organization_id },
    );
    journal.execute(&mut person.user, &target, by, command)?;
    release_address(journal, person, place.id, by.actor())
}

/// Somebody follows the link of their invitation.
pub(crate) fn accept_invitation(
    journal: &mut Journal,
    person: &mut Person,
    place: &mut Place,
    number: usize,
) -> Step<Visit> {
    journal.request_after(40);
    person.user.state.check_link(&person.link, journal.now())?;
    let password = person.next_password(journal)?;
    let password_id = password.password_id;
    let command = AcceptInvitation {
        token_digest: person.link.clone(),
        password,
        at: journal.now(),
    };
    let target = person.target(place.id);
    journal.execute(&mut person.user, &target, &Anyone, command)?;
    appoint(journal, person, place, Anyone.actor())?;
    let proof = person.user.state.choose_password(person.id, password_id)?;
    start(journal, person, place, number, &proof)
}
