//! The adapter for KurrentDB over TLS, with certificates made for the occasion.

use crate::{
    adapters::{Wire, try_connect},
    log::{event, ids, new_stream},
};
use eventstore::{Direction, EventStore as _, ExpectedRevision};
use harness::certificates;
use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
};

const SOON: Duration = Duration::from_secs(5);

/// Ends TLS before a server.
async fn before(server: SocketAddr, certificates: &Path) -> SocketAddr {
    let chain = CertificateDer::pem_file_iter(certificates.join("node.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(certificates.join("node.key")).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain.collect::<Result<_, _>>().unwrap(), key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let client = acceptor.accept(client).await;
                let server = TcpStream::connect(server).await;
                if let (Ok(mut client), Ok(mut server)) = (client, server) {
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                }
            });
        }
    });
    address
}

fn over_tls(address: SocketAddr, ca: &Path) -> String {
    let user = Wire::USER;
    format!(
        "kurrentdb://{user}@{address}?tls=true&tlsCaFile={}",
        ca.display()
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_of_the_named_authority_is_believed_and_no_other() {
    let wire = Wire::with_deadline(SOON).await;
    let [certificates, others] = [certificates(), certificates()];
    let address = before(wire.proxy().address(), certificates.path()).await;

    let ca = certificates.path().join("ca.pem");
    let store = try_connect(&over_tls(address, &ca), SOON).await.unwrap();
    let (stream, new) = (new_stream(), vec![event("{}")]);
    let appended = store.append(&stream, ExpectedRevision::NoStream, new.clone());
    appended.await.unwrap();
    let read = store.read_stream(&stream, 0, Direction::Forwards, 10).await;
    assert_eq!(ids(&read.unwrap()), [new[0].id]);

    // Another authority, and a server without TLS: each is said, and the password is not.
    let other = others.path().join("ca.pem");
    for connection in [
        over_tls(address, &other),
        over_tls(wire.proxy().address(), &ca),
    ] {
        let refused = try_connect(&connection, SOON).await.unwrap_err();
        let said = refused.to_string();
        assert!(said.contains("certificate"), "{said}");
        assert!(!said.contains("s3cret"), "{said}");
    }
}
