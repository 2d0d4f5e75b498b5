use super::*;
use crate::{
    Page, Readers,
    testing::{History, Person, at, readers_of},
};
use chrono::TimeDelta;
use eventstore_schema::{AddressId, InstallationEvent, SetUpClaimed, UserId};
use tempfile::TempDir;

fn positions(page: &Page<AuditEntry, Position>) -> Vec<u64> {
    page.items.iter().map(|entry| entry.position.0).collect()
}

#[test]
fn an_entry_is_the_event_as_it_was_stored() {
    let mut history = History::default();
    let acme = history.organization("Acme");
    let admin = history.registered(acme);
    history.events[1].data.push(' ');
    let (_directory, readers) = readers_of(&history);

    let page = page(&readers, acme, &Filter::default(), Position(1), 10).unwrap();
    let event = history.last();
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
    let (_directory, readers) = readers_of(&history);

    let page = page(&readers, acme, &Filter::default(), Position(4), 10).unwrap();
    let subjects: Vec<_> = page.items.iter().map(|entry| &entry.subject).collect();
    assert_eq!(subjects, [&StreamName::user(admin.0), &address]);
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
    let (_directory, readers) = readers_of(&history);
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
        let oldest = page(&readers, acme, &by_then, Position(0), 9).unwrap();
        assert_eq!(positions(&oldest), expected, "day {day}");
        let before_then = Filter {
            until: Some(end_of(day)),
            ..Filter::default()
        };
        let mut newest = positions(&latest(&readers, acme, &before_then, None, 9).unwrap());
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
    let (_directory, readers) = readers_of(&history);
    let page = |after, as_of, limit| {
        let filter = Filter {
            as_of,
            ..Filter::default()
        };
        let page = page(&readers, acme, &filter, Position(after), limit).unwrap();
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
        let page = latest(&readers, acme, &filter, before.map(Position), limit).unwrap();
        (positions(&page), page.next.map(|next| next.0))
    };
    assert_eq!(latest(None, None, None, 3), (vec![16, 13, 7], Some(7)));
    assert_eq!(latest(None, None, Some(7), 3), (vec![1], None));
    assert_eq!(latest(None, Some(at(4)), None, 9), (vec![7, 1], None));
    let rejected = latest(Some("OtpRejected"), None, Some(16), 9);
    assert_eq!(rejected, (vec![13], None));

    let unowned: i64 = readers
        .read(|view| {
            let count = "SELECT count(*) FROM audit_trail WHERE organization_id IS NULL";
            Ok(view.first(count, &[], |row| row.at(0))?.unwrap())
        })
        .unwrap();
    assert_eq!(unowned, 1);
}

/// Some days of a history in which several people do several things, the last of them elsewhere.
fn busy() -> (TempDir, Readers, OrganizationId, Vec<Person>) {
    let mut history = History::default();
    let acme = history.organization("Acme");
    let other = history.organization("Other");
    let mut people: Vec<_> = (0..3).map(|_| history.registered(acme)).collect();
    people.push(history.registered(other));
    for step in 0..60 {
        let person = people[step * 7 % 4];
        history.days = [0, 1, 2, 1, 3][step % 5];
        match step % 6 {
            0 => history.role_changed(person, eventstore_schema::Role::Analyst),
            1 => history.appointed(person),
            2 => history.audit_read(person),
            3 => history.exported(person),
            _ => history.code_rejected(person),
        }
    }
    let (directory, readers) = readers_of(&history);
    (directory, readers, acme, people)
}

/// Whether an entry meets what is asked for, asked of the entry itself.
fn meets(filter: &Filter, entry: &AuditEntry) -> bool {
    let theirs =
        |id: UserId| entry.actor == Actor::User(id) || entry.subject == StreamName::user(id);
    let types = filter.types.as_ref();
    filter.actor.is_none_or(|actor| entry.actor == actor)
        && filter.person.is_none_or(theirs)
        && types.is_none_or(|types| types.contains(&entry.event_type))
        && filter.from.is_none_or(|from| entry.recorded_at >= from)
        && filter.until.is_none_or(|until| entry.recorded_at < until)
        && filter.as_of.is_none_or(|as_of| entry.recorded_at <= as_of)
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
    let (_directory, readers, acme, people) = busy();
    let all = page(&readers, acme, &Filter::default(), Position(0), 500).unwrap();
    let mut met = 0;
    for filter in filters(&people) {
        let entries = all.items.iter().filter(|entry| meets(&filter, entry));
        let expected: Vec<_> = entries.map(|entry| entry.position.0).collect();
        met += usize::from(!expected.is_empty());
        for limit in [1, 7] {
            let (mut oldest, mut after) = (Vec::new(), Some(Position::START));
            while let Some(position) = after {
                let found = page(&readers, acme, &filter, position, limit).unwrap();
                oldest.extend(positions(&found));
                after = found.next;
            }
            assert_eq!(oldest, expected, "{filter:?}");
            let (mut newest, mut before) = (Vec::new(), Some(Position::END));
            while let Some(position) = before {
                let found = latest(&readers, acme, &filter, Some(position), limit).unwrap();
                newest.extend(positions(&found));
                before = found.next;
            }
            newest.reverse();
            assert_eq!(newest, expected, "{filter:?}, newest first");
        }
    }
    assert!(met > 90, "{met}");
}

#[test]
fn every_event_of_pawl_has_the_next_leaf() {
    let (_directory, readers, ..) = busy();
    let wrong: i64 = readers
        .read(|view| {
            let count = "SELECT count(*) FROM audit_trail AS entry WHERE leaf_index <>
                 (SELECT count(*) FROM audit_trail WHERE position < entry.position)";
            Ok(view.first(count, &[], |row| row.at(0))?.unwrap())
        })
        .unwrap();
    assert_eq!(wrong, 0);
}

#[test]
fn an_event_is_found_by_its_id_in_its_organization_only() {
    let (_directory, readers, acme, people) = busy();
    let all = page(&readers, acme, &Filter::default(), Position(0), 500).unwrap();
    let entry = all.items.last().unwrap();
    let found = by_event(&readers, acme, entry.event_id).unwrap();
    assert_eq!(found.as_ref(), Some(entry));
    let elsewhere = by_event(&readers, people[3].1, entry.event_id).unwrap();
    assert_eq!(elsewhere, None);
}
