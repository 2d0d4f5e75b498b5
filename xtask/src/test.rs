//! `cargo xtask test`: what CI runs, and what a change must pass.

use crate::{Failure, clients, contract, root, tool};
use clap::Args;
use std::process::Command;

/// What the tests call, asked in a way that succeeds where it is there, and the Debian package that
/// brings it.
const PROGRAMS: [(&[&str], &str); 22] = [
    (&["bash", "--version"], "bash"),
    (&["chromedriver", "--version"], "chromium-driver"),
    (&["chromium", "--version"], "chromium"),
    (&["curl", "--version"], "curl"),
    (&["docker-compose", "--version"], "docker-compose"),
    (&["git", "--version"], "git"),
    (&["go", "version"], "golang-go"),
    (&["jq", "--version"], "jq"),
    (&["npm", "--version"], "npm"),
    (&["oathtool", "--version"], "oathtool"),
    (&["openssl", "version"], "openssl"),
    (&["pdftotext", "-v"], "poppler-utils"),
    (&["perl", "--version"], "perl-base"),
    (&["python3", "-c", "import ensurepip, venv"], "python3-venv"),
    // Debian's Python: another one does not see Debian's packages.
    (
        &["/usr/bin/python3", "-c", "import aiosmtpd"],
        "python3-aiosmtpd",
    ),
    // Not in PATH: Debian keeps the versions apart.
    (
        &["sh", "-c", "ls /usr/lib/postgresql/*/bin/initdb"],
        "postgresql",
    ),
    (&["rsyslogd", "-v"], "rsyslog"),
    (&["dpkg", "--status", "rsyslog-gnutls"], "rsyslog-gnutls"),
    (
        &["test", "-d", "/usr/share/gocode/src/golang.org/x/mod/sumdb"],
        "golang-golang-x-mod-dev",
    ),
    (&["sqlite3", "--version"], "sqlite3"),
    (&["unshare", "--version"], "util-linux"),
    (&["zbarimg", "--version"], "zbar-tools"),
];

/// The cargo subcommands, at the versions that the project uses.
const SUBCOMMANDS: [(&str, &str, &str); 2] = [
    ("nextest", "cargo-nextest", "0.9.143"),
    ("deny", "cargo-deny", "0.20.2"),
];

#[derive(Args)]
pub(crate) struct Arguments {
    /// Only build and test: leave out formatting, lints and licences
    #[arg(long)]
    short: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    install_programs()?;
    install_subcommands(arguments.short)?;
    if !arguments.short {
        cargo(&["fmt", "--all", "--check"])?;
        cargo(&[
            "deny",
            "--log-level",
            "error",
            "check",
            "bans",
            "licenses",
            "sources",
        ])?;
        cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--all-features",
            "--",
            "--deny",
            "warnings",
        ])?;
    }
    contract::run(&contract::Task::Check)?;
    compose()?;
    clients::install()?;
    // Last, so that the run ends with the summary of the tests.
    cargo(&["nextest", "run", "--workspace", "--all-features"])
}

/// Installs what a run of some tests needs.
pub(crate) fn install() -> Result<(), Failure> {
    install_programs()?;
    install_subcommands(true)?;
    clients::install()
}

fn cargo(arguments: &[&str]) -> Result<(), Failure> {
    let mut command = Command::new(env!("CARGO"));
    command.args(arguments).current_dir(root());
    tool::run(command)
}

/// The cluster to try out is at least well-formed. Nothing here can start it.
fn compose() -> Result<(), Failure> {
    let mut command = Command::new("docker-compose");
    command
        .args(["config", "--quiet"])
        .envs([
            ("KURRENTDB_ADMIN_PASSWORD", "for-the-check-only"),
            ("KURRENTDB_OPS_PASSWORD", "for-the-check-only"),
            ("PAWL_SETUP_TOKEN", "for-the-check-only"),
            ("POSTGRES_PASSWORD", "for-the-check-only"),
        ])
        .current_dir(root());
    tool::run(command)
}

fn install_programs() -> Result<(), Failure> {
    let missing: Vec<_> = PROGRAMS
        .into_iter()
        .filter(|(question, _)| !tool::answers(question[0], &question[1..]))
        .map(|(_, package)| package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing.join(" ");
    let by_hand = format!("the tests need the Debian packages {packages}: install them");
    let prefix: &[&str] = if tool::output(&root(), "id", &["-u"])?.trim() == "0" {
        &[]
    } else if tool::answers("sudo", &["--non-interactive", "true"]) {
        &["sudo", "--non-interactive"]
    } else {
        return Err(by_hand.into());
    };
    for arguments in [
        [&["apt-get", "update"][..], &[]].concat(),
        [
            &["apt-get", "install", "--yes", "--no-install-recommends"][..],
            &missing,
        ]
        .concat(),
    ] {
        let words = [prefix, &arguments].concat();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]);
        tool::run(command).map_err(|failure| format!("{failure}; {by_hand}"))?;
    }
    Ok(())
}

fn install_subcommands(short: bool) -> Result<(), Failure> {
    for (subcommand, package, version) in SUBCOMMANDS {
        let needed = !(short && subcommand == "deny");
        if needed && !tool::answers(env!("CARGO"), &[subcommand, "--version"]) {
            cargo(&["install", "--locked", package, "--version", version])?;
        }
    }
    Ok(())
}
