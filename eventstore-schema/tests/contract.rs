//! The code against the published contract. A red test here says what to do; the way to change an
//! event is in CONTRIBUTING.md.

#![expect(clippy::unwrap_used, reason = "it is all test")]

use eventstore_schema::{
    OrganizationEvent,
    published::{DIRECTORY, Problem, Published},
};
use std::path::Path;

fn published() -> Published {
    Published::read(Path::new(DIRECTORY)).unwrap()
}

#[track_caller]
fn assert_none(problems: &[Problem]) {
    let sentences: Vec<_> = problems.iter().map(Problem::to_string).collect();
    assert!(sentences.is_empty(), "\n{}\n", sentences.join("\n"));
}

#[test]
fn every_version_that_the_code_writes_is_published() {
    assert_none(&published().unpublished());
}

#[test]
fn every_type_still_has_its_published_shape() {
    assert_none(&published().changed_shapes());
}

#[test]
fn every_sample_is_read_and_the_newest_are_written_back() {
    assert_none(&published().misread_samples());
}

#[test]
fn published_files_are_those_of_the_lock() {
    assert_none(&published().lock_problems());
}

#[test]
fn every_sample_satisfies_its_schema() {
    let published = published();
    for version in published.versions() {
        let [schema_file, sample_file] = [version.schema_file(), version.sample_file()];
        let [schema, sample] = [&schema_file, &sample_file].map(|file| {
            published
                .json(file)
                .unwrap_or_else(|| panic!("{file} is missing or is not JSON"))
        });
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .build(&schema)
            .unwrap_or_else(|error| panic!("{schema_file} is not a JSON Schema: {error}"));
        if let Err(error) = validator.validate(&sample) {
            let place = error.instance_path();
            panic!("{sample_file} does not satisfy {schema_file}: {error} (at \"{place}\")");
        }
    }
}

/// The tripwire of invariant I1. Enforcement cannot be undone because no event undoes it, so nobody
/// adds an event to an organization in passing: whoever extends this list has made sure that the
/// new event leaves `TwoFactorEnforced` in force, and says so in `docs/threat-model.md`.
#[test]
fn nothing_that_happens_to_an_organization_undoes_enforcement() {
    let names: Vec<_> = OrganizationEvent::TYPES
        .iter()
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(
        names,
        [
            "OrganizationRegistered",
            "TwoFactorEnforced",
            "OrganizationRenamed",
            "AccentColorChanged",
            "LogoChanged",
            "AdministratorAppointed",
            "AdministratorDismissed",
            "OtpSetUpLinkEnforced",
        ]
    );
}
