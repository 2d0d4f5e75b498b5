//! However the events come, the rows are the same: the promise that the log is the truth.

use super::*;
use crate::{
    READ_MODELS, Readers,
    database::open_read_only,
    testing::{Flaky, History, MemoryStore, Person},
};
use eventstore_schema::{
    Actor, AddressEvent, AddressId, DeviceId, Factor, OrganizationId, OtpRejectionReason, Role,
    SessionId, SignInRejected, StreamName,
};
use proptest::prelude::*;
use std::path::Path;
use tempfile::TempDir;

/// Erases one of these people, if there are any; nothing happens to their devices any more.
fn erase(
    history: &mut History,
    which: prop::sample::Index,
    among: &mut Vec<Person>,
    devices: &mut Vec<(Person, DeviceId)>,
) {
    if !among.is_empty() {
        let person = among.swap_remove(which.index(among.len()));
        history.erased(person);
        devices.retain(|(owner, _)| owner.0 != person.0);
    }
}

/// What happens to one organization or person, and changes nothing about who may be next.
fn to_one(history: &mut History, what: u8, organization: OrganizationId, person: Person) {
    match what {
        12 => history.renamed(organization, "Renamed"),
        13 => history.look_changed(organization),
        18 => history.reset_requested(person),
        19 => history.password_reset(person),
        20 => {
            history.password_changed(person);
            history.password_rehashed(person);
        }
        23 => history.role_changed(person, Role::Analyst),
        24 => {
            history.appointed(person);
            history.dismissed(person);
        }
        26 => {
            history.recovery_codes_issued(person);
            history.recovery_code_rejected(person);
            history.recovery_code_used(person);
        }
        30 => history.exported(person),
        34 => {
            history.set_up_link_enforced(organization);
            history.set_up_link_followed(person);
        }
        35 => {
            let credential = history.credential_created(person);
            history.token_issued(person, credential);
            history.secret_rotated(person, credential);
            history.credential_revoked(person, credential);
        }
        36 => history.audit_read(person),
        37 => history.late_by_nine_hours(),
        38 => history.signed_in_with_factors(person, vec![Factor::Password, Factor::Otp]),
        39 => {
            let factors = vec![Factor::Password, Factor::RecoveryCode];
            history.signed_in_with_factors(person, factors);
        }
        40 => {
            for reason in [OtpRejectionReason::Reused, OtpRejectionReason::Expired] {
                history.code_rejected_as(person, reason);
            }
        }
        // At an address that nobody holds.
        41 => sign_in_rejected(history, None),
        _ => history.code_rejected(person),
    }
}

/// A history that could have happened, steered by random numbers.
pub(crate) fn history(steps: &[(u8, prop::sample::Index)]) -> History {
    let mut history = History::default();
    let mut organizations = vec![history.organization("Acme")];
    let mut unenforced = organizations.clone();
    let mut invited = Vec::<Person>::new();
    let mut active = vec![history.registered(organizations[0])];
    let mut disabled = Vec::<Person>::new();
    let mut devices = Vec::<(Person, DeviceId)>::new();
    let mut sessions = Vec::<(Person, SessionId)>::new();
    for (what, which) in steps {
        let organization = *which.get(&organizations);
        let person = *which.get(&active);
        match what % 43 {
            0 => {
                let organization = history.organization("Another");
                organizations.push(organization);
                unenforced.push(organization);
            }
            1 | 2 => invited.push(history.invited(organization, Actor::User(person.0))),
            3 if !invited.is_empty() => history.resent(*which.get(&invited)),
            4 if !invited.is_empty() => {
                history.revoked(invited.swap_remove(which.index(invited.len())));
            }
            5 | 6 if !invited.is_empty() => {
                let person = invited.swap_remove(which.index(invited.len()));
                history.accepted(person);
                active.push(person);
            }
            7 => devices.push((person, history.device_confirmed(person))),
            8 | 9 if !devices.is_empty() => {
                let (person, device) = *which.get(&devices);
                history.code_accepted(person, device);
            }
            10 if !unenforced.is_empty() => {
                history.enforced(
                    unenforced.swap_remove(which.index(unenforced.len())),
                    person.0,
                );
            }
            14 => {
                history.days += 1;
                history.clock = None;
            }
            15 => sessions.push((person, history.signed_in(person))),
            16 if !sessions.is_empty() => {
                let (person, session) = *which.get(&sessions);
                history.second_factor_accepted(person, session);
            }
            17 if !sessions.is_empty() => {
                let (person, session) = sessions.swap_remove(which.index(sessions.len()));
                history.session_used(person, session);
                history.session_ended(person, session);
            }
            11 => sign_in_rejected(&mut history, Some(person)),
            // By a machine.
            42 => {
                let machine = history.credential_created(person);
                invited.push(history.invited(person.1, Actor::ApiCredential(machine)));
            }
            21 if active.len() > 1 => {
                let person = active.swap_remove(which.index(active.len()));
                history.disabled(person);
                disabled.push(person);
            }
            22 if !disabled.is_empty() => {
                let person = disabled.swap_remove(which.index(disabled.len()));
                history.enabled(person);
                active.push(person);
            }
            // Under way when they were disabled.
            25 if !disabled.is_empty() => {
                let person = *which.get(&disabled);
                devices.push((person, history.device_confirmed(person)));
            }
            27 if !devices.is_empty() => {
                let (person, device) = *which.get(&devices);
                history.device_renamed(person, device);
            }
            28 if !devices.is_empty() => {
                let (person, device) = devices.swap_remove(which.index(devices.len()));
                history.device_removed(person, device);
            }
            29 => {
                history.devices_reset(person);
                devices.retain(|(owner, _)| owner.0 != person.0);
            }
            31 if active.len() > 1 => erase(&mut history, *which, &mut active, &mut devices),
            32 => erase(&mut history, *which, &mut invited, &mut devices),
            33 => erase(&mut history, *which, &mut disabled, &mut devices),
            other => to_one(&mut history, other, organization, person),
        }
    }
    history
}

fn sign_in_rejected(history: &mut History, person: Option<Person>) {
    let address = StreamName::address(&AddressId("0".into()));
    let event = AddressEvent::from(SignInRejected {
        browser: None,
        user_id: person.map(|person| person.0),
    });
    let organization = person.map(|person| person.1);
    history.record(address, organization, Actor::Anonymous, event);
}

/// Everything that a dump of the file shows: its schema, its checkpoints and all rows.
fn contents(file: &Path) -> Vec<String> {
    let connection = open_read_only(file).unwrap();
    let mut lines: Vec<String> = connection
        .prepare(
            "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL
             UNION ALL
             SELECT projection || ' ' || version || ' ' || position FROM checkpoints",
        )
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let readers = Readers::open(file).unwrap();
    for model in READ_MODELS {
        lines.push(readers.digest(model.name()).unwrap().sha256);
    }
    lines
}

fn rebuild(file: &Path, store: &MemoryStore, names: Option<&[&str]>) -> Vec<(Position, Position)> {
    let mut told = Vec::new();
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(
            Projections::open(file)
                .unwrap()
                .rebuild(store, names, |at, head| {
                    told.push((at, head));
                }),
        )
        .unwrap();
    told
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn rebuilt_read_models_equal_those_that_followed_the_log(
        steps in prop::collection::vec(any::<(u8, prop::sample::Index)>(), 1..150),
        batches in prop::collection::vec((1..40_usize, any::<bool>()), 1..20),
    ) {
        let directory = TempDir::new().unwrap();
        let followed = directory.path().join("followed.db");
        let rebuilt = directory.path().join("rebuilt.db");
        let history = history(&steps);

        let mut running = Projections::open(&followed).unwrap();
        let mut events = history.events.iter().cloned().map(Delivery::from).peekable();
        for (size, restart) in batches.iter().cycle() {
            if events.peek().is_none() {
                break;
            }
            let batch: Vec<_> = events.by_ref().take(*size).collect();
            running.writer.apply(&batch).unwrap();
            if *restart {
                running = Projections::open(&followed).unwrap();
            }
        }
        prop_assert!(running.writer.models.iter().all(|model| model.failure.is_none()));
        drop(running);

        let store = MemoryStore::holding(&history);
        let told = rebuild(&rebuilt, &store, None);
        prop_assert_eq!(told.last(), Some(&(history.head(), history.head())));
        prop_assert_eq!(contents(&followed), contents(&rebuilt));

        // Also where the rows are there already, and for one read model alone.
        rebuild(&followed, &store, None);
        rebuild(&followed, &store, Some(&["users"]));
        prop_assert_eq!(contents(&followed), contents(&rebuilt));

        // The counts kept by one read model are those that the rows of others show.
        let miscounted: i64 = open_read_only(&rebuilt).unwrap().query_row(
            "SELECT count(*) FROM organization_people AS counted
             WHERE active <> (
                     SELECT count(*) FROM users
                     WHERE organization_id = counted.organization_id AND status = 'active')
                OR with_device <> (
                     SELECT count(DISTINCT user_id) FROM users JOIN user_devices USING (user_id)
                     WHERE organization_id = counted.organization_id AND status = 'active')
                OR invited <> (
                     SELECT count(*) FROM invitations
                     WHERE organization_id = counted.organization_id AND status = 'pending')
                OR (active, with_device, invited) <> (
                     SELECT COALESCE(sum(people) FILTER (WHERE standing = 'active'), 0),
                         COALESCE(sum(people) FILTER (WHERE standing = 'active' AND devices > 0), 0),
                         COALESCE(sum(people) FILTER (WHERE standing = 'pending'), 0)
                     FROM adoption WHERE organization_id = counted.organization_id)",
            [],
            |row| row.get(0),
        ).unwrap();
        prop_assert_eq!(miscounted, 0);
    }
}

#[tokio::test]
async fn a_read_model_that_cannot_be_rebuilt_is_named_and_the_others_are_complete() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("projections.db");
    let mut history = History::default();
    let organization = history.organization("Acme");
    let poisoned = history.head();
    history.registered(organization);
    let projections =
        Projections::open_with(&file, &[Flaky::at(poisoned), &crate::users::Users]).unwrap();

    let store = MemoryStore::holding(&history);
    let error = projections
        .rebuild(&store, None, |_, _| {})
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the read model flaky stopped before the event at 1: \
         the event changes a row that is not there"
    );
    let statuses = crate::status_read_only(&file, history.head()).unwrap();
    assert_eq!(statuses[0].position, Position::START);
    assert_eq!(statuses[1].position, history.head());
}

#[tokio::test]
async fn an_unknown_name_is_refused_before_anything_is_emptied() {
    let directory = TempDir::new().unwrap();
    let projections = Projections::open(directory.path().join("projections.db")).unwrap();
    let store = MemoryStore::holding(&History::default());
    let error = projections
        .rebuild(&store, Some(&["users", "userz"]), |_, _| {})
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "there is no read model userz");
}
