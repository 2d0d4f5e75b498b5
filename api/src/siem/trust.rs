//! Whose certificates are believed. There is no way to believe everybody's.

use super::SiemSettings;
use std::sync::Arc;
use tokio_rustls::rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject as _},
};

/// TLS as the settings want it: the system's authorities, or the one in the file and no other.
pub(super) fn of(settings: &SiemSettings) -> Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS: {error}"))?
        .with_root_certificates(authorities(settings)?)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn authorities(settings: &SiemSettings) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    let Some(file) = &settings.ca_file else {
        let system = rustls_native_certs::load_native_certs();
        store.add_parsable_certificates(system.certs);
        return if store.is_empty() {
            Err("the system has no authorities: set siem-ca-file".to_owned())
        } else {
            Ok(store)
        };
    };
    let name = file.display();
    let wrong = |why: String| format!("siem-ca-file: {name}: {why}");
    let certificates =
        CertificateDer::pem_file_iter(file).map_err(|error| wrong(error.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        store
            .add(certificate)
            .map_err(|error| wrong(error.to_string()))?;
    }
    if store.is_empty() {
        Err(wrong("it holds no certificate".to_owned()))
    } else {
        Ok(store)
    }
}
