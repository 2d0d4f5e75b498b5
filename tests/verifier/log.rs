//! A served log and its folder, and what may be done to them.

use crate::{
    history::{History, copy_folder, text},
    verdict::{go, python},
};
use audit_log::{Bundle, Checkpoint, SignedCheckpoint, SigningKey, Tree, leaf_hash};
use data_encoding::BASE64;
use std::{fs, path::PathBuf};
use zeroize::Zeroizing;

/// The folder of a log that somebody works on.
struct Folder {
    path: PathBuf,
    size: u64,
}

impl Folder {
    fn change(&self, path: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let file = self.path.join(path);
        let mut content = fs::read(&file).unwrap();
        change(&mut content);
        fs::write(file, content).unwrap();
    }

    /// The last file in a folder of partial tiles.
    fn partial(&self, level: &str) -> String {
        let index = if level == "1" { 0 } else { self.size / 256 };
        let width = if level == "1" {
            self.size / 256
        } else {
            self.size % 256
        };
        format!("tile/{level}/{index:03}.p/{width}")
    }

    fn change_checkpoint(&self, change: impl FnOnce(&mut Vec<String>)) {
        self.change("checkpoint", |content| {
            let text = String::from_utf8(content.clone()).unwrap();
            let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
            change(&mut lines);
            *content = (lines.join("\n") + "\n").into_bytes();
        });
    }

    /// Makes all tiles fit the bundles; their checkpoint.
    fn make_anew(&self) -> Checkpoint {
        let mut tree = Tree::default();
        let write = |tile: &audit_log::Tile, hashes: &[audit_log::Hash]| {
            let content: Vec<_> = hashes.iter().flat_map(|hash| hash.0).collect();
            fs::write(self.path.join(tile.path()), content).unwrap();
        };
        while tree.size() < self.size {
            let bundle = audit_log::Tile::bundle(tree.size(), self.size);
            let bundle = Bundle::parse(fs::read(self.path.join(bundle.path())).unwrap());
            for leaf in bundle.unwrap().leaves() {
                for full in tree.append(leaf_hash(&leaf.to_bytes())) {
                    write(&full.tile, &full.hashes);
                }
            }
        }
        for (tile, hashes) in tree.partial_tiles() {
            write(&tile, hashes);
        }
        let note = fs::read_to_string(self.path.join("checkpoint")).unwrap();
        Checkpoint {
            origin: note.lines().next().unwrap().to_owned(),
            size: tree.size(),
            root: tree.root(),
        }
    }

    fn put_checkpoint(&self, signed: &SignedCheckpoint) {
        fs::write(self.path.join("checkpoint"), signed.to_string()).unwrap();
    }
}

/// The public key of a witness, which is none of a log.
const WITNESS: &str = "witness.example/w1+773a6c12+BMhTrQ8M0rYZrqks7sT9VqJNZJnVhM55JX5Fz9gTm2Cn";
const BUNDLE: &str = "tile/entries/000";
/// A leaf in a bundle, behind its length.
const ENTRY: usize = 66;

/// What is done, and a part of the reason why it is rejected.
type Tampering = (&'static str, fn(&Folder), &'static str);

const TAMPERINGS: &[Tampering] = &[
    (
        "a byte of a digest",
        |log| log.change(BUNDLE, |all| all[10] ^= 1),
        "not fit the leaves",
    ),
    (
        "a byte of a tag",
        |log| log.change(BUNDLE, |all| all[ENTRY - 1] ^= 1),
        "not fit the leaves",
    ),
    (
        "a byte of a length",
        |log| log.change(BUNDLE, |all| all[0] = 1),
        "of another length",
    ),
    (
        "a byte of a full tile",
        |log| log.change("tile/0/000", |all| all[9] ^= 1),
        "not fit",
    ),
    (
        "a byte of a partial tile",
        |log| log.change(&log.partial("0"), |all| all[9] ^= 1),
        "not fit",
    ),
    (
        "a byte of a tile above",
        |log| log.change(&log.partial("1"), |all| all[9] ^= 1),
        "not fit",
    ),
    (
        "two leaves swapped",
        |log| {
            log.change(BUNDLE, |all| {
                let (one, other) = all.split_at_mut(ENTRY);
                one.swap_with_slice(&mut other[..ENTRY]);
            });
        },
        "not fit the leaves",
    ),
    (
        "a leaf twice",
        |log| {
            log.change(BUNDLE, |all| {
                all.copy_within(..ENTRY, ENTRY);
            });
        },
        "not fit the leaves",
    ),
    (
        "a leaf dropped",
        |log| log.change(BUNDLE, |all| drop(all.drain(..ENTRY))),
        "256 entries",
    ),
    (
        "a leaf appended",
        |log| {
            log.change(&log.partial("entries"), |all| {
                all.extend_from_within(..ENTRY);
            });
        },
        "entries of 66 bytes",
    ),
    (
        "a bundle cut off",
        |log| log.change(BUNDLE, |all| all.truncate(9_999)),
        "256 entries",
    ),
    (
        "a tile cut off",
        |log| log.change(&log.partial("0"), |all| all.truncate(all.len() - 1)),
        "32 bytes",
    ),
    (
        "a leaf and all above it",
        |log| {
            log.change(BUNDLE, |all| all[10] ^= 1);
            drop(log.make_anew());
        },
        "are not those of the checkpoint",
    ),
    (
        "the size of the checkpoint",
        |log| {
            log.change_checkpoint(|lines| {
                lines[1] = (log.size - 1).to_string();
            });
        },
        "forged",
    ),
    (
        "a size with a zero before it",
        |log| {
            log.change_checkpoint(|lines| {
                lines[1] = format!("0{}", lines[1]);
            });
        },
        "is not a checkpoint",
    ),
    (
        "the root of the checkpoint",
        |log| {
            log.change_checkpoint(|lines| {
                lines[2] = BASE64.encode(&[7; 32]);
            });
        },
        "forged",
    ),
    (
        "the origin",
        |log| log.change_checkpoint(|lines| lines[0] = "pawl-audit-log/0".into()),
        "forged",
    ),
    (
        "a signature",
        |log| {
            log.change_checkpoint(|lines| {
                let (name, signature) = lines[4].rsplit_once(' ').unwrap();
                let mut signature = BASE64.decode(signature.as_bytes()).unwrap();
                signature[40] ^= 1;
                lines[4] = format!("{name} {}", BASE64.encode(&signature));
            });
        },
        "forged",
    ),
    (
        "a control character",
        |log| log.change_checkpoint(|lines| lines.push("\u{2014} wit\tness AAAAAAA=".into())),
        "is not a checkpoint",
    ),
    (
        "no signature",
        |log| log.change_checkpoint(|lines| lines.truncate(4)),
        "is not a checkpoint",
    ),
    (
        "another key of the same name",
        |log| {
            log.change(BUNDLE, |all| all[10] ^= 1);
            let checkpoint = log.make_anew();
            let other = SigningKey::from_seed(&checkpoint.origin, &Zeroizing::new([7; 32]));
            log.put_checkpoint(&SignedCheckpoint::sign(checkpoint, &[&other]).unwrap());
        },
        "is not signed by the key",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_accepted_as_it_is_and_rejected_with_whatever_was_done_to_it() {
    let history = History::happens().await;
    let (key, kept, forked) = (history.key.as_str(), &*history.kept, &*history.forked);
    let url = history.server.client.url("/audit/log");
    let folder = history.folder();
    let note = fs::read_to_string(folder.join("checkpoint")).unwrap();
    let size = note.lines().nth(1).unwrap().parse().unwrap();
    assert!(size > 512, "more than a tile");

    for prefix in [url.as_str(), folder.to_str().unwrap()] {
        let log = ["log", prefix, "--key", key];
        python(&log).await.accepts(prefix);
        python(&[&log[..], &["--since", kept]].concat())
            .await
            .accepts(prefix);
        let verdict = python(&[&log[..], &["--since", forked]].concat()).await;
        verdict.rejects("another history", "has not grown out of");
        go(&["log", prefix, key, kept]).await.accepts(prefix);
        let verdict = go(&["log", prefix, key, forked]).await;
        verdict.rejects("another history", "");
    }

    let tampered = Folder {
        path: history.file("tampered"),
        size,
    };
    let prefix = text(&tampered.path);
    let mut missed = Vec::new();
    for (what, tamper, why) in TAMPERINGS {
        let _ = fs::remove_dir_all(&tampered.path);
        copy_folder(&folder, &tampered.path);
        tamper(&tampered);
        let verdict = python(&["log", &prefix, "--key", key]).await;
        missed.extend(verdict.unless_rejected(what, why));
        let verdict = go(&["log", &prefix, key]).await;
        missed.extend(verdict.unless_rejected(what, ""));
    }
    assert_eq!(missed, Vec::<String>::new());

    let other = Checkpoint {
        origin: "pawl-audit-log/other".into(),
        ..tampered.make_anew()
    };
    tampered.put_checkpoint(&history.sign(other));
    let verdict = python(&["log", &prefix, "--key", key]).await;
    verdict.rejects("of another origin", "is not signed by the key of the log");
    let verdict = go(&["log", &prefix, key]).await;
    verdict.rejects("of another origin", "of another log");

    let _ = fs::remove_dir_all(&tampered.path);
    copy_folder(&folder, &tampered.path);
    fs::copy(kept, tampered.path.join("checkpoint")).unwrap();
    let newest = text(&folder.join("checkpoint"));
    let verdict = python(&["log", &prefix, "--key", key, "--since", &newest]).await;
    verdict.rejects("an older state put back", "leaves, ");

    let _ = fs::remove_dir_all(&tampered.path);
    copy_folder(&folder, &tampered.path);
    fs::remove_file(tampered.path.join(BUNDLE)).unwrap();
    let verdict = python(&["log", &prefix, "--key", key]).await;
    verdict.cannot_tell("tile/entries/000 is missing");
    let wrong_id = key.replacen(key.split('+').nth(1).unwrap(), "00000000", 1);
    for wrong in [wrong_id.as_str(), WITNESS] {
        let verdict = python(&["log", &prefix, "--key", wrong]).await;
        verdict.cannot_tell("is not a public key of the right type");
    }
}
