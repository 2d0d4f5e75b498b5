//! An export, from a file or from standard input.

use super::{Found, Trust, unclear};
use crate::progress;
use audit_log::verify::{Doubt, ExportVerifier, LONGEST_LINE};
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read as _},
    num::NonZero,
    path::Path,
    thread,
};

/// Bytes that are read at a time.
const BUFFER: usize = 1 << 20;
/// Bytes that are verified at a time for each thread.
const SHARE: usize = 512 << 10;

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
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let mut lines = Vec::new();
    loop {
        let read = read_lines(input, threads * SHARE, &mut lines);
        read.map_err(|error| unclear(format!("the export cannot be read: {error}")))?;
        if lines.is_empty() {
            break;
        }
        verifier.lines(&lines, threads)?;
        bar.inc(lines.len() as u64);
    }
    bar.finish_and_clear();
    Ok(verifier.finish()?.into())
}

/// Reads lines until there are so many bytes. A line that is too long is cut off, and so is the last one
/// where the input ends in it.
fn read_lines(input: &mut dyn BufRead, bytes: usize, lines: &mut Vec<u8>) -> io::Result<()> {
    lines.clear();
    while lines.len() < bytes {
        // One byte more than fits, and its newline, tells a line that is too long.
        let mut line = input.take(LONGEST_LINE as u64 + 2);
        if line.read_until(b'\n', lines)? == 0 {
            break;
        }
    }
    Ok(())
}
