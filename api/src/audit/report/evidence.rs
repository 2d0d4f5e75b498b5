//! The facts of the report, gathered in one pass over the history. Nothing here knows what a page
//! looks like.

use super::{
    adoption::{Curve, Day},
    recovery::{self, Action},
    sign_ins::{Counter, SignIns},
    single_factor::Check,
};
use crate::{
    audit::{
        history::{History, Standing, Unfit},
        moment::Moment,
        replay::state::Machine,
        source::Entry,
        words,
    },
    storage::StartError,
};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use domain::organization::Enforcement;
use eventstore_schema::{Actor, Event, EventId, OrganizationId, RecordedEvent, UserEvent, UserId};
use serde::Serialize;
use std::collections::BTreeMap;

/// The days that a report is about, both included (UTC).
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Period {
    /// The first.
    pub from: NaiveDate,
    /// The last.
    pub to: NaiveDate,
}

impl Period {
    /// Its first and its last moment.
    fn times(self) -> (DateTime<Utc>, DateTime<Utc>) {
        let begin = self.from.and_time(NaiveTime::MIN).and_utc();
        let end = Moment::end_of(self.to);
        (begin, end.map_or(DateTime::<Utc>::MAX_UTC, Moment::time))
    }
}

/// The event that began enforcement.
#[derive(Clone, Debug, Serialize)]
pub struct Enforced {
    /// Since when.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Actor,
    /// What they are called.
    pub by_name: String,
    /// The event.
    pub event_id: EventId,
    /// The index of its leaf.
    pub index: u64,
    /// The stream that it stands in.
    pub stream: String,
    /// Its place there.
    pub revision: u64,
    /// Its envelope, byte for byte as it is stored.
    pub metadata: String,
    /// Its content, likewise.
    pub data: String,
    /// Whether a mailed link is asked for before a first authenticator, at the end of the history.
    pub set_up_link: bool,
    /// The record, to make its leaf of.
    #[serde(skip)]
    pub record: RecordedEvent,
}

/// What came after enforcement.
#[derive(Debug, Default, Serialize)]
pub struct Later {
    /// How many events of each type.
    pub types: BTreeMap<&'static str, u64>,
    /// Events after which enforcement was not what it had been.
    pub weakening: Vec<EventId>,
}

/// Somebody who was erased.
#[derive(Debug, Serialize)]
pub struct Erased {
    /// Who.
    pub user_id: UserId,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Actor,
    /// What they are called.
    pub by_name: String,
    /// The event.
    pub event_id: EventId,
}

/// Everything that the report says.
#[derive(Serialize)]
pub struct Evidence {
    /// Whose.
    pub organization_id: OrganizationId,
    /// What it is called at the end of the history.
    pub organization: String,
    /// The days that it is about.
    pub period: Period,
    /// Records that were replayed.
    pub records: u64,
    /// When the last of them was recorded.
    pub last_recorded_at: Option<DateTime<Utc>>,
    /// When enforcement began, if it has.
    pub enforcement: Option<Enforced>,
    /// What came after it.
    pub later: Later,
    /// Sign-ins of the period.
    pub sign_ins: SignIns,
    /// Sign-ins since enforcement.
    pub sign_ins_since_enforcement: SignIns,
    /// Sign-ins since enforcement that got authority under a single factor.
    pub sign_ins_under_a_single_factor: Vec<EventId>,
    /// Acts since enforcement.
    pub acts: Check,
    /// People, day by day.
    pub days: Vec<Day>,
    /// What was done to authenticators and recovery in the period.
    pub recovery: Vec<Action>,
    /// The credentials of machines that were good for something in the period.
    pub api_credentials: Vec<Machine>,
    /// Who was erased in the period.
    pub erased: Vec<Erased>,
}

impl Evidence {
    /// Whether the promise was kept: nobody acted under a single factor, and nothing undid enforcement.
    pub fn is_kept(&self) -> bool {
        self.later.weakening.is_empty()
            && self.acts.offenders.is_empty()
            && self.sign_ins_under_a_single_factor.is_empty()
    }
}

/// Gathers the facts.
pub struct Gatherer {
    organization: OrganizationId,
    period: Period,
    times: (DateTime<Utc>, DateTime<Utc>),
    history: History,
    records: u64,
    last_recorded_at: Option<DateTime<Utc>>,
    began: Option<(Enforcement, Enforced)>,
    later: Later,
    sign_ins: Counter,
    acts: Check,
    curve: Curve,
    recovery: Vec<Action>,
    erased: Vec<Erased>,
}

impl Gatherer {
    /// Before the first record.
    pub fn of(organization: OrganizationId, period: Period) -> Self {
        let times = period.times();
        Self {
            organization,
            period,
            times,
            history: History::of(organization),
            records: 0,
            last_recorded_at: None,
            began: None,
            later: Later::default(),
            sign_ins: Counter::of(times),
            acts: Check::default(),
            curve: Curve::of((period.from, period.to)),
            recovery: Vec::new(),
            erased: Vec::new(),
        }
    }

    /// Takes in the next record.
    pub fn take(&mut self, entry: &Entry) -> Result<(), Unfit> {
        let (event, at) = (&entry.event, entry.event.metadata.recorded_at);
        self.records += 1;
        self.last_recorded_at = self.last_recorded_at.max(Some(at));
        self.acts.look(&self.history, entry);
        self.curve.look(&self.history, entry);
        if self.times.0 <= at && at <= self.times.1 {
            self.recovery.extend(recovery::action(&self.history, entry));
            self.note_erased(entry);
        }
        self.history.take(event, &entry.names)?;
        self.note_enforcement(entry);
        self.sign_ins.look(&self.history, entry);
        Ok(())
    }

    fn note_erased(&mut self, entry: &Entry) {
        let event = &entry.event;
        let id = event.stream.as_str().strip_prefix("user-");
        if let (Event::User(UserEvent::UserErased(_)), Some(Ok(user_id))) =
            (&event.data, id.map(str::parse))
        {
            self.erased.push(Erased {
                user_id,
                at: event.metadata.recorded_at,
                by: event.metadata.actor,
                by_name: String::new(),
                event_id: event.id,
            });
        }
    }

    fn note_enforcement(&mut self, entry: &Entry) {
        let (event, now) = (&entry.event, self.history.policy().enforcement());
        if let Some((began, _)) = &self.began {
            *self
                .later
                .types
                .entry(event.data.event_type().0)
                .or_default() += 1;
            if now != Some(began) {
                self.later.weakening.push(event.id);
            }
            return;
        }
        let Some(began) = now.cloned() else { return };
        self.acts.begin(began.at, event.metadata.command_id);
        self.sign_ins.begin(began.at);
        let enforced = Enforced {
            at: began.at,
            by: began.by,
            by_name: String::new(),
            event_id: began.event_id,
            index: entry.index,
            stream: event.stream.to_string(),
            revision: event.revision,
            metadata: entry.stored.metadata.clone(),
            data: entry.stored.data.clone(),
            set_up_link: false,
            record: entry.stored.clone(),
        };
        self.began = Some((began, enforced));
    }

    /// The facts, when there are no more records. `now` says what has run out.
    pub fn finish(mut self, now: DateTime<Utc>) -> Result<Evidence, StartError> {
        // The clock of this machine may be behind.
        let now = self.last_recorded_at.map_or(now, |last| last.max(now));
        let history = &self.history;
        let organization = history.policy().name();
        let organization = organization
            .ok_or_else(|| format!("there is no organization {} in it", self.organization))?;
        self.sign_ins.finish();
        self.curve.finish(history, now);
        for action in &mut self.recovery {
            action.name(history);
        }
        for erased in &mut self.erased {
            erased.by_name = words::actor(history, erased.by);
        }
        let enforcement = self.began.map(|(_, enforced)| Enforced {
            by_name: words::actor(history, enforced.by),
            set_up_link: history.policy().asks_for_set_up_link(),
            ..enforced
        });
        let end = self.times.1.min(now);
        let machines = history.credentials().iter().filter(|(_, one)| {
            let over = one.revoked_at.unwrap_or(one.expires_at).min(one.expires_at);
            one.created_at <= self.times.1 && over >= self.times.0
        });
        let machines = machines.map(|(id, one)| Machine::of(*id, one, history, end));
        Ok(Evidence {
            organization_id: self.organization,
            organization: organization.to_owned(),
            period: self.period,
            records: self.records,
            last_recorded_at: self.last_recorded_at,
            enforcement,
            later: self.later,
            sign_ins: self.sign_ins.in_period,
            sign_ins_since_enforcement: self.sign_ins.since_enforcement,
            sign_ins_under_a_single_factor: self.sign_ins.under_a_single_factor,
            acts: self.acts,
            days: self.curve.days,
            recovery: self.recovery,
            api_credentials: machines.collect(),
            erased: self.erased,
        })
    }
}

/// What a standing is called.
pub fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Live => "live",
        Standing::Expired => "expired",
        Standing::Revoked => "revoked",
    }
}
