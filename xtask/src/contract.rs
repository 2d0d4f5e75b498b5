//! The published event versions: publish new ones, and make sure that none ever changed.

use crate::{Failure, root, tool};
use clap::Subcommand;
use eventstore_schema::published::{DIRECTORY, LOCK, Published};
use std::{collections::BTreeSet, fmt::Display, fs, path::Path};

#[derive(Subcommand)]
pub(crate) enum Task {
    /// Write the schema of each new version and enter it, with its sample, in the lock
    Publish,
    /// Compare the published versions with the code and with every earlier commit
    Check,
}

pub(crate) fn run(task: &Task) -> Result<(), Failure> {
    let directory = Path::new(DIRECTORY);
    match task {
        Task::Publish => {
            let files = Published::read(directory)?
                .publish()
                .map_err(|problems| listed(&problems))?;
            for (name, content) in &files {
                fs::write(directory.join(name), content)?;
                println!("wrote {name}");
            }
            if files.is_empty() {
                println!("nothing is new");
            }
            Ok(())
        }
        Task::Check => check(directory),
    }
}

fn check(directory: &Path) -> Result<(), Failure> {
    let problems = Published::read(directory)?.problems();
    if !problems.is_empty() {
        return Err(listed(&problems).into());
    }
    let current = fs::read_to_string(directory.join(LOCK))?;
    let current: BTreeSet<_> = current.lines().collect();
    let path = format!("eventstore-schema/published/{LOCK}");
    let commits = tool::output(&root(), "git", &["log", "--format=%H", "--", &path])?;
    for commit in commits.lines() {
        let earlier = tool::output(&root(), "git", &["show", &format!("{commit}:{path}")])?;
        if let Some(line) = earlier.lines().find(|line| !current.contains(line)) {
            let file = line.split_once("  ").map_or(line, |(_, file)| file);
            let message = "a published version never changes: restore it";
            return Err(format!("{file} is not as commit {commit} published it; {message}").into());
        }
    }
    println!(
        "{} published files agree with the code and with {} earlier commits",
        current.len(),
        commits.lines().count()
    );
    Ok(())
}

fn listed(problems: &[impl Display]) -> String {
    let sentences: Vec<_> = problems.iter().map(ToString::to_string).collect();
    sentences.join("\n")
}
