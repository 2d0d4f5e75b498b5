//! What the address of a SIEM says: how to speak to it, and how safe the way is.

use std::net::IpAddr;
use url::Url;

/// The port of syslog over TLS (RFC 5425 section 4.1).
const SYSLOG_TLS: u16 = 6514;
/// The port of syslog in clear (RFC 6587).
const SYSLOG_TCP: u16 = 601;

/// How to speak to it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Way {
    Syslog(Receiver),
    Http,
}

/// A receiver of syslog.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Receiver {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: bool,
}

impl Way {
    /// Reads it. What it holds is not repeated in errors: it might be a secret.
    pub(super) fn of(url: &Url) -> Result<Self, String> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(
                "siem-url holds a user or password: put a token into siem-token-file".into(),
            );
        }
        let host = url.host_str().filter(|host| !host.is_empty());
        let host =
            host.ok_or("siem-url names no host, as in syslog+tls://siem.example.org:6514")?;
        let host = host.trim_matches(['[', ']']);
        let way = match url.scheme() {
            "https" | "http" => Self::Http,
            scheme @ ("syslog+tls" | "syslog+tcp") => {
                if !matches!(url.path(), "" | "/") || url.query().is_some() {
                    return Err("siem-url: syslog has host and port, and nothing behind".into());
                }
                let tls = scheme == "syslog+tls";
                let standard = if tls { SYSLOG_TLS } else { SYSLOG_TCP };
                Self::Syslog(Receiver {
                    host: host.to_owned(),
                    port: url.port().unwrap_or(standard),
                    tls,
                })
            }
            _ => return Err("siem-url begins with syslog+tls:// or https://".into()),
        };
        if matches!(url.scheme(), "http" | "syslog+tcp") && !is_this_machine(host) {
            return Err(
                "siem-url would show the events to the network: use syslog+tls:// or \
                        https://; in clear Pawl speaks to this machine only"
                    .into(),
            );
        }
        Ok(way)
    }
}

fn is_this_machine(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(url: &str) -> Result<Way, String> {
        Way::of(&url.parse().unwrap())
    }

    #[test]
    fn an_address_says_how_safe_the_way_is() {
        let syslog = |host: &str, port, tls| {
            Ok(Way::Syslog(Receiver {
                host: host.to_owned(),
                port,
                tls,
            }))
        };
        assert_eq!(
            way("syslog+tls://siem.example.org"),
            syslog("siem.example.org", 6514, true)
        );
        assert_eq!(
            way("syslog+tls://[2001:db8::1]:99"),
            syslog("2001:db8::1", 99, true)
        );
        assert_eq!(
            way("syslog+tcp://127.0.0.1"),
            syslog("127.0.0.1", 601, false)
        );
        for http in [
            "https://siem.example.org/in?channel=1",
            "http://localhost:8088",
            "http://[::1]/",
        ] {
            assert_eq!(way(http), Ok(Way::Http), "{http}");
        }
        for (bad, why) in [
            ("syslog+tcp://siem.example.org", "to the network"),
            ("http://siem.example.org", "to the network"),
            ("https://user:s3cret@siem.example.org", "siem-token-file"),
            ("https://s3cret@siem.example.org", "siem-token-file"),
            ("syslog+tls://siem.example.org/path", "nothing behind"),
            ("syslog+tls:///", "names no host"),
            ("syslog://siem.example.org", "begins with"),
        ] {
            let said = way(bad).unwrap_err();
            assert!(said.contains(why), "{bad}: {said}");
            assert!(!said.contains("s3cret"), "{said}");
        }
    }
}
