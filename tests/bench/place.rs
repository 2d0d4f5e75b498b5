//! An installation with a history behind it, and the binary that serves it.

use crate::load::{Connection, Request};
use chrono::{TimeDelta, Utc};
use domain::{Decider as _, user::User};
use eventstore::{
    Direction, EventStore as _,
    embedded::{DataDir, EmbeddedStore},
    keyring::{Keyring, MasterKey},
};
use eventstore_schema::{
    DeviceId, Event, OrganizationId, Position, Recorded, RecordedEvent, Role, UserEvent, UserId,
};
use generator::{
    Boxes, History, KEYRING_FILE, MASTER_KEY_FILE, PASSWORD, Plan, code_at, email_of, write,
};
use serde_json::json;
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::runtime::Handle;

/// How long a server may take to come to rest after its first start on a long history.
const PATIENCE: Duration = Duration::from_mins(30);
/// What a server at rest may use in a quarter of a second.
const AT_REST: Duration = Duration::from_millis(5);

/// A data directory.
pub(crate) struct Place {
    folder: TempDir,
}

/// Somebody who can sign in with a password and a code.
#[derive(Clone, Debug)]
pub(crate) struct Citizen {
    pub(crate) id: UserId,
    pub(crate) email: String,
    pub(crate) device: DeviceId,
    pub(crate) organization: OrganizationId,
    pub(crate) role: Role,
}

impl Place {
    /// One with the history of this plan, sealed under its own keys.
    pub(crate) async fn with(plan: Plan) -> Self {
        let place = Self::empty();
        let data = place.data();
        let lock = DataDir::lock(data).unwrap();
        let store = EmbeddedStore::open(&lock).unwrap();
        let master = MasterKey::load_or_create(&data.join(MASTER_KEY_FILE), true).unwrap();
        let keyring = Keyring::open(&data.join(KEYRING_FILE), &master).unwrap();
        let history = History::new(plan, Boxes::sealed(keyring, Handle::current()));
        let events = write(&store, history, |_| {}).await.unwrap();
        eprintln!("a history of {events} events");
        drop(store);
        place
    }

    /// One where nothing has happened.
    pub(crate) fn empty() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    /// Where it is.
    pub(crate) fn data(&self) -> &Path {
        self.folder.path()
    }

    /// Another that is the same. Nobody may be serving it.
    pub(crate) fn copy(&self) -> Self {
        let copy = Self::empty();
        let from = self.data().join(".");
        let mut cp = Command::new("cp");
        cp.args(["--archive", "--reflink=auto"]).arg(from);
        assert!(cp.arg(copy.data()).status().unwrap().success());
        // Otherwise the first commit waits for the disk to take the copy.
        let mut sync = Command::new("sync");
        sync.arg("--file-system").arg(copy.data());
        assert!(sync.status().unwrap().success());
        copy
    }

    /// Its events, one after the other.
    pub(crate) async fn each(&self, mut take: impl FnMut(RecordedEvent)) {
        let store = EmbeddedStore::open_read_only(self.data()).unwrap();
        let head = store.head().await.unwrap();
        let mut after = Position::START;
        while after < head {
            let page = store.read_all(after, Direction::Forwards, 2_000).await;
            for event in page.unwrap() {
                after = event.position;
                take(event);
            }
        }
    }

    /// Everybody who has an authenticator and is not kept from signing in, by number.
    pub(crate) async fn citizens(&self) -> Vec<Citizen> {
        let mut people = BTreeMap::<UserId, (u64, User)>::new();
        self.each(|event| {
            if !event.stream.as_str().starts_with("user-") {
                return;
            }
            let event = event.decode().unwrap();
            let Event::User(data) = event.data else {
                return;
            };
            let (_, id) = event.stream.as_str().split_once('-').unwrap();
            let number = people.len() as u64;
            let entry = people.entry(id.parse().unwrap());
            let (_, user) = entry.or_insert_with(|| (number, User::default()));
            user.evolve(&Recorded::<UserEvent> {
                position: event.position,
                stream: event.stream,
                revision: event.revision,
                id: event.id,
                metadata: event.metadata,
                data,
            });
        })
        .await;
        let mut citizens: Vec<_> = people
            .into_iter()
            .filter_map(|(id, (number, user))| {
                let profile = user.active()?;
                let citizen = Citizen {
                    id,
                    email: email_of(number),
                    device: user.devices().last()?.id,
                    organization: profile.organization_id,
                    role: profile.role,
                };
                Some((number, citizen))
            })
            .collect();
        citizens.sort_by_key(|(number, _)| *number);
        citizens.into_iter().map(|(_, citizen)| citizen).collect()
    }

    /// The first of them: the administrator of the first organization.
    pub(crate) async fn first_citizen(&self) -> Citizen {
        let citizens = self.citizens().await;
        citizens.into_iter().next().unwrap()
    }

    /// The binary, serving it as it does without any setting.
    pub(crate) fn serve(&self) -> Server {
        let mut command = pawl();
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]);
        command.arg(self.data());
        Server::start(command)
    }
}

/// The binary under test.
pub(crate) fn pawl() -> Command {
    Command::new(env!("CARGO_BIN_EXE_pawl-under-test"))
}

impl Citizen {
    /// Signs in; the token of the session.
    pub(crate) async fn sign_in(&self, connection: &mut Connection) -> String {
        let first = Request::new("POST", "/v1/sign-in")
            .json(&json!({ "email": self.email, "password": PASSWORD }));
        let first = connection.take(&first).await.json();
        assert_eq!(first["next"], "otp", "{first}");
        let token = first["session_token"].as_str().unwrap();
        // Should the present code be used already, the next one is good, too.
        for ahead in [0, 30] {
            let code = code_at(self.device, Utc::now() + TimeDelta::seconds(ahead));
            let second = Request::new("POST", "/v1/sign-in/otp")
                .with(token)
                .json(&json!({ "code": code }));
            let second = connection.send(&second).await;
            if second.status == 200 {
                return second.json()["session_token"].as_str().unwrap().to_owned();
            }
        }
        panic!("{} cannot sign in", self.email);
    }
}

/// A server in a process of its own; it is killed when nobody needs it any more.
pub(crate) struct Server {
    child: Child,
    /// Where it listens (`http://...`).
    pub(crate) address: String,
    /// How long it took until it did.
    pub(crate) started_in: Duration,
}

impl Server {
    /// Starts a command that says where it listens. What it logs goes nowhere.
    pub(crate) fn start(mut command: Command) -> Self {
        let began = Instant::now();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut addresses = lines.filter_map(|line| {
            let line = line.unwrap();
            line.strip_prefix("listening on ").map(str::to_owned)
        });
        let address = addresses.next().unwrap();
        Self {
            child,
            address,
            started_in: began.elapsed(),
        }
    }

    /// Waits until it has done whatever a start gives it to do: for a second it uses next to no time.
    pub(crate) async fn comes_to_rest(&self) {
        let began = Instant::now();
        let mut quiet = 0;
        let mut before = self.time_of_threads();
        while quiet < 4 {
            assert!(began.elapsed() < PATIENCE, "the server never rests");
            tokio::time::sleep(Duration::from_millis(250)).await;
            let now = self.time_of_threads();
            quiet = if now.saturating_sub(before) <= AT_REST {
                quiet + 1
            } else {
                0
            };
            before = now;
        }
    }

    /// The processor time that it has used, for what takes seconds.
    pub(crate) fn processor_time(&self) -> Duration {
        processor_time_of(&self.child.id().to_string())
    }

    /// The same for what takes moments.
    pub(crate) fn time_of_threads(&self) -> Duration {
        time_of_threads(self.child.id())
    }

    /// A line of its memory in `/proc/PID/status`, in mebibytes.
    pub(crate) fn memory(&self, line: &str) -> f64 {
        memory_of(self.child.id(), line).unwrap()
    }

    /// Ends it as an operator would, and waits until it has ended.
    pub(crate) fn stop(mut self) {
        let kill = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        assert!(kill.unwrap().success());
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The processor time that this process has used.
pub(crate) fn own_processor_time() -> Duration {
    processor_time_of("self")
}

/// The time of a process with that of threads that have ended, to a hundredth of a second.
pub(crate) fn processor_time_of(process: &str) -> Duration {
    let Ok(stat) = fs::read_to_string(format!("/proc/{process}/stat")) else {
        return Duration::ZERO;
    };
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let used = fields.split(' ').skip(11).take(2);
    let ticks = used.filter_map(|field| field.parse::<u64>().ok());
    Duration::from_millis(10 * ticks.sum::<u64>())
}

/// The time of the threads that a process has now, to the nanosecond.
fn time_of_threads(process: u32) -> Duration {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let spent = tasks.filter_map(|task| {
        // A thread may end meanwhile.
        let text = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(spent.sum())
}

/// A line of a process' memory, such as `VmHWM` for the most it has had, in mebibytes.
pub(crate) fn memory_of(process: u32, line: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let mut lines = status.lines();
    let line = lines.find_map(|text| text.strip_prefix(line)?.strip_prefix(':'))?;
    let kibibytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes / 1024.0)
}
