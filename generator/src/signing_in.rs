//! Signing in: password, then code, with the mistakes that people make.

use crate::{
    journal::{Journal, Loaded, Step, Stop, Target},
    person::{Person, Place, Visit, code_of},
    setting_up::set_up_device,
};
use domain::{
    Anyone, NextStep, Rejection, Showing,
    address::RejectSignIn,
    otp::OtpCode,
    session::{AcceptSecondFactor, SessionLimits, StartSession},
    user::{PasswordProof, UseRecoveryCode, VerifyOtp},
};
use eventstore_schema::{SessionId, StreamName};

/// Somebody types a wrong password, so often in a row.
pub(crate) fn mistype_password(
    journal: &mut Journal,
    person: &mut Person,
    place: &Place,
    times: usize,
) -> Step {
    for _ in 0..times {
        journal.request_after(4);
        let known = journal.dice.per_mille(500);
        let command = RejectSignIn {
            known_browser: known.then(|| person.browser.clone()),
            at: journal.now(),
        };
        let target = person.address_target(place.id);
        match journal.execute(&mut person.address, &target, &Anyone, command) {
            Err(Stop::Refused(Rejection::SignInRejected)) => {}
            other => return other,
        }
    }
    Ok(())
}

/// Somebody signs in, up to where their organization wants them.
pub(crate) fn sign_in(
    journal: &mut Journal,
    person: &mut Person,
    place: &Place,
    number: usize,
) -> Step<Visit> {
    journal.request_after(2);
    let browser = Some(&person.browser);
    person.address.state.admit(browser, journal.now())?;
    let proof = person.user.state.show_password(person.id, true)?;
    let mut visit = start(journal, person, place, number, &proof)?;
    go_on(journal, person, place, &mut visit)?;
    Ok(visit)
}

/// A session begins for somebody who has shown, or chosen, a password.
pub(crate) fn start(
    journal: &mut Journal,
    person: &Person,
    place: &Place,
    number: usize,
    proof: &PasswordProof,
) -> Step<Visit> {
    let id = SessionId(journal.dice.id_at(journal.now()));
    let token = journal.dice.token();
    let mut session = Loaded::default();
    let command = StartSession {
        user: &person.user.state,
        organization: &place.organization.state,
        token_digest: token.clone(),
        browser: journal.dice.per_mille(900).then(|| person.browser.clone()),
        at: journal.now(),
        limits: SessionLimits::default(),
    };
    let target = Target::new(StreamName::session(id), place.id);
    journal.execute(&mut session, &target, proof, command)?;
    Ok(Visit {
        id,
        session,
        token,
        person: number,
    })
}

/// What the session still lacks.
pub(crate) fn go_on(
    journal: &mut Journal,
    person: &mut Person,
    place: &Place,
    visit: &mut Visit,
) -> Step {
    let holder = visit.holder(person, &place.organization, journal.now())?;
    match holder.next() {
        NextStep::Done => Ok(()),
        NextStep::OtpSetUp => set_up_device(journal, person, place, visit),
        NextStep::Otp => {
            mistype_code(journal, person, place, visit)?;
            if journal.dice.per_mille(5) && person.user.state.recovery_codes().is_some() {
                show_recovery_code(journal, person, place, visit)
            } else {
                show_code(journal, person, place, visit)
            }
        }
    }
}

/// Four of a hundred get the code wrong once or twice, one of three hundred until they are locked out.
fn mistype_code(journal: &mut Journal, person: &mut Person, place: &Place, visit: &Visit) -> Step {
    let times = match journal.dice.below(1_000) {
        0..3 => 6,
        3..10 => 2,
        10..43 => 1,
        _ => 0,
    };
    for _ in 0..times {
        let digits = format!("{:06}", journal.dice.below(1_000_000));
        let code = OtpCode::parse(&digits)?;
        match verify(journal, person, place, visit, code) {
            Err(Stop::Refused(Rejection::OtpCodeWrong | Rejection::OtpCodeExpired)) => {}
            other => return other,
        }
    }
    Ok(())
}

/// The code of the newest authenticator; the one after it, where it was used already.
pub(crate) fn show_code(
    journal: &mut Journal,
    person: &mut Person,
    place: &Place,
    visit: &mut Visit,
) -> Step {
    for wait in [0, 30] {
        let newest = person.user.state.devices().last().map(|device| device.id);
        let device = newest.ok_or(Rejection::OtpDeviceMissing)?;
        journal.wait(wait);
        journal.request_after(5);
        let code = code_of(device, journal.now())?;
        match verify_now(journal, person, place, visit, code) {
            Err(Stop::Refused(Rejection::OtpCodeReused)) if wait == 0 => {}
            other => return other.and_then(|()| accept(journal, person, place, visit)),
        }
    }
    Ok(())
}

fn verify(
    journal: &mut Journal,
    person: &mut Person,
    place: &Place,
    visit: &Visit,
    code: OtpCode,
) -> Step {
    journal.request_after(5);
    verify_now(journal, person, place, visit, code)
}

fn verify_now(
    journal: &mut Journal,
    person: &mut Person,
    place: &Place,
    visit: &Visit,
    code: OtpCode,
) -> Step {
    let holder = visit.holder(person, &place.organization, journal.now())?;
    let command = VerifyOtp {
        code,
        secrets: person.secrets(),
        at: journal.now(),
    };
    let (target, by) = (person.target(place.id), Showing::to_sign_in(holder));
    journal.execute(&mut person.user, &target, &by, command)
}

fn show_recovery_code(
    journal: &mut Journal,
    person: &mut Person,
    place: &Place,
    visit: &mut Visit,
) -> Step {
    journal.request_after(20);
    let holder = visit.holder(person, &place.organization, journal.now())?;
    let command = UseRecoveryCode {
        digest: person.spend_recovery_code(),
        at: journal.now(),
    };
    let (target, by) = (person.target(place.id), Showing::to_sign_in(holder));
    journal.execute(&mut person.user, &target, &by, command)?;
    accept(journal, person, place, visit)
}

/// The session takes note of the second factor, in the same request.
pub(crate) fn accept(
    journal: &mut Journal,
    person: &Person,
    place: &Place,
    visit: &mut Visit,
) -> Step {
    let proof = person.user.state.second_factor_shown(person.id, visit.id)?;
    let token_digest = journal.dice.token();
    let command = AcceptSecondFactor {
        token_digest: token_digest.clone(),
    };
    let target = Target::new(StreamName::session(visit.id), place.id);
    journal.execute(&mut visit.session, &target, &proof, command)?;
    visit.token = token_digest;
    Ok(())
}
