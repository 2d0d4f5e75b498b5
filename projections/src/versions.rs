//! A read model that is built in another way has another version: whoever has the rows of the old way
//! gets those of the new one only then.
//!
//! `versions.txt` holds, for each read model, its version and a digest of what that version makes of a
//! long random history, and of how its tables, indexes and views are made. `PAWL_GOLDEN=write` notes new
//! versions there; it never notes another digest under the same version.

use crate::{
    Projection, READ_MODELS,
    sql::Connection,
    testing::{random::history, readers_of},
};
use data_encoding::HEXLOWER;
use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeMap, fs, path::Path};

/// So many that everything that can happen happens, often.
const STEPS: usize = 4_000;

/// The same steps at every call.
fn steps() -> Vec<(u8, prop::sample::Index)> {
    let seed = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), seed);
    let steps = prop::collection::vec(any::<(u8, prop::sample::Index)>(), STEPS);
    steps.new_tree(&mut runner).unwrap().current()
}

/// How the tables, indexes and views of the read model are made.
fn definitions(projection: &dyn Projection, connection: &dyn Connection) -> String {
    let mut text = String::new();
    for table in projection.tables() {
        text += &connection.create_table(table.name, table);
        for index in table.indexes {
            text += index;
        }
    }
    for view in projection.views() {
        text += view.name;
        text += view.select;
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn whoever_changes_a_read_model_raises_its_version() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("versions.txt");
    let noted = fs::read_to_string(&file).unwrap_or_default();
    let noted: BTreeMap<_, _> = noted
        .lines()
        .filter_map(|line| line.split_once(' '))
        .collect();

    let (directory, readers) = readers_of(&history(&steps()));
    let home = crate::testing::home_in(directory.path());
    let connection = home.open_read_only().unwrap();
    let mut found = BTreeMap::new();
    for model in READ_MODELS {
        let mut digest = Sha256::new();
        digest.update(readers.digest(model.name()).unwrap().sha256);
        digest.update(definitions(*model, &*connection));
        let digest = HEXLOWER.encode(&digest.finalize());
        found.insert(model.name(), format!("{} {digest}", model.version()));
        let version = |line: &str| line.split_once(' ').map(|(version, _)| version.to_owned());
        if let Some(line) = noted.get(model.name())
            && *line != found[model.name()]
        {
            assert_ne!(
                version(line),
                version(&found[model.name()]),
                "{} is built in another way than before: raise its version(), then note it with \
                 PAWL_GOLDEN=write. Where only the histories of the tests are others, delete \
                 versions.txt first.",
                model.name()
            );
        }
    }
    let lines = found.iter().map(|(name, line)| format!("{name} {line}\n"));
    let lines = lines.collect::<Vec<_>>().concat();
    if std::env::var_os("PAWL_GOLDEN").is_some() {
        fs::write(&file, &lines).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(
        written, lines,
        "note the new version with PAWL_GOLDEN=write"
    );
}
