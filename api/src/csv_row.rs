//! Rows of CSV (RFC 4180), for whatever Pawl hands out in that form. A cell that a spreadsheet would take
//! for a formula begins with an apostrophe instead, as OWASP advises: names are chosen by people, perhaps
//! by the wrong ones.

use csv::{Terminator, WriterBuilder};

/// The cell, which no spreadsheet takes for a formula. For text alone: a number is none.
pub fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        format!("'{cell}")
    } else {
        cell
    }
}

/// The line of these cells, with its end.
pub fn row<T: AsRef<[u8]>>(cells: &[T]) -> String {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    // Writing to memory does not fail, and what was text stays text.
    let written = writer.write_record(cells).is_ok();
    let bytes = writer.into_inner().unwrap_or_default();
    debug_assert!(written, "a row has columns");
    String::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        for begin in ["=", "+", "-", "@", "\t", "\r", "\n"] {
            let cell = format!("{begin}HYPERLINK(\"http://evil.example\")");
            assert_eq!(harmless(cell.clone()), format!("'{cell}"));
        }
        assert_eq!(harmless("{\"name\":\"=1\"}".into()), "{\"name\":\"=1\"}");
    }

    #[test]
    fn commas_quotes_and_ends_of_lines_stay_in_their_cell() {
        let cells = ["a,b", "say \"x\"", "one\ntwo"];
        assert_eq!(row(&cells), "\"a,b\",\"say \"\"x\"\"\",\"one\ntwo\"\r\n");
    }
}
