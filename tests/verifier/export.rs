//! An export, and what may be done to it: by somebody who edits the file, and by an operator with all
//! keys, who has everything signed again.

use crate::{forgery::Export, history::History, verdict::python};
use audit_log::export::opened_digest;
use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Value, json};
use std::fs;

fn flip(value: &mut Value) {
    let text = value.as_str().unwrap();
    let (start, end) = text.split_at(text.len() / 2);
    let flipped = if end.starts_with('0') { "1" } else { "0" };
    *value = format!("{start}{flipped}{}", &end[1..]).into();
}

/// What is done, and a part of the reason why it is rejected.
type Tampering = (&'static str, fn(&mut Export<'_>), &'static str);

const ENFORCED: &str = "TwoFactorEnforced";

/// What somebody does who has the file, and not the log's private key.
const EDITED: &[Tampering] = &[
    (
        "a byte of the data",
        |e| flip(&mut e.record("UserInvited")["data"]),
        "is not",
    ),
    (
        "a byte of the metadata",
        |e| flip(&mut e.record(ENFORCED)["metadata"]),
        "its leaf",
    ),
    (
        "another type",
        |e| e.record(ENFORCED)["type"] = "Renamed".into(),
        "its leaf",
    ),
    (
        "another revision",
        |e| e.record(ENFORCED)["revision"] = 77.into(),
        "its leaf",
    ),
    (
        "another stream",
        |e| flip(&mut e.record(ENFORCED)["stream"]),
        "its leaf",
    ),
    (
        "another event id",
        |e| flip(&mut e.record(ENFORCED)["event_id"]),
        "its leaf",
    ),
    (
        "another leaf",
        |e| flip(&mut e.record(ENFORCED)["leaf"]),
        "its leaf",
    ),
    (
        "what is shown",
        |e| {
            let record = e.record(ENFORCED);
            let stored: Value = serde_json::from_str(record["data"].as_str().unwrap()).unwrap();
            record["opened"]["by"] = 1.into();
            record["opened_digest"] = json!(opened_digest(&stored, &record["opened"]));
        },
        "shows opened what it does not hold",
    ),
    (
        "a name that is shown",
        |e| e.record("UserInvited")["opened"]["name"] = "Eve".into(),
        "shows opened what was damaged",
    ),
    (
        "a record and its leaf",
        |e| {
            let line = e.first(ENFORCED);
            e.lines[line]["type"] = "TwoFactorAdvised".into();
            e.fit(line);
        },
        "not those of the checkpoint in the export",
    ),
    (
        "a leaf of others",
        |e| {
            let is = |line: &Value| line["kind"] == "others";
            let line = e.lines.iter().position(is).unwrap();
            let leaves = e.lines[line]["entries"].as_str().unwrap();
            let mut leaves = BASE64.decode(leaves.as_bytes()).unwrap();
            leaves[3] ^= 1;
            e.lines[line]["entries"] = BASE64.encode(&leaves).into();
        },
        "not those of the checkpoint in the export",
    ),
    (
        "half a leaf of others",
        |e| {
            let is = |line: &Value| line["kind"] == "others";
            let line = e.lines.iter().position(is).unwrap();
            e.lines[line]["entries"] = BASE64.encode(&[7; 32]).into();
        },
        "are malformed",
    ),
    (
        "a record dropped",
        |e| drop(e.lines.remove(e.first(ENFORCED))),
        "at index",
    ),
    (
        "two records swapped",
        |e| {
            let line = e.first(ENFORCED);
            e.lines.swap(line, line + 1);
        },
        "index",
    ),
    (
        "a record twice",
        |e| {
            let line = e.first(ENFORCED);
            e.lines.insert(line, e.lines[line].clone());
        },
        "says that it is at index",
    ),
    (
        "a record appended",
        |e| {
            let (last, mut more) = (e.lines.len() - 1, e.record(ENFORCED).clone());
            more["index"] = e.end()["leaves"].clone();
            more["revision"] = (more["revision"].as_u64().unwrap() + 1).into();
            e.lines.insert(last, more);
            e.fit(last);
            for count in ["records", "leaves"] {
                e.end()[count] = (e.end()[count].as_u64().unwrap() + 1).into();
            }
        },
        "leaves, its checkpoint",
    ),
    (
        "a record left out and disguised as somebody else's leaf",
        |e| e.disguise(e.first(ENFORCED), |_| ()),
        "was left out: its tag is yours",
    ),
    (
        "the same with another tag",
        |e| e.disguise(e.first(ENFORCED), |leaf| leaf.tag.0[0] ^= 1),
        "not those of the checkpoint",
    ),
    (
        "the last line gone",
        |e| drop(e.lines.pop()),
        "is cut off behind",
    ),
    (
        "the end gone",
        |e| e.lines.truncate(e.lines.len() / 2),
        "is cut off behind",
    ),
    (
        "the last line cut",
        |e| e.tail = "{\"kind\":",
        "is cut off, or",
    ),
    (
        "an earlier end",
        |e| {
            let end = e.lines.pop().unwrap();
            e.lines.truncate(4);
            e.lines.push(end);
        },
        "leaves",
    ),
    (
        "something behind the end",
        |e| e.tail = "{\"kind\":\"end\",\"records\":0,\"leaves\":0}\n",
        "behind the last line",
    ),
    (
        "another number of records",
        |e| e.end()["records"] = 1.into(),
        "as its last line says",
    ),
    (
        "a member that is not known",
        |e| e.record(ENFORCED)["note"] = 1.into(),
        "no proper note",
    ),
    (
        "the size in the checkpoint",
        |e| e.change_checkpoint(|lines| lines[1] = "9".into()),
        "forged",
    ),
    (
        "the root in the checkpoint",
        |e| {
            e.change_checkpoint(|lines| {
                lines[2] = BASE64.encode(&[7; 32]);
            });
        },
        "forged",
    ),
    (
        "the signature",
        |e| {
            e.change_checkpoint(|lines| {
                let (name, _) = lines[4].rsplit_once(' ').unwrap();
                let signature = lines[4].rsplit_once(' ').unwrap().1;
                let mut signature = BASE64.decode(signature.as_bytes()).unwrap();
                signature[40] ^= 1;
                lines[4] = format!("{name} {}", BASE64.encode(&signature));
            });
        },
        "forged",
    ),
    (
        "no signature",
        |e| e.change_checkpoint(|lines| lines.truncate(4)),
        "is not a checkpoint",
    ),
    (
        "another tag key",
        |e| flip(&mut e.lines[0]["tag_key"]),
        "its leaf",
    ),
    (
        "a member twice",
        |e| {
            e.spelling = |text| {
                let enforced = "\"type\":\"TwoFactorEnforced\"";
                text.replacen(enforced, &format!("\"type\":\"Renamed\",{enforced}"), 1)
            };
        },
        "is not JSON",
    ),
    (
        "another format",
        |e| e.lines[0]["format"] = "pawl-audit-export/2".into(),
        "is not the header of an export",
    ),
    (
        "another organization",
        |e| flip(&mut e.lines[0]["organization_id"]),
        "is not a record of organization",
    ),
    (
        "a tag key of everybody",
        |e| e.lines[0]["organization_id"] = Value::Null,
        "is not the organization's",
    ),
    (
        "no tag key",
        |e| {
            e.lines[0]["tag_key"] = Value::Null;
            e.lines[0]["organization_id"] = Value::Null;
        },
        "have no place here",
    ),
];

/// What the operator does, who has everything signed again, and what shows it all the same.
const SIGNED_AGAIN: &[Tampering] = &[
    (
        "enforcement never happened",
        |e| drop(e.lines.remove(e.first(ENFORCED))),
        "kept",
    ),
    (
        "enforcement was something else",
        |e| {
            e.record(ENFORCED)["type"] = "OrganizationRenamed".into();
        },
        "kept",
    ),
    (
        "a record in the middle of a stream",
        |e| {
            drop(e.lines.remove(e.first("OtpDeviceRegistered")));
        },
        "is not the next of its stream",
    ),
    (
        "back to an older state",
        |e| drop(e.lines.drain(9..e.lines.len() - 1)),
        "it ends at",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_accepted_as_it_is_and_rejected_with_whatever_was_done_to_it() {
    let history = History::happens().await;
    let key = history.key.as_str();
    let verify = async |file: &str, more: &[&str]| {
        python(&[&["export", file, "--key", key], more].concat()).await
    };
    let kept = ["--since", &history.kept];
    verify(&history.export, &[]).await.accepts("the export");
    verify(&history.export, &kept)
        .await
        .accepts("with an earlier checkpoint");
    let reason = "are not those of";
    let verdict = verify(&history.export, &["--since", &history.forked]).await;
    verdict.rejects("a checkpoint of another history", reason);
    let everybody = history.file("everybody.ndjson");
    history.export(&["--output", everybody.to_str().unwrap()]);
    verify(everybody.to_str().unwrap(), &kept)
        .await
        .accepts("that of everybody");

    let file = history.file("tampered.ndjson");
    let file = file.to_str().unwrap();
    let mut missed = Vec::new();
    for (what, tamper, why) in EDITED {
        let mut export = Export::of(&history);
        tamper(&mut export);
        fs::write(file, export.text()).unwrap();
        missed.extend(verify(file, &[]).await.unless_rejected(what, why));
    }
    for (what, tamper, why) in SIGNED_AGAIN {
        let mut export = Export::of(&history);
        tamper(&mut export);
        export.sign_again();
        fs::write(file, export.text()).unwrap();
        missed.extend(verify(file, &kept).await.unless_rejected(what, why));
    }
    assert_eq!(missed, Vec::<String>::new());
    // A new text of the same things, so that nothing above was rejected for its spelling.
    let mut export = Export::of(&history);
    export.sign_again();
    fs::write(file, export.text()).unwrap();
    verify(file, &kept)
        .await
        .accepts("the export, signed again as it is");

    let key = HEXLOWER.encode(history.tag_key().expose());
    let known = verify(&history.export, &["--tag-key", &key]).await;
    known.accepts("under the tag key that is known");
    let other = "0".repeat(64);
    let verdict = verify(&history.export, &["--tag-key", &other]).await;
    verdict.rejects("under another tag key", "is not the organization's");
    // Under a key that is nobody's, every record of the organization looks like others'.
    let mut export = Export::of(&history);
    for line in 1..export.lines.len() - 1 {
        if export.lines[line]["kind"] == "record" {
            export.disguise(line, |_| ());
        }
    }
    export.lines[0]["tag_key"] = other.into();
    fs::write(file, export.text()).unwrap();
    verify(file, &kept)
        .await
        .cannot_tell("under its tag key nothing");
}
