//! Where a request comes from. Behind a proxy that is what the proxy says; what anybody else says
//! of it is not believed.

use axum::http::HeaderMap;
use ipnet::IpNet;
use serde::Deserialize;
use std::{
    fmt,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

/// The one header that is read. A second one would be a way around a proxy that sets the first and
/// passes the second on as the client sent it.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// A proxy, or a network of them, whose word on its clients' addresses counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct TrustedProxy(IpNet);

impl FromStr for TrustedProxy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let network = text.parse().or_else(|_| text.parse().map(IpAddr::into));
        network
            .map(Self)
            .map_err(|_| format!("{text} is no address or network, such as 10.0.0.0/8"))
    }
}

impl TryFrom<String> for TrustedProxy {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for TrustedProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn trusts(proxies: &[TrustedProxy], address: IpAddr) -> bool {
    proxies.iter().any(|proxy| proxy.0.contains(&address))
}

/// The client of a request that came from `peer`: the last address in the header that no trusted
/// proxy has. Each proxy adds the address that it sees at the end, so all before that is hearsay.
pub fn client_of(peer: IpAddr, headers: &HeaderMap, proxies: &[TrustedProxy]) -> IpAddr {
    let lines = headers.get_all(FORWARDED_FOR).into_iter();
    // Each name for itself: what a client has put before it may be anything.
    let named = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    let named = named.map(|name| std::str::from_utf8(name).unwrap_or_default());
    let named: Vec<_> = named.collect();
    let mut client = peer.to_canonical();
    for name in named.into_iter().rev() {
        match address(name) {
            Some(next) if trusts(proxies, client) => client = next,
            _ => break,
        }
    }
    client
}

/// Whether the request was passed on by somebody who is not among the trusted proxies.
pub fn passed_on_by_a_stranger(
    peer: IpAddr,
    headers: &HeaderMap,
    proxies: &[TrustedProxy],
) -> bool {
    headers.contains_key(FORWARDED_FOR) && !trusts(proxies, peer.to_canonical())
}

/// Some proxies add the port, or put brackets around.
fn address(name: &str) -> Option<IpAddr> {
    let name = name.trim();
    let inner = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    let bare = inner.unwrap_or(name).parse::<IpAddr>().ok();
    let address = bare.or_else(|| Some(name.parse::<SocketAddr>().ok()?.ip()))?;
    Some(address.to_canonical())
}

/// What one subscriber has: an IPv4 address, or a network of 64 bits, in which a single machine
/// chooses its addresses freely (RFC 7707).
pub fn subscriber(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(long) => {
            let network = long.to_bits() & !u128::from(u64::MAX);
            Ipv6Addr::from_bits(network).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    /// Or one odd byte would make whoever sends it the proxy.
    #[test]
    fn what_a_client_puts_before_it_may_be_no_text_at_all() {
        let proxies = ["127.0.0.1".parse().unwrap()];
        let mut headers = HeaderMap::new();
        let line = HeaderValue::from_bytes(b"\xff, 198.51.100.1").unwrap();
        headers.insert(FORWARDED_FOR, line);
        let found = client_of("127.0.0.1".parse().unwrap(), &headers, &proxies);
        assert_eq!(found, "198.51.100.1".parse::<IpAddr>().unwrap());
    }

    #[test]
    fn only_what_a_trusted_proxy_adds_is_believed() {
        let proxies: Vec<TrustedProxy> = ["10.0.0.0/8", "127.0.0.1", "2001:db8::1"]
            .map(|text| text.parse().unwrap())
            .into();
        for (peer, lines, client) in [
            // Nobody between.
            ("192.0.2.7", &[] as &[&str], "192.0.2.7"),
            // Whoever is no proxy says nothing about others.
            ("192.0.2.7", &["198.51.100.1"], "192.0.2.7"),
            ("127.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("::ffff:127.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("2001:db8::1", &["2001:db8:1::7"], "2001:db8:1::7"),
            // Two proxies, and a client that makes something up.
            (
                "127.0.0.1",
                &["203.0.113.9, 198.51.100.1, 10.1.2.3"],
                "198.51.100.1",
            ),
            (
                "127.0.0.1",
                &["203.0.113.9", "198.51.100.1 , 10.1.2.3"],
                "198.51.100.1",
            ),
            ("127.0.0.1", &["203.0.113.9, rubbish"], "127.0.0.1"),
            ("127.0.0.1", &["rubbish, 10.1.2.3"], "10.1.2.3"),
            ("127.0.0.1", &["198.51.100.1:4711"], "198.51.100.1"),
            ("127.0.0.1", &["[2001:db8:1::7]:4711"], "2001:db8:1::7"),
            ("127.0.0.1", &["[2001:db8:1::7]"], "2001:db8:1::7"),
        ] {
            let lines = lines.iter().map(|line| {
                let name = axum::http::HeaderName::from_static(FORWARDED_FOR);
                (name, HeaderValue::from_static(line))
            });
            let headers: HeaderMap = lines.collect();
            let found = client_of(peer.parse().unwrap(), &headers, &proxies);
            assert_eq!(
                found,
                client.parse::<IpAddr>().unwrap(),
                "{peer} {headers:?}"
            );
        }
    }

    #[test]
    fn a_network_of_64_bits_is_one_subscriber() {
        let of = |text: &str| subscriber(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::7"), of("2001:db8:1:2:ffff::1"));
        assert_ne!(of("2001:db8:1:2::7"), of("2001:db8:1:3::7"));
        assert_ne!(of("192.0.2.7"), of("192.0.2.8"));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        assert!("10.0.0.0/33".parse::<TrustedProxy>().is_err());
        assert!("proxy.example.org".parse::<TrustedProxy>().is_err());
    }
}
