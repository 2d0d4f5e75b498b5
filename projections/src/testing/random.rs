//! Histories that could have happened, steered by random numbers.

use super::{History, Person};
use eventstore_schema::{
    Actor, AddressEvent, AddressId, DeviceId, Factor, OrganizationId, OtpRejectionReason, Role,
    SessionId, SignInRejected, StreamName,
};
use proptest::prelude::*;

/// Erases one of these people, if there are any; nothing happens to their devices any more.
fn erase(
    history: &mut History,
    which: prop::sample::Index,
    among: &mut Vec<Person>,
    devices: &mut Vec<(Person, DeviceId)>,
) {
    if !among.is_empty() {
        let person = among.swap_remove(which.index(among.len()));
        history.erased(person);
        devices.retain(|(owner, _)| owner.0 != person.0);
    }
}

/// What happens to one organization or person, and changes nothing about who may be next.
fn to_one(history: &mut History, what: u8, organization: OrganizationId, person: Person) {
    match what {
        12 => history.renamed(organization, "Renamed"),
        13 => history.look_changed(organization),
        18 => history.reset_requested(person),
        19 => history.password_reset(person),
        20 => {
            history.password_changed(person);
            history.password_rehashed(person);
        }
        23 => history.role_changed(person, Role::Analyst),
        24 => {
            history.appointed(person);
            history.dismissed(person);
        }
        26 => {
            history.recovery_codes_issued(person);
            history.recovery_code_rejected(person);
            history.recovery_code_used(person);
        }
        30 => history.exported(person),
        34 => {
            history.set_up_link_enforced(organization);
            history.set_up_link_followed(person);
        }
        35 => {
            let credential = history.credential_created(person);
            history.token_issued(person, credential);
            history.secret_rotated(person, credential);
            history.credential_revoked(person, credential);
        }
        36 => history.audit_read(person),
        37 => history.late_by_nine_hours(),
        38 => history.signed_in_with_factors(person, vec![Factor::Password, Factor::Otp]),
        39 => {
            let factors = vec![Factor::Password, Factor::RecoveryCode];
            history.signed_in_with_factors(person, factors);
        }
        40 => {
            for reason in [OtpRejectionReason::Reused, OtpRejectionReason::Expired] {
                history.code_rejected_as(person, reason);
            }
        }
        // At an address that nobody holds.
        41 => sign_in_rejected(history, None),
        _ => history.code_rejected(person),
    }
}

/// A history that could have happened, steered by random numbers.
pub(crate) fn history(steps: &[(u8, prop::sample::Index)]) -> History {
    let mut history = History::default();
    let mut organizations = vec![history.organization("Acme")];
    let mut unenforced = organizations.clone();
    let mut invited = Vec::<Person>::new();
    let mut active = vec![history.registered(organizations[0])];
    let mut disabled = Vec::<Person>::new();
    let mut devices = Vec::<(Person, DeviceId)>::new();
    let mut sessions = Vec::<(Person, SessionId)>::new();
    for (what, which) in steps {
        let organization = *which.get(&organizations);
        let person = *which.get(&active);
        match what % 43 {
            0 => {
                let organization = history.organization("Another");
                organizations.push(organization);
                unenforced.push(organization);
            }
            1 | 2 => invited.push(history.invited(organization, Actor::User(person.0))),
            3 if !invited.is_empty() => history.resent(*which.get(&invited)),
            4 if !invited.is_empty() => {
                history.revoked(invited.swap_remove(which.index(invited.len())));
            }
            5 | 6 if !invited.is_empty() => {
                let person = invited.swap_remove(which.index(invited.len()));
                history.accepted(person);
                active.push(person);
            }
            7 => devices.push((person, history.device_confirmed(person))),
            8 | 9 if !devices.is_empty() => {
                let (person, device) = *which.get(&devices);
                history.code_accepted(person, device);
            }
            10 if !unenforced.is_empty() => {
                history.enforced(
                    unenforced.swap_remove(which.index(unenforced.len())),
                    person.0,
                );
            }
            14 => {
                history.days += 1;
                history.clock = None;
            }
            15 => sessions.push((person, history.signed_in(person))),
            16 if !sessions.is_empty() => {
                let (person, session) = *which.get(&sessions);
                history.second_factor_accepted(person, session);
            }
            17 if !sessions.is_empty() => {
                let (person, session) = sessions.swap_remove(which.index(sessions.len()));
                history.session_used(person, session);
                history.session_ended(person, session);
            }
            11 => sign_in_rejected(&mut history, Some(person)),
            // By a machine.
            42 => {
                let machine = history.credential_created(person);
                invited.push(history.invited(person.1, Actor::ApiCredential(machine)));
            }
            21 if active.len() > 1 => {
                let person = active.swap_remove(which.index(active.len()));
                history.disabled(person);
                disabled.push(person);
            }
            22 if !disabled.is_empty() => {
                let person = disabled.swap_remove(which.index(disabled.len()));
                history.enabled(person);
                active.push(person);
            }
            // Under way when they were disabled.
            25 if !disabled.is_empty() => {
                let person = *which.get(&disabled);
                devices.push((person, history.device_confirmed(person)));
            }
            27 if !devices.is_empty() => {
                let (person, device) = *which.get(&devices);
                history.device_renamed(person, device);
            }
            28 if !devices.is_empty() => {
                let (person, device) = devices.swap_remove(which.index(devices.len()));
                history.device_removed(person, device);
            }
            29 => {
                history.devices_reset(person);
                devices.retain(|(owner, _)| owner.0 != person.0);
            }
            31 if active.len() > 1 => erase(&mut history, *which, &mut active, &mut devices),
            32 => erase(&mut history, *which, &mut invited, &mut devices),
            33 => erase(&mut history, *which, &mut disabled, &mut devices),
            other => to_one(&mut history, other, organization, person),
        }
    }
    history
}

fn sign_in_rejected(history: &mut History, person: Option<Person>) {
    let address = StreamName::address(&AddressId("0".into()));
    let event = AddressEvent::from(SignInRejected {
        browser: None,
        user_id: person.map(|person| person.0),
    });
    let organization = person.map(|person| person.1);
    history.record(address, organization, Actor::Anonymous, event);
}
