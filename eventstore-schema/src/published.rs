//! The published contract: the files of `published/` and the rules that make them a promise. It
//! serves `tests/contract.rs` and `cargo xtask contract`, and no release contains it.

use crate::{Event, Metadata};
use data_encoding::HEXLOWER;
use schemars::{JsonSchema, Schema, generate::SchemaSettings, transform::RecursiveTransform};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    fmt, fs, io,
    path::Path,
};

/// Where the files are.
pub const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/published");
/// The file that lists the others with their SHA-256, in the form of `sha256sum`.
pub const LOCK: &str = "published.lock";

const SCHEMA: &str = ".schema.json";
const SAMPLE: &str = ".sample.json";
/// The envelope's name among the events.
const METADATA: &str = "Metadata";

/// A way in which the code and the published files disagree, and what to do about it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A version has no schema yet.
    #[error("{0} is missing: run `cargo xtask contract publish`")]
    SchemaMissing(String),
    /// A version has no sample yet.
    #[error(
        "{0} is missing: write it by hand, the content of such an event as it stands in the log, \
         then run `cargo xtask contract publish`"
    )]
    SampleMissing(String),
    /// The code no longer has the shape that was published under this version.
    #[error(
        "the type of {0} no longer has the shape of {file}, and a published version never changes: \
         add version {next} with an upcaster from version {old}, write its sample, then run \
         `cargo xtask contract publish`",
        file = .0.schema_file(), next = .0.number + 1, old = .0.number
    )]
    ShapeChanged(Version),
    /// The code cannot read a sample.
    #[error(
        "{file} cannot be read ({reason}), and logs hold such events: a published version stays \
         readable, so keep it, with an upcaster to the newest"
    )]
    Unreadable {
        /// The sample.
        file: String,
        /// What the reader said.
        reason: String,
    },
    /// The code reads a sample and writes something else.
    #[error(
        "{file} is written back as {written}: correct the sample if it is new; if it is published, \
         it never changes, and the new form needs a new version"
    )]
    WrittenDifferently {
        /// The sample.
        file: String,
        /// What the code writes.
        written: Value,
    },
    /// A file is not listed in the lock.
    #[error(
        "{0} is not in {LOCK}: run `cargo xtask contract publish`, or delete the file if it is no \
         part of the contract"
    )]
    NotLocked(String),
    /// A file is no longer what was published.
    #[error(
        "{0} is not what was published (see its SHA-256 in {LOCK}), and a published file never \
         changes: restore it, and add a new version for a new shape"
    )]
    FileChanged(String),
    /// A published file is gone.
    #[error("{0} was published ({LOCK} lists it) and is gone: restore it")]
    FileRemoved(String),
    /// The lock was edited by hand.
    #[error("{LOCK} is not as `cargo xtask contract publish` wrote it: restore it")]
    LockMalformed,
}

/// One version of an event's content, or of the envelope.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The name of the event's type, or `Metadata`.
    pub name: String,
    /// The number of the version, from 1.
    pub number: u32,
}

impl Version {
    fn of_file(file: &str) -> Option<Self> {
        let stem = file
            .strip_suffix(SCHEMA)
            .or_else(|| file.strip_suffix(SAMPLE))?;
        let (name, number) = stem.rsplit_once(".v")?;
        Some(Self {
            name: name.to_owned(),
            number: number.parse().ok()?,
        })
    }

    /// The file with its JSON Schema.
    #[must_use]
    pub fn schema_file(&self) -> String {
        format!("{self}{SCHEMA}")
    }

    /// The file with its golden sample.
    #[must_use]
    pub fn sample_file(&self) -> String {
        format!("{self}{SAMPLE}")
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.v{}", self.name, self.number)
    }
}

/// The published files, as found.
#[derive(Clone, Debug)]
pub struct Published {
    files: BTreeMap<String, String>,
    lock: String,
}

impl Published {
    /// Reads the files of a directory; one without a lock has published nothing.
    pub fn read(directory: &Path) -> io::Result<Self> {
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            files.insert(name, fs::read_to_string(entry.path())?);
        }
        let lock = files.remove(LOCK).unwrap_or_default();
        Ok(Self { files, lock })
    }

    /// Every version of which there is a file, also those that the code no longer writes.
    #[must_use]
    pub fn versions(&self) -> BTreeSet<Version> {
        self.files
            .keys()
            .filter_map(|file| Version::of_file(file))
            .collect()
    }

    /// A file as JSON; `None` where it is missing or malformed.
    #[must_use]
    pub fn json(&self, file: &str) -> Option<Value> {
        serde_json::from_str(self.files.get(file)?).ok()
    }

    /// Everything that breaks the promise.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        [
            self.unpublished(),
            self.changed_shapes(),
            self.misread_samples(),
            self.lock_problems(),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The versions that the code writes and for which there is no schema or no sample.
    #[must_use]
    pub fn unpublished(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (version, _) in written() {
            let (schema, sample) = (version.schema_file(), version.sample_file());
            if !self.files.contains_key(&schema) {
                problems.push(Problem::SchemaMissing(schema));
            }
            if !self.files.contains_key(&sample) {
                problems.push(Problem::SampleMissing(sample));
            }
        }
        problems
    }

    /// The versions whose type has changed since. Words may be bettered; the shape may not.
    #[must_use]
    pub fn changed_shapes(&self) -> Vec<Problem> {
        written()
            .into_iter()
            .filter(|(version, schema)| {
                let file = version.schema_file();
                self.files.contains_key(&file)
                    && self.json(&file).and_then(shape) != shape(schema.clone())
            })
            .map(|(version, _)| Problem::ShapeChanged(version))
            .collect()
    }

    /// The samples that the code cannot read, or would not write.
    #[must_use]
    pub fn misread_samples(&self) -> Vec<Problem> {
        let newest: BTreeSet<_> = written().into_iter().map(|(version, _)| version).collect();
        let mut problems = Vec::new();
        for version in self.versions() {
            let file = version.sample_file();
            let Some(sample) = self.files.get(&file) else {
                continue;
            };
            match read_and_write(&version, sample) {
                Err(error) => problems.push(Problem::Unreadable {
                    file,
                    reason: error.to_string(),
                }),
                Ok(written)
                    if newest.contains(&version) && self.json(&file) != Some(written.clone()) =>
                {
                    problems.push(Problem::WrittenDifferently { file, written });
                }
                Ok(_) => {}
            }
        }
        problems
    }

    /// The differences between the files and the lock.
    #[must_use]
    pub fn lock_problems(&self) -> Vec<Problem> {
        let locked = self.locked();
        let mut problems = Vec::new();
        if render(&locked) != self.lock {
            problems.push(Problem::LockMalformed);
        }
        for (file, content) in &self.files {
            match locked.get(file) {
                None => problems.push(Problem::NotLocked(file.clone())),
                Some(hash) if *hash != sha256(content) => {
                    problems.push(Problem::FileChanged(file.clone()));
                }
                Some(_) => {}
            }
        }
        for file in locked.into_keys() {
            if !self.files.contains_key(&file) {
                problems.push(Problem::FileRemoved(file));
            }
        }
        problems
    }

    /// The files to write (name, content) so that every version that the code writes is published,
    /// the lock last. Published files are never among them. With any problem left, nothing is.
    pub fn publish(&self) -> Result<Vec<(String, String)>, Vec<Problem>> {
        let mut locked = self.locked();
        let mut next = self.clone();
        let mut new = Vec::new();
        for (version, schema) in written() {
            let (schema_file, sample_file) = (version.schema_file(), version.sample_file());
            if !locked.contains_key(&schema_file) {
                let text = format!("{schema:#}\n");
                locked.insert(schema_file.clone(), sha256(&text));
                next.files.insert(schema_file.clone(), text.clone());
                new.push((schema_file, text));
            }
            if let Some(sample) = self.files.get(&sample_file) {
                locked.entry(sample_file).or_insert_with(|| sha256(sample));
            }
        }
        next.lock = render(&locked);
        let problems = next.problems();
        if !problems.is_empty() {
            return Err(problems);
        }
        if next.lock != self.lock {
            new.push((LOCK.to_owned(), next.lock));
        }
        Ok(new)
    }

    /// The lock's entries: hash by file.
    fn locked(&self) -> BTreeMap<String, String> {
        self.lock
            .lines()
            .filter_map(|line| line.split_once("  "))
            .map(|(hash, file)| (file.to_owned(), hash.to_owned()))
            .collect()
    }
}

/// The versions that this build writes, with their schemas.
fn written() -> Vec<(Version, Value)> {
    Event::json_schemas()
        .into_iter()
        .chain([(METADATA, Metadata::VERSION, schema_of::<Metadata>())])
        .map(|(name, number, schema)| {
            let name = name.to_owned();
            (Version { name, number }, schema)
        })
        .collect()
}

/// The JSON Schema of a type, whole in itself and in one order, so that neither the names of the
/// types inside nor the features of other crates show.
pub(crate) fn schema_of<T: JsonSchema>() -> Value {
    let mut schema = SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value();
    schema.sort_all_objects();
    schema
}

/// A schema without its explanations.
fn shape(schema: Value) -> Option<Value> {
    let mut schema = Schema::try_from(schema).ok()?;
    schemars::transform::Transform::transform(
        &mut RecursiveTransform(|schema: &mut Schema| {
            schema.remove("description");
        }),
        &mut schema,
    );
    Some(schema.to_value())
}

/// Reads a sample and writes it again, in the newest version.
fn read_and_write(version: &Version, sample: &str) -> Result<Value, Box<dyn Error>> {
    if version.name == METADATA {
        let metadata: Metadata = serde_json::from_str(sample)?;
        return Ok(serde_json::to_value(metadata)?);
    }
    let event = Event::decode(&version.name, version.number, sample)?;
    Ok(serde_json::from_str(&event.encode()?)?)
}

fn sha256(content: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(content))
}

fn render(locked: &BTreeMap<String, String>) -> String {
    let mut lines: Vec<_> = locked
        .iter()
        .map(|(file, hash)| format!("{hash}  {file}"))
        .collect();
    lines.push(String::new());
    lines.join("\n")
}
