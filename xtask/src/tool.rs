//! Running other programs.

use crate::Failure;
use std::{
    ffi::OsStr,
    path::Path,
    process::{Command, Stdio},
};

/// Runs a program to its end in the sight of the user; its failure is ours.
pub(crate) fn run(mut command: Command) -> Result<(), Failure> {
    let line = shown(&command);
    eprintln!("$ {line}");
    let status = command
        .stdin(Stdio::null())
        .status()
        .map_err(|error| format!("cannot run `{line}`: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{line}` failed ({status})").into())
    }
}

/// What a program prints.
pub(crate) fn output(
    directory: &Path,
    program: &str,
    arguments: &[&str],
) -> Result<String, Failure> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(directory);
    let line = shown(&command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run `{line}`: {error}"))?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`{line}` failed: {}", error.trim()).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Whether a program is there and answers.
pub(crate) fn answers(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn shown(command: &Command) -> String {
    let words = [command.get_program()]
        .into_iter()
        .chain(command.get_args());
    let words: Vec<_> = words.map(OsStr::to_string_lossy).collect();
    words.join(" ")
}
