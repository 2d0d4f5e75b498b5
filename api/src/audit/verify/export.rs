//! An export, from a file or from standard input.

use super::{Found, Trust, unclear};
use crate::progress;
use audit_log::verify::{Doubt, ExportVerifier, LONGEST_LINE};
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read as _},
    path::Path,
};

/// Bytes that are read at a time.
const BUFFER: usize = 1 << 20;

pub(super) fn verify(file: Option<&Path>, trust: Trust) -> Result<Found, Doubt> {
    if trust.keys.is_empty() {
        return Err(unclear("there is no public key: give one with --key"));
    }
    let Some(file) = file else {
        return read(&mut io::stdin().lock(), 0, trust);
    };
    let cannot = |error: io::Error| unclear(format!("cannot read {}: {error}", file.display()));
    let opened = File::open(file).map_err(cannot)?;
    let length = opened.metadata().map_err(cannot)?.len();
    read(&mut BufReader::with_capacity(BUFFER, opened), length, trust)
}

fn read(input: &mut dyn BufRead, length: u64, trust: Trust) -> Result<Found, Doubt> {
    let bar = progress::bar(length, "{bytes}/{total_bytes}");
    let mut verifier = ExportVerifier::new(trust.keys, trust.since);
    let mut line = Vec::new();
    loop {
        line.clear();
        // One byte more than fits, and its newline, tells a line that is too long.
        let read = input
            .take(LONGEST_LINE as u64 + 2)
            .read_until(b'\n', &mut line);
        match read {
            Ok(0) => break,
            Ok(read) => bar.inc(read as u64),
            Err(error) => return Err(unclear(format!("the export cannot be read: {error}"))),
        }
        verifier.line(&line)?;
    }
    bar.finish_and_clear();
    Ok(verifier.finish()?.into())
}
