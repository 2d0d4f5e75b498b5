//! What needs no server.

use super::{EVENT_LIMIT, KurrentDbStore, Options, address::Address, fault::Fault};
use crate::StoreError;
use kurrentdb::Error;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

const SECRET: &str = "pa%2Fss%40word";
const DECODED: &str = "pa/ss@word";

/// What is said of a connection string that cannot be used.
fn refusal(text: &str) -> String {
    match Address::parse(text) {
        Ok(address) => panic!("it was accepted: {address}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn connection_strings_name_one_server_or_several() {
    for (text, servers) in [
        ("kurrentdb://localhost:2113?tls=false", "localhost:2113"),
        ("esdb://db.example/", "db.example:2113"),
        ("KurrentDB://admin:x@10.0.0.1:99/?tls=true", "10.0.0.1:99"),
        (
            "kurrentdb+discover://cluster.example:2113",
            "cluster.example:2113",
        ),
        (
            "kurrentdb://admin:x@one:1,two:2,three:3/?tls=false",
            "one:1,two:2,three:3",
        ),
    ] {
        let address = Address::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(address.to_string(), servers);
    }
}

#[test]
fn what_a_connection_string_says_is_kept() {
    let text = "esdb://h:1?tls=false&nodePreference=follower&discoveryInterval=70&connectionName=x";
    let settings = Address::parse(text).unwrap().settings;
    assert!(!settings.is_secure_mode_enabled());
    assert_eq!(settings.discovery_interval(), Duration::from_millis(70));
    assert_eq!(
        settings.node_preference(),
        kurrentdb::NodePreference::Follower
    );
}

#[test]
fn credentials_are_decoded() {
    let address = Address::parse(&format!("kurrentdb://adm%69n:{SECRET}@h:1")).unwrap();
    let expected = kurrentdb::Credentials::new("admin", DECODED);
    assert!(address.credentials == Some(expected));
}

#[test]
fn an_unusable_connection_string_is_refused_without_its_secrets() {
    for text in [
        "",
        "word",
        "postgres://admin:word@h:1",
        "kurrentdb://",
        "kurrentdb://admin:word@",
        "kurrentdb://admin:word@:2113",
        "kurrentdb://admin:word@one:1,,two:2",
        "kurrentdb://admin:word@h:port",
        "kurrentdb://admin:word@h:1/path",
        "kurrentdb://admin:pa/word@h:1",
        "kurrentdb://admin:12?word@h:1",
        "kurrentdb://admin:12#word@h:1",
        "kurrentdb://admin:word@h:1?tls=word",
        "kurrentdb://admin:word@h:1?tls=true&keepAliveInterval=word",
        "kurrentdb://admin:word@h:1?nodePreference=word",
        "kurrentdb://admin:word@h:1?userCertFile=word",
        "kurrentdb://admin:%ff-word@h:1",
    ] {
        let sentence = refusal(text);
        assert!(
            !sentence.contains("word;") && !sentence.contains("admin"),
            "{sentence}"
        );
        assert!(
            !sentence.replace("PASSWORD", "").contains("-word"),
            "{sentence}"
        );
        assert!(
            !sentence.contains("password") || !sentence.contains("pa/"),
            "{sentence}"
        );
        assert!(
            sentence.contains("kurrentdb://USER:PASSWORD@HOST:PORT"),
            "{sentence}"
        );
    }
    let sentence = refusal("kurrentdb://admin:word@h:1?tls=word");
    assert!(sentence.contains("parameter tls"), "{sentence}");
}

/// Connects where nothing good can come of it, and says what is answered.
async fn failure(text: &str, deadline: Duration) -> String {
    let options = Options {
        deadline,
        ..Options::default()
    };
    let begun = Instant::now();
    let outcome = KurrentDbStore::connect(text, options).await;
    let took = begun.elapsed();
    let sentence = match outcome {
        Ok(store) => panic!("{store:?}"),
        Err(error) => error.to_string(),
    };
    assert!(
        took < deadline + Duration::from_millis(500),
        "{took:?}: {sentence}"
    );
    for secret in [SECRET, DECODED, "admin"] {
        assert!(!sentence.contains(secret), "{sentence}");
    }
    sentence
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_there_is_named_within_the_deadline() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    for tls in [true, false] {
        let text = format!("kurrentdb://admin:{SECRET}@{address}?tls={tls}");
        let sentence = failure(&text, Duration::from_secs(2)).await;
        assert!(sentence.contains(&address.to_string()), "{sentence}");
        assert!(sentence.contains("cannot be reached"), "{sentence}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_another_is_named_within_the_deadline() {
    // One hangs up on everybody, one never says anything.
    for hangs_up in [true, false] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let mut kept = Vec::new();
            loop {
                let connection = listener.accept().await.unwrap();
                if !hangs_up {
                    kept.push(connection);
                }
            }
        });
        for (tls, word) in [(true, "certificate"), (false, "KurrentDB")] {
            let text = format!("kurrentdb://admin:{SECRET}@{address}?tls={tls}");
            let sentence = failure(&text, Duration::from_secs(3)).await;
            assert!(sentence.contains(&address.to_string()), "{sentence}");
            assert!(sentence.contains(word), "{sentence}");
        }
        server.abort();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_that_cannot_be_read_are_said() {
    let directory = tempfile::TempDir::new().unwrap();
    let file = directory.path().join("ca.pem");
    std::fs::write(
        &file,
        "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    for file in [file, directory.path().join("absent.pem")] {
        let text = format!("kurrentdb://h:1?tlsCaFile={}", file.display());
        let sentence = failure(&text, Duration::from_secs(2)).await;
        assert!(sentence.contains("certificates"), "{sentence}");
    }
}

#[test]
fn failures_pass_or_last() {
    for passes in [
        Error::ServerError("status: Unavailable".into()),
        Error::ConnectionClosed,
        Error::DeadlineExceeded,
    ] {
        let fault = Fault::from(passes);
        assert!(matches!(fault, Fault::Passing(_)), "{fault:?}");
    }
    for lasts in [
        Error::AccessDenied,
        Error::UnsupportedFeature,
        Error::InternalParsingError("?".into()),
    ] {
        let fault = Fault::from(lasts);
        assert!(matches!(fault, Fault::Lasting(_)), "{fault:?}");
    }
    let invalid =
        r#"status: Unknown, message: "Unexpected FilteredReadAllResult: InvalidPosition""#;
    let fault = Fault::from(Error::ServerError(invalid.into()));
    assert!(matches!(fault, Fault::NoSuchPosition), "{fault:?}");
    let denied = StoreError::from(Fault::from(Error::AccessDenied)).to_string();
    assert!(denied.contains("user and password"), "{denied}");
}

#[test]
fn a_status_is_shown_by_its_message() {
    let status = r#"status: Unknown, message: "client error (Connect)", details: [], metadata: MetadataMap { headers: {} }"#;
    let fault = Fault::from(Error::ServerError(status.into()));
    let StoreError::Unavailable(reason) = fault.into() else {
        panic!("it passes");
    };
    assert_eq!(reason, "client error (Connect)");
}

#[test]
fn pawl_reads_its_own_streams_only() {
    use eventstore_schema::{OrganizationId, SessionId, StreamName, UserId};
    let id = uuid::Uuid::nil();
    let prefixes = Options::default().prefixes;
    for stream in [
        StreamName::installation(),
        StreamName::organization(OrganizationId(id)),
        StreamName::user(UserId(id)),
        StreamName::session(SessionId(id)),
        StreamName::named("address-x"),
    ] {
        let begins = |prefix: &String| stream.as_str().starts_with(prefix);
        assert!(prefixes.iter().any(begins), "{stream}");
    }
    assert_eq!(EVENT_LIMIT, crate::embedded::EVENT_LIMIT);
}
