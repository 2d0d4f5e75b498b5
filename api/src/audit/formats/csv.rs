//! CSV (RFC 4180) with fixed columns. A cell that a spreadsheet would take for a formula begins with an
//! apostrophe instead, as OWASP advises: names are chosen by people, perhaps by the wrong ones.

use super::{Entry, actor, moment};
use ::csv::{Terminator, WriterBuilder};
use projections::audit_trail;

/// The columns. New ones come at the end.
pub(super) const COLUMNS: [&str; 9] = [
    "leaf_index",
    "event_id",
    "recorded_at",
    "type",
    "actor_kind",
    "actor_id",
    "subject",
    "organization_id",
    "data",
];

pub(super) fn header() -> String {
    row(&COLUMNS.map(str::to_owned))
}

pub(super) fn line(entry: &Entry<'_>) -> String {
    let Entry { event, .. } = entry;
    let (kind, id) = actor(event);
    let organization = event.metadata.organization_id;
    let cells = [
        entry.index.to_string(),
        event.id.to_string(),
        moment(event),
        event.data.event_type().0.to_owned(),
        kind.to_owned(),
        id.unwrap_or_default(),
        audit_trail::subject(event).to_string(),
        organization.map_or_else(String::new, |id| id.to_string()),
        entry.content.to_string(),
    ];
    row(&cells.map(harmless))
}

/// The cell, which no spreadsheet takes for a formula.
fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        format!("'{cell}")
    } else {
        cell
    }
}

fn row(cells: &[String]) -> String {
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
        let cells = ["a,b", "say \"x\"", "one\ntwo"].map(str::to_owned);
        assert_eq!(row(&cells), "\"a,b\",\"say \"\"x\"\"\",\"one\ntwo\"\r\n");
    }
}
