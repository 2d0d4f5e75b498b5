use super::*;
use crate::{
    analytics::people::{ADOPTION, DEVICES, ENFORCEMENT},
    testing::{History, at, datasets::lines, readers_of},
};
use chrono::TimeDelta;
use eventstore_schema::Actor;

fn day(days: i64, people: u64, with_device: u64) -> Day {
    let date = at(0).date_naive() + TimeDelta::days(days);
    Day {
        date,
        people,
        with_device,
    }
}

#[test]
fn the_curve_counts_people_once_and_says_only_the_days_with_a_change() {
    let mut history = History::default();
    let acme = history.organization("Acme");
    let other = history.organization("Other");
    let admin = history.registered(acme);
    history.registered(other);
    let invited = history.invited(acme, Actor::Operator);
    let pending = history.invited(acme, Actor::Operator);
    history.days = 2;
    history.accepted(invited);
    history.device_confirmed(invited);
    history.days = 3;
    let second = history.device_confirmed(invited);
    history.code_accepted(invited, second);
    history.revoked(pending);
    history.days = 7;
    history.device_confirmed(admin);
    let (_directory, readers) = readers_of(&history);

    let curve_of = |organization, since: Option<i64>| {
        let since = since.map(|days| at(0).date_naive() + TimeDelta::days(days));
        curve(&readers, organization, since).unwrap()
    };
    let all = [day(0, 1, 0), day(2, 2, 1), day(7, 2, 2)];
    assert_eq!(curve_of(acme, None), all);
    assert_eq!(curve_of(other, None), [day(0, 1, 0)]);
    // The last days, with what there was when they began.
    for (since, expected) in [
        (-1, &all[..]),
        (0, &all),
        (1, &[day(1, 1, 0), all[1], all[2]]),
        (2, &all[1..]),
        (3, &[day(3, 2, 1), all[2]]),
        (7, &all[2..]),
        (9, &[day(9, 2, 2)]),
    ] {
        assert_eq!(curve_of(acme, Some(since)), expected, "since {since}");
    }
    assert_eq!(
        lines(&history, &ADOPTION, acme),
        [
            "2027-01-15 1 0 2",
            "2027-01-17 2 1 1",
            "2027-01-18 2 1 0",
            "2027-01-22 2 2 0",
        ]
    );
    assert_eq!(lines(&history, &DEVICES, acme), ["1 1", "2 1"]);
}

#[test]
fn what_is_taken_away_is_counted_down_once() {
    let mut history = History::default();
    let acme = history.organization("Acme");
    let person = history.registered(acme);
    let devices = [(); 2].map(|()| history.device_confirmed(person));
    let expect = |history: &History, people: &[&str]| {
        let counted = lines(history, &DEVICES, acme);
        assert_eq!(counted, people);
    };
    expect(&history, &["2 1"]);
    for (device, left) in devices.into_iter().zip(["1 1", "0 1"]) {
        history.device_removed(person, device);
        expect(&history, &[left]);
    }
    // A person who is disabled takes their authenticators along, and brings them again.
    let device = history.device_confirmed(person);
    history.device_confirmed(person);
    history.disabled(person);
    expect(&history, &[]);
    history.device_removed(person, device);
    expect(&history, &[]);
    history.enabled(person);
    expect(&history, &["1 1"]);
    history.devices_reset(person);
    expect(&history, &["0 1"]);
    history.erased(person);
    expect(&history, &[]);
}

#[test]
fn a_clock_that_is_late_takes_nobody_away_before_they_came() {
    let mut history = History::default();
    let acme = history.organization("Acme");
    history.clock = Some("2026-11-26T00:00:01Z".into());
    let [late, other] = [(); 2].map(|()| history.invited(acme, Actor::Operator));
    // Two minutes earlier by the clock of the node that took it in.
    history.clock = Some("2026-11-25T23:58:01Z".into());
    history.accepted(late);
    history.device_confirmed(late);
    // Somebody else comes on that day, and elsewhere on Earth it is the next.
    history.clock = Some("2026-11-26T00:59:59+01:00".into());
    history.registered(acme);
    history.clock = Some("2026-11-27T00:00:00Z".into());
    history.accepted(other);
    history.clock = Some("2026-11-26T23:59:59Z".into());
    history.erased(other);
    assert_eq!(
        lines(&history, &ADOPTION, acme),
        [
            "2026-11-25 1 0 0",
            "2026-11-26 2 1 1",
            // Came and went.
            "2026-11-27 2 1 0",
        ]
    );
}

#[test]
fn an_enforcement_is_followed_by_those_who_were_there() {
    let mut history = History::default();
    let acme = history.organization("Acme");
    let admin = history.registered(acme);
    let had_one = history.device_confirmed(admin);
    let join = |history: &mut History| {
        let person = history.invited(acme, Actor::Operator);
        history.accepted(person);
        person
    };
    let [fast, slow, slower, leaves, erased, returns, had_lost] =
        [(); 7].map(|()| join(&mut history));
    let lost = history.device_confirmed(had_lost);
    history.device_removed(had_lost, lost);
    let disabled = join(&mut history);
    history.disabled(disabled);
    let invited = history.invited(acme, Actor::Operator);

    history.clock = Some("2026-11-26T12:00:00Z".into());
    history.enforced(acme, admin.0);
    let row = |history: &History| lines(history, &ENFORCEMENT, acme);
    assert_eq!(row(&history), ["2026-11-26T12:00:00Z 8 1 - - -"]);
    // Not those who come later, nor whoever is there without having been.
    history.enabled(disabled);
    history.device_confirmed(disabled);
    history.accepted(invited);
    history.device_confirmed(invited);
    let newcomer = join(&mut history);
    history.device_confirmed(newcomer);
    history.erased(newcomer);
    assert_eq!(row(&history), ["2026-11-26T12:00:00Z 8 1 - - -"]);

    // By a clock that is late, in no time at all.
    history.clock = Some("2026-11-26T11:59:00Z".into());
    let device = history.device_confirmed(fast);
    history.clock = Some("2026-11-26T12:01:00.9Z".into());
    history.device_confirmed(slow);
    history.device_confirmed(had_lost);
    // Once for each, whatever becomes of it.
    history.device_removed(admin, had_one);
    history.device_confirmed(admin);
    history.device_removed(fast, device);
    history.device_confirmed(fast);
    history.devices_reset(slow);
    history.disabled(slow);
    assert_eq!(row(&history), ["2026-11-26T12:00:00Z 8 4 60 - -"]);
    history.enabled(slow);
    history.device_confirmed(slow);

    // Whoever leaves before does not hold up the others.
    history.disabled(leaves);
    history.erased(leaves);
    history.erased(erased);
    history.disabled(returns);
    assert_eq!(row(&history), ["2026-11-26T12:00:00Z 5 4 60 - -"]);
    history.enabled(returns);
    history.device_confirmed(returns);
    history.clock = Some("2026-11-27T14:00:00+02:00".into());
    history.device_confirmed(slower);
    assert_eq!(row(&history), ["2026-11-26T12:00:00Z 5 5 60 86400 86400"]);
}

#[test]
fn an_enforcement_that_nobody_is_left_to_follow_has_no_times() {
    let mut history = History::default();
    let acme = history.organization("Acme");
    let person = history.registered(acme);
    history.clock = Some("2026-11-26T12:00:00Z".into());
    history.enforced(acme, person.0);
    history.erased(person);
    assert_eq!(
        lines(&history, &ENFORCEMENT, acme),
        ["2026-11-26T12:00:00Z 0 0 - - -"]
    );
}
