//! What is left of somebody in files, in whatever way it may be written there.

use data_encoding::BASE64;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Every file in a folder and below.
#[must_use]
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let below = |path: PathBuf| {
        if path.is_dir() {
            files(&path)
        } else {
            vec![path]
        }
    };
    entries
        .flat_map(|entry| below(entry.unwrap().path()))
        .collect()
}

/// Whether these bytes stand there.
#[must_use]
pub fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

/// With the soft line breaks and escapes of quoted-printable undone.
fn unquoted(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut rest = bytes;
    while let [first, after @ ..] = rest {
        let digits = (*first == b'=').then(|| after.get(..2)).flatten();
        let escaped = digits.and_then(|pair| data_encoding::HEXUPPER.decode(pair).ok());
        rest = match (digits, escaped) {
            (Some(b"\r\n"), _) => &after[2..],
            (_, Some(byte)) => {
                plain.extend(byte);
                &after[2..]
            }
            _ => {
                plain.push(*first);
                after
            }
        };
    }
    plain
}

/// What a text looks like in base64, wherever it begins in what was encoded.
fn in_base64(text: &str) -> [String; 3] {
    [0, 1, 2].map(|offset| {
        let padded = [vec![0; offset], text.as_bytes().to_vec()].concat();
        let whole = padded.len() / 3 * 3;
        let encoded = BASE64.encode(&padded[..whole]);
        encoded[(offset * 8).div_ceil(6)..].to_owned()
    })
}

/// The files that hold one of these texts, in whatever way a mail may write it.
#[must_use]
pub fn that_hold(folder: &Path, texts: &[&str]) -> Vec<PathBuf> {
    let mut found = files(folder);
    found.retain(|file| {
        // Taken back, or renamed, in the meantime.
        let bytes = fs::read(file).unwrap_or_default();
        let plain = unquoted(&bytes);
        let unbroken: Vec<u8> = bytes
            .iter()
            .copied()
            .filter(|b| !b"\r\n".contains(b))
            .collect();
        texts.iter().any(|text| {
            let encoded = in_base64(text);
            holds(&bytes, text.as_bytes())
                || holds(&plain, text.as_bytes())
                || encoded.iter().any(|text| holds(&unbroken, text.as_bytes()))
        })
    });
    found
}
