//! An e-mail address: it belongs to one person at most, and too many wrong passwords close it for a
//! while, whether it belongs to anybody or not. A browser in which its holder has signed in before has
//! an allowance of its own, so that nobody else keeps them out by guessing.

use crate::{
    Anyone, Rejection,
    decider::{Decide, Decider, Decision, emit, nothing_to_do, record_and_refuse},
    mail_throttle::MailThrottle,
};
use chrono::{DateTime, TimeDelta, Utc};
use eventstore_schema::{
    Actor, AddressClaimed, AddressEvent, AddressReleased, BrowserDigest, PasswordResetDeclined,
    Position, Recorded, SignInRejected, UserId,
};

/// Rejected attempts that an address, and each known browser, takes within [`THROTTLE_WINDOW`] (OWASP ASVS 2.2.1 asks for
/// fewer than 100 an hour; this is 40).
pub const THROTTLE_LIMIT: usize = 10;
/// How long a rejected attempt counts.
pub const THROTTLE_WINDOW: TimeDelta = TimeDelta::minutes(15);

/// How long nobody is told again that their address was closed.
const QUIET: TimeDelta = TimeDelta::hours(24);

/// What is known of an address.
#[derive(Clone, Debug, Default)]
pub struct Address {
    holder: Option<UserId>,
    /// Those of everybody but the known browsers.
    rejections: Rejections,
    /// Those of each known browser, as long as they count.
    in_known_browsers: Vec<(BrowserDigest, Rejections)>,
    declined_resets: MailThrottle,
    /// The rejection that closed it, for the first time in a day.
    closed: Option<(Position, DateTime<Utc>)>,
}

/// The newest rejections, oldest first, [`THROTTLE_LIMIT`] at most.
#[derive(Clone, Debug, Default)]
struct Rejections(Vec<DateTime<Utc>>);

impl Rejections {
    fn take_in(&mut self, at: DateTime<Utc>) {
        if self.0.len() == THROTTLE_LIMIT {
            self.0.remove(0);
        }
        self.0.push(at);
    }

    fn admit(&self, now: DateTime<Utc>) -> Result<(), Rejection> {
        match self.0.first() {
            Some(first) if self.0.len() == THROTTLE_LIMIT => {
                let retry_at = *first + THROTTLE_WINDOW;
                if now < retry_at {
                    Err(Rejection::TooManyAttempts { retry_at })
                } else {
                    Ok(())
                }
            }
            _ => Ok(()),
        }
    }

    fn count_at(&self, now: DateTime<Utc>) -> bool {
        let newest = self.0.last();
        newest.is_some_and(|newest| now < *newest + THROTTLE_WINDOW)
    }
}

impl Address {
    /// Whether the event at this position closed the address, and its holder is to hear of it: whoever
    /// keeps on guessing closes it every few minutes, which is told once a day.
    #[must_use]
    pub fn was_closed_at(&self, position: Position) -> bool {
        self.closed.is_some_and(|(at, _)| at == position)
    }

    /// Takes in a rejection.
    fn reject(&mut self, position: Position, at: DateTime<Utc>) {
        self.rejections.take_in(at);
        let told = self.closed.is_some_and(|(_, told)| at < told + QUIET);
        if self.rejections.admit(at).is_err() && !told {
            self.closed = Some((position, at));
        }
    }

    /// The same of a known browser.
    fn reject_in(&mut self, browser: &BrowserDigest, at: DateTime<Utc>) {
        self.in_known_browsers
            .retain(|(_, rejections)| rejections.count_at(at));
        let known = &mut self.in_known_browsers;
        if let Some((_, rejections)) = known.iter_mut().find(|(each, _)| each == browser) {
            rejections.take_in(at);
        } else {
            known.push((browser.clone(), Rejections(vec![at])));
        }
    }

    /// The person to whom it belongs.
    #[must_use]
    pub fn holder(&self) -> Option<UserId> {
        self.holder
    }

    /// Refuses while too many attempts have been rejected lately: of everybody, or in this browser
    /// where its holder is known to have signed in with it.
    pub fn admit(
        &self,
        known_browser: Option<&BrowserDigest>,
        now: DateTime<Utc>,
    ) -> Result<(), Rejection> {
        let Some(browser) = known_browser else {
            return self.rejections.admit(now);
        };
        let mut known = self.in_known_browsers.iter();
        match known.find(|(each, _)| each == browser) {
            Some((_, rejections)) => rejections.admit(now),
            None => Ok(()),
        }
    }
}

impl Decider for Address {
    type Event = AddressEvent;

    fn evolve(&mut self, event: &Recorded<AddressEvent>) {
        match &event.data {
            AddressEvent::AddressClaimed(claimed) => self.holder = Some(claimed.user_id),
            AddressEvent::AddressReleased(_) => self.holder = None,
            AddressEvent::SignInRejected(rejected) => match &rejected.browser {
                Some(browser) => self.reject_in(browser, event.metadata.recorded_at),
                None => self.reject(event.position, event.metadata.recorded_at),
            },
            AddressEvent::PasswordResetDeclined(_) => {
                self.declined_resets.sent(event.metadata.recorded_at);
            }
        }
    }

    fn refusal(event: &AddressEvent) -> Option<Rejection> {
        matches!(event, AddressEvent::SignInRejected(_)).then_some(Rejection::SignInRejected)
    }
}

/// Gives the address to a person. An address that is held stays with its holder: whoever continues
/// an invitation that was cut off does so with the holder's id, and the holder's own stream decides
/// who was first.
#[derive(Debug)]
pub struct ClaimAddress {
    /// The person.
    pub user_id: UserId,
}

impl Decide<ClaimAddress> for Address {
    type By = Actor;

    fn decide(&self, command: ClaimAddress, _by: &Actor) -> Decision<AddressEvent> {
        if self.holder.is_some() {
            return nothing_to_do();
        }
        emit(AddressClaimed {
            user_id: command.user_id,
        })
    }
}

/// Takes the address from a person who can no longer use it.
#[derive(Debug)]
pub struct ReleaseAddress {
    /// The person.
    pub user_id: UserId,
}

impl Decide<ReleaseAddress> for Address {
    type By = Actor;

    fn decide(&self, command: ReleaseAddress, _by: &Actor) -> Decision<AddressEvent> {
        if self.holder != Some(command.user_id) {
            return nothing_to_do();
        }
        emit(AddressReleased {
            user_id: command.user_id,
        })
    }
}

/// Refuses a sign-in at the password step, and remembers it.
#[derive(Debug)]
pub struct RejectSignIn {
    /// The browser, where the holder has signed in with it before.
    pub known_browser: Option<BrowserDigest>,
    /// The time of the attempt.
    pub at: DateTime<Utc>,
}

impl Decide<RejectSignIn> for Address {
    type By = Anyone;

    fn decide(&self, command: RejectSignIn, _by: &Anyone) -> Decision<AddressEvent> {
        self.admit(command.known_browser.as_ref(), command.at)?;
        record_and_refuse(
            SignInRejected {
                user_id: self.holder,
                browser: command.known_browser,
            },
            Rejection::SignInRejected,
        )
    }
}

/// Remembers that somebody asked for a link to choose a new password, where there is nobody to send
/// it to: as often as a known address gets a mail, so that both leave as many traces.
#[derive(Debug)]
pub struct DeclinePasswordReset {
    /// Now.
    pub at: DateTime<Utc>,
}

impl Decide<DeclinePasswordReset> for Address {
    type By = Anyone;

    fn decide(&self, command: DeclinePasswordReset, _by: &Anyone) -> Decision<AddressEvent> {
        if !self.declined_resets.admits(command.at) {
            return nothing_to_do();
        }
        emit(PasswordResetDeclined {
            user_id: self.holder,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    fn rejected() -> AddressEvent {
        rejected_in(None)
    }

    fn rejected_in(browser: Option<BrowserDigest>) -> AddressEvent {
        let user_id = None;
        SignInRejected { user_id, browser }.into()
    }

    fn reject_at(at: DateTime<Utc>) -> RejectSignIn {
        RejectSignIn {
            known_browser: None,
            at,
        }
    }

    #[test]
    fn an_address_belongs_to_the_first_who_claims_it() {
        given([AddressClaimed { user_id: user(1) }])
            .when::<Address, _>(ClaimAddress { user_id: user(2) }, &Actor::Operator)
            .then_nothing();
    }

    #[test]
    fn an_address_is_released_by_its_holder_only_and_then_free() {
        let claimed = || AddressEvent::from(AddressClaimed { user_id: user(1) });
        let released = || AddressEvent::from(AddressReleased { user_id: user(1) });
        given([claimed()])
            .when::<Address, _>(ReleaseAddress { user_id: user(1) }, &Actor::Operator)
            .then([released()]);
        given([claimed()])
            .when::<Address, _>(ReleaseAddress { user_id: user(2) }, &Actor::Operator)
            .then_nothing();
        given([claimed(), released()])
            .when::<Address, _>(ClaimAddress { user_id: user(2) }, &Actor::Operator)
            .then([AddressClaimed { user_id: user(2) }]);
    }

    #[test]
    fn a_wrong_password_is_remembered_for_unknown_addresses_too() {
        given::<AddressEvent>([] as [AddressEvent; 0])
            .when::<Address, _>(reject_at(now()), &Anyone)
            .then_refused([rejected()], &Rejection::SignInRejected);
    }

    #[test]
    fn a_reset_for_nobody_leaves_as_many_traces_as_one_for_somebody() {
        let declined = || AddressEvent::from(PasswordResetDeclined { user_id: None });
        let decline = || DeclinePasswordReset { at: now() };
        given::<AddressEvent>([] as [AddressEvent; 0])
            .when::<Address, _>(decline(), &Anyone)
            .then([declined()]);
        given([declined()])
            .when::<Address, _>(decline(), &Anyone)
            .then_nothing();
    }

    #[test]
    fn too_many_wrong_passwords_close_the_address_for_a_while() {
        let history = || given((0..THROTTLE_LIMIT).map(|_| rejected()));
        history()
            .when::<Address, _>(reject_at(now()), &Anyone)
            .then_rejected(&Rejection::TooManyAttempts {
                retry_at: now() + THROTTLE_WINDOW,
            });
        history()
            .when::<Address, _>(reject_at(now() + THROTTLE_WINDOW), &Anyone)
            .then_refused([rejected()], &Rejection::SignInRejected);
    }

    #[test]
    fn whoever_guesses_elsewhere_does_not_close_a_known_browser_nor_the_other_way_round() {
        let laptop = BrowserDigest("laptop".into());
        let reject = |known_browser| RejectSignIn {
            known_browser,
            at: now(),
        };
        let elsewhere = || given((0..THROTTLE_LIMIT).map(|_| rejected()));
        elsewhere()
            .when::<Address, _>(reject(Some(laptop.clone())), &Anyone)
            .then_refused(
                [rejected_in(Some(laptop.clone()))],
                &Rejection::SignInRejected,
            );
        let there = || given((0..THROTTLE_LIMIT).map(|_| rejected_in(Some(laptop.clone()))));
        there()
            .when::<Address, _>(reject(None), &Anyone)
            .then_refused([rejected()], &Rejection::SignInRejected);
        // It has an allowance, not a free hand.
        there()
            .when::<Address, _>(reject(Some(laptop.clone())), &Anyone)
            .then_rejected(&Rejection::TooManyAttempts {
                retry_at: now() + THROTTLE_WINDOW,
            });
    }

    #[test]
    fn the_rejection_that_closes_the_address_is_told_and_told_again_after_a_day() {
        let mut address = Address::default();
        let mut told = Vec::new();
        // Somebody who guesses as often as they are let, for a day and an hour.
        for minute in 0..25 * 60 {
            let at = now() + TimeDelta::minutes(minute);
            if address.admit(None, at).is_ok() {
                let position = Position(u64::try_from(minute).unwrap() + 1);
                address.reject(position, at);
                if address.was_closed_at(position) {
                    told.push(minute);
                }
            }
        }
        assert_eq!(told[0], 9);
        assert_eq!(told.len(), 2);
        assert!(told[1] - told[0] >= 24 * 60);
    }

    #[test]
    fn wrong_passwords_that_close_nothing_are_not_told() {
        let mut address = Address::default();
        for n in 0..40 {
            address.reject(
                Position(n + 1),
                now() + THROTTLE_WINDOW / 8 * i32::try_from(n).unwrap(),
            );
            assert!(!address.was_closed_at(Position(n + 1)));
        }
    }
}
