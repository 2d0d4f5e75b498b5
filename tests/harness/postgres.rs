//! A Postgres of a test's own, from Debian's packages: in a temporary directory, behind a socket in it,
//! and gone with the test. It forgets what it holds when the machine fails, and so is fast.

use std::{
    env, fs,
    os::unix::fs::{MetadataExt as _, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// The user that Debian's package makes. Postgres refuses to run as root.
const USER: &str = "postgres";
const SOON: Duration = Duration::from_secs(60);

/// A Postgres that runs until it is dropped.
pub struct PostgresServer {
    directory: TempDir,
    server: Option<Child>,
}

impl PostgresServer {
    /// Starts one. Its language sorts differently from bytes, as those of others do.
    #[must_use]
    pub fn start() -> Self {
        let directory = TempDir::new().unwrap();
        give_away(directory.path());
        let mut server = Self {
            directory,
            server: None,
        };
        let mut initdb = server.program("initdb");
        initdb.args([
            "--username=pawl",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-sync",
        ]);
        initdb.args([
            "--locale=C.UTF-8",
            "--locale-provider=icu",
            "--icu-locale=en-US",
        ]);
        let made = initdb.arg("--pgdata").arg(server.data()).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        server.go_on();
        server
    }

    /// Starts it again, with what it held.
    pub fn go_on(&mut self) {
        let mut postgres = self.program("postgres");
        for setting in ["fsync=off", "listen_addresses=", "shared_buffers=32MB"] {
            postgres.args(["-c", setting]);
        }
        let sockets = self.directory.path().display();
        postgres
            .arg("-c")
            .arg(format!("unix_socket_directories={sockets}"));
        postgres.arg("-D").arg(self.data()).stderr(Stdio::null());
        self.server = Some(postgres.spawn().unwrap());
        let deadline = Instant::now() + SOON;
        while !self.ask("postgres", "SELECT 1").status.success() {
            assert!(Instant::now() < deadline, "Postgres does not start");
            sleep(Duration::from_millis(20));
        }
    }

    /// Stops it at once, with every connection.
    pub fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let pid = server.id().to_string();
            Command::new("kill").args(["-QUIT", &pid]).status().unwrap();
            server.wait().unwrap();
        }
    }

    /// Makes a database, and answers how Pawl connects to it.
    #[must_use]
    pub fn database(&self, name: &str) -> String {
        self.psql("postgres", &format!("CREATE DATABASE {name}"));
        let directory = self.directory.path().display().to_string();
        let host = directory.replace('/', "%2F");
        format!("postgres://pawl@{host}/{name}")
    }

    /// What psql answers, without decoration.
    pub fn psql(&self, database: &str, sql: &str) -> String {
        let answer = self.ask(database, sql);
        assert!(answer.status.success(), "{answer:?}");
        String::from_utf8(answer.stdout).unwrap().trim().to_owned()
    }

    fn ask(&self, database: &str, sql: &str) -> std::process::Output {
        let mut psql = Command::new(binaries().join("psql"));
        psql.args([
            "--no-psqlrc",
            "--tuples-only",
            "--no-align",
            "--username=pawl",
        ]);
        psql.arg("--host").arg(self.directory.path());
        psql.args(["--dbname", database, "--command", sql]);
        psql.output().unwrap()
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// A program of Postgres', as a user that it accepts.
    fn program(&self, name: &str) -> Command {
        let program = binaries().join(name);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            let user = [format!("--reuid={USER}"), format!("--regid={USER}")];
            command.args(user).arg("--clear-groups").arg(program);
            command
        } else {
            Command::new(program)
        };
        command
            .current_dir(self.directory.path())
            .stdout(Stdio::null());
        command
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Gives the directory to the user that Postgres runs as.
fn give_away(directory: &Path) {
    if is_root() {
        let id = |what| {
            let answer = Command::new("id").args([what, USER]).output().unwrap();
            let id = String::from_utf8(answer.stdout).unwrap();
            id.trim().parse().expect("Debian's package postgresql")
        };
        chown(directory, Some(id("-u")), Some(id("-g"))).unwrap();
    }
}

/// Where the programs are. Debian keeps them apart by version, out of the way of `PATH`.
fn binaries() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let folders = versions.map(|version| version.unwrap().path().join("bin"));
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<_> = folders.chain(env::split_paths(&path)).collect();
    folders.retain(|folder| folder.join("initdb").exists());
    let first = folders.into_iter().next();
    first.expect("the tests need Debian's package postgresql: cargo xtask test installs it")
}
