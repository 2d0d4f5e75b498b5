//! `cargo xtask screenshots`: a picture of every page, wide and narrow, light and dark, to look at.

use crate::{Failure, root, test, tool};
use std::{fs, process::Command};

/// Where `tests/browser/looks.rs` reads which folder to fill.
const FOLDER: &str = "PAWL_SCREENSHOTS";

pub(crate) fn run() -> Result<(), Failure> {
    test::install()?;
    let folder = root().join("target/screenshots");
    // What is no page any more is no picture any more.
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["nextest", "run", "--workspace", "--all-features"])
        .args(["--filterset", "binary(browser) and test(/^looks::/)"])
        .env(FOLDER, &folder)
        .current_dir(root());
    tool::run(command)?;
    println!("{}", folder.display());
    Ok(())
}
