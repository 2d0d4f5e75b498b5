//! Every query gives the same answer on both databases.

use super::*;
use crate::{
    Projections, adoption, api_credentials,
    audit_trail::{self, Filter},
    invitations, organization_security, sessions,
    testing::{History, Person, PostgresServer, at, home_in, home_on},
    users,
    writer::Delivery,
};
use chrono::TimeDelta;
use eventstore_schema::{Actor, BrowserDigest, OrganizationId, Position, Role};
use std::fmt::Debug;
use tempfile::TempDir;

/// Something of everything.
fn history() -> (History, OrganizationId, Vec<Person>) {
    let mut history = History::default();
    let acme = history.organization("Acme");
    let ada = history.registered(acme);
    let mut people = vec![ada];
    people.extend([(); 5].map(|()| history.invited(acme, Actor::User(ada.0))));
    for person in &people[1..4] {
        history.accepted(*person);
        history.days += 1;
    }
    history.revoked(people[4]);
    history.resent(people[5]);
    history.role_changed(people[1], Role::Analyst);
    let device = history.device_confirmed(people[1]);
    history.code_accepted(people[1], device);
    history.device_confirmed(people[2]);
    history.enforced(acme, ada.0);
    history.signed_in_with(ada, Some("laptop"));
    history.signed_in_with(ada, Some("phone"));
    let session = history.signed_in(people[1]);
    history.second_factor_accepted(people[1], session);
    history.disabled(people[2]);
    history.erased(people[3]);
    let credential = history.credential_created(ada);
    history.token_issued(ada, credential);
    (history, acme, people)
}

/// Answers, as text.
#[derive(Debug, Default, PartialEq)]
struct Answers(Vec<String>);

impl Answers {
    fn note<T: Debug>(&mut self, answer: Result<T, DatabaseError>) -> T {
        let answer = answer.unwrap();
        self.0.push(format!("{answer:?}"));
        answer
    }
}

fn answers(readers: &Readers, acme: OrganizationId, people: &[Person]) -> Answers {
    let mut answers = Answers::default();
    let first = answers.note(users::page(readers, acme, None, 2));
    answers.note(users::page(readers, acme, first.next, 9));
    answers.note(users::changed_since(readers, acme, Position(4), 99));
    for which in [invitations::Which::All, invitations::Which::Pending] {
        answers.note(invitations::page(readers, acme, which, None, 9));
    }
    for person in people {
        answers.note(users::by_id(readers, person.0));
        answers.note(invitations::by_id(readers, person.0));
        let time = (at(3), TimeDelta::hours(1));
        answers.note(sessions::open_of(readers, person.0, time, 9));
        for browser in [None, Some("laptop")] {
            let browser = browser.map(|name| BrowserDigest(name.into()));
            answers.note(sessions::before(readers, person.0, browser, Position(999)));
        }
    }
    let ids: Vec<_> = people.iter().map(|person| person.0).collect();
    answers.note(users::by_ids(readers, &ids));
    answers.note(organization_security::by_id(readers, acme));
    for since in [None, Some(at(0).date_naive() + TimeDelta::days(2))] {
        answers.note(adoption::curve(readers, acme, since));
    }
    let credentials = answers.note(api_credentials::page(readers, acme, None, 9));
    for credential in &credentials.items {
        answers.note(api_credentials::by_id(
            readers,
            credential.api_credential_id,
        ));
    }
    for filter in filters(people[1]) {
        let page = answers.note(audit_trail::page(readers, acme, &filter, Position(0), 3));
        let after = page.next.unwrap_or_default();
        answers.note(audit_trail::page(readers, acme, &filter, after, 99));
        answers.note(audit_trail::latest(readers, acme, &filter, None, 99));
    }
    answers.note(audit_trail::leaves(readers));
    answers
}

fn filters(person: Person) -> [Filter; 6] {
    let none = Filter::default;
    [
        none(),
        Filter {
            actor: Some(Actor::User(person.0)),
            ..none()
        },
        Filter {
            actor: Some(Actor::Operator),
            types: Some(vec!["UserRegistered".into()]),
            ..none()
        },
        Filter {
            person: Some(person.0),
            ..none()
        },
        Filter {
            types: Some(vec!["UserInvited".into(), "SignedIn".into()]),
            ..none()
        },
        Filter {
            from: Some(at(4)),
            until: Some(at(9) + TimeDelta::days(1)),
            as_of: Some(at(12) + TimeDelta::days(9)),
            ..none()
        },
    ]
}

#[test]
fn every_query_gives_the_same_answer_on_both_databases() {
    let server = PostgresServer::start();
    let directory = TempDir::new().unwrap();
    let (history, acme, people) = history();
    let [sqlite, postgres] = [home_in(directory.path()), home_on(&server, "pawl")].map(|home| {
        let mut projections = Projections::open(&home).unwrap();
        let events: Vec<_> = history.events.iter().cloned().map(Delivery::from).collect();
        projections.writer.apply(&events).unwrap();
        answers(&projections.readers().unwrap(), acme, &people)
    });
    assert!(sqlite.0.len() > 50);
    for (one, other) in sqlite.0.iter().zip(&postgres.0) {
        assert_eq!(one, other);
    }
    assert_eq!(sqlite, postgres);
}
