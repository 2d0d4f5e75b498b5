//! Following the log: live, after outages, and past what is not Pawl's.

use super::*;
use crate::testing::{Flaky, History, MemoryStore, home_in};
use crate::{audit_trail::AuditTrail, users::Users};
use eventstore_schema::StreamName;
use tempfile::TempDir;

const SOON: Duration = Duration::from_secs(20);

fn start(
    directory: &TempDir,
    projections: &[&'static dyn crate::Projection],
    store: &Arc<MemoryStore>,
) -> RunningProjections {
    let home = home_in(directory.path());
    let projections = Projections::open_with(&home, projections).unwrap();
    projections.start(Arc::clone(store) as Arc<dyn EventStore>)
}

fn history() -> (History, crate::testing::Person) {
    let mut history = History::default();
    let organization = history.organization("Acme");
    let admin = history.registered(organization);
    (history, admin)
}

#[tokio::test]
async fn a_reader_waits_for_its_own_write() {
    let directory = TempDir::new().unwrap();
    let (mut history, admin) = history();
    let store = Arc::new(MemoryStore::holding(&history));
    let running = start(&directory, &[&Users], &store);
    running.wait_for(history.head(), SOON).await.unwrap();

    let device = history.device_confirmed(admin);
    let write = async { store.catch_up(&history) };
    let (waited, ()) = tokio::join!(running.wait_for(history.head(), SOON), write);
    waited.unwrap();

    let readers = crate::Readers::open(&home_in(directory.path())).unwrap();
    let user = crate::users::by_id(&readers, admin.0).unwrap().unwrap();
    assert_eq!(user.devices[0].device_id, device);
}

#[tokio::test]
async fn a_reader_who_wants_the_future_is_told_how_far_the_past_goes() {
    let directory = TempDir::new().unwrap();
    let (history, _) = history();
    let store = Arc::new(MemoryStore::holding(&history));
    let running = start(&directory, &[&Users], &store);
    running.wait_for(history.head(), SOON).await.unwrap();

    let wanted = Position(history.head().0 + 1);
    assert_eq!(
        running.wait_for(wanted, Duration::ZERO).await,
        Err(Behind {
            wanted,
            reached: history.head()
        })
    );
}

#[tokio::test]
async fn events_of_no_interest_move_the_checkpoint_too() {
    let directory = TempDir::new().unwrap();
    let mut history = History::default();
    history.organization("Acme");
    let store = Arc::new(MemoryStore::holding(&history));
    let running = start(&directory, &[&Users], &store);
    running.wait_for(history.head(), SOON).await.unwrap();
}

#[tokio::test]
async fn streams_of_other_programs_are_passed_over() {
    let directory = TempDir::new().unwrap();
    let (mut history, admin) = history();
    history.unreadable();
    history.events.last_mut().unwrap().stream = StreamName::named("orders-1");
    history.events.last_mut().unwrap().metadata = "none of Pawl's".into();
    history.code_rejected(admin);
    let store = Arc::new(MemoryStore::holding(&history));
    let running = start(&directory, &[&Users, &AuditTrail], &store);
    running.wait_for(history.head(), SOON).await.unwrap();
    let failures = running.status(history.head());
    assert!(failures.iter().all(|status| status.failure.is_none()));
}

#[tokio::test]
async fn a_poisoned_event_stops_its_projection_only_and_status_names_it() {
    let directory = TempDir::new().unwrap();
    let (mut history, admin) = history();
    let poisoned = history.head();
    history.code_rejected(admin);
    let store = Arc::new(MemoryStore::holding(&history));
    let running = start(&directory, &[&Users, Flaky::at(poisoned)], &store);
    running.wait_for(history.head(), SOON).await.unwrap();

    let [users, flaky] = &running.status(Position(100))[..] else {
        panic!("two projections run");
    };
    assert_eq!((users.position, &users.failure), (history.head(), &None));
    assert_eq!(users.lag_events, 100 - history.head().0);
    assert_eq!(
        (flaky.name.as_str(), flaky.position),
        ("flaky", Position(1))
    );
    assert_eq!(
        flaky.failure.as_ref().unwrap().to_string(),
        "stopped before the event at 4: the event changes a row that is not there"
    );
    running.stop().await;

    // It tries again at the next start, and the repaired one goes on where it stopped.
    let running = start(&directory, &[&Users, Flaky::never()], &store);
    running.wait_for(history.head(), SOON).await.unwrap();
    assert_eq!(running.status(history.head())[1].failure, None);
}

#[tokio::test]
async fn an_unreadable_event_stops_every_projection_before_it() {
    let directory = TempDir::new().unwrap();
    let (mut history, _) = history();
    let last_good = history.head();
    history.unreadable();
    let store = Arc::new(MemoryStore::holding(&history));
    let running = start(&directory, &[&Users, Flaky::never()], &store);

    // Nobody waits in vain: the answer comes when the last projection has stopped.
    let behind = running.wait_for(history.head(), SOON).await.unwrap_err();
    assert_eq!(behind.reached, last_good);
    for status in running.status(history.head()) {
        let failure = status.failure.unwrap().to_string();
        assert!(
            failure.contains("does not know the event Unheard"),
            "{failure}"
        );
    }
}

#[tokio::test]
async fn a_log_that_fails_is_tried_again_and_work_goes_on() {
    let directory = TempDir::new().unwrap();
    let (mut history, admin) = history();
    let store = Arc::new(MemoryStore::holding(&history));
    store.break_down("the cable was cut");
    let running = start(&directory, &[&Users], &store);

    let mut models = running.models.clone();
    let failed = models.wait_for(|models| models[0].failure.is_some());
    timeout(SOON, failed).await.unwrap().unwrap();
    let status = &running.status(history.head())[0];
    assert_eq!(status.position, history.head());
    assert_eq!(
        status.failure.as_ref().unwrap().to_string(),
        "stopped: the log is not available: the cable was cut"
    );
    assert_eq!(running.standing(&Users), Standing::Stopped);

    store.repair();
    history.code_rejected(admin);
    store.catch_up(&history);
    running.wait_for(history.head(), SOON).await.unwrap();
    assert_eq!(running.standing(&Users), Standing::Works);
}

/// Read models that have seen this history, opened again; and the history.
async fn seen(directory: &TempDir) -> (Projections, History) {
    let (history, _) = history();
    let store = Arc::new(MemoryStore::holding(&history));
    let running = start(directory, &[&Users], &store);
    running.wait_for(history.head(), SOON).await.unwrap();
    running.stop().await;
    let projections = Projections::open_with(&home_in(directory.path()), &[&Users]);
    (projections.unwrap(), history)
}

#[tokio::test]
async fn a_log_put_back_to_an_older_state_is_noticed() {
    let directory = TempDir::new().unwrap();
    let (projections, _) = seen(&directory).await;
    let mut older = History::default();
    older.organization("Acme");
    let store = MemoryStore::holding(&older);
    let refused = projections.expect_same_log(&store).await.unwrap_err();
    let words = "the log ends at position 1, ";
    assert!(refused.to_string().contains(words), "{refused}");
    assert!(refused.to_string().contains("put back"), "{refused}");
}

#[tokio::test]
async fn another_log_of_the_same_length_is_noticed() {
    let directory = TempDir::new().unwrap();
    let (projections, history) = seen(&directory).await;
    let store = MemoryStore::holding(&history);
    projections.expect_same_log(&store).await.unwrap();
    let store = MemoryStore::holding(&history.elsewhere());
    let refused = projections.expect_same_log(&store).await.unwrap_err();
    assert!(
        refused.to_string().contains("the log is another one"),
        "{refused}"
    );
}

#[tokio::test]
async fn stopping_keeps_what_was_projected_and_starting_goes_on_from_there() {
    let directory = TempDir::new().unwrap();
    let (mut history, admin) = history();
    let store = Arc::new(MemoryStore::holding(&history));
    let running = start(&directory, &[Flaky::never()], &store);
    running.wait_for(history.head(), SOON).await.unwrap();
    running.stop().await;

    history.code_rejected(admin);
    store.catch_up(&history);
    assert!(running.wait_for(history.head(), SOON).await.is_err());
    let running = start(&directory, &[Flaky::never()], &store);
    running.wait_for(history.head(), SOON).await.unwrap();
    assert_eq!(Flaky::seen(directory.path()), [1, 4, 7]);
}
