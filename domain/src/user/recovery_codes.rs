//! Recovery codes: each lets the person in once, in place of an authenticator (invariants I4, I9).
//! Which of them are spent is in the log, and of two writers with the same code it admits one.

use super::User;
use crate::{
    Authority, Decide, Decision, Rejection, Showing,
    decider::{emit, record_and_refuse},
};
use chrono::{DateTime, Utc};
use eventstore_schema::{
    CommandId, RecoveryCodeDigest, RecoveryCodeRejected, RecoveryCodeUsed, RecoveryCodesIssued,
    UserEvent,
};
use subtle::ConstantTimeEq;

/// The recovery codes that a person was shown last.
#[derive(Clone, Debug)]
pub struct RecoveryCodes {
    /// Those that are spent are gone, so that the others keep their numbers.
    unspent: Vec<Option<RecoveryCodeDigest>>,
    issued_at: DateTime<Utc>,
    issued_by: CommandId,
}

impl RecoveryCodes {
    pub(super) fn issued(
        event: &RecoveryCodesIssued,
        issued_at: DateTime<Utc>,
        issued_by: CommandId,
    ) -> Self {
        Self {
            unspent: event.digests.iter().cloned().map(Some).collect(),
            issued_at,
            issued_by,
        }
    }

    pub(super) fn spend(&mut self, number: u32) {
        let index = usize::try_from(number).ok().and_then(|n| n.checked_sub(1));
        if let Some(code) = index.and_then(|index| self.unspent.get_mut(index)) {
            *code = None;
        }
    }

    /// How many are not spent.
    #[must_use]
    pub fn left(&self) -> usize {
        self.unspent.iter().flatten().count()
    }

    /// When the person was shown them.
    #[must_use]
    pub fn issued_at(&self) -> DateTime<Utc> {
        self.issued_at
    }

    /// The command that made them: a retry of it shows them again.
    #[must_use]
    pub fn issued_by(&self) -> CommandId {
        self.issued_by
    }

    /// The number of an unspent code. Every one is compared, each in constant time.
    fn find(&self, digest: &RecoveryCodeDigest) -> Option<u32> {
        let mut found = None;
        for (number, known) in (1..).zip(&self.unspent) {
            if let Some(known) = known
                && bool::from(known.0.as_bytes().ct_eq(digest.0.as_bytes()))
            {
                found = Some(number);
            }
        }
        found
    }
}

pub(super) fn issue(digests: Vec<RecoveryCodeDigest>) -> RecoveryCodesIssued {
    RecoveryCodesIssued {
        count: u32::try_from(digests.len()).unwrap_or(u32::MAX),
        digests,
    }
}

/// Shows a recovery code in place of an authenticator.
#[derive(Debug)]
pub struct UseRecoveryCode {
    /// The keyed digest of the code as typed.
    pub digest: RecoveryCodeDigest,
    /// Now.
    pub at: DateTime<Utc>,
}

impl Decide<UseRecoveryCode> for User {
    type By = Showing;

    fn decide(&self, command: UseRecoveryCode, by: &Showing) -> Decision<UserEvent> {
        self.expects_second_factor(by)?;
        self.throttle.admit(command.at)?;
        let session_id = by.holder().session();
        let codes = self.recovery_codes.as_ref();
        match codes.and_then(|codes| codes.find(&command.digest)) {
            Some(number) => emit(RecoveryCodeUsed { number, session_id }),
            None => record_and_refuse(
                RecoveryCodeRejected { session_id },
                Rejection::RecoveryCodeWrong,
            ),
        }
    }
}

/// Replaces all recovery codes.
#[derive(Debug)]
pub struct ReplaceRecoveryCodes {
    /// The keyed digests of the new ones.
    pub digests: Vec<RecoveryCodeDigest>,
    /// Now.
    pub at: DateTime<Utc>,
}

impl Decide<ReplaceRecoveryCodes> for User {
    type By = Authority;

    fn decide(&self, command: ReplaceRecoveryCodes, by: &Authority) -> Decision<UserEvent> {
        if self.devices.is_empty() {
            // They would open nothing: nobody asks for a second factor.
            return Err(Rejection::OtpDeviceMissing);
        }
        // Or a stolen session would take new ones, and show one of them.
        by.require_fresh_second_factor(command.at)?;
        emit(issue(command.digests))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;
    use chrono::TimeDelta;
    use eventstore_schema::{OtpRejected, OtpRejectionReason, Role};

    fn code(n: u32) -> RecoveryCodeDigest {
        RecoveryCodeDigest(format!("code {n}"))
    }

    fn issued(numbers: std::ops::RangeInclusive<u32>) -> UserEvent {
        issue(numbers.map(code).collect()).into()
    }

    fn used(number: u32) -> UserEvent {
        RecoveryCodeUsed {
            number,
            session_id: session(1),
        }
        .into()
    }

    fn rejected() -> UserEvent {
        RecoveryCodeRejected {
            session_id: session(1),
        }
        .into()
    }

    /// A person with an authenticator, the codes 1 to 3, and what happened then.
    #[track_caller]
    fn show(
        more: impl IntoIterator<Item = UserEvent>,
        digest: RecoveryCodeDigest,
    ) -> Then<UserEvent> {
        let begun = [registered(Role::Member)]
            .into_iter()
            .chain(device_set_up(1));
        let history = begun.chain([issued(1..=3)]).chain(more);
        let by = holder(Role::Member, acme(), device_set_up(1), true, false);
        given(history).when::<User, _>(
            UseRecoveryCode { digest, at: now() },
            &Showing::to_sign_in(by),
        )
    }

    #[test]
    fn each_code_is_accepted() {
        for n in 1..=3 {
            show([], code(n)).then([used(n)]);
        }
    }

    #[test]
    fn a_recovery_code_works_once() {
        show([used(2)], code(2)).then_refused([rejected()], &Rejection::RecoveryCodeWrong);
        show([used(2)], code(3)).then([used(3)]);
    }

    #[test]
    fn the_codes_of_before_are_dead() {
        show([issued(4..=6)], code(1)).then_refused([rejected()], &Rejection::RecoveryCodeWrong);
        show([used(1), issued(4..=6)], code(4)).then([used(1)]);
    }

    #[test]
    fn wrong_recovery_codes_count_together_with_wrong_codes() {
        let wrong: UserEvent = OtpRejected {
            reason: OtpRejectionReason::Wrong,
            session_id: session(1),
        }
        .into();
        let history = [wrong.clone(), wrong, rejected(), rejected(), rejected()];
        show(history.clone(), code(1)).then_rejected(&Rejection::TooManyAttempts {
            retry_at: now() + TimeDelta::minutes(1),
        });
        let [_, fewer @ ..] = history;
        show(fewer, code(1)).then([used(1)]);
    }

    #[test]
    fn a_right_recovery_code_ends_the_wait() {
        let wrong = || std::iter::repeat_n(rejected(), 4);
        show(wrong().chain([used(1)]).chain(wrong()), code(2)).then([used(2)]);
    }

    #[test]
    fn they_are_counted() {
        let begun = [registered(Role::Member)]
            .into_iter()
            .chain(device_set_up(1));
        let person = state::<User>(begun.chain([issued(1..=3), used(2)]));
        let codes = person.recovery_codes().unwrap();
        assert_eq!((codes.left(), codes.issued_at()), (2, now()));
    }

    #[test]
    fn new_ones_need_an_authenticator_and_a_second_factor_shown_just_now() {
        let replace = |later| ReplaceRecoveryCodes {
            digests: vec![code(1)],
            at: now() + later,
        };
        let (soon, late) = (TimeDelta::zero(), TimeDelta::minutes(6));
        given([registered(Role::Member)])
            .when::<User, _>(replace(soon), &authority(Role::Member))
            .then_rejected(&Rejection::OtpDeviceMissing);
        let shown = holder(Role::Member, acme(), device_set_up(1), false, true);
        let by = Authority::of(shown).unwrap();
        given(with_devices(1))
            .when::<User, _>(replace(soon), &by)
            .then([issued(1..=1)]);
        given(with_devices(1))
            .when::<User, _>(replace(late), &by)
            .then_rejected(&Rejection::FreshSecondFactorRequired);
    }
}
