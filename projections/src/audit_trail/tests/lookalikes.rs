//! Ids that differ, and whose numbers do not.

use super::*;
use eventstore_schema::{ApiCredentialId, EventId};
use uuid::Uuid;

/// Two organizations and several actors who cannot be told apart by their numbers: their ids differ in
/// the first half only.
fn lookalikes() -> (Trail, Vec<OrganizationId>, Vec<Actor>) {
    let mut history = History::default();
    let acme = history.organization("Acme");
    let mut people = vec![history.registered(acme)];
    history.ids = 1 << 64;
    let double = history.organization("Acme");
    people.push(history.registered(double));
    history.ids = 2 << 64 | 1;
    people.push(history.registered(acme));
    // The operator is number 1.
    history.ids = 3 << 64;
    people.push(history.registered(acme));
    let machine = Actor::ApiCredential(ApiCredentialId(Uuid::from_u128(4 << 64 | 2)));
    for step in 0..40 {
        let person = people[step % 4];
        match step % 5 {
            0 => history.role_changed(person, Role::Analyst),
            1 => history.password_changed(person),
            2 => {
                let _ = history.invited(person.1, machine);
            }
            3 => history.audit_read(person),
            _ => history.code_rejected(person),
        }
    }
    let people = people.iter().map(|person| Actor::User(person.0));
    let actors = people.chain([machine, Actor::Operator, Actor::Anonymous]);
    (Trail::of(history), vec![acme, double], actors.collect())
}

#[test]
fn what_only_has_the_same_number_is_not_shown_and_pages_go_on_behind_it() {
    let (trail, organizations, actors) = lookalikes();
    let numbers: Vec<_> = actors
        .iter()
        .copied()
        .map(|actor| number::Owner(0).actor(actor))
        .collect();
    assert_eq!(numbers, [2, 2, 2, 1, 2, 1, 0]);
    let mut short = 0;
    for &organization in &organizations {
        for limit in [1, 3, 100] {
            let everything = Filter::default();
            short += trail.assert_finds(organization, &everything, limit);
            for &actor in &actors {
                let by = Filter {
                    actor: Some(actor),
                    ..Filter::default()
                };
                short += trail.assert_finds(organization, &by, limit);
                let Actor::User(id) = actor else {
                    continue;
                };
                let of = Filter {
                    person: Some(id),
                    ..Filter::default()
                };
                short += trail.assert_finds(organization, &of, limit);
            }
        }
    }
    assert!(short > 100, "{short}");
}

#[test]
fn an_event_is_found_by_its_id_and_beside_it_what_has_the_same_number() {
    let mut history = History::default();
    let acme = history.organization("Acme");
    let admin = history.registered(acme);
    history.code_rejected(admin);
    let event = history.last().clone();
    history.code_rejected(admin);
    let double = EventId(Uuid::from_u128(event.id.0.as_u128() | 1 << 40));
    history.events[3].id = double;
    let trail = Trail::of(history);
    for (id, leaf_index) in [(event.id, 2), (double, 3)] {
        let found = by_event(&trail.readers, id).unwrap();
        let leaves: Vec<_> = found.iter().map(|found| found.leaf_index).collect();
        assert_eq!(leaves, [2, 3]);
        let meant = block_on(record(&trail.store, id, found)).unwrap();
        let (found, event) = meant.unwrap();
        assert_eq!((found.leaf_index, event.id), (leaf_index, id));
    }
    let nobodys = EventId(Uuid::from_u128(99));
    assert_eq!(by_event(&trail.readers, nobodys).unwrap(), []);
}
