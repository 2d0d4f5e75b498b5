//! People as their events make them.

use super::*;
use crate::{
    adoption, invitations, organization_security, sessions,
    testing::{History, at, readers_of},
};
use chrono::TimeDelta;
use eventstore_schema::Actor;

#[test]
fn a_person_from_invitation_to_second_factor() {
    let mut history = History::default();
    let acme = history.organization("Acme");
    let person = history.invited(acme, eventstore_schema::Actor::Operator);
    let by_id = |history: &History| {
        let (_directory, readers) = readers_of(history);
        by_id(&readers, person.0).unwrap().unwrap()
    };
    let mut expected = User {
        user_id: person.0,
        organization_id: acme,
        role: Role::UserManager,
        status: Status::Invited,
        email: person.personal("email"),
        name: person.personal("name"),
        created_at: at(1),
        accepted_at: None,
        revision: 0,
        devices: vec![],
    };
    assert_eq!(by_id(&history), expected);

    history.resent(person);
    history.accepted(person);
    expected.status = Status::Active;
    expected.accepted_at = Some(at(3));
    expected.revision = 2;
    assert_eq!(by_id(&history), expected);

    let device_id = history.device_confirmed(person);
    history.code_rejected(person);
    expected.devices.push(Device {
        device_id,
        name: person.personal("phone"),
        confirmed_at: at(4),
        last_used_at: at(4),
    });
    expected.revision = 4;
    assert_eq!(by_id(&history), expected);

    history.role_changed(person, Role::Auditor);
    history.disabled(person);
    expected.role = Role::Auditor;
    expected.status = Status::Disabled;
    expected.revision = 6;
    assert_eq!(by_id(&history), expected);

    history.enabled(person);
    expected.status = Status::Active;
    history.code_accepted(person, device_id);
    expected.devices[0].last_used_at = at(9);
    expected.revision = 8;
    assert_eq!(by_id(&history), expected);

    history.device_renamed(person, device_id);
    expected.devices[0].name = person.personal("old phone");
    let second = history.device_confirmed(person);
    expected.devices.push(Device {
        device_id: second,
        name: person.personal("phone"),
        confirmed_at: at(11),
        last_used_at: at(11),
    });
    expected.revision = 10;
    assert_eq!(by_id(&history), expected);

    history.device_removed(person, device_id);
    expected.devices.remove(0);
    expected.revision = 11;
    assert_eq!(by_id(&history), expected);
}

#[test]
fn pages_follow_one_another_without_gap_repeat_or_strangers() {
    let mut history = History::default();
    let acme = history.organization("Acme");
    let other = history.organization("Other");
    let people = [acme, other, acme, acme, acme, acme].map(|id| history.registered(id).0);
    let revoked = history.invited(acme, eventstore_schema::Actor::Operator);
    history.revoked(revoked);
    let (_directory, readers) = readers_of(&history);

    let mut listed = Vec::new();
    let mut after = None;
    loop {
        let page = page(&readers, acme, after, 2).unwrap();
        listed.push(
            page.items
                .iter()
                .map(|user| user.user_id)
                .collect::<Vec<_>>(),
        );
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(
        listed,
        [
            &[people[0], people[2]][..],
            &[people[3], people[4]],
            &[people[5]]
        ]
    );
    let revoked = by_id(&readers, revoked.0).unwrap().unwrap();
    assert_eq!(revoked.status, Status::Revoked);
}

#[test]
fn who_is_erased_is_in_no_list_and_has_no_device() {
    let mut history = History::default();
    let acme = history.organization("Acme");
    let [ada, grace] = [acme, acme].map(|id| history.registered(id));
    let invited = history.invited(acme, Actor::Operator);
    history.device_confirmed(grace);
    history.signed_in(grace);
    let before = history.head();
    history.exported(grace);
    history.erased(grace);
    history.erased(invited);
    let (_directory, readers) = readers_of(&history);
    let listed = page(&readers, acme, None, 9).unwrap();
    let ids: Vec<_> = listed.items.iter().map(|user| user.user_id).collect();
    assert_eq!(ids, [ada.0]);
    for erased in [grace, invited] {
        let user = by_id(&readers, erased.0).unwrap().unwrap();
        assert_eq!((user.status, user.devices), (Status::Erased, vec![]));
    }
    let changed = changed_since(&readers, acme, before, 9).unwrap();
    let named: Vec<_> = changed.iter().map(|who| who.names.is_some()).collect();
    assert_eq!(named, [false, false]);
    let pending = invitations::Which::Pending;
    let pending = invitations::page(&readers, acme, pending, None, 9).unwrap();
    assert_eq!(pending.items, []);
    let invitation = invitations::by_id(&readers, invited.0).unwrap().unwrap();
    assert_eq!(invitation.status, invitations::Status::Erased);
    assert_eq!(
        sessions::open_of(&readers, grace.0, (at(0), TimeDelta::hours(1)), 9).unwrap(),
        []
    );
    let today = adoption::curve(&readers, acme, None)
        .unwrap()
        .pop()
        .unwrap();
    assert_eq!((today.people, today.with_device), (1, 0));
    let security = organization_security::by_id(&readers, acme)
        .unwrap()
        .unwrap();
    assert_eq!(
        (security.people_active, security.invitations_pending),
        (1, 0)
    );
}
