//! Shows the state at any moment of the past, or step by step how it came about.

#![expect(clippy::print_stdout, reason = "it is a command line")]

pub mod state;
mod steps;

use super::{
    history::History,
    moment::Moment,
    source::{Source, SourceArguments},
    verified::{TrustArguments, verify_source},
};
use crate::storage::StartError;
use chrono::Utc;
use clap::Args;
use eventstore_schema::{OrganizationId, UserId};
use state::State;
use std::{
    io::{BufWriter, Write as _, stdout},
    ops::ControlFlow,
    process::ExitCode,
};
use steps::Steps;

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    source: SourceArguments,
    #[command(flatten)]
    trusted: TrustArguments,
    /// Everything before the first event recorded after this time (RFC 3339), or after the end of this
    /// day (UTC) [default: everything]
    #[arg(long, value_name = "TIME")]
    as_of: Option<Moment>,
    /// This person alone
    #[arg(long, value_name = "ID")]
    person: Option<UserId>,
    /// Show each event, in place of the state at the end
    #[arg(long)]
    steps: bool,
    /// Show JSON
    #[arg(long)]
    json: bool,
}

/// What is shown.
#[derive(Clone, Copy)]
pub struct Asked {
    organization: OrganizationId,
    as_of: Option<Moment>,
    person: Option<UserId>,
}

pub(super) async fn run(arguments: Arguments) -> Result<ExitCode, StartError> {
    let (source, organization) = arguments.source.open().await?;
    verify_source(&source, arguments.trusted).await?;
    let asked = Asked {
        organization,
        as_of: arguments.as_of,
        person: arguments.person,
    };
    let mut steps = arguments
        .steps
        .then(|| Steps::new(asked, arguments.json, BufWriter::new(stdout().lock())));
    let history = replay(&source, asked, &mut steps).await?;
    known(&history, asked)?;
    if let Some(steps) = steps {
        steps.finish()?;
        return Ok(ExitCode::SUCCESS);
    }
    let now = asked.as_of.map_or_else(Utc::now, Moment::time);
    let state = State::of(&history, asked, now);
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&state)?);
    } else {
        print!("{state}");
    }
    stdout().flush()?;
    Ok(ExitCode::SUCCESS)
}

async fn replay(
    source: &Source,
    asked: Asked,
    steps: &mut Option<Steps<impl std::io::Write>>,
) -> Result<History, StartError> {
    let mut history = History::of(asked.organization);
    source
        .read(asked.organization, |entry| {
            let recorded_at = entry.event.metadata.recorded_at;
            if asked
                .as_of
                .is_some_and(|moment| moment.is_before(recorded_at))
            {
                return Ok(ControlFlow::Break(()));
            }
            history.take(&entry.event, &entry.names)?;
            if let Some(steps) = steps {
                steps.show(&history, entry)?;
            }
            Ok(ControlFlow::Continue(()))
        })
        .await?;
    Ok(history)
}

/// Refuses to show nothing as if it were something.
fn known(history: &History, asked: Asked) -> Result<(), StartError> {
    let Asked { organization, .. } = asked;
    if history.policy().name().is_none() {
        let when = asked
            .as_of
            .map_or(String::new(), |_| " at that time".to_owned());
        return Err(format!("there is no organization {organization} in it{when}").into());
    }
    match asked.person {
        Some(id) if !history.people().contains_key(&id) => {
            Err(format!("there is nobody with the id {id} in the organization then").into())
        }
        _ => Ok(()),
    }
}
