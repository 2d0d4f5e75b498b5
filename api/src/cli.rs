//! The command line. Results go to standard output, everything else to standard error; a failure is
//! one plain sentence and exit code 1.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it is a command line"
)]

use crate::{
    clock::SystemClock,
    http::{health::projection_view, openapi},
    server::{Server, StartError},
    settings::{Flags, Settings},
    telemetry,
};
use clap::{Args, Parser, Subcommand};
use eventstore::{
    EventStore as _,
    embedded::{DataDir, EmbeddedStore},
};
use indicatif::{ProgressBar, ProgressStyle};
use projections::{ProjectionStatus, Projections, Readers, status_read_only};
use serde_json::Value;
use std::{path::Path, process::ExitCode, sync::Arc};
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
    /// Look after the settings
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print the OpenAPI document of the API
    Openapi,
}

#[derive(Subcommand)]
enum ProjectionsCommand {
    /// Show how far each read model has come
    Status(StatusArguments),
    /// Build the read models anew from the log (while the server is stopped)
    Rebuild(Flags),
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
    match runtime.block_on(run(command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn fail(error: &StartError) -> ExitCode {
    eprintln!("pawl: {error}");
    ExitCode::FAILURE
}

async fn run(command: Command) -> Result<(), StartError> {
    match command {
        Command::Serve(flags) => serve(Settings::resolve(flags)?).await,
        Command::Projections(ProjectionsCommand::Status(arguments)) => status(arguments).await,
        Command::Projections(ProjectionsCommand::Rebuild(flags)) => {
            rebuild(&Settings::resolve(flags)?).await
        }
        Command::Config(ConfigCommand::Check(flags)) => {
            check(&Settings::resolve(flags)?);
            Ok(())
        }
        Command::Openapi => {
            println!("{}", openapi().to_pretty_json()?);
            Ok(())
        }
    }
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
    let head = EmbeddedStore::open_read_only(&settings.data)?
        .head()
        .await?;
    let file = settings.data.join("projections.db");
    let statuses = status_read_only(&file, head)?;
    let digests = if arguments.digest {
        digests(&file, &statuses)?
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
            "{:<24} version {:<3} position {:<10} {} events behind  {digest}",
            status.name, status.version, status.position, status.lag_events
        );
    }
    Ok(())
}

fn digests(file: &Path, statuses: &[ProjectionStatus]) -> Result<Vec<String>, StartError> {
    let readers = Readers::open(file)?;
    let digest = |status: &ProjectionStatus| Ok(readers.digest(&status.name)?.sha256);
    statuses.iter().map(digest).collect()
}

async fn rebuild(settings: &Settings) -> Result<(), StartError> {
    let directory = DataDir::lock(&settings.data)?;
    // Locked, so nobody writes; a log that is not there is not made.
    let store = EmbeddedStore::open_read_only(directory.path())?;
    let projections = Projections::open(settings.data.join("projections.db"))?;
    let style =
        ProgressStyle::with_template("{bar:40} {pos}/{len} events, {per_sec}, {eta} to go")?;
    let bar = ProgressBar::new(store.head().await?.0).with_style(style);
    let head = projections
        .rebuild(&store, None, |at, _head| bar.set_position(at.0))
        .await?;
    bar.finish();
    println!("rebuilt from {head} events");
    Ok(())
}

fn check(settings: &Settings) {
    println!("data             {}", settings.data.display());
    println!("listen           {}", settings.listen);
    let public_url = settings.public_url.as_ref();
    println!(
        "public-url       {}",
        public_url.map_or("(the address)", |url| url.as_str())
    );
    println!("master-key-file  {}", settings.master_key_file.display());
    println!("log              {}", settings.log);
    let passwords = settings.passwords;
    println!(
        "argon2           {} KiB, {} passes",
        passwords.memory_kib, passwords.passes
    );
    let token = if settings.setup_token.is_some() {
        "given"
    } else {
        "made on first start"
    };
    println!("setup-token      {token}");
}
