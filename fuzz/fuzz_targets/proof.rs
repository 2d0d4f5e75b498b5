//! Proofs: whatever is read and computed with them, nothing stops the program.
#![no_main]

use audit_log::{Hash, InclusionProof, verify_consistency};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok((proof, signed)) = InclusionProof::parse(text) else {
        return;
    };
    let checkpoint = signed.unverified();
    let _ = proof.verify(Hash([0; 32]), checkpoint);
    let _ = verify_consistency(&proof.hashes, checkpoint, checkpoint);
    let earlier = audit_log::Checkpoint {
        size: proof.index,
        ..checkpoint.clone()
    };
    let _ = verify_consistency(&proof.hashes, &earlier, checkpoint);
});
