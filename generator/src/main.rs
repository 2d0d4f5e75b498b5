//! `cargo xtask generate`: a data directory with a long history.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it is a command line"
)]

use clap::Parser;
use eventstore::{
    EventStore as _,
    embedded::{DataDir, EmbeddedStore},
    keyring::{Keyring, MasterKey},
};
use eventstore_schema::Position;
use generator::{
    Boxes, GenerateError, History, KEYRING_FILE, MASTER_KEY_FILE, PASSWORD, Plan, email_of, write,
};
use std::{
    io::{IsTerminal as _, Write as _},
    path::PathBuf,
    process::ExitCode,
    time::Instant,
};
use tokio::runtime::Handle;

/// Write a history that could have happened into a new data directory
#[derive(Parser)]
#[command(name = "generate")]
struct Arguments {
    /// How many people come
    #[arg(long, value_name = "N")]
    people: u64,
    /// How many events there are, eight for each person at least
    #[arg(long, value_name = "M")]
    events: u64,
    /// What chance follows from
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// The data directory, without a log in it
    #[arg(long, value_name = "DIR", default_value = "pawl-data")]
    data: PathBuf,
    /// How many organizations there are, instead of one for each 500 people
    #[arg(long, value_name = "N")]
    organizations: Option<u64>,
    /// Over how many days
    #[arg(long, value_name = "N", default_value_t = 365)]
    days: u32,
    /// Seal nothing, so that the events are the same byte for byte whenever the seed is; nobody can
    /// sign in then
    #[arg(long)]
    reproducible: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match generate(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("generate: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn generate(arguments: &Arguments) -> Result<(), GenerateError> {
    let mut plan = Plan::new(arguments.people, arguments.events, arguments.seed)?;
    plan = plan.days(arguments.days);
    if let Some(organizations) = arguments.organizations {
        plan = plan.organizations(organizations);
    }
    let began = Instant::now();
    let directory = DataDir::lock(&arguments.data)?;
    let store = EmbeddedStore::open(&directory)?;
    if store.head().await? > Position::START {
        let name = arguments.data.display();
        return Err(GenerateError::Plan(format!(
            "{name} holds a log already; choose another directory"
        )));
    }
    let master = arguments.data.join(MASTER_KEY_FILE);
    let master = MasterKey::load_or_create(&master, true)?;
    let keyring = Keyring::open(&arguments.data.join(KEYRING_FILE), &master)?;
    let boxes = if arguments.reproducible {
        Boxes::derived()
    } else {
        Boxes::sealed(keyring, Handle::current())
    };
    let shown = std::io::stderr().is_terminal();
    let events = write(&store, History::new(plan, boxes), |events| {
        if shown {
            eprint!("\r{events} of {} events ", arguments.events);
            let _ = std::io::stderr().flush();
        }
    })
    .await?;
    if shown {
        eprintln!();
    }
    println!(
        "{events} events of {} people in {}, after {:.1} s",
        arguments.people,
        arguments.data.display(),
        began.elapsed().as_secs_f64()
    );
    if !arguments.reproducible {
        let first = email_of(0);
        println!("{first} is the first administrator; everybody's password is: {PASSWORD}");
    }
    Ok(())
}
