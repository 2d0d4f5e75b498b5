//! Where the Postgres is, and how it is connected to.

use super::{SCHEMA, sentence};
use crate::sql::SqlError;
use futures::executor::block_on;
use secrecy::{ExposeSecret as _, SecretString};
use std::{
    io,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
    time::Duration,
};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{
    Client, Config,
    config::{Host, SslMode},
};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject as _},
};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);
/// After so long without an answer, the other end is taken to be gone.
const SILENCE: Duration = Duration::from_secs(10);
const ASK_AFTER: Duration = Duration::from_secs(5);

/// What drives all connections. It is a thread of its own, so that a caller may wait for an answer on
/// any thread, also one of another runtime.
static DRIVER: LazyLock<io::Result<Runtime>> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("postgres")
        .enable_all()
        .build()
});

/// A database in a Postgres. What is shown of it holds no password.
#[derive(Clone, Debug)]
pub struct PostgresServer {
    config: Config,
    /// The only authority that is believed, in place of the system's.
    authority: Option<PathBuf>,
}

impl PostgresServer {
    /// Takes it from `postgres://user:password@host:port/database?sslmode=...&sslrootcert=FILE`, or says
    /// what is wrong in a sentence that holds nothing of it.
    pub fn parse(connection: &SecretString) -> Result<Self, String> {
        let text = connection.expose_secret();
        if !["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| text.starts_with(scheme))
        {
            return Err("it does not begin with postgres://".to_owned());
        }
        let (address, query) = text.split_once('?').unwrap_or((text, ""));
        let mut mode = None;
        let mut authority = None;
        let mut others = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", value)) => mode = Some(value),
                Some(("sslrootcert", file)) => authority = Some(PathBuf::from(file)),
                _ => others.push(pair),
            }
        }
        let address = format!("{address}?{}", others.join("&"));
        let mut config: Config = address
            .parse()
            .map_err(|_| "it is no connection string, or has a parameter that is not known")?;
        if config.get_hosts().is_empty() {
            return Err("it names no host".to_owned());
        }
        config.ssl_mode(match mode {
            Some("disable") => SslMode::Disable,
            Some("require" | "verify-full") => SslMode::Require,
            None if config.get_hosts().iter().all(is_here) => SslMode::Disable,
            None => SslMode::Require,
            Some(_) => return Err("sslmode is disable, require or verify-full".to_owned()),
        });
        config
            .application_name(SCHEMA)
            .connect_timeout(CONNECT)
            .tcp_user_timeout(SILENCE)
            .keepalives_idle(ASK_AFTER)
            .keepalives_interval(ASK_AFTER)
            .keepalives_retries(1);
        Ok(Self { config, authority })
    }

    /// The host and database, to be shown.
    #[must_use]
    pub fn shown(&self) -> String {
        let hosts = self.config.get_hosts().iter().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(directory) => directory.display().to_string(),
        });
        let hosts = hosts.collect::<Vec<_>>().join(", ");
        let database = self.config.get_dbname().unwrap_or_default();
        let way = match self.config.get_ssl_mode() {
            SslMode::Disable => "without TLS",
            _ => "with TLS",
        };
        format!("{database} in the Postgres on {hosts}, {way}")
    }

    /// Connects.
    pub(super) fn connect(&self) -> Result<Client, SqlError> {
        let driver = DRIVER.as_ref();
        let driver = driver.map_err(|error| SqlError::Unreachable(error.to_string()))?;
        let tls = MakeRustlsConnect::new(self.tls().map_err(SqlError::Unreachable)?);
        let config = self.config.clone();
        let connecting = driver.spawn(async move {
            let (client, connection) = config.connect(tls).await?;
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    let error = sentence(&error);
                    tracing::info!(error, "a connection to the projections' Postgres is over");
                }
            });
            Ok(client)
        });
        match block_on(connecting) {
            Ok(connected) => connected.map_err(|error| SqlError::Unreachable(sentence(&error))),
            Err(error) => Err(SqlError::Unreachable(error.to_string())),
        }
    }

    /// TLS that believes the system's authorities, or the one in the file and no other.
    fn tls(&self) -> Result<ClientConfig, String> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS: {error}"))?;
        let mut store = RootCertStore::empty();
        match &self.authority {
            _ if self.config.get_ssl_mode() == SslMode::Disable => {}
            Some(file) => believe(&mut store, file)?,
            None => {
                let system = rustls_native_certs::load_native_certs();
                store.add_parsable_certificates(system.certs);
            }
        }
        Ok(config.with_root_certificates(store).with_no_client_auth())
    }
}

fn believe(store: &mut RootCertStore, file: &Path) -> Result<(), String> {
    let wrong = |why: String| format!("sslrootcert: {}: {why}", file.display());
    let certificates =
        CertificateDer::pem_file_iter(file).map_err(|error| wrong(error.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        store
            .add(certificate)
            .map_err(|error| wrong(error.to_string()))?;
    }
    if store.is_empty() {
        return Err(wrong("it holds no certificate".to_owned()));
    }
    Ok(())
}

/// Whether nobody can be between: it is on this machine.
fn is_here(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(connection: &str) -> Result<PostgresServer, String> {
        PostgresServer::parse(&connection.into())
    }

    #[test]
    fn over_a_network_there_is_tls_unless_the_operator_says_otherwise() {
        for (connection, expected) in [
            ("postgres://pawl@db.example.org/pawl", SslMode::Require),
            ("postgres://pawl@localhost,db/pawl", SslMode::Require),
            (
                "postgres://pawl@db/pawl?sslmode=verify-full",
                SslMode::Require,
            ),
            ("postgres://pawl@db/pawl?sslmode=disable", SslMode::Disable),
            ("postgres://pawl@127.0.0.1:5433/pawl", SslMode::Disable),
            (
                "postgresql://pawl@%2Frun%2Fpostgresql/pawl",
                SslMode::Disable,
            ),
        ] {
            let server = parsed(connection).unwrap();
            assert_eq!(server.config.get_ssl_mode(), expected, "{connection}");
        }
    }

    #[test]
    fn nothing_of_a_password_is_shown() {
        let server = parsed("postgres://pawl:hunter2@db/pawl?sslrootcert=/ca.pem").unwrap();
        for shown in [format!("{server:?}"), server.shown()] {
            assert!(
                shown.contains("db") && !shown.contains("hunter2"),
                "{shown}"
            );
        }
        for wrong in [
            "mysql://pawl:hunter2@db/pawl",
            "postgres://pawl:hunter2@db:port/pawl",
            "postgres://pawl:hunter2@db/pawl?sslmode=hunter2",
            "postgres://pawl:hunter2@db/pawl?hunter2=hunter2",
            "postgres://",
        ] {
            let error = parsed(wrong).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
