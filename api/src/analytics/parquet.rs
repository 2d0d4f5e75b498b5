//! A dataset as Parquet, with columns of the types that it knows, and said in the file what it is of.
//! Memory is bounded: rows leave in groups, however many there are.

use super::sheet::Origin;
use crate::storage::StartError;
use ::parquet::{
    arrow::ArrowWriter,
    basic::Compression,
    errors::ParquetError,
    file::{metadata::KeyValue, properties::WriterProperties},
};
use arrow_array::{
    ArrayRef, RecordBatch,
    builder::{Date32Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder},
};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use chrono::{DateTime, NaiveDate};
use projections::analytics::{Column, Dataset, Kind, Value};
use std::{io::Write, sync::Arc};

/// Rows that are handed over at once.
const BATCH: usize = 4_096;
/// Rows of a group, which a reader can pass over by its smallest and largest values. A group is in memory
/// until it is written.
const GROUP: usize = 131_072;
/// The name of UTC where a type has a time zone.
const UTC: &str = "UTC";

/// A dataset that is being written.
pub(super) struct Parquet<W: Write + Send> {
    dataset: &'static Dataset,
    schema: SchemaRef,
    cells: Vec<Cells>,
    /// Rows in `cells`.
    waiting: usize,
    writer: ArrowWriter<W>,
}

impl<W: Write + Send> Parquet<W> {
    pub(super) fn begin(
        dataset: &'static Dataset,
        origin: &Origin,
        output: W,
    ) -> Result<Self, StartError> {
        let fields: Vec<_> = dataset.columns.iter().map(field).collect();
        let schema = Arc::new(Schema::new(fields));
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(GROUP))
            .set_key_value_metadata(Some(said(dataset, origin)))
            .build();
        let writer = ArrowWriter::try_new(output, schema.clone(), Some(properties));
        Ok(Self {
            dataset,
            schema,
            cells: dataset.columns.iter().map(Cells::of).collect(),
            waiting: 0,
            writer: writer.map_err(plain)?,
        })
    }

    pub(super) fn write(&mut self, values: Vec<Value>) -> Result<(), StartError> {
        for ((cells, column), value) in self.cells.iter_mut().zip(self.dataset.columns).zip(values)
        {
            cells.push(value, column)?;
        }
        self.waiting += 1;
        if self.waiting == BATCH {
            self.hand_over()?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<W, StartError> {
        self.hand_over()?;
        self.writer.into_inner().map_err(plain)
    }

    fn hand_over(&mut self) -> Result<(), StartError> {
        let columns = self.cells.iter_mut().map(Cells::finish).collect();
        let batch = RecordBatch::try_new(self.schema.clone(), columns)?;
        self.waiting = 0;
        self.writer.write(&batch).map_err(plain)
    }
}

/// What the file says of itself.
fn said(dataset: &Dataset, origin: &Origin) -> Vec<KeyValue> {
    let says = [
        ("dataset", dataset.name),
        ("title", dataset.title),
        ("description", dataset.says),
    ];
    let says = says.map(|(key, value)| (key, value.to_owned()));
    let all = says.into_iter().chain(origin.says());
    all.map(|(key, value)| KeyValue::new(format!("pawl.{key}"), value))
        .collect()
}

/// The type of a column, and what it means.
fn field(column: &Column) -> Field {
    let data_type = match column.kind {
        Kind::Id | Kind::Text => DataType::Utf8,
        Kind::Date => DataType::Date32,
        Kind::Time => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
        Kind::Count | Kind::Seconds => DataType::Int64,
    };
    let means = [("description".to_owned(), column.says.to_owned())];
    Field::new(column.name, data_type, column.kind.may_be_nothing()).with_metadata(means)
}

/// The cells of a column that wait to be written.
enum Cells {
    Text(StringBuilder),
    Date(Date32Builder),
    Time(TimestampMicrosecondBuilder),
    Number(Int64Builder),
}

impl Cells {
    fn of(column: &Column) -> Self {
        match column.kind {
            Kind::Id | Kind::Text => Self::Text(StringBuilder::new()),
            Kind::Date => Self::Date(Date32Builder::new()),
            Kind::Time => Self::Time(TimestampMicrosecondBuilder::new().with_timezone(UTC)),
            Kind::Count | Kind::Seconds => Self::Number(Int64Builder::new()),
        }
    }

    fn push(&mut self, value: Value, column: &Column) -> Result<(), StartError> {
        match (self, value) {
            (Self::Text(cells), Value::Text(text)) => cells.append_value(text),
            (Self::Date(cells), Value::Text(day)) => {
                let day: NaiveDate = day.parse().map_err(|_| strange(column, &day))?;
                cells.append_value(day.to_epoch_days());
            }
            (Self::Time(cells), Value::Text(time)) => {
                let time =
                    DateTime::parse_from_rfc3339(&time).map_err(|_| strange(column, &time))?;
                cells.append_value(time.timestamp_micros());
            }
            (Self::Number(cells), Value::Number(number)) => cells.append_value(number),
            (Self::Number(cells), Value::Nothing) => cells.append_null(),
            (_, value) => return Err(strange(column, &format!("{value:?}"))),
        }
        Ok(())
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(cells) => Arc::new(cells.finish()),
            Self::Date(cells) => Arc::new(cells.finish()),
            Self::Time(cells) => Arc::new(cells.finish()),
            Self::Number(cells) => Arc::new(cells.finish()),
        }
    }
}

/// The read model holds what its description does not know.
fn strange(column: &Column, value: &str) -> StartError {
    let (name, kind) = (column.name, column.kind.says());
    format!("the column {name} has {value}, which is no {kind}").into()
}

/// What failed, without the name of the library: the disk says it best.
fn plain(error: ParquetError) -> StartError {
    match error {
        ParquetError::External(error) => error,
        other => other.to_string().into(),
    }
}
