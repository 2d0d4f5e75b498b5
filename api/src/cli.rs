//! The command line. Results go to standard output, everything else to standard error; a failure is
//! one plain sentence and exit code 1.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it is a command line"
)]

use crate::{
    admin::{self, AdminCommand},
    analytics::{self, AnalyticsCommand},
    audit::{self, AuditCommand},
    audit_log::rotation,
    clock::{Clock as _, SystemClock},
    config_check,
    files::write_whole,
    http::{health::projection_view, openapi},
    log_copy, permission_table, progress,
    reactions::{CHECKPOINTS, SIEM_CHECKPOINT},
    server::Server,
    settings::{Flags, Settings},
    storage::{self, StartError},
    telemetry,
};
use clap::{Args, Parser, Subcommand};
use eventstore::{
    EventStore, StoreError,
    embedded::{DataDir, EmbeddedStore, LOG_FILE},
    keyring,
};
use eventstore_schema::Position;
use projections::{
    Lead, ProjectionStatus, Readers, analytics as datasets, measure_lag, status_read_only,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};
use tokio::signal::unix::{SignalKind, signal};

/// An identity backend in which enforcing two-factor authentication cannot be undone.
#[derive(Parser)]
#[command(name = "pawl", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API
    Serve(Flags),
    /// Look after the read models
    #[command(subcommand)]
    Projections(ProjectionsCommand),
    /// Look after the log
    #[command(subcommand)]
    Log(LogCommand),
    /// Review the history
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Read what analysts read, as files
    #[command(subcommand)]
    Analytics(AnalyticsCommand),
    /// Break-glass, on the server itself
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Look after the keys
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Look after the settings
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print the OpenAPI document of the API
    Openapi,
    /// Print who may do what, as a table in Markdown
    Permissions,
    /// Print what analysts can read, and with which SQL, in Markdown
    Datasets,
}

#[derive(Subcommand)]
enum ProjectionsCommand {
    /// Show how far each read model has come
    Status(StatusArguments),
    /// Build read models anew from the log, and put them in the place of those that are read; also
    /// while the server runs
    Rebuild(RebuildArguments),
}

#[derive(Args)]
struct StatusArguments {
    #[command(flatten)]
    flags: Flags,
    /// Also show a digest of each read model's rows; two that saw the same log have the same
    #[arg(long)]
    digest: bool,
    /// Show JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct RebuildArguments {
    #[command(flatten)]
    flags: Flags,
    /// The read models; all of them where none is named
    names: Vec<String>,
}

#[derive(Subcommand)]
enum LogCommand {
    /// Copy a log to another home, and compare both (while no server writes to either)
    Copy(CopyArguments),
}

#[derive(Args)]
struct CopyArguments {
    /// A data directory, or a KurrentDB (kurrentdb://...)
    #[arg(
        long,
        env = "PAWL_COPY_FROM",
        value_name = "LOG",
        hide_env_values = true
    )]
    from: SecretString,
    /// Likewise; a log that is empty, or that an earlier copy did not finish
    #[arg(long, env = "PAWL_COPY_TO", value_name = "LOG", hide_env_values = true)]
    to: SecretString,
    /// Directory that the nodes share: how far the reactions have come is carried over in it
    #[arg(long, value_name = "DIR")]
    shared: Option<PathBuf>,
}

#[derive(Subcommand)]
enum KeysCommand {
    /// Change the master key, also while the server runs: older copies of the keyring open nothing
    /// any more without the old one
    Rotate(Flags),
    /// Make a new key for the checkpoints of the audit log, also while the server runs: they are signed
    /// with both until the older one is retired
    RotateSigner(RotateSigner),
}

#[derive(Args)]
struct RotateSigner {
    /// Make none, and destroy the older ones, once everybody who verifies has the new public key
    #[arg(long)]
    retire: bool,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Check the settings and show those in force
    Check(Flags),
}

/// Runs the command line.
#[must_use]
pub fn main() -> ExitCode {
    let command = Cli::parse().command;
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    runtime
        .block_on(run(command))
        .unwrap_or_else(|error| fail(&error))
}

fn fail(error: &StartError) -> ExitCode {
    eprintln!("pawl: {error}");
    ExitCode::FAILURE
}

async fn run(command: Command) -> Result<ExitCode, StartError> {
    let done = match command {
        Command::Audit(command) => return Ok(audit::run(command).await),
        Command::Serve(flags) => serve(Settings::resolve(flags)?).await,
        Command::Projections(ProjectionsCommand::Status(arguments)) => status(arguments).await,
        Command::Projections(ProjectionsCommand::Rebuild(arguments)) => rebuild(arguments).await,
        Command::Log(LogCommand::Copy(arguments)) => copy(arguments).await,
        Command::Analytics(command) => {
            tokio::task::spawn_blocking(|| analytics::run(command)).await?
        }
        Command::Admin(command) => admin::run(command).await,
        Command::Keys(KeysCommand::RotateSigner(rotate)) => rotate_signer(rotate).await,
        Command::Keys(KeysCommand::Rotate(flags)) => rotate(Settings::resolve(flags)?).await,
        Command::Config(ConfigCommand::Check(flags)) => {
            config_check::run(&Settings::resolve(flags)?)
        }
        Command::Openapi => {
            println!("{}", openapi().to_pretty_json()?);
            Ok(())
        }
        Command::Permissions => {
            print!("{}", permission_table::markdown());
            Ok(())
        }
        Command::Datasets => {
            print!("{}", datasets::markdown());
            Ok(())
        }
    };
    done.map(|()| ExitCode::SUCCESS)
}

async fn serve(settings: Settings) -> Result<(), StartError> {
    telemetry::init_logs(&settings.log, settings.log_format)?;
    let server = Server::start(&settings, Arc::new(SystemClock)).await?;
    if let Some(link) = server.set_up_link().await? {
        println!("To make the first organization and its administrator, open this link once:");
        println!("{link}");
    }
    let (mut terminated, mut interrupted) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    if let Some(address) = server.kurrentdb_address()? {
        let who = if settings.kurrentdb_writable {
            "anybody, to read and append everything: for development and tests only"
        } else {
            "reviewers, to read"
        };
        println!("open to KurrentDB's clients on {address}, for {who}");
    }
    println!("listening on http://{}", server.address());
    server
        .serve(async move {
            tokio::select! {
                _ = terminated.recv() => {}
                _ = interrupted.recv() => {}
            }
        })
        .await
}

async fn status(arguments: StatusArguments) -> Result<(), StartError> {
    let settings = Settings::resolve(arguments.flags)?;
    let store = storage::open_to_read(&settings).await?;
    let head = store.head().await?;
    let home = settings.projections();
    let mut statuses = status_read_only(&home, head)?;
    measure_lag(&mut statuses, &*store, SystemClock.now()).await?;
    let digests = if arguments.digest {
        digests(&home, &statuses)?
    } else {
        Vec::new()
    };
    if arguments.json {
        let views = statuses.iter().enumerate().map(|(index, status)| {
            let mut view = projection_view(status);
            if let Some(digest) = digests.get(index) {
                view["digest"] = Value::from(digest.as_str());
            }
            view
        });
        println!("{}", Value::Array(views.collect()));
        return Ok(());
    }
    println!("the log ends at position {head}");
    for (index, status) in statuses.iter().enumerate() {
        let digest = digests.get(index).map(String::as_str).unwrap_or_default();
        println!(
            "{:<24} version {:<3} position {:<10} {} events, {} seconds behind  {digest}",
            status.name, status.version, status.position, status.lag_events, status.lag_seconds
        );
        if let Some(failure) = &status.failure {
            println!("{:<24} {failure}", "");
        }
        if let Some(at) = status.building {
            println!(
                "{:<24} is being built anew, and has come to position {at}",
                ""
            );
        }
    }
    Ok(())
}

fn digests(
    home: &projections::Home,
    statuses: &[ProjectionStatus],
) -> Result<Vec<String>, StartError> {
    let readers = Readers::open(home)?;
    let digest = |status: &ProjectionStatus| Ok(readers.digest(&status.name)?.sha256);
    statuses.iter().map(digest).collect()
}

/// Beside a server where one runs, and then at half speed.
async fn rebuild(arguments: RebuildArguments) -> Result<(), StartError> {
    let settings = Settings::resolve(arguments.flags)?;
    let home = settings.projections();
    // Where the read models are in Postgres, the server may be another node.
    let lead = Lead::take(&home)?;
    let lock = match DataDir::lock(&settings.data) {
        Ok(directory) => Some(directory),
        Err(StoreError::InUse(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let beside = lead.is_none() || (lock.is_none() && !home.is_shared());
    let store = storage::open_to_read(&settings).await?;
    let names: Vec<_> = arguments.names.iter().map(String::as_str).collect();
    let names = (!names.is_empty()).then_some(&*names);
    let bar = progress::bar(store.head().await?.0, "{pos}/{len} events, {per_sec}");
    let told = |at: Position, _| bar.set_position(at.0);
    let rebuilt = projections::rebuild(&home, &store, names, beside, told).await?;
    bar.finish();
    println!("rebuilt from {} events", rebuilt.head);
    for name in rebuilt.aside {
        println!("{name} waits beside the one that is read, until this version of Pawl starts");
    }
    Ok(())
}

async fn copy(arguments: CopyArguments) -> Result<(), StartError> {
    let source = home(&arguments.from, true).await?;
    let target = home(&arguments.to, false).await?;
    let bar = progress::bar(source.log.head().await?.0, "{pos}/{len} {msg}");
    let progress = |what: &'static str, at: Position| {
        bar.set_message(what);
        bar.set_position(at.0);
    };
    let copied = log_copy::copy(&*source.log, &*target.log, progress).await?;
    bar.finish_and_clear();
    if let Some(shared) = &arguments.shared {
        for (nth, name) in CHECKPOINTS.into_iter().chain([SIEM_CHECKPOINT]).enumerate() {
            let file = shared.join(name);
            // The first is always there, if this is the directory.
            if nth == 0 || file.exists() {
                let noted = std::fs::read_to_string(&file)?;
                // What else is noted stays as it is.
                let end = noted.find(char::is_whitespace).unwrap_or(noted.len());
                let (position, rest) = noted.split_at(end);
                let position = Position(position.parse()?);
                let mapped = log_copy::map(&*source.log, &*target.log, position).await?;
                write_whole(&file, format!("{mapped}{rest}").as_bytes())?;
            }
        }
    }
    println!(
        "{} events are the same in both; position {} there is {} here",
        copied.events, copied.source, copied.target
    );
    Ok(())
}

async fn rotate(settings: Settings) -> Result<(), StartError> {
    let bar = progress::bar(0, "{pos}/{len} keys");
    let progress = bar.clone();
    let rotated = tokio::task::spawn_blocking(move || {
        let keyring = settings.shared.join(storage::KEYRING_FILE);
        keyring::rotate(&keyring, &settings.master_key_file, |done, all| {
            progress.set_length(all);
            progress.set_position(done);
        })
    });
    let rotated = rotated.await??;
    bar.finish_and_clear();
    println!(
        "version {} of the master key wraps {} keys; the version before it is gone, and with it \
         older copies of the keyring: make a new one now",
        rotated.version, rotated.keys
    );
    Ok(())
}

async fn rotate_signer(arguments: RotateSigner) -> Result<(), StartError> {
    let settings = Settings::resolve(arguments.flags)?;
    if arguments.retire {
        let left = rotation::retire(&settings).await?;
        println!("checkpoints are signed with this key alone, whose public half is");
        println!("{left}");
    } else {
        let new = rotation::renew(&settings).await?;
        println!(
            "checkpoints are signed with a new key too; give those who verify its public half:"
        );
        println!("{new}");
    }
    Ok(())
}

/// A log at the end of a copy, and the lock on its directory where it has one.
struct Home {
    log: Arc<dyn EventStore>,
    _directory: Option<DataDir>,
}

async fn home(place: &SecretString, must_exist: bool) -> Result<Home, StartError> {
    let place = place.expose_secret();
    if place.contains("://") {
        return Ok(Home {
            log: Arc::new(storage::connect(place).await?),
            _directory: None,
        });
    }
    if must_exist && !Path::new(place).join(LOG_FILE).exists() {
        return Err(format!("there is no {LOG_FILE} in {place}").into());
    }
    let directory = DataDir::lock(Path::new(place))?;
    Ok(Home {
        log: Arc::new(EmbeddedStore::open(&directory)?),
        _directory: Some(directory),
    })
}
