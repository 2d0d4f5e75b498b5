//! The connection string. What is secret in it stays here: no error and no log shows more than the
//! names of the servers.

use crate::StoreError;
use kurrentdb::{ClientSettings, Credentials};
use percent_encoding::percent_decode_str;
use std::{fmt, time::Duration};
use tokio::{net::TcpStream, time::timeout};

const SCHEMES: [&str; 4] = ["kurrentdb", "kurrentdb+discover", "esdb", "esdb+discover"];

/// What the crate does unless the connection string says otherwise. It waits for the interval even
/// before it connects for the first time, and Pawl has a backoff of its own.
const DEFAULTS: [(&str, &str); 3] = [
    ("connectionName", "pawl"),
    ("discoveryInterval", "20"),
    ("nodePreference", "leader"),
];

/// How long to look for the reason of a failure.
const DIAGNOSIS: Duration = Duration::from_secs(1);

/// Where the servers are, and as whom to speak to them.
pub(super) struct Address {
    pub(super) settings: ClientSettings,
    /// Decoded, as the crate does not. Each call carries it.
    pub(super) credentials: Option<Credentials>,
}

impl Address {
    pub(super) fn parse(text: &str) -> Result<Self, StoreError> {
        let (scheme, rest) = text.trim().split_once("://").ok_or_else(unknown_scheme)?;
        let scheme = scheme.to_ascii_lowercase();
        if !SCHEMES.contains(&scheme.as_str()) {
            return Err(unknown_scheme());
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        // Whatever follows is a piece of the password that the crate would read as something else,
        // and log.
        if tail.contains('@') {
            return Err(unreadable(
                "special characters in user and password have to be percent-encoded, as %2F for / \
                 and %40 for @",
            ));
        }
        let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
        if !matches!(path, "" | "/") || query.contains('#') {
            return Err(unreadable("nothing but ?parameters may follow the servers"));
        }
        let (user, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        if hosts
            .split(',')
            .any(|host| host.is_empty() || host.starts_with(':'))
        {
            return Err(unreadable(
                "it has to name the server, or several, with commas",
            ));
        }
        let several = hosts.contains(',') || scheme.ends_with("+discover");
        let mut bare = format!("{scheme}://");
        // Only the conversation about which node leads takes the credentials from the settings.
        if several && !user.is_empty() {
            bare.push_str(user);
            bare.push('@');
        }
        bare.push_str(hosts);
        bare.push('?');
        bare.push_str(query);
        let given = query.to_ascii_lowercase();
        for (name, value) in DEFAULTS {
            if !given.contains(&format!("{}=", name.to_ascii_lowercase())) {
                bare.extend(["&", name, "=", value]);
            }
        }
        let settings = bare
            .parse()
            .map_err(|error: kurrentdb::ClientSettingsParseError| refused(error.message()))?;
        let credentials = credentials(user)?;
        Ok(Self {
            settings,
            credentials,
        })
    }

    /// Why the servers cannot be spoken to, as far as one can find out from outside.
    pub(super) async fn diagnose(&self, reason: &str) -> String {
        let Some(host) = self.settings.hosts().first() else {
            return reason.to_owned();
        };
        let server = format!("{}:{}", host.host, host.port);
        let check = "check the address in the connection string, and whether the server runs";
        match timeout(DIAGNOSIS, TcpStream::connect(&server)).await {
            Err(_) => format!("{server} does not answer; {check}"),
            Ok(Err(error)) => format!("{server} cannot be reached ({error}); {check}"),
            Ok(Ok(_)) if self.settings.is_secure_mode_enabled() => format!(
                "{server} is there, but no conversation over TLS comes about ({reason}); check \
                 whether its certificate is for this name and signed by an authority that this \
                 machine or tlsCaFile knows, and whether it speaks TLS at all (else tls=false)"
            ),
            Ok(Ok(_)) => format!(
                "{server} is there, but does not answer as KurrentDB does ({reason}); check whether \
                 it is KurrentDB, and whether it expects TLS (then without tls=false)"
            ),
        }
    }
}

/// The servers, and nothing else.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, host) in self.settings.hosts().iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            write!(f, "{comma}{}:{}", host.host, host.port)?;
        }
        Ok(())
    }
}

fn credentials(user: &str) -> Result<Option<Credentials>, StoreError> {
    if user.is_empty() {
        return Ok(None);
    }
    let (login, password) = user.split_once(':').unwrap_or((user, ""));
    let decode = |part| {
        let decoded = percent_decode_str(part).decode_utf8();
        decoded.map_err(|_| unreadable("user and password have to be UTF-8, percent-encoded"))
    };
    let (login, password) = (decode(login)?.into_owned(), decode(password)?.into_owned());
    Ok(Some(Credentials::new(login, password)))
}

fn unreadable(why: &str) -> StoreError {
    StoreError::Unavailable(format!(
        "the connection string cannot be read: {why}; it looks like \
         kurrentdb://USER:PASSWORD@HOST:PORT?tls=true"
    ))
}

fn unknown_scheme() -> StoreError {
    unreadable("it has to begin with kurrentdb://, kurrentdb+discover:// or esdb://")
}

/// The crate's own sentence repeats what was typed. Of it only the name of a parameter is shown.
fn refused(message: &str) -> StoreError {
    let parameter = message
        .strip_prefix("Invalid format for param '")
        .and_then(|rest| rest.split('\'').next());
    match parameter {
        Some(name) => unreadable(&format!(
            "the parameter {name} has a value that it cannot have"
        )),
        None if message.contains("userCertFile") => {
            unreadable("userCertFile and userKeyFile go together")
        }
        None => unreadable("a server's name or port, or the value of a parameter, is wrong"),
    }
}
