//! What the tests hold Pawl against and nobody here wrote: the KurrentDB clients of `tests/clients`,
//! the accessibility rules of `tests/browser`, what tries the API by its description in
//! `tests/schemathesis`, the verifiers of the audit log in `tests/verifier`, and the tools of analysts in
//! `tests/analytics`.

use crate::{Failure, root, tool};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Installs each client beside the build, at the versions that its folder pins. What is there
/// already is left alone, save for the scripts.
pub(crate) fn install() -> Result<(), Failure> {
    let from = root().join("tests/clients");
    let to = root().join("target/clients");
    python(&from.join("python"), &to.join("python"))?;
    python(&root().join("tests/schemathesis"), &to.join("schemathesis"))?;
    python(&root().join("tests/verifier"), &to.join("verifier"))?;
    python(&root().join("tests/analytics"), &to.join("analytics"))?;
    go(&root().join("tests/verifier/go"), &to.join("verifier-go"))?;
    node(&from.join("node"), &to.join("node"))?;
    node(&root().join("tests/browser"), &to.join("browser"))
}

fn python(from: &Path, to: &Path) -> Result<(), Failure> {
    let requirements = from.join("requirements.txt");
    if is_installed(&requirements, to)? {
        return Ok(());
    }
    let mut make = Command::new("python3");
    make.args(["-m", "venv"]).arg(to);
    tool::run(make)?;
    let mut install = Command::new(to.join("bin/pip"));
    install
        .args([
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
        ])
        .arg(&requirements);
    tool::run(install)?;
    note(&requirements, to)
}

fn node(from: &Path, to: &Path) -> Result<(), Failure> {
    let lock = from.join("package-lock.json");
    fs::create_dir_all(to)?;
    // The scripts too: Node looks for packages beside them.
    for file in fs::read_dir(from)? {
        let file = file?;
        fs::copy(file.path(), to.join(file.file_name()))?;
    }
    if is_installed(&lock, to)? {
        return Ok(());
    }
    let mut install = Command::new("npm");
    install
        .args(["ci", "--silent", "--no-audit", "--no-fund"])
        .current_dir(to);
    tool::run(install)?;
    note(&lock, to)
}

/// Builds a program of Debian's Go with the packages of Debian: nothing is fetched. Go notices by
/// itself that there is nothing to do.
fn go(from: &Path, to: &Path) -> Result<(), Failure> {
    let mut build = Command::new("go");
    build
        .arg("build")
        .arg("-o")
        .arg(to.join("verify"))
        .arg("main.go")
        .envs([("GO111MODULE", "off"), ("GOPATH", "/usr/share/gocode")])
        .current_dir(from);
    tool::run(build)
}

/// The copy of a pin that says what has been installed.
fn noted(to: &Path) -> PathBuf {
    to.join("installed")
}

fn is_installed(pin: &Path, to: &Path) -> Result<bool, Failure> {
    let noted = noted(to);
    Ok(noted.exists() && fs::read(noted)? == fs::read(pin)?)
}

fn note(pin: &Path, to: &Path) -> Result<(), Failure> {
    fs::copy(pin, noted(to))?;
    Ok(())
}
