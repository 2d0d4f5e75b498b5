//! Boxes: values encrypted under a key and bound to the place where they belong.

use super::{KeyringError, Opened};
use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use data_encoding::BASE64URL_NOPAD;
use eventstore_schema::{KeyName, Sealed};
use zeroize::Zeroizing;

const NONCE: usize = 24;

pub(super) fn open_with(cipher: &XChaCha20Poly1305, field: &str, sealed: &Sealed) -> Opened {
    let tampered = || KeyringError::Tampered {
        name: sealed.key.to_string(),
    };
    let bytes = BASE64URL_NOPAD
        .decode(sealed.ciphertext.as_bytes())
        .map_err(|_| tampered())?;
    decrypt(cipher, &bound(&sealed.key, field), &bytes).ok_or_else(tampered)
}

pub(super) fn bound(key: &KeyName, field: &str) -> String {
    format!("{key}\n{field}")
}

pub(super) fn encrypt(
    cipher: &XChaCha20Poly1305,
    bound: &str,
    plaintext: &[u8],
) -> Result<Vec<u8>, KeyringError> {
    let nonce = random::<NONCE>()?;
    let payload = Payload {
        msg: plaintext,
        aad: bound.as_bytes(),
    };
    let ciphertext = cipher
        .encrypt(&XNonce::from(*nonce), payload)
        .map_err(|error| KeyringError::Unavailable(error.to_string()))?;
    Ok([nonce.as_slice(), &ciphertext].concat())
}

pub(super) fn decrypt(
    cipher: &XChaCha20Poly1305,
    bound: &str,
    bytes: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, ciphertext) = bytes.split_first_chunk::<NONCE>()?;
    let payload = Payload {
        msg: ciphertext,
        aad: bound.as_bytes(),
    };
    cipher
        .decrypt(&XNonce::from(*nonce), payload)
        .ok()
        .map(Zeroizing::new)
}

pub(super) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, KeyringError> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut_slice())
        .map_err(|error| KeyringError::Unavailable(format!("no randomness: {error}")))?;
    Ok(bytes)
}
