//! Certificates for servers of the tests, by `openssl`.

use std::{path::Path, process::Command};
use tempfile::TempDir;

fn openssl(folder: &Path, arguments: &str) {
    let made = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()
        .expect("the tests need the Debian package openssl: install it");
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "{said}");
}

/// An authority (`ca.pem`) and a certificate of it for this machine (`node.pem`, `node.key`).
#[must_use]
pub fn certificates() -> TempDir {
    let folder = TempDir::new().unwrap();
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    openssl(
        folder.path(),
        &format!("req -x509 {key} -subj /CN=authority -keyout ca.key -out ca.pem"),
    );
    openssl(
        folder.path(),
        &format!(
            "req -x509 {key} -subj /CN=node -addext subjectAltName=IP:127.0.0.1 \
             -addext basicConstraints=critical,CA:false -CA ca.pem -CAkey ca.key \
             -keyout node.key -out node.pem"
        ),
    );
    folder
}
