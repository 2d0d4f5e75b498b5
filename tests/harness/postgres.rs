//! A Postgres of a test's own, from Debian's packages: in a temporary directory, behind a socket in it,
//! and gone with the test. It forgets what it holds when the machine fails, and so is fast.

use std::{
    env, fs,
    net::TcpListener,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// The user that Debian's package makes. Postgres refuses to run as root.
const USER: &str = "postgres";
const SOON: Duration = Duration::from_mins(1);

/// A Postgres that runs until it is dropped.
pub struct PostgresServer {
    directory: TempDir,
    /// Settings beside the usual ones.
    settings: Vec<String>,
    server: Option<Child>,
}

impl PostgresServer {
    /// Starts one. Its language sorts differently from bytes, as those of others do.
    #[must_use]
    pub fn start() -> Self {
        let mut server = Self::prepare();
        server.go_on();
        server
    }

    /// Starts one that also listens on 127.0.0.1 with TLS, with `node.pem` and `node.key` of this folder;
    /// and on which port.
    #[must_use]
    pub fn start_with_tls(certificates: &Path) -> (Self, u16) {
        let mut server = Self::prepare();
        for name in ["node.pem", "node.key"] {
            let copy = server.directory.path().join(name);
            fs::copy(certificates.join(name), &copy).unwrap();
            fs::set_permissions(&copy, fs::Permissions::from_mode(0o600)).unwrap();
            give_away(&copy);
        }
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let file = |name: &str| server.directory.path().join(name).display().to_string();
        server.settings = vec![
            "listen_addresses=127.0.0.1".to_owned(),
            "ssl=on".to_owned(),
            format!("ssl_cert_file={}", file("node.pem")),
            format!("ssl_key_file={}", file("node.key")),
            format!("port={port}"),
        ];
        server.go_on();
        (server, port)
    }

    fn prepare() -> Self {
        let directory = TempDir::new().unwrap();
        give_away(directory.path());
        let server = Self {
            directory,
            settings: vec!["listen_addresses=".to_owned()],
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
        server
    }

    /// Starts it again, with what it held.
    pub fn go_on(&mut self) {
        let mut postgres = self.program("postgres");
        let always = ["fsync=off".to_owned(), "shared_buffers=32MB".to_owned()];
        for setting in always.iter().chain(&self.settings) {
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
        let _ = self.psql("postgres", &format!("CREATE DATABASE {name}"));
        let directory = self.directory.path().display().to_string();
        let host = directory.replace('/', "%2F");
        format!("postgres://pawl@{host}/{name}")
    }

    /// What psql answers, without decoration.
    #[must_use]
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
        let port = self
            .settings
            .iter()
            .find_map(|setting| setting.strip_prefix("port="));
        psql.args(["--port", port.unwrap_or("5432")]);
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

/// Gives a file or directory to the user that Postgres runs as.
fn give_away(path: &Path) {
    if is_root() {
        let id = |what| {
            let answer = Command::new("id").args([what, USER]).output().unwrap();
            let id = String::from_utf8(answer.stdout).unwrap();
            id.trim().parse().expect("Debian's package postgresql")
        };
        chown(path, Some(id("-u")), Some(id("-g"))).unwrap();
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
