//! Checkpoints: what is read is what was written, and nobody else's word is believed.
#![no_main]

use audit_log::{PublicKey, SignedCheckpoint};
use libfuzzer_sys::fuzz_target;

/// A key whose private half nobody here has.
const KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

fuzz_target!(|text: &str| {
    let Ok(signed) = SignedCheckpoint::parse(text) else {
        return;
    };
    assert_eq!(signed.to_string(), text);
    let key: PublicKey = KEY.parse().expect("the key is one");
    assert!(signed.verify(std::slice::from_ref(&key)).is_err());
    let _ = signed.with_cosignatures(text, &[key]);
});
