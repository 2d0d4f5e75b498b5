//! Settings: flags, then environment variables (`PAWL_*`), then a TOML file, then what suits a
//! laptop.

use crate::{
    application::{Limits, PasswordParameters},
    audit_log::{AUDIT_LOG_FOLDER, TileFiles, Witness},
    http::TrustedProxy,
    mail::SmtpSettings,
    siem::{FeedFormat, SiemFlags, SiemSettings},
    telemetry::LogFormat,
};
use chrono::TimeDelta;
use clap::Args;
use domain::session::SessionLimits;
use lettre::message::Mailbox;
use projections::{Home, PostgresServer};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::{
    fs,
    net::SocketAddr,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::Duration,
};
use tracing_subscriber::EnvFilter;
use url::Url;

/// How long a message may take, in seconds.
const SMTP_TIMEOUT: u32 = 60;
/// Characters of a set-up token at least.
const SETUP_TOKEN_CHARACTERS: usize = 20;

/// Settings as given on the command line or in the environment.
#[derive(Args, Clone, Debug, Default)]
pub struct Flags {
    /// TOML file with settings
    #[arg(long, env = "PAWL_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Directory of this node, for its log and its read models [default: pawl-data]
    #[arg(long, env = "PAWL_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Directory of all nodes, for the keys and the outbox [default: the data directory]
    #[arg(long, env = "PAWL_SHARED", value_name = "DIR")]
    pub shared: Option<PathBuf>,
    /// KurrentDB that holds the log (kurrentdb://...), in place of a file in the data directory
    #[arg(
        long,
        env = "PAWL_STORE",
        value_name = "CONNECTION",
        hide_env_values = true
    )]
    pub store: Option<SecretString>,
    /// Postgres that holds the read models of all nodes (postgres://...), in place of a file in the data
    /// directory
    #[arg(
        long,
        env = "PAWL_PROJECTIONS",
        value_name = "CONNECTION",
        hide_env_values = true
    )]
    pub projections: Option<SecretString>,
    /// Address for KurrentDB's own clients, through which reviewers read the log [default: none]
    #[arg(long, env = "PAWL_KURRENTDB_LISTEN", value_name = "ADDR")]
    pub kurrentdb_listen: Option<SocketAddr>,
    /// Let anybody at that address read and append everything: for development and tests only
    #[arg(long, env = "PAWL_KURRENTDB_WRITABLE", requires = "kurrentdb_listen")]
    pub kurrentdb_writable: bool,
    /// Address to listen on; port 0 picks a free one [default: 127.0.0.1:8080]
    #[arg(long, env = "PAWL_LISTEN", value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// How browsers reach this server, for links in mail [default: http:// and the address]
    #[arg(long, env = "PAWL_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<Url>,
    /// File with the master key; made on first start [default: master.key beside the keys]
    #[arg(long, env = "PAWL_MASTER_KEY_FILE", value_name = "FILE")]
    pub master_key_file: Option<PathBuf>,
    /// File outside of the data and the shared directory that keeps the newest checkpoint of the audit log:
    /// a log that was put back to an older state is not served [default: none]
    #[arg(long, env = "PAWL_ANCHOR", value_name = "FILE")]
    pub anchor: Option<PathBuf>,
    /// Witness that cosigns the checkpoints (C2SP tlog-witness): its public key and its URL, with a
    /// space between; once for each [default: none]
    #[arg(
        long = "witness",
        env = "PAWL_WITNESSES",
        value_name = "VKEY URL",
        value_delimiter = ','
    )]
    pub witnesses: Option<Vec<Witness>>,
    /// What to log, such as "info" or "info,pawl=debug" [default: info]
    #[arg(long, env = "PAWL_LOG", value_name = "FILTER")]
    pub log: Option<String>,
    /// What log lines look like [default: text on a terminal, json elsewhere]
    #[arg(long, env = "PAWL_LOG_FORMAT")]
    pub log_format: Option<LogFormat>,
    /// Memory for hashing a password, in KiB [default: 19456]
    #[arg(long, env = "PAWL_ARGON2_MEMORY_KIB", value_name = "KIB")]
    pub argon2_memory_kib: Option<u32>,
    /// Passes for hashing a password [default: 2]
    #[arg(long, env = "PAWL_ARGON2_PASSES", value_name = "N")]
    pub argon2_passes: Option<u32>,
    /// Proxies whose word on their clients' addresses (X-Forwarded-For) counts: addresses and
    /// networks, with commas between [default: none]
    #[arg(
        long,
        env = "PAWL_TRUSTED_PROXIES",
        value_name = "NETWORKS",
        value_delimiter = ','
    )]
    pub trusted_proxies: Option<Vec<TrustedProxy>>,
    /// Minutes after which an unused session is over [default: 60]
    #[arg(long, env = "PAWL_SESSION_IDLE_MINUTES", value_name = "N")]
    pub session_idle_minutes: Option<u32>,
    /// Hours after which every session is over [default: 12]
    #[arg(long, env = "PAWL_SESSION_HOURS", value_name = "N")]
    pub session_hours: Option<u32>,
    /// Days for which the link of an invitation works [default: 7]
    #[arg(long, env = "PAWL_INVITATION_DAYS", value_name = "N")]
    pub invitation_days: Option<u32>,
    /// Mail server (smtps://..., or smtp://... with STARTTLS) [default: mail stays in the outbox]
    #[arg(
        long,
        env = "PAWL_SMTP_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub smtp_url: Option<SecretString>,
    /// Whom mail is from, such as "Acme <no-reply@example.org>" [default: Pawl <no-reply@localhost>]
    #[arg(long, env = "PAWL_MAIL_FROM", value_name = "MAILBOX")]
    pub mail_from: Option<String>,
    /// Authority that the mail server's certificate is of, as PEM [default: the system's]
    #[arg(long, env = "PAWL_SMTP_CA_FILE", value_name = "FILE")]
    pub smtp_ca_file: Option<PathBuf>,
    /// How long the mail server may take for a message [default: 60]
    #[arg(long, env = "PAWL_SMTP_TIMEOUT", value_name = "SECONDS")]
    pub smtp_timeout: Option<u32>,
    /// The live feed.
    #[command(flatten)]
    pub siem: SiemFlags,
    /// Token of the first start's link, in place of one made by Pawl
    #[arg(
        long,
        env = "PAWL_SETUP_TOKEN",
        value_name = "TOKEN",
        hide = true,
        hide_env_values = true
    )]
    pub setup_token: Option<SecretString>,
}

/// The same, as a file may give them.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct FromFile {
    data: Option<PathBuf>,
    shared: Option<PathBuf>,
    store: Option<SecretString>,
    projections: Option<SecretString>,
    kurrentdb_listen: Option<SocketAddr>,
    listen: Option<SocketAddr>,
    public_url: Option<Url>,
    master_key_file: Option<PathBuf>,
    anchor: Option<PathBuf>,
    witnesses: Option<Vec<Witness>>,
    log: Option<String>,
    log_format: Option<LogFormat>,
    argon2_memory_kib: Option<u32>,
    argon2_passes: Option<u32>,
    trusted_proxies: Option<Vec<TrustedProxy>>,
    session_idle_minutes: Option<u32>,
    session_hours: Option<u32>,
    invitation_days: Option<u32>,
    smtp_url: Option<SecretString>,
    mail_from: Option<String>,
    smtp_ca_file: Option<PathBuf>,
    smtp_timeout: Option<u32>,
    siem_url: Option<Url>,
    siem_format: Option<FeedFormat>,
    siem_ca_file: Option<PathBuf>,
    siem_token_file: Option<PathBuf>,
}

/// The settings in force.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The data directory of this node.
    pub data: PathBuf,
    /// What all nodes share: the keys, the outbox, and how far the reactions have come.
    pub shared: PathBuf,
    /// The KurrentDB that holds the log, where it is not in the data directory.
    pub store: Option<SecretString>,
    /// The Postgres that holds the read models, where they are not in the data directory.
    pub postgres: Option<PostgresServer>,
    /// Where to listen for KurrentDB's own clients.
    pub kurrentdb_listen: Option<SocketAddr>,
    /// Whether they may do everything.
    pub kurrentdb_writable: bool,
    /// Where to listen.
    pub listen: SocketAddr,
    /// How browsers reach the server, where it is not the address.
    pub public_url: Option<Url>,
    /// The file with the master key.
    pub master_key_file: PathBuf,
    /// The file outside that keeps the newest checkpoint of the audit log.
    pub anchor: Option<PathBuf>,
    /// Who cosigns its checkpoints.
    pub witnesses: Vec<Witness>,
    /// What to log.
    pub log: String,
    /// What log lines look like.
    pub log_format: Option<LogFormat>,
    /// The work of hashing a password.
    pub passwords: PasswordParameters,
    /// The proxies whose word on their clients' addresses counts.
    pub trusted_proxies: Vec<TrustedProxy>,
    /// How long things last.
    pub limits: Limits,
    /// The mail server, where there is one.
    pub smtp: Option<SmtpSettings>,
    /// Whom mail is from.
    pub mail_from: Mailbox,
    /// The SIEM that is told of every event, where there is one.
    pub siem: Option<SiemSettings>,
    /// The token of the first start's link, where the operator chose one.
    pub setup_token: Option<SecretString>,
}

impl Settings {
    /// The files of the audit log.
    #[must_use]
    pub fn audit_log(&self) -> TileFiles {
        TileFiles::new(self.shared.join(AUDIT_LOG_FOLDER))
    }

    /// Where the read models are kept.
    #[must_use]
    pub fn projections(&self) -> Home {
        match &self.postgres {
            Some(server) => Home::Postgres(Box::new(server.clone())),
            None => Home::Sqlite(self.data.join("projections.db")),
        }
    }

    /// Puts the settings together.
    pub fn resolve(flags: Flags) -> Result<Self, String> {
        let file = flags
            .config
            .as_deref()
            .map(read)
            .transpose()?
            .unwrap_or_default();
        let data = flags
            .data
            .or(file.data)
            .unwrap_or_else(|| PathBuf::from("pawl-data"));
        let shared = flags.shared.or(file.shared).unwrap_or_else(|| data.clone());
        let standard = PasswordParameters::default();
        let passwords = PasswordParameters {
            memory_kib: flags
                .argon2_memory_kib
                .or(file.argon2_memory_kib)
                .unwrap_or(standard.memory_kib),
            passes: flags
                .argon2_passes
                .or(file.argon2_passes)
                .unwrap_or(standard.passes),
        };
        passwords.check()?;
        let mail_from = flags.mail_from.or(file.mail_from);
        let smtp = flags
            .smtp_url
            .or(file.smtp_url)
            .filter(|url| !url.expose_secret().is_empty())
            .map(|url| SmtpSettings {
                url,
                ca_file: flags.smtp_ca_file.or(file.smtp_ca_file),
                timeout: Duration::from_secs(
                    flags
                        .smtp_timeout
                        .or(file.smtp_timeout)
                        .unwrap_or(SMTP_TIMEOUT)
                        .into(),
                ),
            });
        if smtp.as_ref().is_some_and(|smtp| smtp.timeout.is_zero()) {
            return Err("smtp-timeout: a message needs a second at least".to_owned());
        }
        if smtp.is_some() && mail_from.is_none() {
            return Err("smtp-url needs mail-from: whom mail is from".to_owned());
        }
        let siem = flags.siem.resolve(SiemFlags {
            siem_url: file.siem_url,
            siem_format: file.siem_format,
            siem_ca_file: file.siem_ca_file,
            siem_token_file: file.siem_token_file,
        })?;
        Ok(Self {
            listen: flags
                .listen
                .or(file.listen)
                .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            public_url: flags
                .public_url
                .or(file.public_url)
                .map(checked_url)
                .transpose()?,
            master_key_file: flags
                .master_key_file
                .or(file.master_key_file)
                .unwrap_or_else(|| shared.join("master.key")),
            anchor: flags.anchor.or(file.anchor),
            witnesses: flags.witnesses.or(file.witnesses).unwrap_or_default(),
            log: checked_filter(flags.log.or(file.log))?,
            log_format: flags.log_format.or(file.log_format),
            passwords,
            trusted_proxies: flags
                .trusted_proxies
                .or(file.trusted_proxies)
                .unwrap_or_default(),
            limits: limits(
                flags.session_idle_minutes.or(file.session_idle_minutes),
                flags.session_hours.or(file.session_hours),
                flags.invitation_days.or(file.invitation_days),
            )?,
            smtp,
            siem,
            mail_from: checked_sender(mail_from)?,
            setup_token: checked_token(flags.setup_token)?,
            // A variable that is set to nothing is not set.
            store: flags
                .store
                .or(file.store)
                .filter(|store| !store.expose_secret().is_empty()),
            postgres: checked_postgres(flags.projections.or(file.projections))?,
            kurrentdb_listen: flags.kurrentdb_listen.or(file.kurrentdb_listen),
            kurrentdb_writable: flags.kurrentdb_writable,
            data,
            shared,
        })
    }
}

/// At most what NIST SP 800-63B-4 (section 2.2.3) recommends at AAL2: a day, and an hour unused.
/// That a session may rest for longer, an operator can choose.
fn limits(idle: Option<u32>, hours: Option<u32>, days: Option<u32>) -> Result<Limits, String> {
    let within = |name: &str, value: Option<u32>, range: RangeInclusive<u32>| match value {
        Some(value) if !range.contains(&value) => Err(format!(
            "{name}: {value} is not between {} and {}",
            range.start(),
            range.end()
        )),
        value => Ok(value.map(i64::from)),
    };
    let standard = Limits::default();
    let idle = within("session-idle-minutes", idle, 5..=24 * 60)?;
    let lifetime = within("session-hours", hours, 1..=24)?;
    let invitation = within("invitation-days", days, 1..=60)?;
    Ok(Limits {
        sessions: SessionLimits {
            idle: idle.map_or(standard.sessions.idle, TimeDelta::minutes),
            lifetime: lifetime.map_or(standard.sessions.lifetime, TimeDelta::hours),
        },
        invitation: invitation.map_or(standard.invitation, TimeDelta::days),
    })
}

fn checked_url(url: Url) -> Result<Url, String> {
    let whole = matches!(url.scheme(), "http" | "https") && url.has_host();
    if whole && url.path() == "/" && url.query().is_none() && url.fragment().is_none() {
        Ok(url)
    } else {
        Err(format!(
            "public-url: {url} is not the root of a site, such as https://id.example.org"
        ))
    }
}

/// A variable that is set to nothing is not set.
fn checked_postgres(connection: Option<SecretString>) -> Result<Option<PostgresServer>, String> {
    connection
        .filter(|connection| !connection.expose_secret().is_empty())
        .map(|connection| PostgresServer::parse(&connection))
        .transpose()
        .map_err(|error| format!("projections: {error}"))
}

fn checked_sender(sender: Option<String>) -> Result<Mailbox, String> {
    let sender = sender.unwrap_or_else(|| "Pawl <no-reply@localhost>".to_owned());
    sender.parse().map_err(|_| {
        format!("mail-from: {sender} is no sender, such as Acme <no-reply@example.org>")
    })
}

fn checked_filter(filter: Option<String>) -> Result<String, String> {
    let filter = filter.unwrap_or_else(|| "info".to_owned());
    match EnvFilter::try_new(&filter) {
        Ok(_) => Ok(filter),
        Err(error) => Err(format!("log: {error}")),
    }
}

/// Whoever guesses the token owns the installation. A variable that is set to nothing is not set.
fn checked_token(token: Option<SecretString>) -> Result<Option<SecretString>, String> {
    match token.filter(|token| !token.expose_secret().is_empty()) {
        Some(short) if short.expose_secret().len() < SETUP_TOKEN_CHARACTERS => Err(format!(
            "PAWL_SETUP_TOKEN needs {SETUP_TOKEN_CHARACTERS} characters or more, made at random"
        )),
        token => Ok(token),
    }
}

fn read(file: &Path) -> Result<FromFile, String> {
    let name = file.display();
    let text = fs::read_to_string(file).map_err(|error| format!("cannot read {name}: {error}"))?;
    toml::from_str(&text).map_err(|error| format!("{name}: {}", error.message()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_no_limit_is_refused() {
        let resolve = |change: fn(&mut Flags)| {
            let mut flags = Flags::default();
            change(&mut flags);
            Settings::resolve(flags).map(|settings| settings.limits)
        };
        let standard = resolve(|_| ()).unwrap();
        assert_eq!(standard.sessions.idle, TimeDelta::minutes(60));
        assert_eq!(standard.sessions.lifetime, TimeDelta::hours(12));
        assert_eq!(standard.invitation, TimeDelta::days(7));
        let refused: [fn(&mut Flags); 6] = [
            |flags| flags.session_idle_minutes = Some(4),
            |flags| flags.session_idle_minutes = Some(24 * 60 + 1),
            |flags| flags.session_hours = Some(0),
            |flags| flags.session_hours = Some(25),
            |flags| flags.invitation_days = Some(0),
            |flags| flags.invitation_days = Some(61),
        ];
        for (number, refused) in refused.into_iter().enumerate() {
            assert!(resolve(refused).is_err(), "{number}");
        }
    }

    #[test]
    fn a_file_names_proxies_as_a_list() {
        let text = r#"trusted-proxies = ["127.0.0.1", "10.0.0.0/8"]"#;
        let file: FromFile = toml::from_str(text).unwrap();
        assert_eq!(file.trusted_proxies.unwrap().len(), 2);
        let wrong = toml::from_str::<FromFile>(r#"trusted-proxies = ["proxy"]"#);
        assert!(wrong.unwrap_err().message().contains("proxy is no address"));
    }
}
