//! What Pawl does with a command: load the state of its stream, let the domain decide, append the
//! events, answer. One file a use case; no rule lives here, and nothing of HTTP.

mod api_credentials;
mod audit;
mod audit_proof;
mod authentication;
mod browsers;
mod change_password;
mod context;
mod erasures;
mod execute;
mod exports;
mod failure;
mod first_administrator;
mod first_factor;
mod invitation_list;
mod invitations;
mod invite_many;
mod limits;
mod loading;
mod my_devices;
mod names;
mod notices;
mod organizations;
mod otp;
mod password_reset;
mod passwords;
mod people;
mod people_index;
mod people_search;
mod personal;
mod recovery_codes;
mod resets;
mod set_up;
mod set_up_link;
mod sign_in;
mod tokens;

pub use api_credentials::{ClientSecret, IssuedToken, NewApiCredential};
pub use audit::{question, question_of_proof};
pub use audit_proof::{AuditKey, AuditProof};
pub use browsers::BrowserToken;
pub use context::RequestContext;
pub use execute::Committed;
pub use failure::Failure;
pub use invitation_list::{LineFault, List, RefusedLine};
pub use invitations::{Invitation, NewInvitation};
pub use invite_many::{ListProgress, ListReport};
pub use limits::Limits;
pub use names::{InvitedPerson, Person};
pub use organizations::{Appearance, NewOrganization, TwoFactorStatus};
pub use otp::{ConfirmedDevice, RegisteredDevice, ShownFactor};
pub use passwords::{PasswordHasher, PasswordParameters};
pub use people::Somebody;
pub use personal::{Opened, open_content};
pub use recovery_codes::IssuedRecoveryCodes;
pub use resets::ResetOnTheServer;
pub use set_up::FirstAdministrator;
pub use set_up_link::LackingLink;
pub use sign_in::SessionGrant;
pub use tokens::{
    AccessToken, Bearer, LinkToken, SessionToken, digest, invitation_token, otp_set_up_link_token,
    password_reset_token,
};

use crate::{audit_log::TileFiles, clock::Clock};
use eventstore::{EventStore, keyring::Keyring};
use eventstore_schema::Position;
use loading::States;
use people_search::PeopleIndexes;
use projections::{Projection, Readers, RunningProjections, Standing};
use secrecy::SecretString;
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;
use url::Url;

/// The application: everything that a request needs, shared by all of them.
#[derive(Clone)]
pub struct Pawl(Arc<Inner>);

/// What the application is made of.
pub struct Parts {
    /// The log.
    pub store: Arc<dyn EventStore>,
    /// The keys.
    pub keyring: Keyring,
    /// The read models, kept up to date.
    pub projections: RunningProjections,
    /// The read models, to read.
    pub readers: Readers,
    /// The folder of the mail.
    pub outbox: PathBuf,
    /// The files of the audit log.
    pub audit_log: TileFiles,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The first factor's work.
    pub passwords: PasswordHasher,
    /// The token of the first start's link, where the operator chose one.
    pub set_up_token: Option<SecretString>,
    /// Where people and machines reach it.
    pub public_url: Url,
    /// How long sessions and invitations last.
    pub limits: Limits,
    /// How long a read waits for the read models to reach a position.
    pub read_patience: Duration,
    /// Cancelled when the server is told to stop.
    pub stopping: CancellationToken,
}

struct Inner {
    parts: Parts,
    states: States,
    people: PeopleIndexes,
}

impl Pawl {
    /// Puts the application together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner {
            parts,
            states: States::default(),
            people: PeopleIndexes::default(),
        }))
    }

    /// The log, to read.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn EventStore> {
        &self.0.parts.store
    }

    /// The read models.
    #[must_use]
    pub fn projections(&self) -> &RunningProjections {
        &self.0.parts.projections
    }

    /// Queries a read model off the async threads. One that has stopped is not asked: what it has
    /// would look like everything there is.
    pub async fn query<T: Send + 'static>(
        &self,
        model: &dyn Projection,
        query: impl FnOnce(&Readers) -> Result<T, projections::DatabaseError> + Send + 'static,
    ) -> Result<T, Failure> {
        match self.projections().standing(model) {
            Standing::Works => {}
            Standing::IsBuilt => return Err(Failure::Behind),
            Standing::Stopped => return Err(Failure::ReadModelStopped(model.name())),
        }
        // All of it moves along: a query that nobody waits for any more still holds the directory.
        let pawl = self.clone();
        let answer = tokio::task::spawn_blocking(move || query(&pawl.0.parts.readers)).await;
        Ok(answer.map_err(Failure::internal)??)
    }

    /// Waits until the read models hold everything up to this position.
    pub async fn wait_for(&self, position: Position) -> Result<(), Failure> {
        let patience = self.0.parts.read_patience;
        self.projections()
            .wait_for(position, patience)
            .await
            .map_err(|_| Failure::Behind)
    }

    /// Waits until the read models hold everything that the log holds at this moment; up to where
    /// that is.
    pub async fn catch_up(&self) -> Result<Position, Failure> {
        let head = self.store().head().await?;
        self.wait_for(head).await?;
        Ok(head)
    }

    /// Comes when the server is told to stop: time to let go of who would stay for ever.
    pub fn stopping(&self) -> impl Future<Output = ()> + Send + use<> {
        self.0.parts.stopping.clone().cancelled_owned()
    }

    /// The files of the audit log, to read.
    #[must_use]
    pub fn audit_log(&self) -> &TileFiles {
        &self.0.parts.audit_log
    }

    /// Where people and machines reach it, without a slash at the end.
    #[must_use]
    pub fn public_url(&self) -> &str {
        self.0.parts.public_url.as_str().trim_end_matches('/')
    }

    /// Where the time comes from.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.parts.clock
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.0.parts.clock.now()
    }

    /// How long sessions and invitations last here.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.0.parts.limits
    }

    fn keyring(&self) -> &Keyring {
        &self.0.parts.keyring
    }
}
