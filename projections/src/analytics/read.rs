//! Reads the rows of a dataset, whichever it is.

use super::{Dataset, snapshot};
use crate::{DatabaseError, Page, Readers};
use chrono::{DateTime, NaiveDate, Utc};
use eventstore_schema::OrganizationId;
use rusqlite::{
    Row, ToSql, Transaction, params_from_iter,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// Which rows of a dataset.
#[derive(Clone, Debug)]
pub struct Question {
    /// Those of this organization; of all where there is none.
    pub organization_id: Option<OrganizationId>,
    /// Only those of this day (UTC) or later, where the dataset knows days.
    pub from: Option<NaiveDate>,
    /// Only those before this day (UTC), where the dataset knows days.
    pub until: Option<NaiveDate>,
    /// The present, on which it depends whether an invitation has expired.
    pub now: DateTime<Utc>,
}

/// What is in one column of a row: text or a number, as the column's kind says, or nothing. As JSON it
/// is just that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Nothing: it is not known.
    Nothing,
    /// A number.
    Number(i64),
    /// Text.
    Text(String),
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Nothing => ToSqlOutput::Borrowed(ValueRef::Null),
            Self::Number(number) => (*number).into(),
            Self::Text(text) => text.as_str().into(),
        })
    }
}

impl FromSql for Value {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Null => Ok(Self::Nothing),
            ValueRef::Integer(number) => Ok(Self::Number(number)),
            ValueRef::Text(_) => Ok(Self::Text(value.as_str()?.to_owned())),
            ValueRef::Real(_) | ValueRef::Blob(_) => Err(FromSqlError::InvalidType),
        }
    }
}

/// The rows after those whose [`order`](Dataset::order) columns have the values of `after`, at most
/// `limit`. `next` has the values after which to go on.
pub fn page(
    readers: &Readers,
    dataset: &Dataset,
    question: &Question,
    after: Option<&[Value]>,
    limit: u32,
) -> Result<Page<Vec<Value>, Vec<Value>>, DatabaseError> {
    let (sql, mut values) = select(dataset, question, after);
    values.push(Value::Number(i64::from(limit) + 1));
    let sql = format!("{sql} LIMIT ?{}", values.len());
    let mut rows = Vec::new();
    readers.read(|view| {
        run(view, dataset, &sql, &values, |row| {
            rows.push(row);
            ControlFlow::Continue(())
        })
    })?;
    Ok(Page::cut(rows, limit, |row| key(dataset, row)))
}

/// Gives every row to `take`, one at a time and from one state of the read models, until it breaks off.
pub fn each(
    readers: &Readers,
    dataset: &Dataset,
    question: &Question,
    take: impl FnMut(Vec<Value>) -> ControlFlow<()>,
) -> Result<(), DatabaseError> {
    snapshot(readers, |snapshot| snapshot.each(dataset, question, take))?
}

/// The same, from the state of the read models that is at hand.
pub(super) fn each_in(
    view: &Transaction<'_>,
    dataset: &Dataset,
    question: &Question,
    take: impl FnMut(Vec<Value>) -> ControlFlow<()>,
) -> Result<(), DatabaseError> {
    let (sql, values) = select(dataset, question, None);
    run(view, dataset, &sql, &values, take)
}

/// The values of a row by which it has its place.
fn key(dataset: &Dataset, row: &[Value]) -> Vec<Value> {
    let columns = dataset.order.iter();
    let values = columns.filter_map(|column| row.get(dataset.index_of(column)?));
    values.cloned().collect()
}

/// The query and its parameters. What is not asked for is not in it, so that the database sees what it
/// need not look at.
fn select(dataset: &Dataset, question: &Question, after: Option<&[Value]>) -> (String, Vec<Value>) {
    let mut values = Vec::new();
    let mut parameter = |value| {
        values.push(value);
        format!("?{}", values.len())
    };
    let now = if dataset.sql.contains("{now}") {
        parameter(Value::Number(question.now.timestamp_micros()))
    } else {
        String::new()
    };
    let mut wanted = Vec::new();
    if let Some(id) = question.organization_id {
        let id = parameter(Value::Text(id.to_string()));
        wanted.push(format!("organization_id = {id}"));
    }
    if let Some(column) = dataset.time {
        for (compare, day) in [(">=", question.from), ("<", question.until)] {
            if let Some(day) = day {
                // A day, as text, stands before each of its hours.
                let day = parameter(Value::Text(day.to_string()));
                wanted.push(format!("{column} {compare} {day}"));
            }
        }
    }
    let order = dataset.order.join(", ");
    if let Some(after) = after {
        let after: Vec<_> = after.iter().cloned().map(&mut parameter).collect();
        wanted.push(format!("({order}) > ({})", after.join(", ")));
    }
    let wanted = match wanted.as_slice() {
        [] => String::new(),
        conditions => format!("WHERE {}", conditions.join(" AND ")),
    };
    let query = dataset.query(&now);
    let sql = format!("SELECT * FROM ({query}) AS rows_of_dataset {wanted} ORDER BY {order}");
    (sql, values)
}

fn run(
    view: &Transaction<'_>,
    dataset: &Dataset,
    sql: &str,
    values: &[Value],
    mut take: impl FnMut(Vec<Value>) -> ControlFlow<()>,
) -> Result<(), DatabaseError> {
    let mut statement = view.prepare_cached(sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    while let Some(row) = rows.next()? {
        if take(values_of(dataset, row)?).is_break() {
            break;
        }
    }
    Ok(())
}

fn values_of(dataset: &Dataset, row: &Row<'_>) -> rusqlite::Result<Vec<Value>> {
    (0..dataset.columns.len())
        .map(|column| row.get(column))
        .collect()
}
