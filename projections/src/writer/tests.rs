//! One transaction for rows and checkpoint, and one writer.

use super::*;
use crate::{
    testing::{Flaky, History, home_in},
    users::Users,
};
use tempfile::TempDir;

fn writer(directory: &TempDir, projections: &[&'static dyn Projection]) -> Writer {
    Writer::open(&home_in(directory.path()), projections).unwrap()
}

/// Three events, at the positions 1, 4 and 7.
fn events() -> Vec<Delivery> {
    let mut history = History::default();
    let organization = history.organization("Acme");
    history.registered(organization);
    history.registered(organization);
    history.events.into_iter().map(Delivery::from).collect()
}

#[test]
fn a_projection_that_fails_midway_keeps_neither_half_a_row_nor_a_later_checkpoint() {
    let directory = TempDir::new().unwrap();
    let mut writer = writer(&directory, &[Flaky::at(Position(4)), &Users]);
    writer.apply(&events()).unwrap();

    assert_eq!(Flaky::seen(directory.path()), [1]);
    assert_eq!(checkpoint(&directory, "flaky"), 1);
    assert_eq!(checkpoint(&directory, "users"), 7);
}

#[test]
fn a_stopped_projection_stays_where_it_is() {
    let directory = TempDir::new().unwrap();
    let mut writer = writer(&directory, &[Flaky::at(Position(4))]);
    let events = events();
    writer.apply(&events[..2]).unwrap();
    writer.apply(&events[2..]).unwrap();
    assert_eq!(Flaky::seen(directory.path()), [1]);
}

#[test]
fn events_already_seen_are_not_projected_again() {
    let directory = TempDir::new().unwrap();
    let mut writer = writer(&directory, &[Flaky::never()]);
    let events = events();
    writer.apply(&events[..2]).unwrap();
    writer.apply(&events).unwrap();
    assert_eq!(Flaky::seen(directory.path()), [1, 4, 7]);
    assert_eq!(writer.models[0].failure, None);
}

#[test]
fn a_second_writer_is_noticed_and_writes_nothing() {
    let directory = TempDir::new().unwrap();
    // Its rows do not clash, so that only the checkpoint can tell.
    let mut one = writer(&directory, &[&Users]);
    let mut other = writer(&directory, &[&Users]);
    let events = events();
    one.apply(&events[..1]).unwrap();
    let raced = other.apply(&events[..1]);
    assert!(
        matches!(raced, Err(DatabaseError::Raced("users"))),
        "{raced:?}"
    );
    assert_eq!(other.models[0].checkpoint.position, Position::START);
}

#[test]
fn what_another_version_built_stays_as_it_is() {
    let directory = TempDir::new().unwrap();
    writer(&directory, &[Flaky::never(), &Users])
        .apply(&events())
        .unwrap();

    let mut writer = writer(&directory, &[Flaky::version(2), &Users]);
    writer.apply(&events()).unwrap();
    assert_eq!(Flaky::seen(directory.path()), [1, 4, 7]);
    let outdated = Failure::Outdated { built_by: 1 };
    assert_eq!(writer.models[0].failure, Some(outdated));
    assert_eq!(writer.models[1].checkpoint.position, Position(7));
}

#[test]
fn a_read_model_that_this_build_does_not_know_goes() {
    let directory = TempDir::new().unwrap();
    writer(&directory, &[Flaky::never(), &Users]);
    let mut writer = writer(&directory, &[&Users]);
    let tables = writer.connection.tables().unwrap();
    assert!(!tables.iter().any(|name| name == "flaky"), "{tables:?}");
    let entries = catalog::entries(&mut *writer.connection).unwrap();
    assert!(entries.iter().all(|entry| entry.projection == "users"));
}

fn checkpoint(directory: &TempDir, name: &str) -> u64 {
    let statuses = crate::status_read_only(&home_in(directory.path()), Position(7)).unwrap();
    let status = statuses.iter().find(|status| status.name == name).unwrap();
    assert_eq!(status.lag_events, 7 - status.position.0);
    status.position.0
}
