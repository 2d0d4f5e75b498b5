//! Reads the rows of a dataset, whichever it is.

use super::{Dataset, moment::second_of, snapshot};
use crate::{
    DatabaseError, Page, Readers,
    readers::View,
    sql::{self, BadValue, Row, SqlError, ToColumn},
};
use chrono::{DateTime, NaiveDate, Utc};
use eventstore_schema::OrganizationId;
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

impl ToColumn for Value {
    fn to_column(&self) -> Result<sql::Value<'_>, BadValue> {
        Ok(match self {
            Self::Nothing => sql::Value::Null,
            Self::Number(number) => sql::Value::Integer(*number),
            Self::Text(text) => sql::Value::Text(text.into()),
        })
    }
}

impl From<sql::Value<'_>> for Value {
    fn from(value: sql::Value<'_>) -> Self {
        match value {
            sql::Value::Null => Self::Nothing,
            sql::Value::Integer(number) => Self::Number(number),
            sql::Value::Text(text) => Self::Text(text.into_owned()),
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
        run(view, &sql, &values, |row| {
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
    view: &mut View<'_>,
    dataset: &Dataset,
    question: &Question,
    take: impl FnMut(Vec<Value>) -> ControlFlow<()>,
) -> Result<(), DatabaseError> {
    let (sql, values) = select(dataset, question, None);
    run(view, &sql, &values, take)
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
        parameter(Value::Text(second_of(question.now)))
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
    view: &mut View<'_>,
    sql: &str,
    values: &[Value],
    mut take: impl FnMut(Vec<Value>) -> ControlFlow<()>,
) -> Result<(), DatabaseError> {
    let parameters: Vec<_> = values.iter().map(|value| value as &dyn ToColumn).collect();
    view.each(sql, &parameters, |row| {
        Ok(take(values_of(row)?).is_continue())
    })?;
    Ok(())
}

fn values_of(row: &Row<'_>) -> Result<Vec<Value>, SqlError> {
    row.values().map(|value| Ok(value?.into())).collect()
}
