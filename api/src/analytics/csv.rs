//! A dataset as CSV (RFC 4180): a header, then a line for each row. A value stands as the view shows it;
//! what is not known is an empty cell. Text that a spreadsheet would take for a formula begins with an
//! apostrophe.

use crate::{
    csv_row::{harmless, row},
    storage::StartError,
};
use projections::analytics::{Dataset, Value};
use std::io::Write;

/// A dataset that is being written.
pub(super) struct Csv<W> {
    output: W,
}

impl<W: Write> Csv<W> {
    pub(super) fn begin(dataset: &Dataset, mut output: W) -> Result<Self, StartError> {
        let names: Vec<_> = dataset.columns.iter().map(|column| column.name).collect();
        output.write_all(row(&names).as_bytes())?;
        Ok(Self { output })
    }

    pub(super) fn write(&mut self, values: Vec<Value>) -> Result<(), StartError> {
        let cells: Vec<_> = values.into_iter().map(cell).collect();
        self.output.write_all(row(&cells).as_bytes())?;
        Ok(())
    }

    pub(super) fn finish(self) -> W {
        self.output
    }
}

fn cell(value: Value) -> String {
    match value {
        Value::Nothing => String::new(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => harmless(text),
    }
}
