//! A running server: the parts put together, and taken apart in order.

use crate::{
    application::{Parts, PasswordHasher, Pawl},
    audit_log::{self, Keepers, Publisher, Source},
    clock::Clock,
    erasure::Erasure,
    http::{self, TrustedProxy},
    mail::{Composer, Outbox, Sender, Smtp},
    outside::{Development, Reviewers},
    reactions::{Announcements, Feed, Letters, Reactions, SIEM_CHECKPOINT},
    settings::Settings,
    siem::Sink,
    storage::{self, OUTBOX_FOLDER, StartError},
    telemetry,
};
use eventstore::{EventStore, embedded::DataDir, keyring::Keyring};
use kurrentdb_server::Gate;
use projections::Projections;
use secrecy::ExposeSecret as _;
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use url::Url;

#[cfg(test)]
mod tests;

/// How long a request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a read waits for the read models.
const READ_PATIENCE: Duration = Duration::from_secs(5);
/// How long requests under way may take to finish when the server is told to stop.
const GRACE: Duration = Duration::from_secs(20);

/// How long what is left of those that were cut off may still be at work in the data directory.
const LAST_WORK: Duration = Duration::from_secs(5);

/// A server that listens but does not serve yet.
pub struct Server {
    pawl: Pawl,
    address: SocketAddr,
    public_url: Url,
    listener: TcpListener,
    /// Where KurrentDB's own clients come, and what they may do.
    outside: Option<(TcpListener, Arc<dyn Gate>)>,
    reactions: JoinHandle<()>,
    trusted_proxies: Vec<TrustedProxy>,
    stop: CancellationToken,
    /// Held as long as the server lives.
    directory: DataDir,
}

impl Server {
    /// Opens the data directory and takes the address.
    pub async fn start(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        let directory = DataDir::lock(&settings.data)?;
        let (store, keyring) = storage::open(settings, &directory).await?;
        Self::on(store, keyring, directory, settings, clock).await
    }

    /// The same on a log and keys that are open. It begins where the last server ended: what it reads of
    /// the log does not grow with the log.
    async fn on(
        store: Arc<dyn EventStore>,
        keyring: Keyring,
        directory: DataDir,
        settings: &Settings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        let source = Source {
            store: store.clone(),
            keyring: keyring.clone(),
        };
        let files = settings.audit_log();
        let mut keepers = Keepers::of(settings)?;
        keepers.refuse_what_was_put_back(&source, &files).await?;
        let publisher = Publisher {
            source,
            files,
            keepers,
        };
        let outbox = settings.shared.join(OUTBOX_FOLDER);
        let erasure = Erasure {
            store: store.clone(),
            keyring: keyring.clone(),
            outbox: outbox.clone(),
        };
        let listener = listen(settings.listen).await?;
        let address = listener.local_addr()?;
        let public_url = match &settings.public_url {
            Some(url) => url.clone(),
            None => Url::parse(&format!("http://{address}"))?,
        };
        let projections = Projections::open(&settings.projections())?;
        projections.expect_same_log(&*store).await?;
        // A keyring that was put back from a copy may hold keys that have been destroyed since.
        erasure.catch_up().await?;
        let readers = projections.readers()?;
        let stop = CancellationToken::new();
        let composer = Composer {
            store: store.clone(),
            keyring: keyring.clone(),
            public_url: public_url.clone(),
            from: settings.mail_from.clone(),
        };
        let pawl = Pawl::new(Parts {
            projections: projections.start(store.clone()),
            store,
            keyring,
            readers,
            outbox,
            audit_log: settings.audit_log(),
            clock,
            passwords: PasswordHasher::new(settings.passwords)?,
            set_up_token: settings.setup_token.clone(),
            public_url: public_url.clone(),
            limits: settings.limits,
            read_patience: READ_PATIENCE,
            stopping: stop.clone(),
        });
        let reactions = reactions(settings, &pawl, composer, erasure, publisher)?;
        let reactions = tokio::spawn(reactions.run(stop.clone()));
        let outside = match settings.kurrentdb_listen {
            Some(address) => {
                let gate: Arc<dyn Gate> = if settings.kurrentdb_writable {
                    Arc::new(Development)
                } else {
                    Arc::new(Reviewers(pawl.clone()))
                };
                Some((listen(address).await?, gate))
            }
            None => None,
        };
        Ok(Self {
            pawl,
            address,
            public_url,
            listener,
            outside,
            reactions,
            trusted_proxies: settings.trusted_proxies.clone(),
            stop,
            directory,
        })
    }

    /// The application that it serves.
    #[must_use]
    pub fn pawl(&self) -> &Pawl {
        &self.pawl
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens for KurrentDB's own clients, if it does.
    pub fn kurrentdb_address(&self) -> Result<Option<SocketAddr>, StartError> {
        let outside = self.outside.as_ref();
        Ok(outside
            .map(|(listener, _)| listener.local_addr())
            .transpose()?)
    }

    /// The link of the first start, until it has been used.
    pub async fn set_up_link(&self) -> Result<Option<String>, StartError> {
        if !self.pawl.awaits_set_up().await? {
            return Ok(None);
        }
        let mut link = self.public_url.join("/setup")?;
        link.query_pairs_mut()
            .append_pair("token", self.pawl.set_up_token().expose_secret());
        Ok(Some(link.into()))
    }

    /// Serves until `shutdown` comes, then lets requests under way finish. When it answers, nothing is at
    /// work in the data directory any more, and the next process can take it.
    pub async fn serve(self, shutdown: impl Future<Output = ()> + Send) -> Result<(), StartError> {
        let metrics = telemetry::init_metrics()?;
        let upkeep = tokio::spawn(telemetry::keep_up(metrics.clone(), self.stop.clone()));
        let router = http::router(
            self.pawl.clone(),
            metrics,
            REQUEST_TIMEOUT,
            &self.trusted_proxies,
        )
        .into_make_service_with_connect_info::<SocketAddr>();
        let stop = self.stop.clone();
        let outside = self.outside.map(|(listener, gate)| {
            let store = self.pawl.store().clone();
            tokio::spawn(kurrentdb_server::serve(listener, store, gate, stop.clone()))
        });
        let server = axum::serve(self.listener, router)
            .with_graceful_shutdown(self.stop.clone().cancelled_owned());
        until_shutdown(server.into_future(), shutdown, &self.stop).await?;
        self.stop.cancel();
        self.reactions.await?;
        upkeep.await?;
        if let Some(outside) = outside {
            outside.await??;
        }
        self.pawl.projections().stop().await;
        drop(self.pawl);
        let released = self.directory.release();
        if tokio::time::timeout(LAST_WORK, released).await.is_err() {
            tracing::warn!("what was cut off is still at work in the data directory");
        }
        Ok(())
    }
}

/// Serves until `shutdown` comes and requests under way have had their time. Afterwards nothing is left
/// of the server but connections that were cut off.
async fn until_shutdown(
    serving: impl Future<Output = io::Result<()>>,
    shutdown: impl Future<Output = ()>,
    stop: &CancellationToken,
) -> io::Result<()> {
    let mut serving = std::pin::pin!(serving);
    tokio::select! {
        ended = &mut serving => return ended,
        () = shutdown => {}
    }
    stop.cancel();
    tracing::info!("stopping");
    if tokio::time::timeout(GRACE, serving).await.is_err() {
        tracing::warn!("some requests were cut off");
    }
    Ok(())
}

/// What follows from events, and where mail and the feed go.
fn reactions(
    settings: &Settings,
    pawl: &Pawl,
    composer: Composer,
    erasure: Erasure,
    publisher: Publisher,
) -> Result<Reactions, StartError> {
    let outbox = Outbox::new(settings.shared.join(OUTBOX_FOLDER));
    let sender = if let Some(smtp) = &settings.smtp {
        Some(Sender {
            outbox: outbox.clone(),
            smtp: Smtp::new(smtp, composer.public_url.domain())?,
            composer: composer.clone(),
            clock: pawl.clock().clone(),
        })
    } else {
        tracing::warn!("there is no smtp-url: mail stays in the outbox");
        None
    };
    let feed = match &settings.siem {
        Some(siem) => Some(Feed {
            store: erasure.store.clone(),
            checkpoint: settings.shared.join(SIEM_CHECKPOINT),
            origin: audit_log::origin(&erasure.keyring),
            format: siem.format,
            sink: Sink::new(siem, composer.public_url.domain())?,
        }),
        None => None,
    };
    let letters = Letters {
        pawl: pawl.clone(),
        composer: composer.clone(),
        outbox: outbox.clone(),
    };
    let announcements = Announcements {
        pawl: pawl.clone(),
        composer,
        outbox,
        cursor: settings.shared.join("announcements.cursor"),
    };
    Ok(Reactions::new(
        &settings.shared,
        erasure,
        letters,
        announcements,
        publisher,
        sender,
        feed,
    ))
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address)
        .await
        .map_err(|error| format!("cannot listen on {address}: {error}").into())
}
