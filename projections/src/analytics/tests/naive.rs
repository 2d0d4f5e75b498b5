//! The datasets once more, counted the slow and obvious way: the whole history in memory, and each
//! number looked for in all of it.

use crate::{
    analytics::moment::{day_of, hour_of, second_of},
    testing::History,
};
use chrono::{DateTime, Utc};
use eventstore_schema::{
    Actor, AddressEvent, ApiCredentialEvent, Event, Factor, OrganizationEvent, OrganizationId,
    OtpRejectionReason, Recorded, SessionEvent, UserEvent,
};
use std::collections::{BTreeMap, BTreeSet};

/// The rows of a dataset, as lines.
type Lines = Vec<String>;

/// The history of one organization.
pub(super) struct Naive {
    events: Vec<Recorded<Event>>,
    now: DateTime<Utc>,
}

/// What a person is.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct State {
    pending: bool,
    active: bool,
    devices: usize,
}

impl State {
    fn after(mut self, what: &UserEvent) -> Self {
        use UserEvent as E;
        match what {
            E::UserInvited(_) => self.pending = true,
            E::UserRegistered(_) | E::InvitationAccepted(_) | E::UserEnabled(_) => {
                (self.pending, self.active) = (false, true);
            }
            E::UserDisabled(_) => self.active = false,
            E::InvitationRevoked(_) | E::UserErased(_) => self = Self::default(),
            E::OtpDeviceConfirmed(_) => self.devices += 1,
            E::OtpDeviceRemoved(_) => self.devices -= 1,
            E::OtpDevicesReset(_) => self.devices = 0,
            _ => {}
        }
        self
    }

    fn has_device(self) -> bool {
        self.active && self.devices > 0
    }
}

fn seconds(from: DateTime<Utc>, to: DateTime<Utc>) -> i64 {
    (to - from).num_seconds().max(0)
}

fn or_dash(number: Option<i64>) -> String {
    number.map_or("-".to_owned(), |number| number.to_string())
}

fn counted<K: Ord>(keys: impl Iterator<Item = K>) -> BTreeMap<K, usize> {
    let mut counts = BTreeMap::new();
    for key in keys {
        *counts.entry(key).or_default() += 1;
    }
    counts
}

impl Naive {
    pub(super) fn of(history: &History, id: OrganizationId, now: DateTime<Utc>) -> Self {
        let events = history
            .events
            .iter()
            .map(|event| event.clone().decode().unwrap());
        Self {
            events: events
                .filter(|event| event.metadata.organization_id == Some(id))
                .collect(),
            now,
        }
    }

    fn of_people(&self) -> impl Iterator<Item = (&str, DateTime<Utc>, &UserEvent)> {
        self.events.iter().filter_map(|event| match &event.data {
            Event::User(what) => Some((event.stream.as_str(), event.metadata.recorded_at, what)),
            _ => None,
        })
    }

    /// What each person became on which day; a day before the one before is that one.
    fn lives(&self) -> BTreeMap<&str, Vec<(String, State)>> {
        let mut lives = BTreeMap::<_, Vec<(String, State)>>::new();
        for (person, at, what) in self.of_people() {
            let life = lives.entry(person).or_default();
            let (day, state) = life.last().cloned().unwrap_or_default();
            let after = state.after(what);
            if after != state {
                life.push((day.max(day_of(at)), after));
            }
        }
        lives
    }

    pub(super) fn adoption(&self) -> Lines {
        let lives = self.lives();
        let days: BTreeSet<_> = lives.values().flatten().map(|(day, _)| day).collect();
        let mut rows = Lines::new();
        let mut before = [0; 3];
        for day in days {
            let by_then = |life: &Vec<(String, State)>| {
                life.iter()
                    .rev()
                    .find(|(since, _)| since <= day)
                    .map(|(_, state)| *state)
            };
            let states: Vec<_> = lives.values().filter_map(by_then).collect();
            let count =
                |kind: fn(&State) -> bool| states.iter().filter(|state| kind(state)).count();
            let numbers = [
                count(|s| s.active),
                count(|s| s.has_device()),
                count(|s| s.pending),
            ];
            if numbers != before {
                let [people, with_device, pending] = numbers;
                rows.push(format!("{day} {people} {with_device} {pending}"));
                before = numbers;
            }
        }
        rows
    }

    pub(super) fn devices(&self) -> Lines {
        let lives = self.lives();
        let states = lives
            .values()
            .filter_map(|life| life.last())
            .map(|(_, state)| state);
        let counts = counted(
            states
                .filter(|state| state.active)
                .map(|state| state.devices),
        );
        counts
            .iter()
            .map(|(devices, people)| format!("{devices} {people}"))
            .collect()
    }

    pub(super) fn enforcement(&self) -> Lines {
        let mut states = BTreeMap::<&str, State>::new();
        let mut enforced = None;
        for event in &self.events {
            let (person, at) = (event.stream.as_str(), event.metadata.recorded_at);
            match &event.data {
                Event::Organization(OrganizationEvent::TwoFactorEnforced(_)) => {
                    let there = states.iter().filter(|(_, state)| state.active);
                    let took = there.map(|(id, state)| (*id, state.has_device().then_some(0)));
                    enforced = Some((at, took.collect::<BTreeMap<_, _>>()));
                }
                Event::User(what) => {
                    let state = states.entry(person).or_default();
                    *state = state.after(what);
                    let state = *state;
                    let Some((since, cohort)) = &mut enforced else {
                        continue;
                    };
                    if let Some(took @ None) = cohort.get_mut(person) {
                        if !state.active {
                            cohort.remove(person);
                        } else if state.devices > 0 {
                            *took = Some(seconds(*since, at));
                        }
                    }
                }
                _ => {}
            }
        }
        let row = enforced.map(|(at, cohort)| {
            let mut took: Vec<_> = cohort.values().flatten().copied().collect();
            took.sort_unstable();
            let after = |percent: usize| {
                let enough = (cohort.len() * percent).div_ceil(100);
                or_dash(
                    enough
                        .checked_sub(1)
                        .and_then(|last| took.get(last).copied()),
                )
            };
            let [people, set_up] = [cohort.len(), took.len()];
            let [half, most, all] = [50, 90, 99].map(after);
            format!("{} {people} {set_up} {half} {most} {all}", second_of(at))
        });
        row.into_iter().collect()
    }

    pub(super) fn sign_ins(&self) -> Lines {
        let attempts = self.events.iter().filter_map(|event| {
            let what = match &event.data {
                Event::Session(SessionEvent::SignedIn(signed_in)) => {
                    if signed_in.factors.contains(&Factor::RecoveryCode) {
                        "recovery_code signed_in"
                    } else if signed_in.factors.contains(&Factor::Otp) {
                        "otp signed_in"
                    } else {
                        "password signed_in"
                    }
                }
                Event::Address(AddressEvent::SignInRejected(_)) => "password wrong",
                Event::User(UserEvent::RecoveryCodeRejected(_)) => "recovery_code wrong",
                Event::User(UserEvent::OtpRejected(rejected)) => match rejected.reason {
                    OtpRejectionReason::Wrong => "otp wrong",
                    OtpRejectionReason::Reused => "otp reused",
                    OtpRejectionReason::Expired => "otp expired",
                },
                _ => return None,
            };
            Some((hour_of(event.metadata.recorded_at), what))
        });
        let counts = counted(attempts);
        counts
            .iter()
            .map(|((hour, what), count)| format!("{hour} {what} {count}"))
            .collect()
    }

    pub(super) fn rejected_codes(&self) -> Lines {
        let mut in_a_row = BTreeMap::<&str, usize>::new();
        let mut days = BTreeMap::<String, [usize; 5]>::new();
        for (person, at, what) in self.of_people() {
            let column = match what {
                UserEvent::OtpRejected(rejected) => rejected.reason as usize,
                UserEvent::RecoveryCodeRejected(_) => 3,
                UserEvent::OtpVerified(_)
                | UserEvent::OtpDeviceConfirmed(_)
                | UserEvent::RecoveryCodeUsed(_)
                | UserEvent::OtpDevicesReset(_)
                | UserEvent::UserErased(_) => {
                    in_a_row.remove(person);
                    continue;
                }
                _ => continue,
            };
            let codes = in_a_row.entry(person).or_default();
            *codes += 1;
            let day = days.entry(day_of(at)).or_default();
            day[column] += 1;
            day[4] += usize::from(*codes == 5);
        }
        let line = |(day, [wrong, reused, expired, recovery, closed]): (&String, &[usize; 5])| {
            format!("{day} {wrong} {reused} {expired} {recovery} {closed}")
        };
        days.iter().map(line).collect()
    }

    pub(super) fn invitations(&self) -> Lines {
        /// When it was sent and when it ends, what became of it, and how many seconds later.
        type Sent = (
            DateTime<Utc>,
            DateTime<Utc>,
            Option<&'static str>,
            Option<i64>,
        );
        let mut invitations = BTreeMap::<&str, Sent>::new();
        for (id, at, what) in self.of_people() {
            if let UserEvent::UserInvited(invited) = what {
                invitations.insert(id, (at, invited.expires_at, None, None));
            }
            let Some((sent, ends, became @ None, took)) = invitations.get_mut(id) else {
                continue;
            };
            match what {
                UserEvent::InvitationResent(resent) => *ends = resent.expires_at,
                UserEvent::InvitationRevoked(_) => *became = Some("revoked"),
                UserEvent::UserErased(_) => *became = Some("erased"),
                UserEvent::InvitationAccepted(_) => {
                    *became = Some("accepted");
                    *took = Some(seconds(*sent, at));
                }
                _ => {}
            }
        }
        let mut days = BTreeMap::<String, Vec<Sent>>::new();
        for sent in invitations.into_values() {
            days.entry(day_of(sent.0)).or_default().push(sent);
        }
        let line = |(day, sent): (&String, &Vec<Sent>)| {
            let count = |wanted: &str| {
                let became = sent.iter().map(|(_, ends, became, _)| {
                    became.unwrap_or(if second_of(*ends) <= second_of(self.now) {
                        "expired"
                    } else {
                        "pending"
                    })
                });
                became.filter(|became| *became == wanted).count()
            };
            let [accepted, revoked, expired, pending, erased] =
                ["accepted", "revoked", "expired", "pending", "erased"].map(count);
            let mut took: Vec<_> = sent.iter().filter_map(|(.., took)| *took).collect();
            took.sort_unstable();
            let middle = took.len() / 2;
            let median = (!took.is_empty()).then(|| match took.len() % 2 {
                1 => took[middle],
                _ => i64::midpoint(took[middle - 1], took[middle]),
            });
            format!(
                "{day} {} {accepted} {revoked} {expired} {pending} {erased} {}",
                sent.len(),
                or_dash(median)
            )
        };
        days.iter().map(line).collect()
    }

    pub(super) fn credential_use(&self) -> Lines {
        let mut days = BTreeMap::<(String, String), [usize; 2]>::new();
        for event in &self.events {
            let Actor::ApiCredential(id) = event.metadata.actor else {
                continue;
            };
            let token = ApiCredentialEvent::TYPES
                .iter()
                .any(|(name, _)| *name == event.data.event_type().0);
            let day = (day_of(event.metadata.recorded_at), id.to_string());
            days.entry(day).or_default()[usize::from(!token)] += 1;
        }
        let line = |((day, id), [tokens, events]): (&(String, String), &[usize; 2])| {
            format!("{day} {id} Backup {tokens} {events}")
        };
        days.iter().map(line).collect()
    }
}
