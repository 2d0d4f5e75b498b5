//! Authenticators and recovery codes, set up, renamed, replaced and removed by their owners.

use crate::person::secret_of;
use crate::{
    journal::{Journal, Step, Stop},
    person::{Person, Place, Visit, code_of},
    signing_in::accept,
};
use domain::{
    Authority, Enrolment, Rejection,
    otp::{OtpCode, OtpSecret},
    user::{
        ChangePassword, ConfirmOtpDevice, RegisterOtpDevice, RemoveOtpDevice, RenameOtpDevice,
        ReplaceRecoveryCodes,
    },
};

const NAMES: [&str; 4] = ["phone", "work phone", "tablet", "old phone"];

/// Somebody sets up an authenticator, in a session that may.
pub(crate) fn set_up_device(
    journal: &mut Journal,
    person: &mut Person,
    place: &Place,
    visit: &mut Visit,
) -> Step {
    journal.request_after(3);
    let by = Enrolment::of(visit.holder(person, &place.organization, journal.now())?)?;
    let (device_id, secret) = person.next_device(journal)?;
    let command = RegisterOtpDevice {
        device_id,
        secret,
        at: journal.now(),
    };
    let target = person.target(place.id);
    journal.execute(&mut person.user, &target, &by, command)?;
    // One of twenty leaves it at that, and of the others one of twenty types a wrong code first.
    if journal.dice.per_mille(50) {
        return Ok(());
    }
    let wrong = journal.dice.per_mille(50);
    let name = journal.dice.mostly_early(NAMES.len());
    let name = NAMES.get(name).copied().unwrap_or("phone");
    for mistaken in [wrong, false] {
        journal.request_after(25);
        let code = if mistaken {
            OtpCode::parse(&format!("{:06}", journal.dice.below(1_000_000)))?
        } else {
            code_of(device_id, journal.now())?
        };
        let command = ConfirmOtpDevice {
            device_id,
            secret: OtpSecret::new(secret_of(device_id)),
            device_name: person.personal(journal, "device_name", name)?,
            code,
            recovery_codes: person.next_recovery_codes(),
            at: journal.now(),
        };
        match journal.execute(&mut person.user, &target, &by, command) {
            Err(Stop::Refused(Rejection::OtpCodeWrong | Rejection::OtpCodeExpired)) => {}
            other => return other.and_then(|()| accept(journal, person, place, visit)),
        }
    }
    Ok(())
}

/// Somebody looks after their own account.
pub(crate) fn look_after_oneself(
    journal: &mut Journal,
    person: &mut Person,
    place: &Place,
    visit: &mut Visit,
) -> Step {
    journal.request_after(30);
    let holder = visit.holder(person, &place.organization, journal.now())?;
    let by = Authority::of(holder)?;
    let (target, at) = (person.target(place.id), journal.now());
    let oldest = person.user.state.devices().first().map(|device| device.id);
    match (journal.dice.below(5), oldest) {
        (0, Some(_)) => {
            let digests = person.next_recovery_codes();
            let command = ReplaceRecoveryCodes { digests, at };
            journal.execute(&mut person.user, &target, &by, command)
        }
        (1, Some(device_id)) => {
            let device_name = person.personal(journal, "device_name", "my phone")?;
            let command = RenameOtpDevice {
                device_id,
                device_name,
            };
            journal.execute(&mut person.user, &target, &by, command)
        }
        (2, Some(device_id)) => {
            let organization = &place.organization.state;
            let command = RemoveOtpDevice {
                device_id,
                organization,
                at,
            };
            journal.execute(&mut person.user, &target, &by, command)
        }
        (3, _) => {
            let shown = person.user.state.show_password(person.id, true)?;
            let password = person.next_password(journal)?;
            let command = ChangePassword { shown, password };
            journal.execute(&mut person.user, &target, &by, command)
        }
        _ => set_up_device(journal, person, place, visit),
    }
}
