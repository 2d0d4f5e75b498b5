//! Break-glass: what the operator does on the server where no administrator is left to do it. It works
//! on the log and the keys themselves, and so in place of a server on a log of its own, or beside the
//! servers on a KurrentDB. Nothing here may be reached over the network.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it is a command line"
)]

use crate::{
    application::{Failure, Parts, PasswordHasher, Pawl, RequestContext},
    audit_log::{Keepers, Source},
    clock::SystemClock,
    settings::{Flags, Settings},
    storage::{self, OUTBOX_FOLDER, StartError},
};
use clap::{Args, Subcommand};
use domain::{OnTheServer, Rejection, value::EmailAddress};
use projections::{Readers, RunningProjections};
use secrecy::ExposeSecret as _;
use std::{
    io::{self, IsTerminal as _, Write as _},
    sync::Arc,
    time::Duration,
};
use tokio_util::sync::CancellationToken;
use url::Url;

/// What the operator can do.
#[derive(Subcommand)]
pub enum AdminCommand {
    /// End every second factor and session of a person, who has to set up an authenticator anew
    /// (while the server is stopped, unless the log is a KurrentDB)
    ResetOtp(ResetOtp),
}

/// Whose second factors end, and how.
#[derive(Args)]
pub struct ResetOtp {
    /// The person's e-mail address
    #[arg(value_name = "ADDRESS")]
    address: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Also print a link to choose a new password, for somebody who has lost the mailbox too: it opens
    /// the account, so give it to nobody else
    #[arg(long)]
    print_link: bool,
    #[command(flatten)]
    flags: Flags,
}

/// Carries it out.
pub async fn run(command: AdminCommand) -> Result<(), StartError> {
    match command {
        AdminCommand::ResetOtp(reset) => reset_otp(reset).await,
    }
}

async fn reset_otp(reset: ResetOtp) -> Result<(), StartError> {
    let address = reset.address.trim();
    let email = EmailAddress::parse(address)
        .map_err(|_| format!("{address} is no e-mail address such as name@example.org"))?;
    if !reset.yes && !io::stdin().is_terminal() {
        return Err("there is no terminal to ask on: give --yes to go on without asking".into());
    }
    let settings = Settings::resolve(reset.flags)?;
    let pawl = open(&settings).await?;
    let person = match pawl.somebody_with(&email).await {
        Err(Failure::Rejected(Rejection::NotFound)) => {
            return Err(format!("nobody who can sign in has the address {address}").into());
        }
        found => found?,
    };
    if !reset.yes && !confirmed(address)? {
        return Err("nothing is done: what you typed is another address".into());
    }
    let by = OnTheServer::with_the_files_open();
    let request = RequestContext::fresh();
    let done = pawl
        .reset_otp_devices_on_the_server(person, reset.print_link, &by, &request)
        .await?;
    if done.anything {
        println!("The authenticators, recovery codes and sessions of {address} are gone.");
    } else {
        println!("{address} has no authenticator to reset.");
    }
    match done.token {
        Some(token) => {
            let mut link = public_url(&settings)?.join("/password-reset")?;
            link.query_pairs_mut()
                .append_pair("token", token.expose_secret());
            println!("With this link, once and within an hour, they choose a password and go on:");
            println!("{link}");
        }
        None if done.anything => {
            println!("At the next sign-in they set up a new one, by way of a link to the address.");
        }
        None => {}
    }
    Ok(())
}

/// Has the address typed again.
fn confirmed(address: &str) -> io::Result<bool> {
    eprintln!("Every authenticator, recovery code and session of {address} will be gone.");
    eprint!("Type the address again to go on: ");
    io::stderr().flush()?;
    let mut typed = String::new();
    io::stdin().read_line(&mut typed)?;
    Ok(typed.trim() == address)
}

/// The application, to decide on the log alone: it has no read models and serves nothing.
async fn open(settings: &Settings) -> Result<Pawl, StartError> {
    let (store, keyring) = storage::open_what_is_there(settings).await?;
    let source = Source {
        store: store.clone(),
        keyring: keyring.clone(),
    };
    let mut keepers = Keepers::of(settings)?;
    keepers
        .refuse_what_was_put_back(&source, &settings.audit_log())
        .await?;
    Ok(Pawl::new(Parts {
        store,
        keyring,
        projections: RunningProjections::none(),
        readers: Readers::none(),
        clock: Arc::new(SystemClock),
        passwords: PasswordHasher::new(settings.passwords)?,
        set_up_token: None,
        public_url: public_url(settings)?,
        outbox: settings.shared.join(OUTBOX_FOLDER),
        audit_log: settings.audit_log(),
        limits: settings.limits,
        read_patience: Duration::ZERO,
        stopping: CancellationToken::new(),
    }))
}

fn public_url(settings: &Settings) -> Result<Url, StartError> {
    match &settings.public_url {
        Some(url) => Ok(url.clone()),
        None => Ok(Url::parse(&format!("http://{}", settings.listen))?),
    }
}
