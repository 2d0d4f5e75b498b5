//! However the events come, the rows are the same: the promise that the log is the truth.

use super::*;
use crate::{
    Projections, Readers, Standing,
    testing::{Flaky, History, MemoryStore, Person, home_in},
    users::Users,
};
use eventstore_schema::{
    Actor, AddressEvent, AddressId, DeviceId, Factor, OrganizationId, OtpRejectionReason, Role,
    SessionId, SignInRejected, StreamName,
};
use proptest::prelude::*;
use tempfile::TempDir;

const SOON: Duration = Duration::from_secs(20);

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

/// What there is to see of the read models: what they are called, how far they have come, and all rows.
fn contents(home: &Home) -> Vec<String> {
    let mut connection = home.open_read_only().unwrap();
    let mut lines = connection.tables().unwrap();
    lines.extend(connection.views().unwrap());
    let readers = Readers::open(home).unwrap();
    for entry in catalog::entries(&mut *connection).unwrap() {
        assert_eq!(entry.side, Side::Live);
        let digest = readers.digest(&entry.projection).unwrap();
        lines.push(format!("{} {} {digest:?}", entry.projection, entry.version));
    }
    lines
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().build().unwrap().block_on(future)
}

fn built(home: &Home, store: &Arc<dyn EventStore>, names: Option<&[&str]>, beside: bool) {
    let mut told = Vec::new();
    let rebuilt = rebuild(home, store, names, beside, |at, head| told.push((at, head)));
    let Rebuilt { head, aside } = block_on(rebuilt).unwrap();
    assert_eq!(told.last(), Some(&(head, head)));
    assert_eq!(aside, [""; 0]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn rebuilt_read_models_equal_those_that_followed_the_log(
        steps in prop::collection::vec(any::<(u8, prop::sample::Index)>(), 1..150),
        batches in prop::collection::vec((1..40_usize, any::<bool>()), 1..20),
    ) {
        let directory = TempDir::new().unwrap();
        let followed = Home::Sqlite(directory.path().join("followed.db"));
        let rebuilt = Home::Sqlite(directory.path().join("rebuilt.db"));
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

        let store: Arc<dyn EventStore> = Arc::new(MemoryStore::holding(&history));
        built(&rebuilt, &store, None, false);
        prop_assert_eq!(contents(&followed), contents(&rebuilt));

        // Also where the rows are there already, and for one read model alone.
        built(&followed, &store, None, true);
        built(&followed, &store, Some(&["users"]), false);
        prop_assert_eq!(contents(&followed), contents(&rebuilt));

        // The counts kept by one read model are those that the rows of others show.
        let miscounted: Option<i64> = rebuilt.open_read_only().unwrap().first(
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
            &[],
            |row| row.at(0),
        ).unwrap();
        prop_assert_eq!(miscounted, Some(0));
    }
}

/// A log of three events at the positions 1, 4 and 7.
fn log() -> (History, Arc<MemoryStore>) {
    let mut history = History::default();
    let organization = history.organization("Acme");
    history.registered(organization);
    history.registered(organization);
    let store = Arc::new(MemoryStore::holding(&history));
    (history, store)
}

fn port(store: &Arc<MemoryStore>) -> Arc<dyn EventStore> {
    Arc::clone(store) as _
}

#[tokio::test]
async fn a_read_model_that_cannot_be_built_is_named_and_the_others_are_complete() {
    let directory = TempDir::new().unwrap();
    let home = home_in(directory.path());
    let (history, store) = log();
    let read_models: [&'static dyn Projection; 2] = [Flaky::at(Position(4)), &Users];
    let log = port(&store);
    let rebuilt = rebuild_of(&read_models, &home, &log, None, false, |_, _| ());
    assert_eq!(
        rebuilt.await.unwrap_err().to_string(),
        "the read model flaky stopped before the event at 4: \
         the event changes a row that is not there"
    );
    let statuses = crate::status_read_only(&home, history.head()).unwrap();
    assert_eq!(statuses.len(), 1);
    assert_eq!(
        (statuses[0].name.as_str(), statuses[0].position),
        ("users", history.head())
    );
}

#[tokio::test]
async fn an_unknown_name_is_refused_before_anything_is_begun() {
    let directory = TempDir::new().unwrap();
    let home = home_in(directory.path());
    let (_, store) = log();
    let names = Some(&["users", "userz"][..]);
    let error = rebuild(&home, &port(&store), names, false, |_, _| ()).await;
    assert_eq!(
        error.unwrap_err().to_string(),
        "there is no read model userz"
    );
    assert!(home.open_read_only().is_err());
}

#[tokio::test]
async fn a_build_that_was_cut_off_goes_on_where_it_was() {
    let directory = TempDir::new().unwrap();
    let home = home_in(directory.path());
    let (mut history, store) = log();
    drop(Projections::open_with(&home, &[Flaky::never()]).unwrap());
    let build = Build::begin(&home, &[Flaky::never()], (Pace::Full, Position(99))).unwrap();
    let (build, head) = build.catch_up(&port(&store), &mut |_, _| ()).await.unwrap();
    assert_eq!(head, Position(7));
    drop(build);
    assert_eq!(Flaky::seen(directory.path()), [0; 0]);
    let statuses = crate::status_read_only(&home, head).unwrap();
    assert_eq!(statuses[0].building, Some(head));

    history.organization("Another");
    store.catch_up(&history);
    let mut told = Vec::new();
    let flaky: [&'static dyn Projection; 1] = [Flaky::never()];
    let store = port(&store);
    let rebuilt = rebuild_of(&flaky, &home, &store, None, false, |at, _| told.push(at));
    rebuilt.await.unwrap();
    assert_eq!(told, [Position(10)]);
    assert_eq!(Flaky::seen(directory.path()), [1, 4, 7, 10]);
}

#[tokio::test]
async fn what_is_read_is_kept_up_to_date_until_the_swap_and_from_then_on() {
    let directory = TempDir::new().unwrap();
    let home = home_in(directory.path());
    let (mut history, store) = log();
    let running = Projections::open_with(&home, &[Flaky::never()]).unwrap();
    let running = running.start(port(&store));
    running.wait_for(history.head(), SOON).await.unwrap();

    let build = Build::begin(&home, &[Flaky::never()], (Pace::Background, Position(99))).unwrap();
    let (build, _) = build.catch_up(&port(&store), &mut |_, _| ()).await.unwrap();
    // The log grows between the build and the swap.
    history.organization("Another");
    store.catch_up(&history);
    running.wait_for(history.head(), SOON).await.unwrap();
    let taken = build.take_over(&port(&store), Others::Kept).await.unwrap();
    assert_eq!(taken, ["flaky"]);
    assert_eq!(Flaky::seen(directory.path()), [1, 4, 7, 10]);

    history.organization("A third");
    store.catch_up(&history);
    running.wait_for(history.head(), SOON).await.unwrap();
    assert_eq!(Flaky::seen(directory.path()), [1, 4, 7, 10, 13]);
    assert_eq!(running.standing(Flaky::never()), Standing::Works);
}

#[tokio::test]
async fn another_version_is_built_in_the_background_and_then_followed() {
    let directory = TempDir::new().unwrap();
    let home = home_in(directory.path());
    let (mut history, store) = log();
    let old = Projections::open_with(&home, &[Flaky::never(), &Users]).unwrap();
    let old = old.start(port(&store));
    old.wait_for(history.head(), SOON).await.unwrap();
    old.stop().await;

    let new = Projections::open_with(&home, &[Flaky::version(2), &Users]).unwrap();
    let new = new.start(port(&store));
    let mut models = new.watched();
    let swapped = models.wait_for(|models| models[0].failure.is_none());
    tokio::time::timeout(SOON, swapped).await.unwrap().unwrap();
    history.organization("Another");
    store.catch_up(&history);
    new.wait_for(history.head(), SOON).await.unwrap();
    assert_eq!(Flaky::seen(directory.path()), [1, 4, 7, 10]);
    assert_eq!(new.status(history.head())[0].version, 2);
}

#[tokio::test]
async fn what_a_new_version_builds_beside_an_old_server_waits_until_the_new_one_starts() {
    let directory = TempDir::new().unwrap();
    let home = home_in(directory.path());
    let (history, store) = log();
    let old = Projections::open_with(&home, &[Flaky::never()]).unwrap();
    let old = old.start(port(&store));
    old.wait_for(history.head(), SOON).await.unwrap();

    let new: [&'static dyn Projection; 1] = [Flaky::version(2)];
    let log = port(&store);
    let beside = rebuild_of(&new, &home, &log, None, true, |_, _| ());
    assert_eq!(beside.await.unwrap().aside, ["flaky"]);
    assert_eq!(old.standing(Flaky::never()), Standing::Works);
    old.stop().await;

    // The old one starts again and leaves alone what it does not know.
    drop(Projections::open_with(&home, &[Flaky::never()]).unwrap());
    let statuses = crate::status_read_only(&home, history.head()).unwrap();
    assert_eq!(
        (statuses[0].version, statuses[0].building),
        (1, Some(history.head()))
    );
    let rebuilt = rebuild_of(&new, &home, &log, None, false, |_, _| ());
    assert_eq!(rebuilt.await.unwrap().aside, [""; 0]);
    assert_eq!(Flaky::seen(directory.path()), [1, 4, 7]);
}

#[tokio::test]
async fn a_second_build_of_the_same_read_model_is_noticed_and_writes_nothing() {
    let directory = TempDir::new().unwrap();
    let home = home_in(directory.path());
    let (_, store) = log();
    let [one, other] =
        [(); 2].map(|()| Build::begin(&home, &[&Users], (Pace::Full, Position(99))).unwrap());
    let (one, _) = one.catch_up(&port(&store), &mut |_, _| ()).await.unwrap();
    let raced = other.catch_up(&port(&store), &mut |_, _| ()).await;
    let raced = raced.err().unwrap();
    assert!(
        matches!(raced, RebuildError::Database(DatabaseError::Raced("users"))),
        "{raced}"
    );
    one.take_over(&port(&store), Others::Replaced)
        .await
        .unwrap();
    let readers = Readers::open(&home).unwrap();
    assert_eq!(readers.digest("users").unwrap().position, Position(7));
}

#[tokio::test]
async fn after_a_log_was_put_back_what_was_built_and_read_before_gives_way() {
    let directory = TempDir::new().unwrap();
    let home = home_in(directory.path());
    let (history, store) = log();
    let mut live = Projections::open_with(&home, &[Flaky::never()]).unwrap();
    let events: Vec<_> = history.events.iter().cloned().map(Delivery::from).collect();
    live.writer.apply(&events).unwrap();
    drop(live);
    let build = Build::begin(&home, &[Flaky::never()], (Pace::Full, Position(99))).unwrap();
    build.catch_up(&port(&store), &mut |_, _| ()).await.unwrap();

    let mut older = History::default();
    older.organization("Acme");
    let older = port(&Arc::new(MemoryStore::holding(&older)));
    let flaky: [&'static dyn Projection; 1] = [Flaky::never()];
    let rebuilt = rebuild_of(&flaky, &home, &older, None, false, |_, _| ());
    rebuilt.await.unwrap();
    assert_eq!(Flaky::seen(directory.path()), [1]);
}
