//! A proof of one record, and what may be done to it; and what witnesses say of its checkpoint.

use crate::{
    history::{History, text},
    verdict::{go, python},
};
use audit_log::{
    Cosignature, InclusionProof, PublicKey, SignedCheckpoint, SigningKey, inclusion_proof,
};
use data_encoding::HEXLOWER;
use pawl::audit_log::TileFiles;
use serde_json::Value;
use std::fs;
use zeroize::Zeroizing;

/// A proof that somebody works on.
struct Proof {
    lines: Vec<String>,
    record: Value,
}

/// The line of the first hash.
const HASH: usize = 2;

/// What is done, and a part of the reason why it is rejected.
type Tampering = (&'static str, fn(&mut Proof), &'static str);

const TAMPERINGS: &[Tampering] = &[
    (
        "another record",
        |proof| proof.record["type"] = "Renamed".into(),
        "is not at index",
    ),
    (
        "another index",
        |proof| proof.lines[1] = "index 3".into(),
        "is not at index 3",
    ),
    (
        "an index of no leaf",
        |proof| proof.lines[1] = "index 99999".into(),
        "is not at index",
    ),
    (
        "a spelling of the index",
        |proof| proof.lines[1].insert(6, '0'),
        "is malformed",
    ),
    (
        "two hashes swapped",
        |proof| proof.lines.swap(HASH, HASH + 1),
        "is not at index",
    ),
    (
        "a hash dropped",
        |proof| drop(proof.lines.remove(HASH)),
        "is not at index",
    ),
    (
        "a hash twice",
        |proof| proof.lines.insert(HASH, proof.lines[HASH].clone()),
        "is not at index",
    ),
    (
        "half a hash",
        |proof| proof.lines[HASH].truncate(24),
        "is malformed",
    ),
    (
        "another spelling of a hash",
        |proof| {
            // The last two bits before the padding belong to no byte.
            let last = proof.lines[HASH]
                .pop()
                .and_then(|_| proof.lines[HASH].pop());
            let other = char::from(u8::try_from(last.unwrap()).unwrap() + 1);
            proof.lines[HASH].extend([other, '=']);
        },
        "is malformed",
    ),
    (
        "another form",
        |proof| proof.lines[0].push('0'),
        "is malformed",
    ),
    (
        "another size",
        |proof| {
            let empty = proof.lines.iter().position(String::is_empty).unwrap();
            proof.lines[empty + 2] = "70000".into();
        },
        "forged",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_is_accepted_as_it_is_and_rejected_with_whatever_was_done_to_it() {
    let history = History::happens().await;
    let export = fs::read_to_string(&history.export).unwrap();
    let mut records = export
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let record: Value = records
        .find(|line: &Value| line["type"] == "TwoFactorEnforced")
        .unwrap();
    let index = record["index"].as_u64().unwrap();
    let files = TileFiles::new(history.folder());
    let signed = files.checkpoint().unwrap().unwrap();
    let made = inclusion_proof(index, signed.unverified(), &files).unwrap();

    let key = HEXLOWER.encode(history.tag_key().expose());
    let (proof_file, record_file) = (history.file("one.tlog-proof"), history.file("record.json"));
    let files = [text(&proof_file), text(&record_file)];
    let verify = async |proof: &Proof, more: &[&str]| {
        fs::write(&files[0], proof.lines.join("\n") + "\n").unwrap();
        fs::write(&files[1], proof.record.to_string()).unwrap();
        let record = ["--record", &files[1], "--tag-key", &key];
        python(
            &[
                &["proof", &files[0], "--key", &history.key],
                &record[..],
                more,
            ]
            .concat(),
        )
        .await
    };
    let proof = |made: &InclusionProof, signed: &SignedCheckpoint| Proof {
        lines: made.to_text(signed).lines().map(str::to_owned).collect(),
        record: record.clone(),
    };
    verify(&proof(&made, &signed), &[])
        .await
        .accepts("the proof");
    let leaf = leaf_at(&history, index);
    go(&["proof", &files[0], &history.key, &HEXLOWER.encode(&leaf)])
        .await
        .accepts("the proof");
    let other = HEXLOWER.encode(&leaf_at(&history, index + 1));
    go(&["proof", &files[0], &history.key, &other])
        .await
        .rejects("another leaf", "");

    let mut missed = Vec::new();
    for (what, tamper, why) in TAMPERINGS {
        let mut tampered = proof(&made, &signed);
        tamper(&mut tampered);
        missed.extend(verify(&tampered, &[]).await.unless_rejected(what, why));
        // Go's own parser takes a hash in any spelling.
        let go_knows = tampered.record == record && !what.contains("spelling of a hash");
        if go_knows {
            let verdict = go(&["proof", &files[0], &history.key, &HEXLOWER.encode(&leaf)]).await;
            missed.extend(verdict.unless_rejected(what, ""));
        }
    }
    assert_eq!(missed, Vec::<String>::new());

    let witness = |seed| SigningKey::from_seed("witness.example/w", &Zeroizing::new([seed; 32]));
    let public = Cosignature::at(witness(1), 0).public().to_string();
    let cosigned = |seed| cosign(&signed, &Cosignature::at(witness(seed), 1_800_000_000));
    let asked = ["--witness", public.as_str()];
    verify(&proof(&made, &cosigned(1)), &asked)
        .await
        .accepts("the proof, cosigned");
    let verdict = verify(&proof(&made, &signed), &asked).await;
    verdict.rejects("no cosignature", "is not cosigned by witness.example/w");
    let verdict = verify(&proof(&made, &cosigned(2)), &asked).await;
    verdict.rejects("another witness of that name", "is not cosigned by");
    let mut forged = proof(&made, &cosigned(1));
    let last = forged.lines.len() - 1;
    let name_and_id = forged.lines[last].len() - 60;
    let changed = if forged.lines[last].as_bytes()[name_and_id] == b'A' {
        "B"
    } else {
        "A"
    };
    forged.lines[last].replace_range(name_and_id..=name_and_id, changed);
    verify(&forged, &asked)
        .await
        .rejects("a forged cosignature", "a forged signature of witness");
}

/// A leaf as the bundles have it.
fn leaf_at(history: &History, index: u64) -> Vec<u8> {
    let bundle = fs::read(history.folder().join("tile/entries/000")).unwrap();
    let start = usize::try_from(index).unwrap() * 66 + 2;
    bundle[start..start + 64].to_vec()
}

fn cosign(signed: &SignedCheckpoint, cosignature: &Cosignature) -> SignedCheckpoint {
    let by_the_witness = SignedCheckpoint::sign(signed.unverified().clone(), &[cosignature]);
    let text = by_the_witness.unwrap().to_string();
    let (_, lines) = text.split_once("\n\n").unwrap();
    let witness: PublicKey = cosignature.public();
    signed.with_cosignatures(lines, &[witness]).unwrap()
}
