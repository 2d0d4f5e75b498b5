//! The mail server: where it is, how its certificate is checked, and what its answers mean. It is never
//! spoken to in clear unless the operator says so, and its answers, which may hold addresses, are never
//! logged.

use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor,
    address::Envelope,
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, CertificateStore, Tls, TlsParameters},
        extension::ClientId,
    },
};
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret as _, SecretString};
use std::{fs, net::IpAddr, path::PathBuf, time::Duration};
use tokio::time::timeout;
use url::Url;

/// How to reach a mail server.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// `smtps://` or `smtp://`, perhaps with user and password.
    pub url: SecretString,
    /// The authority whose certificates are believed, in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// How long a message may take.
    pub timeout: Duration,
}

/// A mail server.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    timeout: Duration,
}

/// What became of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sending {
    /// The server took it.
    Taken,
    /// The server will never take it.
    Refused(String),
    /// The server may take it later.
    Later(String),
    /// The server takes nothing from anybody.
    Away(String),
}

impl Smtp {
    /// A server as the settings say, called by the name of this one. Nothing is sent yet.
    pub fn new(settings: &SmtpSettings, own_name: Option<&str>) -> Result<Self, String> {
        let url = Url::parse(settings.url.expose_secret()).map_err(
            |_| "smtp-url is no address, such as smtps://user:password@mail.example.org",
        )?;
        let host = url.host().ok_or("smtp-url names no mail server")?;
        let name = host.to_string();
        let name = name.trim_matches(['[', ']']).to_owned();
        let own = match name.parse::<IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => name == "localhost",
        };
        let (port, tls) = match security(&url)? {
            Security::Wrapped => (465, Tls::Wrapper(trust(settings, &name)?)),
            Security::Upgraded => (587, Tls::Required(trust(settings, &name)?)),
            Security::None if url.password().is_some() && !own => {
                return Err("smtp-url would show the password to the network: \
                            use smtps://, or smtp:// without tls=none"
                    .to_owned());
            }
            Security::None => (25, Tls::None),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(name)
            .port(url.port().unwrap_or(port))
            .tls(tls)
            .timeout(Some(settings.timeout));
        if let Some(own_name) = own_name {
            builder = builder.hello_name(ClientId::Domain(own_name.to_owned()));
        }
        if let Some(password) = url.password() {
            builder =
                builder.credentials(Credentials::new(plain(url.username())?, plain(password)?));
        }
        Ok(Self {
            transport: builder.build(),
            timeout: settings.timeout,
        })
    }

    /// Offers a message to the server. Where something goes wrong that need not be the message's fault,
    /// the server is asked whether it takes any.
    pub(super) async fn send(&self, from: &Address, to: Address, message: &[u8]) -> Sending {
        let envelope = match Envelope::new(Some(from.clone()), vec![to]) {
            Ok(envelope) => envelope,
            Err(error) => return Sending::Refused(error.to_string()),
        };
        let sent = timeout(self.timeout, self.transport.send_raw(&envelope, message)).await;
        let (reason, refused) = match sent {
            Ok(Ok(_)) => return Sending::Taken,
            Ok(Err(error)) if error.is_transient() => return Sending::Later(describe(&error)),
            Ok(Err(error)) => (describe(&error), error.is_permanent() || error.is_client()),
            Err(_) => ("no answer in time".to_owned(), false),
        };
        match self.probe().await {
            Err(away) => Sending::Away(away),
            Ok(()) if refused => Sending::Refused(reason),
            Ok(()) => Sending::Later(reason),
        }
    }

    /// Whether the server lets Pawl in.
    pub(super) async fn probe(&self) -> Result<(), String> {
        match timeout(self.timeout, self.transport.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err("the mail server does not answer".to_owned()),
            Ok(Err(error)) => Err(describe(&error)),
            Err(_) => Err("no answer in time".to_owned()),
        }
    }
}

enum Security {
    /// TLS from the first byte.
    Wrapped,
    /// STARTTLS, or nothing is sent.
    Upgraded,
    None,
}

fn security(url: &Url) -> Result<Security, String> {
    let mut wanted = None;
    for (key, value) in url.query_pairs() {
        if key != "tls" {
            return Err(format!("smtp-url: {key} is not known; there is tls only"));
        }
        wanted = Some(value);
    }
    match (url.scheme(), wanted.as_deref()) {
        ("smtps", None | Some("required")) => Ok(Security::Wrapped),
        ("smtp", None | Some("required")) => Ok(Security::Upgraded),
        ("smtp", Some("none")) => Ok(Security::None),
        ("smtp" | "smtps", Some(_)) => {
            Err("smtp-url: tls is \"required\", or \"none\" with smtp://".to_owned())
        }
        _ => Err("smtp-url begins with smtps:// or smtp://".to_owned()),
    }
}

fn trust(settings: &SmtpSettings, host: &str) -> Result<TlsParameters, String> {
    let mut trust = TlsParameters::builder(host.to_owned());
    if let Some(file) = &settings.ca_file {
        let name = file.display();
        let pem = fs::read(file).map_err(|error| format!("cannot read {name}: {error}"))?;
        let authority = Certificate::from_pem(&pem)
            .map_err(|_| format!("smtp-ca-file: {name} holds no certificate"))?;
        trust = trust
            .certificate_store(CertificateStore::None)
            .add_root_certificate(authority);
    }
    trust
        .build()
        .map_err(|error| format!("smtp-ca-file: {error}"))
}

fn plain(encoded: &str) -> Result<String, String> {
    match percent_decode_str(encoded).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err("smtp-url: user or password is not UTF-8".to_owned()),
    }
}

/// What went wrong, without the words of the server.
fn describe(error: &lettre::transport::smtp::Error) -> String {
    if let Some(code) = error.status() {
        format!("the mail server answered {code}")
    } else if error.is_response() {
        "the mail server's answer makes no sense".to_owned()
    } else {
        error.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(url: &str) -> Result<(), String> {
        let settings = SmtpSettings {
            url: url.into(),
            ca_file: None,
            timeout: Duration::from_secs(1),
        };
        Smtp::new(&settings, None).map(|_| ())
    }

    #[tokio::test]
    async fn an_address_says_how_safe_the_way_is() {
        for good in [
            "smtps://user:p%40ss@mail.example.org",
            "smtps://[::1]:465",
            "smtp://user:pass@mail.example.org:587?tls=required",
            "smtp://mail.example.org",
            "smtp://mail.example.org?tls=none",
            "smtp://user:pass@127.0.0.1:25?tls=none",
        ] {
            assert_eq!(open(good), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("mail.example.org", "smtp-url is no address"),
            ("https://mail.example.org", "begins with smtps://"),
            (
                "smtp://user:s3cret@mail.example.org?tls=none",
                "show the password",
            ),
            (
                "smtp://user:s3cret@mail.example.org?tls=opportunistic",
                "tls is",
            ),
            ("smtps://user:s3cret@mail.example.org?tls=none", "tls is"),
            (
                "smtps://user:s3cret@mail.example.org?pool=4",
                "pool is not known",
            ),
            ("smtps://user:%ff@mail.example.org", "not UTF-8"),
        ] {
            let said = open(bad).unwrap_err();
            assert!(said.contains(why), "{bad}: {said}");
            assert!(!said.contains("s3cret"), "{said}");
        }
    }
}
