//! What happens next, as life would have it: people come, then most of what happens is that they
//! sign in.

use crate::{
    Append, Boxes, GenerateError, Plan,
    administering::{enforce, manage, read_audit},
    joining::{accept_invitation, found, invite, set_up},
    journal::{Journal, Loaded, Step, Stop, Target},
    machines,
    person::{Person, Place, Visit, first_keys},
    setting_up::{look_after_oneself, set_up_device},
    signing_in::{go_on, mistype_password, sign_in},
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Authority, NextStep, Operating, Rejection,
    authority::FRESHNESS,
    installation::Installation,
    session::{EndSession, SessionLimits, UseSession},
};
use eventstore_schema::{OrganizationId, StreamName};
use std::collections::{BTreeSet, VecDeque};

/// Newcomers whose keys are made together.
const COHORT: u64 = 256;
/// Sessions that are watched on after their sign-in.
const OPEN: usize = 500;
/// Attempts in a row of which nothing came, before the history is given up.
const PATIENCE: u32 = 10_000;

/// A history, as long as its plan says: appends in the order of the log.
pub struct History {
    plan: Plan,
    journal: Journal,
    installation: Loaded<Installation>,
    places: Vec<Place>,
    people: Vec<Person>,
    /// Made, and not invited yet.
    newcomers: VecDeque<Person>,
    /// Who was invited, and when they follow the link.
    invited: BTreeSet<(DateTime<Utc>, usize)>,
    /// When organizations enforce, counted in events.
    enforcing: BTreeSet<(u64, usize)>,
    open: VecDeque<Visit>,
    /// Events that were taken.
    taken: u64,
    in_vain: u32,
    broken: bool,
}

impl History {
    /// The history that follows from this plan.
    #[must_use]
    pub fn new(plan: Plan, boxes: Boxes) -> Self {
        Self {
            journal: Journal::begin(&plan, boxes),
            plan,
            installation: Loaded::default(),
            places: Vec::new(),
            people: Vec::new(),
            newcomers: VecDeque::new(),
            invited: BTreeSet::new(),
            enforcing: BTreeSet::new(),
            open: VecDeque::new(),
            taken: 0,
            in_vain: 0,
            broken: false,
        }
    }

    fn go_on(&mut self) -> Result<(), GenerateError> {
        let before = self.journal.events();
        self.journal.go_on_at(self.plan.time_after(before));
        if let Err(Stop::Broken(error)) = self.step(before) {
            return Err(error);
        }
        self.in_vain = if self.journal.events() > before {
            0
        } else {
            self.in_vain + 1
        };
        if self.in_vain > PATIENCE {
            return Err(GenerateError::Stuck(before));
        }
        Ok(())
    }

    fn step(&mut self, events: u64) -> Step {
        if self.people.is_empty() {
            return self.begin();
        }
        if let Some(due) = self
            .enforcing
            .first()
            .copied()
            .filter(|due| due.0 <= events)
        {
            self.enforcing.remove(&due);
            let by = self.authority(due.1, false)?;
            return enforce(&mut self.journal, &by, self.places.at(due.1)?);
        }
        let now = self.journal.now();
        if let Some(due) = self.invited.first().copied().filter(|due| due.0 <= now) {
            self.invited.remove(&due);
            return self.arrive(due.1);
        }
        if (self.people.len() as u64) < self.plan.people_after(events) {
            match self.join() {
                // The administrator cannot sign in just now; others can.
                Err(Stop::Refused(_)) => {}
                joined => return joined,
            }
        }
        self.everyday()
    }

    fn begin(&mut self) -> Step {
        let mut person = self.newcomer()?;
        let mut place = self.new_place(0, 0);
        let visit = set_up(
            &mut self.journal,
            &mut self.installation,
            &mut person,
            &mut place,
        )?;
        place.visit = Some(visit);
        self.people.push(person);
        self.places.push(place);
        Ok(())
    }

    /// Somebody comes: as the first of an organization, or into one that is there.
    fn join(&mut self) -> Step {
        let (come, all) = (self.people.len() as u64, self.plan.people());
        let wanted = 1 + (self.plan.organization_count() - 1) * come / all;
        if (self.places.len() as u64) < wanted {
            return self.found();
        }
        let number = self.journal.dice.mostly_early(self.places.len());
        let by = self.authority(number, false)?;
        let mut person = self.newcomer()?;
        person.organization = number;
        let invited = invite(&mut self.journal, &by, &mut person, self.places.at(number)?);
        self.people.push(person);
        invited?;
        // Nine of ten follow the link, most of them soon, a few too late.
        if self.journal.dice.per_mille(900) {
            let longest = 1 + self.journal.dice.number(9 * 24);
            let hours = self.journal.dice.number(longest);
            let at = self.journal.now() + TimeDelta::hours(hours);
            self.invited.insert((at, self.people.len() - 1));
        }
        Ok(())
    }

    fn found(&mut self) -> Step {
        let by = Operating::of(self.authority(0, false)?, &self.installation.state)?;
        let mut person = self.newcomer()?;
        let (number, organization) = (self.people.len(), self.places.len());
        person.organization = organization;
        let mut place = self.new_place(number, organization);
        let founded = found(&mut self.journal, &by, &mut person, &mut place);
        self.people.push(person);
        self.places.push(place);
        founded?;
        let (journal, person, place) = self.somebody(number)?;
        let mut visit = accept_invitation(journal, person, place, number)?;
        set_up_device(journal, person, place, &mut visit)?;
        place.visit = Some(visit);
        Ok(())
    }

    fn new_place(&mut self, administrator: usize, number: usize) -> Place {
        let id = OrganizationId(self.journal.dice.id_at(self.journal.now()));
        let place = Place::new(
            id,
            administrator,
            &mut self.journal.dice,
            self.plan.events(),
        );
        if let Some(at) = place.enforces_after.filter(|_| self.plan.may_enforce()) {
            self.enforcing.insert((at, number));
        }
        place
    }

    /// Somebody new, with their first keys.
    fn newcomer(&mut self) -> Step<Person> {
        if self.newcomers.is_empty() {
            let come = self.people.len() as u64;
            let left = self.plan.people().saturating_sub(come).clamp(1, COHORT);
            for number in come..come + left {
                let person = Person::new(number, &mut self.journal);
                self.newcomers.push_back(person);
            }
            let ids = self.newcomers.iter().map(|person| person.id);
            let keys: Vec<_> = ids.flat_map(first_keys).collect();
            self.journal.boxes.prepare(&keys)?;
        }
        Ok(self.newcomers.pop_front().ok_or(Rejection::NotFound)?)
    }

    /// Somebody follows the link of their invitation.
    fn arrive(&mut self, number: usize) -> Step {
        let (journal, person, place) = self.somebody(number)?;
        let mut visit = accept_invitation(journal, person, place, number)?;
        let lacking = visit
            .holder(person, &place.organization, journal.now())?
            .next();
        if lacking == NextStep::OtpSetUp || journal.dice.per_mille(500) {
            set_up_device(journal, person, place, &mut visit)?;
        }
        self.watch(visit);
        Ok(())
    }

    fn everyday(&mut self) -> Step {
        match self.journal.dice.below(1_000) {
            0..40 => self.mistype(),
            40..48 => self.manage(),
            48..52 => {
                let number = self.journal.dice.below(self.places.len());
                let by = self.authority(number, true)?;
                machines::look_after(&mut self.journal, &by, self.places.at(number)?)
            }
            52..130 => {
                let number = self.journal.dice.below(self.places.len());
                machines::fetch_token(&mut self.journal, self.places.at(number)?)
            }
            130..138 => {
                let number = self.journal.dice.below(self.places.len());
                let by = self.authority(number, false)?;
                read_audit(&mut self.journal, &by, self.places.at(number)?)
            }
            138..400 => self.use_a_session(),
            turn => {
                let late = turn < 403;
                if late {
                    let seconds = self.journal.dice.number(2 * 60 * 60);
                    self.journal.on_a_late_node(TimeDelta::seconds(seconds));
                }
                self.sign_in(turn > 980)
            }
        }
    }

    /// One of the people, who have come earlier oftener.
    fn anybody(&mut self) -> usize {
        self.journal.dice.mostly_early(self.people.len())
    }

    fn sign_in(&mut self, look_after: bool) -> Step {
        let number = self.anybody();
        let (journal, person, place) = self.somebody(number)?;
        let mut visit = sign_in(journal, person, place, number)?;
        if look_after {
            look_after_oneself(journal, person, place, &mut visit)?;
        }
        if journal.dice.per_mille(200) {
            journal.request_after(120);
            return end(journal, person, place, &mut visit);
        }
        self.watch(visit);
        Ok(())
    }

    fn mistype(&mut self) -> Step {
        let number = self.anybody();
        let (journal, person, place) = self.somebody(number)?;
        let times = match journal.dice.below(60) {
            0 => 12,
            1..12 => 2,
            _ => 1,
        };
        mistype_password(journal, person, place, times)?;
        let visit = sign_in(journal, person, place, number)?;
        self.watch(visit);
        Ok(())
    }

    fn manage(&mut self) -> Step {
        // Those who came last, and may not have accepted, are managed as often as the others.
        let number = if self.journal.dice.per_mille(500) {
            self.people.len() - 1 - self.anybody()
        } else {
            self.anybody()
        };
        let place = self.people.at(number)?.organization;
        if self.places.at(place)?.administrator == number {
            return Ok(());
        }
        let by = self.authority(place, true)?;
        let (journal, person, place) = self.somebody(number)?;
        manage(journal, &by, person, place)
    }

    /// Somebody goes on in a session that they have had open for a while, or ends it.
    fn use_a_session(&mut self) -> Step {
        let (now, limits) = (self.journal.now(), SessionLimits::default());
        self.open
            .retain(|visit| visit.session.state.live_at(now, limits).is_some());
        let chosen = self.journal.dice.below(self.open.len());
        let visit = self.open.swap_remove_back(chosen);
        let mut visit = visit.ok_or(Rejection::NotFound)?;
        let (journal, person, place) = self.somebody(visit.person)?;
        journal.request_after(1);
        if journal.dice.per_mille(400) {
            return end(journal, person, place, &mut visit);
        }
        let holder = visit.holder(person, &place.organization, journal.now())?;
        note_use(journal, &mut visit, &holder)?;
        if holder.next() != NextStep::Done {
            // Enforced since, or left half way.
            go_on(journal, person, place, &mut visit)?;
        }
        self.watch(visit);
        Ok(())
    }

    fn watch(&mut self, visit: Visit) {
        if self.open.len() == OPEN {
            self.open.pop_front();
        }
        self.open.push_back(visit);
    }

    /// The right of an organization's first administrator, in the session that they have or in
    /// another; `fresh` where what they are about to do asks for a second factor shown just now.
    fn authority(&mut self, place: usize, fresh: bool) -> Step<Authority> {
        let number = self.places.at(place)?.administrator;
        let visit = self.places.at(place)?.visit.take();
        let (journal, person, place) = self.somebody(number)?;
        let now = journal.now();
        if let Some(mut visit) = visit
            && let Ok(holder) = visit.holder(person, &place.organization, now)
            && holder.next() == NextStep::Done
            && !(fresh
                && holder
                    .second_factor_at()
                    .is_none_or(|at| now > at + FRESHNESS / 2))
        {
            note_use(journal, &mut visit, &holder)?;
            place.visit = Some(visit);
            return Ok(Authority::of(holder)?);
        }
        let visit = sign_in(journal, person, place, number)?;
        let holder = visit.holder(person, &place.organization, journal.now())?;
        place.visit = Some(visit);
        Ok(Authority::of(holder)?)
    }

    /// A person and their organization.
    fn somebody(&mut self, number: usize) -> Step<(&mut Journal, &mut Person, &mut Place)> {
        let person = self.people.at(number)?;
        let place = self.places.at(person.organization)?;
        Ok((&mut self.journal, person, place))
    }
}

/// Somebody signs out.
fn end(journal: &mut Journal, person: &Person, place: &Place, visit: &mut Visit) -> Step {
    let holder = visit.holder(person, &place.organization, journal.now())?;
    let target = Target::new(StreamName::session(visit.id), place.id);
    journal.execute(&mut visit.session, &target, &holder, EndSession)
}

fn note_use(journal: &mut Journal, visit: &mut Visit, holder: &domain::SessionHolder) -> Step {
    let command = UseSession {
        at: journal.now(),
        limits: SessionLimits::default(),
    };
    // It is nobody's deed and belongs to no organization.
    let target = Target::new(StreamName::session(visit.id), None);
    journal.execute(&mut visit.session, &target, holder, command)
}

/// One of many, who is there.
trait At<T> {
    fn at(&mut self, number: usize) -> Step<&mut T>;
}

impl<T> At<T> for Vec<T> {
    fn at(&mut self, number: usize) -> Step<&mut T> {
        Ok(self.get_mut(number).ok_or(Rejection::NotFound)?)
    }
}

impl Iterator for History {
    type Item = Result<Append, GenerateError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.broken && self.taken < self.plan.events() {
            if let Some(append) = self.journal.take() {
                self.taken += append.events.len() as u64;
                return Some(Ok(append));
            }
            if let Err(error) = self.go_on() {
                self.broken = true;
                return Some(Err(error));
            }
        }
        None
    }
}
