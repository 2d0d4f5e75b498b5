//! However the events come, the rows are the same: the promise that the log is the truth.

use super::*;
use crate::{
    Projections, Readers, Standing,
    testing::{Flaky, History, MemoryStore, PostgresServer, home_in, home_on, random::history},
    users::Users,
};
use proptest::{prelude::*, test_runner::TestRunner};
use std::cell::Cell;
use tempfile::TempDir;

const SOON: Duration = Duration::from_secs(20);

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

/// Hands the events over in batches, with restarts between some of them.
fn followed(home: &Home, history: &History, batches: &[(usize, bool)]) {
    let mut running = Projections::open(home).unwrap();
    let mut events = history
        .events
        .iter()
        .cloned()
        .map(Delivery::from)
        .peekable();
    for (size, restart) in batches.iter().cycle() {
        if events.peek().is_none() {
            break;
        }
        let batch: Vec<_> = events.by_ref().take(*size).collect();
        running.writer.apply(&batch).unwrap();
        if *restart {
            drop(running);
            running = Projections::open(home).unwrap();
        }
    }
    for model in &running.writer.models {
        assert_eq!(model.failure, None);
    }
}

/// How many organizations one read model counts otherwise than the rows of others show.
fn miscounted(home: &Home) -> Option<i64> {
    let mut connection = home.open_read_only().unwrap();
    connection
        .first(
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
        )
        .unwrap()
}

type Steps = Vec<(u8, prop::sample::Index)>;
type Batches = Vec<(usize, bool)>;

fn histories() -> impl Strategy<Value = (Steps, Batches)> {
    (
        prop::collection::vec(any::<(u8, prop::sample::Index)>(), 1..150),
        prop::collection::vec((1..40_usize, any::<bool>()), 1..20),
    )
}

fn expect_the_same_however_built(history: &History, batches: &[(usize, bool)], homes: &[Home; 2]) {
    let [one, other] = homes;
    followed(one, history, batches);
    let store: Arc<dyn EventStore> = Arc::new(MemoryStore::holding(history));
    built(other, &store, None, false);
    assert_eq!(contents(one), contents(other));

    // Also where the rows are there already, and for one read model alone.
    built(one, &store, None, true);
    built(one, &store, Some(&["users"]), false);
    assert_eq!(contents(one), contents(other));
    assert_eq!(miscounted(other), Some(0));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn rebuilt_read_models_equal_those_that_followed_the_log((steps, batches) in histories()) {
        let directory = TempDir::new().unwrap();
        let homes = ["followed", "rebuilt"].map(|name| Home::Sqlite(directory.path().join(name)));
        expect_the_same_however_built(&history(&steps), &batches, &homes);
    }
}

#[test]
fn read_models_in_postgres_equal_those_in_sqlite() {
    let server = PostgresServer::start();
    let number = Cell::new(0);
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(6)
    };
    let equal = TestRunner::new(config).run(&histories(), |(steps, batches)| {
        number.set(number.get() + 1);
        let directory = TempDir::new().unwrap();
        let homes = ["followed", "rebuilt"]
            .map(|name| home_on(&server, &format!("{name}{}", number.get())));
        let history = history(&steps);
        expect_the_same_however_built(&history, &batches, &homes);
        let sqlite = home_in(directory.path());
        followed(&sqlite, &history, &batches);
        assert_eq!(contents(&sqlite), contents(&homes[0]));
        Ok(())
    });
    equal.unwrap();
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
    let build = Build::begin(&home, &[Flaky::never()], Pace::Full).unwrap();
    let (build, head) = build.catch_up(&port(&store), &mut |_, _| ()).await.unwrap();
    assert_eq!(head, Position(7));
    drop(build);
    assert_eq!(Flaky::seen(directory.path()), [0; 0]);
    // The next one finds what the first has built.
    drop(Build::begin(&home, &[Flaky::never()], Pace::Full).unwrap());
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

    let build = Build::begin(&home, &[Flaky::never()], Pace::Background).unwrap();
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
    let [one, other] = [(); 2].map(|()| Build::begin(&home, &[&Users], Pace::Full).unwrap());
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
    let events: Vec<_> = history.events.iter().cloned().map(Delivery::from).collect();
    let mut older = History::default();
    older.organization("Acme");
    let flaky: [&'static dyn Projection; 1] = [Flaky::never()];
    for (other, seen) in [(older, vec![1]), (history.elsewhere(), vec![1, 4, 7])] {
        let mut stale = Projections::open_with(&home, &flaky).unwrap();
        stale.writer.apply(&events).unwrap();
        drop(stale);
        let build = Build::begin(&home, &flaky, Pace::Full).unwrap();
        build.catch_up(&port(&store), &mut |_, _| ()).await.unwrap();
        let log = port(&Arc::new(MemoryStore::holding(&other)));
        let rebuilt = rebuild_of(&flaky, &home, &log, None, false, |_, _| ());
        rebuilt.await.unwrap();
        assert_eq!(Flaky::seen(directory.path()), seen);
        let projections = Projections::open_with(&home, &flaky).unwrap();
        projections.expect_same_log(&*log).await.unwrap();
    }
}

#[tokio::test]
async fn beside_a_server_nothing_is_built_from_another_log() {
    let directory = TempDir::new().unwrap();
    let home = home_in(directory.path());
    let (history, store) = log();
    let flaky: [&'static dyn Projection; 1] = [Flaky::never()];
    let running = Projections::open_with(&home, &flaky).unwrap();
    let running = running.start(port(&store));
    running.wait_for(history.head(), SOON).await.unwrap();

    let mut elsewhere = history.elsewhere();
    elsewhere.organization("Another");
    let log = port(&Arc::new(MemoryStore::holding(&elsewhere)));
    let rebuilt = rebuild_of(&flaky, &home, &log, None, true, |_, _| ());
    let refused = rebuilt.await.unwrap_err();
    assert!(matches!(refused, RebuildError::AnotherLog(_)), "{refused}");
    assert_eq!(Flaky::seen(directory.path()), [1, 4, 7]);
}

#[tokio::test]
async fn a_database_of_a_build_that_noted_no_events_is_taken_over() {
    let directory = TempDir::new().unwrap();
    let home = home_in(directory.path());
    let (mut history, store) = log();
    let flaky: [&'static dyn Projection; 1] = [Flaky::never()];
    let running = Projections::open_with(&home, &flaky).unwrap();
    let running = running.start(port(&store));
    running.wait_for(history.head(), SOON).await.unwrap();
    running.stop().await;
    let mut connection = home.open_writable().unwrap();
    let older = "ALTER TABLE read_models DROP COLUMN event_id";
    connection.script(older).unwrap();
    drop(connection);

    history.organization("Another");
    store.catch_up(&history);
    let running = Projections::open_with(&home, &flaky).unwrap();
    running.expect_same_log(&*store).await.unwrap();
    let running = running.start(port(&store));
    running.wait_for(history.head(), SOON).await.unwrap();
    assert_eq!(Flaky::seen(directory.path()), [1, 4, 7, 10]);
}
