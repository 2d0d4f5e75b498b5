mod lookalikes;

use super::*;
use crate::{
    Page, Readers,
    testing::{History, MemoryStore, Person, at, readers_of},
};
use chrono::TimeDelta;
use eventstore::EventStore as _;
use eventstore_schema::{
    AddressId, InstallationEvent, OrganizationId, Position, Role, SetUpClaimed,
};
use futures::executor::block_on;
use tempfile::TempDir;

/// A trail, with the log that it was made of.
struct Trail {
    history: History,
    readers: Readers,
    store: MemoryStore,
    _directory: TempDir,
}

impl Trail {
    fn of(history: History) -> Self {
        let (directory, readers) = readers_of(&history);
        Self {
            store: MemoryStore::holding(&history),
            history,
            readers,
            _directory: directory,
        }
    }

    fn page(
        &self,
        organization: OrganizationId,
        filter: &Filter,
        after: Position,
        limit: u32,
    ) -> Page<AuditEntry, Position> {
        let found = page(&self.readers, organization, filter, after, limit).unwrap();
        self.shown(organization, filter, found)
    }

    fn latest(
        &self,
        organization: OrganizationId,
        filter: &Filter,
        before: Option<Position>,
        limit: u32,
    ) -> Page<AuditEntry, Position> {
        let found = latest(&self.readers, organization, filter, before, limit).unwrap();
        self.shown(organization, filter, found)
    }

    fn shown(
        &self,
        organization: OrganizationId,
        filter: &Filter,
        found: Page<Found, Position>,
    ) -> Page<AuditEntry, Position> {
        let items = entries(&self.store, organization, filter, found.items);
        Page {
            items: block_on(items).unwrap(),
            next: found.next,
        }
    }

    /// The positions of the events that meet what is asked for, each of them asked.
    fn expected(&self, organization: OrganizationId, filter: &Filter) -> Vec<u64> {
        let events = self.history.events.iter().cloned();
        let mut events: Vec<_> = events.map(|event| event.decode().unwrap()).collect();
        events.retain(|event| event.metadata.organization_id == Some(organization));
        events.retain(|event| meets(filter, event));
        events.iter().map(|event| event.position.0).collect()
    }

    /// Asserts that exactly what meets the filter is found, page by page, in both directions. How many
    /// pages had less on them than there was room for, though others followed.
    fn assert_finds(&self, organization: OrganizationId, filter: &Filter, limit: u32) -> usize {
        let expected = self.expected(organization, filter);
        let mut short = 0;
        let mut note = |page: &Page<AuditEntry, Position>| {
            short += usize::from(page.next.is_some() && page.items.len() < limit as usize);
        };
        let (mut oldest, mut after) = (Vec::new(), Some(Position::START));
        while let Some(position) = after {
            let page = self.page(organization, filter, position, limit);
            note(&page);
            oldest.extend(positions(&page));
            after = page.next;
        }
        assert_eq!(oldest, expected, "{filter:?}");
        let (mut newest, mut before) = (Vec::new(), Some(Position::END));
        while let Some(position) = before {
            let page = self.latest(organization, filter, Some(position), limit);
            note(&page);
            newest.extend(positions(&page));
            before = page.next;
        }
        newest.reverse();
        assert_eq!(newest, expected, "{filter:?}, newest first");
        short
    }
}

fn positions(page: &Page<AuditEntry, Position>) -> Vec<u64> {
    page.items.iter().map(|entry| entry.position.0).collect()
}

/// Whether an event meets what is asked for.
fn meets(filter: &Filter, event: &Recorded<Event>) -> bool {
    let (actor, recorded_at) = (event.metadata.actor, event.metadata.recorded_at);
    let theirs = |id| actor == Actor::User(id) || *subject(event) == StreamName::user(id);
    let types = filter.types.as_ref();
    let is_type = |name: &String| name == event.data.event_type().0;
    filter.actor.is_none_or(|by| actor == by)
        && filter.person.is_none_or(theirs)
        && types.is_none_or(|types| types.iter().any(is_type))
        && filter.from.is_none_or(|from| recorded_at >= from)
        && filter.until.is_none_or(|until| recorded_at < until)
        && filter.as_of.is_none_or(|as_of| recorded_at <= as_of)
}

#[test]
fn an_entry_is_the_event_as_it_was_stored() {
    let mut history = History::default();
    let acme = history.organization("Acme");
    let admin = history.registered(acme);
    history.events[1].data.push(' ');
    let trail = Trail::of(history);

    let page = trail.page(acme, &Filter::default(), Position(1), 10);
    let event = trail.history.last();
    assert_eq!(
        page.items,
        [AuditEntry {
            position: Position(4),
            leaf_index: 1,
            organization_id: Some(acme),
            event_id: event.id,
            event_type: "UserRegistered".into(),
            recorded_at: at(1),
            actor: Actor::Operator,
            subject: StreamName::user(admin.0),
            stream: StreamName::user(admin.0),
            revision: 0,
            data: event.data.clone(),
        }]
    );
}

#[test]
fn a_rejected_sign_in_is_about_the_person_where_one_is_known() {
    let mut history = History::default();
    let acme = history.organization("Acme");
    let admin = history.registered(acme);
    let address = StreamName::address(&AddressId("0".into()));
    for user_id in [Some(admin.0), None] {
        let event = AddressEvent::from(SignInRejected {
            user_id,
            browser: None,
        });
        history.record(address.clone(), Some(acme), Actor::Anonymous, event);
    }
    let trail = Trail::of(history);

    let page = trail.page(acme, &Filter::default(), Position(4), 10);
    let subjects: Vec<_> = page.items.iter().map(|entry| &entry.subject).collect();
    assert_eq!(subjects, [&StreamName::user(admin.0), &address]);
    let theirs = Filter {
        person: Some(admin.0),
        ..Filter::default()
    };
    let page = trail.page(acme, &theirs, Position::START, 10);
    assert_eq!(positions(&page), [4, 7]);
}

#[test]
fn the_past_is_told_by_time_also_where_a_clock_was_wrong() {
    let mut history = History::default();
    let acme = history.organization("Acme");
    let admin = history.registered(acme);
    for day in [0, 3, 1, 5] {
        history.days = day;
        history.code_rejected(admin);
    }
    let trail = Trail::of(history);
    let end_of = |day| at(0) + TimeDelta::days(day) + TimeDelta::minutes(1);
    for (day, expected) in [
        (-1, &[][..]),
        (0, &[1, 4, 7]),
        (1, &[1, 4, 7, 13]),
        (2, &[1, 4, 7, 13]),
        (3, &[1, 4, 7, 10, 13]),
        (9, &[1, 4, 7, 10, 13, 16]),
    ] {
        let by_then = Filter {
            as_of: Some(end_of(day)),
            ..Filter::default()
        };
        let oldest = trail.page(acme, &by_then, Position(0), 9);
        assert_eq!(positions(&oldest), expected, "day {day}");
        let before_then = Filter {
            until: Some(end_of(day)),
            ..Filter::default()
        };
        let mut newest = positions(&trail.latest(acme, &before_then, None, 9));
        newest.reverse();
        assert_eq!(newest, expected, "day {day}, newest first");
    }
}

#[test]
fn pages_keep_to_one_organization_and_one_time() {
    let mut history = History::default();
    let acme = history.organization("Acme");
    history.organization("Other");
    let admin = history.registered(acme);
    let set_up = InstallationEvent::from(SetUpClaimed {
        organization_id: acme,
        user_id: admin.0,
    });
    history.record(StreamName::installation(), None, Actor::Operator, set_up);
    history.code_rejected(admin);
    history.code_rejected(admin);
    let trail = Trail::of(history);
    let page = |after, as_of, limit| {
        let filter = Filter {
            as_of,
            ..Filter::default()
        };
        let page = trail.page(acme, &filter, Position(after), limit);
        (positions(&page), page.next.map(|next| next.0))
    };
    assert_eq!(page(0, None, 2), (vec![1, 7], Some(7)));
    assert_eq!(page(7, None, 2), (vec![13, 16], None));
    assert_eq!(page(0, Some(at(4)), 10), (vec![1, 7, 13], None));
    let latest = |types: Option<&str>, until, before: Option<u64>, limit| {
        let filter = Filter {
            types: types.map(|name| vec![name.to_owned()]),
            until,
            ..Filter::default()
        };
        let page = trail.latest(acme, &filter, before.map(Position), limit);
        (positions(&page), page.next.map(|next| next.0))
    };
    assert_eq!(latest(None, None, None, 3), (vec![16, 13, 7], Some(7)));
    assert_eq!(latest(None, None, Some(7), 3), (vec![1], None));
    assert_eq!(latest(None, Some(at(4)), None, 9), (vec![7, 1], None));
    let rejected = latest(Some("OtpRejected"), None, Some(16), 9);
    assert_eq!(rejected, (vec![13], None));

    let unowned: i64 = trail
        .readers
        .read(|view| {
            let count = "SELECT count(*) FROM audit_trail WHERE organization = 0";
            Ok(view.first(count, &[], |row| row.at(0))?.unwrap())
        })
        .unwrap();
    assert_eq!(unowned, 1);
}

/// Some days of a history in which several people do several things, the last of them elsewhere.
fn busy() -> (Trail, OrganizationId, Vec<Person>) {
    let mut history = History::default();
    let acme = history.organization("Acme");
    let other = history.organization("Other");
    let mut people: Vec<_> = (0..3).map(|_| history.registered(acme)).collect();
    people.push(history.registered(other));
    for step in 0..60 {
        let person = people[step * 7 % 4];
        history.days = [0, 1, 2, 1, 3][step % 5];
        match step % 6 {
            0 => history.role_changed(person, Role::Analyst),
            1 => history.appointed(person),
            2 => history.audit_read(person),
            3 => history.exported(person),
            _ => history.code_rejected(person),
        }
    }
    (Trail::of(history), acme, people)
}

/// Every combination of a few values of each filter.
fn filters(people: &[Person]) -> Vec<Filter> {
    let types = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect());
    let time = |index, days| Some(at(index) + TimeDelta::days(days));
    let mut filters = vec![Filter::default()];
    let mut each = |with: &dyn Fn(Filter) -> Vec<Filter>| {
        filters = filters.drain(..).flat_map(with).collect();
    };
    each(&|filter| {
        let actors = [None, Some(Actor::User(people[0].0)), Some(Actor::Operator)];
        let with = |actor| Filter {
            actor,
            ..filter.clone()
        };
        actors.map(with).into()
    });
    each(&|filter| {
        let persons = [None, Some(people[1].0), Some(people[3].0)];
        let with = |person| Filter {
            person,
            ..filter.clone()
        };
        persons.map(with).into()
    });
    each(&|filter| {
        let some = types(&["AuditRead", "OtpRejected", "RoleChanged"]);
        let with = |types| Filter {
            types,
            ..filter.clone()
        };
        [None, types(&[]), types(&["OtpRejected"]), some]
            .map(with)
            .into()
    });
    each(&|filter| {
        let with = |from| Filter {
            from,
            ..filter.clone()
        };
        [None, time(30, 1), time(0, 9)].map(with).into()
    });
    each(&|filter| {
        let with = |until| Filter {
            until,
            ..filter.clone()
        };
        [None, time(29, 1), time(0, 3)].map(with).into()
    });
    each(&|filter| {
        let with = |as_of| Filter {
            as_of,
            ..filter.clone()
        };
        [None, time(29, 1)].map(with).into()
    });
    filters
}

#[test]
fn every_filter_finds_what_meets_it_in_both_directions() {
    let (trail, acme, people) = busy();
    let mut met = 0;
    for filter in filters(&people) {
        met += usize::from(!trail.expected(acme, &filter).is_empty());
        for limit in [1, 7] {
            assert_eq!(trail.assert_finds(acme, &filter, limit), 0, "{filter:?}");
        }
    }
    assert!(met > 90, "{met}");
}

#[test]
fn every_event_of_pawl_has_the_next_leaf() {
    let (trail, ..) = busy();
    let wrong: i64 = trail
        .readers
        .read(|view| {
            let count = "SELECT count(*) FROM audit_trail AS entry WHERE leaf_index <>
                 (SELECT count(*) FROM audit_trail WHERE position < entry.position)";
            Ok(view.first(count, &[], |row| row.at(0))?.unwrap())
        })
        .unwrap();
    assert_eq!(wrong, 0);
}

#[test]
fn a_trail_of_another_log_is_not_shown() {
    let (mut trail, acme, _) = busy();
    let all = Filter::default();
    let found = page(&trail.readers, acme, &all, Position(0), 99).unwrap();
    let lost = found.items[9].position;
    trail.history.events.retain(|event| event.position != lost);
    trail.store = MemoryStore::holding(&trail.history);
    assert_eq!(block_on(trail.store.read_at(&[lost])).unwrap(), []);
    let error = block_on(entries(&trail.store, acme, &all, found.items)).unwrap_err();
    assert!(
        matches!(error, EntryError::NotInTheLog(position) if position == lost),
        "{error}"
    );
}
