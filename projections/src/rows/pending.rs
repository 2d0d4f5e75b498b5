//! What is to be written of rows, put together until it is.

use super::Values;
use crate::{
    Table,
    sql::{BadValue, Columns, Parameters, Row, SqlError, ToColumn, Value},
};
use std::collections::HashMap;

/// Columns for which there is room from the start: most rows have no more.
const COLUMNS: usize = 8;

/// The values of a row's key.
pub(super) type Key = Vec<Value<'static>>;

/// The values of a row or of its key, kept.
pub(super) fn kept(parameters: Parameters<'_>) -> Result<Key, BadValue> {
    let kept = |parameter: &&dyn ToColumn| Ok(parameter.to_column()?.kept());
    parameters.iter().map(kept).collect()
}

/// What is to be done with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Nothing: it was read.
    Nothing,
    Insert,
    Update,
    Put,
    Add,
    Delete,
    Remove,
}

impl What {
    pub(super) fn must_change(self) -> bool {
        matches!(self, Self::Update | Self::Delete)
    }
}

/// What is to be written of one row.
pub(super) struct Entry {
    pub(super) what: What,
    pub(super) values: Vec<(&'static str, Value<'static>)>,
    /// What a row gets as well that was not there.
    pub(super) new: Vec<(&'static str, Value<'static>)>,
    /// The first event that it is for.
    pub(super) event: usize,
    /// Whether every value of the row is here.
    pub(super) is_whole: bool,
}

impl Entry {
    pub(super) fn new(what: What, event: usize, new: Values<'_>) -> Result<Self, BadValue> {
        let kept = |&(column, value): &(_, &dyn ToColumn)| Ok((column, value.to_column()?.kept()));
        Ok(Self {
            what,
            values: Vec::with_capacity(COLUMNS),
            new: new.iter().map(kept).collect::<Result<_, BadValue>>()?,
            event,
            is_whole: what == What::Insert,
        })
    }

    /// A row as it stands in the database.
    pub(super) fn read(
        table: &'static Table,
        event: usize,
        row: &Row<'_>,
    ) -> Result<Self, SqlError> {
        let values = row.values().map(|value| Ok(value?.kept()));
        let values = values.collect::<Result<Vec<_>, SqlError>>()?;
        Ok(Self {
            what: What::Nothing,
            values: table.other_columns().zip(values).collect(),
            new: Vec::new(),
            event,
            is_whole: true,
        })
    }

    /// Whether a further change can be put together with what is here.
    pub(super) fn takes(&self, what: What) -> bool {
        matches!(
            (self.what, what),
            (What::Nothing | What::Insert | What::Update, What::Update)
                | (What::Put, What::Put)
                | (What::Remove, What::Remove)
                | (What::Add, What::Add)
        )
    }

    pub(super) fn take(&mut self, what: What, values: Values<'_>) -> Result<(), BadValue> {
        if self.what == What::Nothing {
            self.what = what;
        }
        for &(column, value) in values {
            let value = value.to_column()?;
            let mut known = self.values.iter_mut();
            match known.find(|(name, _)| *name == column) {
                Some((_, number)) if what == What::Add => number.add(&value),
                Some((_, known)) => *known = value.kept(),
                None => self.values.push((column, value.kept())),
            }
        }
        Ok(())
    }

    /// The statement that writes it, if there is anything to write. The key comes first.
    pub(super) fn statement(&self, table: &Table, name: &str) -> Option<String> {
        let numbered = |columns: &[&str], first: usize, between: &str| {
            let each = columns.iter().zip(first..);
            let each = each.map(|(column, number)| format!("{column} = ?{number}"));
            each.collect::<Vec<_>>().join(between)
        };
        let columns: Vec<_> = self.values.iter().map(|(column, _)| *column).collect();
        let row = numbered(table.key, 1, " AND ");
        let insert = || {
            let new: Vec<_> = self.new.iter().map(|(column, _)| *column).collect();
            let all = [table.key, &columns, &new].concat();
            let marks: Vec<_> = (1..=all.len()).map(|number| format!("?{number}")).collect();
            let (all, marks) = (all.join(", "), marks.join(", "));
            format!("INSERT INTO {name} ({all}) VALUES ({marks})")
        };
        let upsert = |value: &dyn Fn(&str) -> String| {
            let set = columns.iter();
            let set = set.map(|column| format!("{column} = {}", value(column)));
            let (key, set) = (table.key.join(", "), set.collect::<Vec<_>>().join(", "));
            format!("{} ON CONFLICT ({key}) DO UPDATE SET {set}", insert())
        };
        match self.what {
            What::Nothing => None,
            What::Insert => Some(insert()),
            What::Update => {
                let set = numbered(&columns, table.key.len() + 1, ", ");
                Some(format!("UPDATE {name} SET {set} WHERE {row}"))
            }
            What::Put => Some(upsert(&|column| format!("excluded.{column}"))),
            What::Add => Some(upsert(&|column| {
                format!("{name}.{column} + excluded.{column}")
            })),
            What::Delete | What::Remove => Some(format!("DELETE FROM {name} WHERE {row}")),
        }
    }

    /// The parameters of the statement that writes it.
    pub(super) fn parameters<'e>(&'e self, key: &'e Key) -> Vec<&'e dyn ToColumn> {
        let values = self.values.iter().chain(&self.new);
        let values = values.map(|(_, value)| value as _);
        key.iter().map(|value| value as _).chain(values).collect()
    }

    fn is_written_like(&self, other: &Self) -> bool {
        let columns = |(column, _): &(&'static str, _)| *column;
        self.what == other.what
            && self
                .values
                .iter()
                .map(columns)
                .eq(other.values.iter().map(columns))
    }
}

impl Columns for Entry {
    fn count(&self) -> usize {
        self.values.len()
    }

    fn at(&self, index: usize) -> Result<Value<'_>, SqlError> {
        let value = self.values.get(index);
        Ok(value.map_or(Value::Null, |(_, value)| value.borrowed()))
    }

    fn named(&self, name: &str) -> Result<Value<'_>, SqlError> {
        let mut values = self.values.iter();
        let value = values.find(|(column, _)| *column == name);
        Ok(value.map_or(Value::Null, |(_, value)| value.borrowed()))
    }
}

/// The statement that reads a row, without its key.
pub(super) fn select(table: &Table, name: &str) -> String {
    let columns: Vec<_> = table.other_columns().collect();
    let key = table.key.iter().zip(1..);
    let key: Vec<_> = key
        .map(|(column, number)| format!("{column} = ?{number}"))
        .collect();
    let (columns, key) = (columns.join(", "), key.join(" AND "));
    format!("SELECT {columns} FROM {name} WHERE {key}")
}

/// The statement that makes a row of values for all columns.
pub(super) fn insert(table: &Table, name: &str) -> String {
    let columns: Vec<_> = table.column_names().collect();
    let marks: Vec<_> = (1..=columns.len())
        .map(|number| format!("?{number}"))
        .collect();
    let (columns, marks) = (columns.join(", "), marks.join(", "));
    format!("INSERT INTO {name} ({columns}) VALUES ({marks})")
}

/// Rows that wait, by their tables.
#[derive(Default)]
pub(super) struct Pending {
    /// All values of new rows, each with the event that it is for.
    pub(super) appended: Tables<Vec<(usize, Vec<Value<'static>>)>>,
    /// What is to be done with rows that have a key.
    pub(super) changed: Tables<HashMap<Key, Entry>>,
}

/// Something for each of some tables, of which there are few.
pub(super) type Tables<T> = Vec<(&'static Table, T)>;

impl Pending {
    pub(super) fn of(&mut self, table: &'static Table) -> &mut HashMap<Key, Entry> {
        of(&mut self.changed, table)
    }

    /// Keeps all values of a new row, and the event that it is for.
    pub(super) fn append(&mut self, table: &'static Table, row: (usize, Vec<Value<'static>>)) {
        of(&mut self.appended, table).push(row);
    }
}

fn of<'t, T: Default>(tables: &'t mut Tables<T>, table: &'static Table) -> &'t mut T {
    let mut known = tables.iter();
    let index = known.position(|(known, _)| known.name == table.name);
    let index = index.unwrap_or_else(|| {
        tables.push((table, T::default()));
        tables.len() - 1
    });
    &mut tables[index].1
}

/// Rows that are written by the same statement, in the order of their keys, so that what is written
/// lies together.
pub(super) fn alike(entries: &HashMap<Key, Entry>) -> Vec<Vec<(&Key, &Entry)>> {
    let mut alike: Vec<Vec<(&Key, &Entry)>> = Vec::new();
    for (key, entry) in entries {
        let mut known = alike.iter_mut();
        match known.find(|rows| rows[0].1.is_written_like(entry)) {
            Some(rows) => rows.push((key, entry)),
            None => alike.push(vec![(key, entry)]),
        }
    }
    for rows in &mut alike {
        rows.sort_unstable_by_key(|(key, _)| *key);
    }
    alike
}
